"""Are the pictures still those that the run saw?"""

import hashlib
from pathlib import Path

from headstart.data import Dataset
from headstart.errors import RunDamagedError


def check_pictures(dataset: Dataset) -> None:
    """Compares every picture's bytes with the hash that the audit noted.

    Raises:
        RunDamagedError: pictures are missing or have changed; the first few are named.
    """
    expected = zip(dataset.frame["path"], dataset.paths(), dataset.frame["sha256"], strict=True)
    changed = [name for name, path, sha256 in expected if file_hash(path) != sha256]
    if changed:
        raise RunDamagedError(
            f"{len(changed)} of {len(dataset)} pictures are missing or have changed since the run began.",
            expected="the pictures that stand in the run's dataset.csv, with their hashes",
            received=f"other bytes in {', '.join(changed[:5])}{' ...' if len(changed) > 5 else ''}",
            hint="Put them back, or start a new run with `headstart train`.",
        )


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits; `missing` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "missing"
