"""`run.log`: what happened when, one line an event."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headstart.files import one_line, visible


class LogLines(logging.Formatter):
    """Lines in which names can neither move a cursor nor begin a line of their own; a traceback keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  a name of logging
        """The line of an event, without its traceback."""
        return one_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """The event with its traceback."""
        return visible(super().format(record))


@contextmanager
def logged_to(path: Path, logger: logging.Logger) -> Iterator[None]:
    """Appends what a logger says inside the block to a file."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(LogLines("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
