"""uvicorn's server, made to tell when it has started and to end like a program that did its work."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class GracefulServer(uvicorn.Server):
    """A server that finishes what it accepted when it is told to end; told twice, it ends at once.

    Args:
        config: as for uvicorn.
        on_start: called as soon as the server answers.
    """

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen."""
        await super().startup(sockets)
        if self.started:
            self._on_start()

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
