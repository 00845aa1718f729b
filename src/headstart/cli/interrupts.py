"""Reliable handling of Ctrl-C: it is raised again if the code that ran when it was pressed swallowed it."""

import _thread
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# TensorFlow's compiled half asks this module for its context (GetContextHandle in tensorflow/python/eager). An error
# there leaves a null pointer, which it follows: raised here, Ctrl-C would end the process with a segmentation fault.
_FATAL_MODULE = "tensorflow.python.eager.context"
_SECONDS_TO_PRESS_AGAIN = 0.02
_SECONDS_TO_ARRIVE = 1.0  # unless whoever ran meanwhile took the handler away


class Interrupts:
    """Notices Ctrl-C and raises it again where it was swallowed.

    Python raises `KeyboardInterrupt` in whatever line runs. Where that is a callback from a library written in another
    language, the library may take the error for one of its own, or print it and continue, or crash.
    """

    def __init__(self) -> None:
        self._is_pressed = False
        self._is_raised = False
        self._is_over = False
        self._is_again = False
        self._again: threading.Timer | None = None

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Notices Ctrl-C inside the block, besides raising `KeyboardInterrupt` as ever, at the latest when it ends."""
        is_main = threading.current_thread() is threading.main_thread()
        if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield  # whoever runs this program in a thread or has a handler of its own knows what Ctrl-C should do
            return
        signal.signal(signal.SIGINT, self._notice)
        try:
            yield
            self.check()
        finally:
            try:
                self._wait_for_the_last()
            finally:
                signal.signal(signal.SIGINT, signal.default_int_handler)

    def check(self) -> None:
        """Raises `KeyboardInterrupt` where it was pressed and work continued nevertheless."""
        if self._is_pressed:
            self._raise()

    def _notice(self, _number: int, frame: FrameType | None) -> None:
        is_again, self._is_again = self._is_again, False
        if is_again and (self._is_raised or self._is_over):
            return  # meanwhile `check` raised it, and whoever cleans up after it must not be stopped as well
        self._is_pressed = True
        if frame is not None and frame.f_globals.get("__name__") == _FATAL_MODULE:
            self._cancel()
            self._again = threading.Timer(_SECONDS_TO_PRESS_AGAIN, self._press_again, [threading.get_ident()])
            self._again.start()
            return
        self._raise()

    def _press_again(self, main_thread: int) -> None:
        self._is_again = True
        _press_ctrl_c(main_thread)

    def _raise(self) -> None:
        self._is_raised = True
        raise KeyboardInterrupt

    def _cancel(self) -> None:
        if self._again is not None:
            self._again.cancel()

    def _wait_for_the_last(self) -> None:
        """Lets no second press arrive after the block, where nobody would know that it is one."""
        self._is_over = True
        self._cancel()
        if self._again is not None:
            self._again.join()
        until = time.monotonic() + _SECONDS_TO_ARRIVE
        while self._is_again and time.monotonic() < until:  # sent, and on its way to this thread
            time.sleep(0.001)


def _press_ctrl_c(main_thread: int) -> None:
    """Interrupts the main thread, also where it waits, if the system can do that."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main_thread, signal.SIGINT)
    else:
        _thread.interrupt_main()
