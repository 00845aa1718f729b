"""The predictions so far, as JSON lines: what a killed prediction left is checked before it is taken over."""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path

from headstart.files import UnusableFileError, parse_json, shown, size_of
from headstart.prediction.columns import Form, Record, Tallied
from headstart.prediction.files import path_text

MAX_LINE_BYTES = 2**26  # a prediction with the probabilities of 100,000 classes has some megabytes


@dataclass(frozen=True)
class Journal:
    """The predictions in a file; can be gone through again and again.

    Attributes:
        path: the file.
        form: of the task, which says what a prediction holds.
    """

    path: Path
    form: Form

    def __iter__(self) -> Iterator[Record]:
        """Every prediction.

        Raises:
            UnusableFileError: a line holds something else.
        """
        with self.path.open("rb") as journal:
            while line := journal.readline(MAX_LINE_BYTES + 1):
                yield self._record(line)

    def take_over(self, files: Iterable[Path], *, num_files: int, batch_size: int) -> tuple[Tallied, int]:
        """Counts the whole batches and cuts off what comes after: an incomplete or damaged line, or a part of a batch.

        Args:
            files: that are asked about, in their order.
            num_files: of them.
            batch_size: files at a time.

        Returns:
            A tally of the files that were predicted, and their number.

        Raises:
            UnusableFileError: there is no such file, or it is a link, a folder or a pipe.
        """
        if self.path.is_symlink():  # cutting it would cut another file
            raise UnusableFileError("a file of predictions", "a symbolic link")
        size_of(self.path)
        whole, whole_bytes = self.form.tally(), 0
        tally, num_bytes = self.form.tally(), 0
        with self.path.open("rb") as journal:
            for file in files:
                line = journal.readline(MAX_LINE_BYTES + 1)
                try:
                    record = self._record(line)
                except UnusableFileError:
                    break
                if record["path"] != path_text(file):
                    break
                num_bytes += len(line)
                tally.counted(record)
                if tally.num_files % batch_size == 0 or tally.num_files == num_files:
                    whole, whole_bytes = copy(tally), num_bytes
        with self.path.open("r+b") as journal:
            journal.truncate(whole_bytes)
        return whole, whole.num_files

    def _record(self, line: bytes) -> Record:
        if not line.endswith(b"\n"):
            raise UnusableFileError("a whole line of JSON", shown(line[-100:]))
        return self.form.checked(parse_json(line))
