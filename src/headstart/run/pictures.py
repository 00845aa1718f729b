"""Whether a run's images are still those that it saw, and where they are now."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from headstart.data import Dataset, mask_paths
from headstart.errors import DataNotFoundError, RunDamagedError
from headstart.files import sha256_or
from headstart.run.directory import Run
from headstart.task_spec import TargetForm

_NUM_SHOWN = 5


def check_pictures(run: Run, dataset: Dataset) -> None:
    """Compares the bytes of every image, and of every mask, with the hash that the audit noted.

    Args:
        run: whose images they are.
        dataset: all of them, or a part.

    Raises:
        DataNotFoundError: the folder is gone.
        RunDamagedError: images are missing or have changed; the first few are named.
    """
    if not dataset.root.is_dir():
        raise missing_data(run, dataset.root)
    expected = _hashes(dataset)
    found = {paths: _hash_in(dataset.root, paths) for paths in expected}
    missing = [paths[0] for paths in expected if found[paths] == "missing"]
    changed = [paths[0] for paths in expected if found[paths] not in {"missing", expected[paths]}]
    if missing or changed:
        received = [
            f"{what} {_listed(names)}" for what, names in (("no", missing), ("other bytes in", changed)) if names
        ]
        raise RunDamagedError(
            f"{len(missing) + len(changed)} of {len(expected)} images are missing or have changed since the run "
            "was started.",
            expected=f"the images of the run's dataset.csv in '{dataset.root}', with their hashes",
            received="; ".join(received),
            hint=f"Put them back, or give the folder that they were moved to: {_command(run)} --data NEW_PATH",
        )


def missing_data(run: Run, place: Path) -> DataNotFoundError:
    """The error if the data of a run is gone."""
    return DataNotFoundError(
        f"The data of the run '{run.path}' is no longer in '{place}'.",
        expected="the images that the run was started with",
        received="no such folder or file",
        hint=f"If it was moved, give its new path: {_command(run)} --data NEW_PATH",
    )


def move_data(run: Run, place: Path) -> None:
    """Lets a run find its data at a new place, which is kept in the run.

    Args:
        run: its files must be the same there, by relative path and SHA-256.
        place: folder, table or COCO file, as `headstart.train` takes it.

    Raises:
        DataNotFoundError: nothing of this name exists.
        RunDamagedError: files are missing there, or have changed.
    """
    place = place.expanduser().absolute()
    if not os.path.exists(place):  # noqa: PTH110  Path.exists raises where a folder above is locked
        raise missing_data(run, place)
    if not run.state.get("is_split"):
        run.move(place)
        return
    known = _hashes(run.dataset)
    root = max(_roots(place), key=lambda root: sum((root / paths[0]).is_file() for paths in known))
    check_pictures(run, replace(run.dataset, root=root))
    run.move(_place_below(run, root), root=root)


def find_moved_data(run: Run, place: Path) -> Path | None:
    """Folder at a place, or around it, that holds the run's own test images; `None` where none does.

    The folder in which the run already looks for its images is no new place.
    """
    place = place.expanduser().absolute()
    part = run.dataset.part("test")
    known = _hashes(part)
    for root in _roots(place):
        if root != Path(os.path.realpath(part.root)) and all(
            _hash_in(root, paths) == sha256 for paths, sha256 in known.items()
        ):
            return root
    return None


def use_moved_data(run: Run, root: Path) -> None:
    """Lets a run find its test images in a folder from `find_moved_data`, for good where the old place is gone."""
    part = run.dataset.part("test")
    if any(not (part.root / paths[0]).is_file() for paths in _hashes(part)):
        run.move(_place_below(run, root), root=root)


def file_hash(*paths: Path) -> str:
    """SHA-256 of a file, or of several one after the other, in hexadecimal digits; `missing` where one is not there."""
    return sha256_or("missing", *paths)


def _hashes(dataset: Dataset) -> dict[tuple[str, ...], str]:
    """Paths of every image, and of the mask files of every image, relative to the root → their SHA-256."""
    known: dict[tuple[str, ...], str] = {
        (path,): sha256 for path, sha256 in zip(dataset.frame["path"], dataset.frame["sha256"], strict=True)
    }
    if dataset.form is TargetForm.MASKS:
        masks = map(tuple, map(mask_paths, dataset.frame["target"]))
        known |= {paths: sha256 for paths, sha256 in zip(masks, dataset.frame["mask_sha256"], strict=True) if paths}
    if dataset.form is TargetForm.DEFECTS:
        defects = zip(dataset.frame["mask"], dataset.frame["mask_sha256"], strict=True)
        known |= {(path,): sha256 for path, sha256 in defects if path}
    return known


def _hash_in(root: Path, paths: Iterable[str]) -> str:
    return file_hash(*(root / path for path in paths))


def _roots(place: Path) -> Iterator[Path]:
    """Folders that paths of a data set at a place may be relative to: a COCO file may lie in `annotations`."""
    real = Path(os.path.realpath(place))
    yield from (real.parent, real.parent.parent) if real.is_file() else (real,)


def _place_below(run: Run, root: Path) -> Path:
    """The new `data.path` of a run whose root moves: a table or COCO file keeps its place below the root."""
    old = Path(os.path.realpath(run.recipe.data.path))
    return root / old.relative_to(run.dataset.root) if old.is_relative_to(run.dataset.root) else root


def _command(run: Run) -> str:
    return f"headstart {'evaluate' if run.state['state'] == 'finished' else 'resume'} {run.path}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_NUM_SHOWN]) + (" ..." if len(names) > _NUM_SHOWN else "")
