"""How long work tells how far it is, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """Listens to one long step after another; a step ends with `finish`, or when the next begins."""

    def start(self, step: str, total: int) -> None:
        """A step of `total` equal parts begins."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """`count` more parts are done; `note` is a short text such as the last loss."""

    def finish(self) -> None:
        """The step is done, perhaps before its last part; nothing happens between steps."""

    def say(self, text: str) -> None:
        """One line worth keeping on the screen."""


class SilentProgress:
    """Listens and says nothing: for scripts, notebooks and tests."""

    def start(self, step: str, total: int) -> None:
        """Ignore the step."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """Ignore the advance."""

    def finish(self) -> None:
        """Ignore the end."""

    def say(self, text: str) -> None:
        """Ignore the text."""


SILENT = SilentProgress()
