"""A request that is not answered: its status, and why."""

import http
import json
from collections.abc import Mapping


class Refusal(Exception):  # noqa: N818  no mistake of this program, and none that its user made
    """An error response: status and reason.

    Args:
        status: of HTTP.
        reason: for people, in one sentence.
        retry_seconds: after which it makes sense to ask again, if ever.
        headers: that belong to the status.
    """

    def __init__(
        self, status: int, reason: str, *, retry_seconds: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = dict(headers or {})
        if retry_seconds is not None:
            self.headers["Retry-After"] = str(retry_seconds)


def raw_refusal(status: int, reason: str, *headers: str) -> bytes:
    """A whole answer, written before there is a request that the application could answer."""
    content = json.dumps({"error": reason})
    lines = (
        f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}",
        *headers,
        "Connection: close",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    )
    return "\r\n".join((*lines, "", content)).encode()
