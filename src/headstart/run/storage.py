"""What a full or protected disk means for a run."""

from contextlib import AbstractContextManager
from pathlib import Path

from headstart.files import sole_use
from headstart.files import storage_errors as disk_errors


def storage_errors(path: Path, *, hint: str | None = None) -> AbstractContextManager[None]:
    """`headstart.files.storage_errors` in the words of a run.

    Args:
        path: what is written to.
        hint: what to do when the disk is full; None: how to continue with the run in `path`.
    """
    return disk_errors(
        path,
        room="room for the run: a few times the size of the model" if hint is None else "a little room",
        full_hint=hint or f"Free some room, then go on with `headstart resume {path}`; what was finished is kept.",
    )


def sole_training(path: Path) -> AbstractContextManager[None]:
    """Keeps other processes from training in a run's folder; a killed process leaves no lock.

    Raises:
        InUseError: another process trains there.
    """
    return sole_use(
        path,
        purpose="trains in",
        hint=f"Wait until it ends. If it is interrupted, continue with `headstart resume {path}`.",
    )
