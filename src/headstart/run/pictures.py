"""Are the pictures still those that the run saw?"""

import hashlib
from pathlib import Path

from headstart.data import SEGMENTATION, Dataset, mask_paths
from headstart.errors import RunDamagedError

_BLOCK_BYTES = 1 << 20


def check_pictures(dataset: Dataset) -> None:
    """Compares the bytes of every picture, and of every mask, with the hash that the audit noted.

    Raises:
        RunDamagedError: pictures are missing or have changed; the first few are named.
    """
    expected = [([path], sha256) for path, sha256 in zip(dataset.frame["path"], dataset.frame["sha256"], strict=True)]
    if dataset.task == SEGMENTATION:
        targets = map(mask_paths, dataset.frame["target"])
        expected += [pair for pair in zip(targets, dataset.frame["mask_sha256"], strict=True) if pair[0]]
    changed = [paths[0] for paths, sha256 in expected if file_hash(*(dataset.root / path for path in paths)) != sha256]
    if changed:
        raise RunDamagedError(
            f"{len(changed)} of {len(expected)} pictures are missing or have changed since the run began.",
            expected="the pictures that stand in the run's dataset.csv, with their hashes",
            received=f"other bytes in {', '.join(changed[:5])}{' ...' if len(changed) > 5 else ''}",
            hint="Put them back, or start a new run with `headstart train`.",
        )


def file_hash(*paths: Path) -> str:
    """SHA-256 of a file, or of several one after the other, in hexadecimal digits; `missing` where one is not there."""
    found = hashlib.sha256()
    try:
        for path in paths:
            with path.open("rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    found.update(block)
        return found.hexdigest()
    except OSError:
        return "missing"
