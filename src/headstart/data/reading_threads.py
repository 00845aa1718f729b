"""Lets the interpreter end while TensorFlow is still reading images ahead.

tf.data calls Python from threads of its own, and continues until its buffers are full, also if nothing takes the
batches. A thread that requests the interpreter while the interpreter ends never gets a reply; the process then waits
for that thread for ever, and a finished training run does not end.
"""

import atexit
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

# Once calls return at once, only microseconds lie between them; a tenth of a second without any is quiet.
_QUIET_SECONDS = 0.1
_MAX_WAIT_SECONDS = 10.0


class ReadingThreads:
    """Knows which calls from TensorFlow's threads are under way, and ends them when the interpreter ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._num_calls = 0
        self._last_call_seconds = -_QUIET_SECONDS
        self._is_closing = False

    @contextmanager
    def call(self) -> Iterator[None]:
        """Surrounds one call.

        Raises:
            RuntimeError: the interpreter is ending; nobody will see it.
        """
        with self._lock:
            self._num_calls += 1
        try:
            if self._is_closing:
                raise RuntimeError("the interpreter is ending")
            yield
        finally:
            with self._lock:
                self._num_calls -= 1
                self._last_call_seconds = time.monotonic()

    def close(self) -> None:
        """Makes every further call fail at once, which fills the buffers, and waits until no more come."""
        self._is_closing = True
        deadline_seconds = time.monotonic() + _MAX_WAIT_SECONDS
        while self._is_busy() and time.monotonic() < deadline_seconds:
            time.sleep(0.01)

    def _is_busy(self) -> bool:
        with self._lock:
            return self._num_calls > 0 or time.monotonic() - self._last_call_seconds < _QUIET_SECONDS


@cache
def reading_threads() -> ReadingThreads:
    """The one keeper of this process; closed when the interpreter ends."""
    threads = ReadingThreads()
    atexit.register(threads.close)
    return threads
