"""uvicorn's server, made to tell when it has started and to end like a program that did its work."""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from headstart.serving.connections import Connections

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# After `Limits.stop_seconds`: for threads to finish the batches and images that they are at.
SECONDS_FOR_THREADS = 2.0


class GracefulServer(uvicorn.Server):
    """A server that finishes accepted requests when it is stopped, within its time limit.

    Args:
        config: as for uvicorn.
        connections: all of the server.
        on_start: called as soon as the server answers.
    """

    def __init__(self, config: uvicorn.Config, connections: Connections, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._connections = connections
        self._stop_seconds = connections.limits.stop_seconds
        self._on_start = on_start
        self._watch: asyncio.Task[None] | None = None
        self._last_resort: threading.Timer | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serves until it is stopped and has finished."""
        try:
            super().run(sockets)
        finally:
            if self._last_resort is not None:
                self._last_resort.cancel()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen."""
        await super().startup(sockets)
        self._watch = asyncio.get_running_loop().create_task(self._connections.watch())
        if self.started:
            self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answers what was accepted, for as long as there is time; then closes all connections."""
        self._connections.stop()
        end = asyncio.get_running_loop().call_later(self._stop_seconds, self._cut)
        await super().shutdown(sockets)
        end.cancel()
        self._connections.abort()
        if self._watch is not None:
            self._watch.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ends; a second SIGINT at once. A second SIGTERM changes nothing: supervisors may send it twice."""
        super().handle_exit(sig, frame)
        if self.force_exit:
            self._end_within(SECONDS_FOR_THREADS)
        elif self._last_resort is None:
            self._end_within(self._stop_seconds + SECONDS_FOR_THREADS)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Takes the signals to end, for as long as the block runs.

        uvicorn's own way sends itself the signal again afterwards, and a graceful end would look like a kill.
        """
        if threading.current_thread() is not threading.main_thread():  # only there signals may be taken
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _cut(self) -> None:
        count = self._connections.abort()
        if count:
            sys.stderr.write(f"Ended after {self._stop_seconds:g} seconds; {count} connections were still open.\n")

    def _end_within(self, seconds: float) -> None:
        """Ends the process even if a thread never returns, or the event loop is stuck."""
        if self._last_resort is not None:
            self._last_resort.cancel()
        self._last_resort = threading.Timer(seconds, os._exit, args=(0,))
        self._last_resort.daemon = True
        self._last_resort.start()
