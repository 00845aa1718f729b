"""What became of files, where predictions need no further counting."""

from dataclasses import dataclass

from headstart.prediction.columns import Record


@dataclass
class FileTally:
    """Counts of the files that were processed so far.

    Attributes:
        num_files: all of them.
        num_unreadable: no images, or damaged ones.
    """

    num_files: int = 0
    num_unreadable: int = 0

    def counted(self, record: Record) -> Record:
        """The tally with one more record."""
        self.num_files += 1
        self.num_unreadable += record["error"] is not None
        return record

    @property
    def sentence(self) -> str:
        """The counts in words."""
        return (
            f"{self.num_files} files: {self.num_files - self.num_unreadable} answered, {self.num_unreadable} unreadable"
        )
