"""All connections of a server: how many there may be, and how long each may keep it waiting."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from headstart.serving.limits import Limits

# Refused connections stay open for a short time, so that their clients receive the reason; their maximum number.
MAX_REFUSED = 64
MAX_READ = 64 * 1024
_LONGEST_TICK = 0.5
# Where all connections are taken, one that has let the server wait for longer gives way to a new one.
_SECONDS_UNTIL_WASTED = 1.0


class Connection(Protocol):
    """The interface of a connection, implemented in `headstart.serving.connection`."""

    def check(self) -> None:
        """Ends it if it let the server wait for too long."""

    def stop(self) -> None:
        """Takes no further request."""

    def abort(self) -> None:
        """Ends it at once."""

    def give_way(self) -> None:
        """Ends it at once, and counts it no more."""

    def take_turn(self) -> None:
        """Begins its next request."""

    def seconds_wasted(self) -> float:
        """How long it has let the server wait."""


class Connections:
    """The open connections.

    One look at all of them, a few times a second, ends those that let the server wait: timers of their own would be set
    and cancelled with every request.

    Args:
        limits: of their number and patience.
        log: called for a request that was refused before its head could be read, with the status and the `(host, port)`
            of the client.

    Attributes:
        limits: as given.
        served: those that may ask.
        refused: those that were turned away and are still open.
        buffer: what arrives is read into it, whatever the connection: it is copied at once.
    """

    def __init__(self, limits: Limits, log: Callable[[int, tuple[str, int] | None], None] = lambda *_: None) -> None:
        self.limits = limits
        self.log = log
        self.served: set[Connection] = set()
        self.refused: set[Connection] = set()
        self.buffer = memoryview(bytearray(MAX_READ))
        self._turns: deque[Connection] = deque()

    async def watch(self) -> None:
        """Ends connections that wait too long; runs until it is cancelled."""
        tick = min(_LONGEST_TICK, self.limits.header_seconds / 10, self.limits.write_seconds / 10)
        while True:
            await asyncio.sleep(tick)
            for connection in list(self.served):
                connection.check()

    def queue(self, connection: Connection) -> None:
        """Lets a connection begin its next request when it is its turn.

        One at a time, with a look at all other connections in between: a thousand clients that send requests without
        waiting for answers would otherwise make everybody wait for a thousand answers.
        """
        self._turns.append(connection)
        if len(self._turns) == 1:
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        if self._turns:
            connection = self._turns.popleft()
            if self._turns:
                asyncio.get_running_loop().call_soon(self._next)
            connection.take_turn()

    def make_room(self) -> bool:
        """Ends the connection that has wasted most time, if there is one: whether there is room now."""
        worst = max(self.served, key=lambda one: one.seconds_wasted())
        if worst.seconds_wasted() < _SECONDS_UNTIL_WASTED:
            return False
        worst.give_way()
        return True

    def stop(self) -> None:
        """No connection may ask anything any more."""
        for connection in list(self.served):
            connection.stop()

    def abort(self) -> int:
        """Closes all at once, and gives how many did not have their answer."""
        cut = len(self.served)
        for connection in [*self.served, *self.refused]:
            connection.abort()
        return cut
