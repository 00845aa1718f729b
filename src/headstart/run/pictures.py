"""Are the pictures still those that the run saw?"""

import hashlib
import json
from pathlib import Path

from headstart.data import SEGMENTATION, Dataset
from headstart.errors import RunDamagedError


def check_pictures(dataset: Dataset) -> None:
    """Compares the bytes of every picture, and of every mask, with the hash that the audit noted.

    Raises:
        RunDamagedError: pictures are missing or have changed; the first few are named.
    """
    expected = list(zip(dataset.frame["path"], dataset.frame["sha256"], strict=True))
    if dataset.task == SEGMENTATION:
        targets = (json.loads(target).get("mask") for target in dataset.frame["target"])
        expected += [pair for pair in zip(targets, dataset.frame["mask_sha256"], strict=True) if pair[0]]
    changed = [name for name, sha256 in expected if file_hash(dataset.root / name) != sha256]
    if changed:
        raise RunDamagedError(
            f"{len(changed)} of {len(expected)} pictures are missing or have changed since the run began.",
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
