"""The transport that a protocol inside another one sees."""

import asyncio
from collections.abc import Callable


class Line(asyncio.Transport):
    """Passes everything on but the wish to pause reading, which others have as well.

    Args:
        transport: of the connection.
        balance_reading: called whenever `is_paused` has changed.

    Attributes:
        is_paused: the inner protocol does not want to read now.
        num_written: bytes so far.
    """

    def __init__(self, transport: asyncio.Transport, balance_reading: Callable[[], None]) -> None:
        super().__init__()
        self._transport = transport
        self._balance_reading = balance_reading
        self.is_paused = False
        self.num_written = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Sends, now or later."""
        self.num_written += len(data)
        self._transport.write(data)

    def close(self) -> None:
        """Closes as soon as everything is sent."""
        self._transport.close()

    def abort(self) -> None:
        """Closes at once."""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """Facts about the connection."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Notes that reading should pause."""
        self.is_paused = True
        self._balance_reading()

    def resume_reading(self) -> None:
        """Notes that reading may continue."""
        self.is_paused = False
        self._balance_reading()
