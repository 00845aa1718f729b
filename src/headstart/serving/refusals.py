"""A request that is not answered: its status, and why."""

from collections.abc import Mapping


class Refusal(Exception):  # noqa: N818  no mistake of this program, and none that its user made
    """What the client gets instead of an answer.

    Args:
        status: of HTTP.
        reason: for the person who reads the answer, in one sentence.
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
