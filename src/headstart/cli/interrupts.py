"""Ctrl-C that is not lost: raised once more where whatever ran when it was pressed kept it to itself."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """Whether Ctrl-C was pressed.

    Python raises `KeyboardInterrupt` in whatever line runs. Where that is a callback from a library written in another
    language, the library may take the error for one of its own, or print it, and go on.
    """

    def __init__(self) -> None:
        self._is_pressed = False

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Notices Ctrl-C inside the block, besides raising `KeyboardInterrupt` as ever."""
        is_main = threading.current_thread() is threading.main_thread()
        if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield  # whoever runs this program in a thread or has a handler of its own knows what Ctrl-C should do
            return
        signal.signal(signal.SIGINT, self._notice)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def check(self) -> None:
        """Raises `KeyboardInterrupt` where it was pressed and work went on nevertheless."""
        if self._is_pressed:
            raise KeyboardInterrupt

    def _notice(self, _number: int, _frame: FrameType | None) -> None:
        self._is_pressed = True
        raise KeyboardInterrupt
