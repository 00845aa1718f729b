"""What surrounds every answer: the key, headers that keep a browser careful, and what is counted."""

import asyncio
import hmac
from time import perf_counter

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headstart.serving.limits import Limits
from headstart.serving.measures import Measures

# Answers without a key: they tell nothing but that the server is there. The page asks for the key itself.
OPEN_PATHS = ("/", "/healthz", "/readyz", "/openapi.json")
_DRAIN_SECONDS = 2.0
_TIMED_OUT = 408
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_NO_CONTENT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


class Guard:
    """An application that lets in who has the key, and whose every answer is careful and counted.

    Args:
        app: answers.
        key: that a request must bear; None lets everybody in.
        known_paths: counted under their names; all others together, so that nobody can fill the memory with names.
        limits: how much of a refused body is still taken from the line.
        measures: told of every answer.
    """

    def __init__(
        self, app: ASGIApp, *, key: str | None, known_paths: frozenset[str], limits: Limits, measures: Measures
    ) -> None:
        self._app = app
        self._key = None if key is None else f"Bearer {key}".encode()
        self._known_paths = known_paths
        self._limits = limits
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        exchange = _Exchange(scope, receive, send, self._limits.body_bytes)
        try:
            app = self._app if self._is_allowed(scope) else _unauthorized
            await app(scope, exchange.receive, exchange.send)
        finally:
            path = scope["path"] if scope["path"] in self._known_paths else "other"
            self._measures.count_request(path, exchange.status, perf_counter() - started)

    def _is_allowed(self, scope: Scope) -> bool:
        if self._key is None or scope["path"] in OPEN_PATHS:
            return True
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        return hmac.compare_digest(given, self._key)  # takes as long for a wrong key as for a nearly right one


async def _unauthorized(scope: Scope, receive: Receive, send: Send) -> None:
    answer = JSONResponse(
        {"error": "This server wants a key: send the header 'Authorization: Bearer KEY'."},
        status_code=401,
        headers={"WWW-Authenticate": "Bearer"},
    )
    await answer(scope, receive, send)


class _Exchange:
    """One request and its answer, with what is done to both on their way."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, max_drained: int) -> None:
        headers = dict(scope["headers"])
        self._receive, self._send = receive, send
        self._max_drained = max_drained
        self._has_more = b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
        # Such a client waits for a word before it sends its body; an answer is word enough.
        self._holds_back = headers.get(b"expect", b"").lower() == b"100-continue"
        self.status = 500

    async def receive(self) -> Message:
        """The next piece of the body."""
        self._holds_back = False
        message = await self._receive()
        self._has_more = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """A piece of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.status != _TIMED_OUT:
                await self._drain()
            names = {name for name, _ in message["headers"]}
            added = [header for header in (*_HEADERS, _NO_CONTENT) if header[0] not in names]
            if self._has_more:
                added.append((b"connection", b"close"))
            message = {**message, "headers": [*message["headers"], *added]}
        await self._send(message)

    async def _drain(self) -> None:
        """Takes the rest of a body that nobody reads: a client that is still sending would not see the answer."""
        num_bytes = 0
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while self._has_more and not self._holds_back and num_bytes <= self._max_drained:
                    num_bytes += len((await self.receive()).get("body", b""))
        except TimeoutError:
            return
