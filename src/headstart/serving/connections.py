"""Connections that cannot be used up: so many at most, and none that only stays open."""

import asyncio
from functools import partial
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from headstart.serving.limits import Limits

_REASON = b'{"error":"Too many connections are open."}'
_BUSY = b"\r\n".join(
    (
        b"HTTP/1.1 503 Service Unavailable",
        b"Retry-After: 1",
        b"Connection: close",
        b"Content-Type: application/json",
        f"Content-Length: {len(_REASON)}".encode(),
        b"",
        _REASON,
    )
)
# A connection that is cut while its client is still sending loses the answer; so it stays open a little, up to as many
# of them as connections that are served.
_LINGER_SECONDS = 0.5


class BoundedConnection(H11Protocol):
    """A connection that must begin a request in time, and is turned away where too many are open.

    uvicorn itself waits for the first line of a request for ever, and counts such a connection among those that may be
    open at the same time: a few thousand silent clients would shut out all others.
    """

    def __init__(self, limits: Limits, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None
        self._is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Lets a connection in, or turns it away."""
        super().connection_made(transport)
        if len(self.connections) > 2 * self._limits.connections:
            transport.abort()
        elif len(self.connections) > self._limits.connections:
            self._is_refused = True
            transport.write(_BUSY)
            transport.write_eof()
            self._give_up_after(_LINGER_SECONDS)
        else:
            self._give_up_after(self._limits.header_seconds)

    def data_received(self, data: bytes) -> None:
        """Takes what arrived; the time for a header runs from its first byte and is not prolonged by further ones."""
        if self._is_refused:
            return
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._deadline is None:
            self._give_up_after(self._limits.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

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
