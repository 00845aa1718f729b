"""Connections that cannot be used up: so many at most, and none that only stays open."""

import asyncio
from functools import partial
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from headstart.serving.limits import Limits

_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Type: application/json\r\n"
    b'Content-Length: 41\r\n\r\n{"error": "Too many connections are open"}'
)


class BoundedConnection(H11Protocol):
    """A connection that must begin a request in time, and is turned away where too many are open.

    uvicorn itself waits for the first line of a request for ever, and counts such a connection among those that may be
    open at the same time: a few thousand silent clients would shut out all others.
    """

    def __init__(self, limits: Limits, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Lets a connection in, or turns it away."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            transport.write(_BUSY)
            transport.close()
        self._expect_request()

    def data_received(self, data: bytes) -> None:
        """Takes what arrived; the time for a header runs from its first byte and is not prolonged by further ones."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._deadline is None:
            self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _expect_request(self) -> None:
        self._deadline = self.loop.call_later(self._limits.header_seconds, self._give_up)

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
