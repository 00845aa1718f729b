"""A line for every request, as JSON, on stderr."""

import json
import queue
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.types import Scope

_MAX_WAITING = 10_000


class AccessLog:
    """Writes what was asked and answered: no header, no body, no key.

    A thread writes, so that nobody waits for a slow terminal; where it is too slow, lines are dropped and counted.
    """

    def __init__(self) -> None:
        self._lines: queue.Queue[dict[str, object]] = queue.Queue(_MAX_WAITING)
        self._num_dropped = 0
        threading.Thread(target=self._write, name="access log", daemon=True).start()

    def answered(self, scope: Scope, status: int, num_bytes: int, seconds: float) -> None:
        """One request was answered, with so many bytes of content; 499: the client was gone."""
        query = scope.get("query_string", b"").decode("latin-1")
        path = scope["path"] + (f"?{query}" if query else "")
        self._put(scope.get("client"), scope["method"], path, status, num_bytes, seconds)

    def refused(self, status: int, client: tuple[str, int] | None) -> None:
        """A request was refused before its first line could be understood."""
        self._put(client, None, None, status, None, None)

    def _put(self, client: Sequence[object] | None, *facts: object) -> None:
        names = ("method", "path", "status", "bytes", "seconds")
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "client": client[0] if client else None}
        try:
            self._lines.put_nowait(line | dict(zip(names, facts, strict=True)))
        except queue.Full:
            self._num_dropped += 1

    def _write(self) -> None:
        while True:
            line = self._lines.get()
            if self._num_dropped:
                line["dropped"], self._num_dropped = self._num_dropped, 0
            # Everything but printable ASCII is escaped, so that no request can write a line of its own.
            sys.stderr.write(json.dumps(line) + "\n")
            sys.stderr.flush()
