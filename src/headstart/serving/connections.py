"""Connections that cannot be used up: so many at most, and none that only stays open."""

import asyncio
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from headstart.serving.limits import Limits


def _refusal(status: str, reason: str, *headers: str) -> bytes:
    """A whole answer, written before there is a request that the application could answer."""
    content = f'{{"error":"{reason}"}}'
    lines = (f"HTTP/1.1 {status}", *headers, "Connection: close", "Content-Type: application/json")
    return "\r\n".join((*lines, f"Content-Length: {len(content)}", "", content)).encode()


_BUSY = _refusal("503 Service Unavailable", "Too many connections are open.", "Retry-After: 1")
_HEAD_TOO_LARGE = _refusal("431 Request Header Fields Too Large", "The lines before the body are too long.")
# A connection that is cut while its client is still sending loses the answer; so it stays open a little, up to as many
# of them as connections that are served.
_LINGER_SECONDS = 0.5


class BoundedConnection(HttpToolsProtocol):
    """A connection that must begin a request in time and in few bytes, and is turned away where too many are open.

    uvicorn itself waits for the first line of a request for ever, and counts such a connection among those that may be
    open at the same time: a few thousand silent clients would shut out all others. Its parser, the faster of two, keeps
    lines of any length: of names of headers alone, a client could send gigabytes.
    """

    def __init__(self, limits: Limits, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None
        self._is_refused = False
        self._bytes_beside_body = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Lets a connection in, or turns it away."""
        super().connection_made(transport)
        if len(self.connections) > 2 * self._limits.connections:
            transport.abort()
        elif len(self.connections) > self._limits.connections:
            self._refuse(_BUSY)
        else:
            self._give_up_after(self._limits.header_seconds)

    def data_received(self, data: bytes) -> None:
        """Takes what arrived; the time for a header runs from its first byte and is not prolonged by further ones."""
        if self._is_refused:
            return
        self._bytes_beside_body += len(data)
        super().data_received(data)
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if self._bytes_beside_body > self._limits.header_bytes:
            if is_answering:  # lines after a body, which nobody needs
                self.transport.abort()
            else:
                self._refuse(_HEAD_TOO_LARGE)
        elif is_answering:
            self._stop_waiting()
        elif self._deadline is None:
            self._give_up_after(self._limits.header_seconds)

    def on_message_begin(self) -> None:
        """Counts anew for every request."""
        super().on_message_begin()
        self._bytes_beside_body = 0

    def on_body(self, body: bytes) -> None:
        """Takes a piece of a body; what says how long pieces are may be as long as they."""
        super().on_body(body)
        self._bytes_beside_body -= 2 * len(body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _refuse(self, answer: bytes) -> None:
        if self.transport.is_closing():  # malformed as well, and told so
            return
        self._is_refused = True
        self._stop_waiting()
        self.transport.write(answer)
        self.transport.write_eof()
        self._give_up_after(_LINGER_SECONDS)

    def _give_up_after(self, seconds: float) -> None:
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.abort()


def bounded_connection(limits: Limits) -> Any:
    """What uvicorn makes a connection with."""
    return partial(BoundedConnection, limits)
