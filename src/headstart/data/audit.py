"""Every file of a data set looked at once, before anything is learned from it."""

import json
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from headstart.data.dataset import SPLITS, Dataset
from headstart.data.duplicates import near_pairs
from headstart.data.findings import KINDS, Finding, class_findings, findings_frame, group_findings, name_findings
from headstart.data.inspection import Inspection, inspect_file
from headstart.data.separation import connected_groups
from headstart.errors import NoReadableImagesError, OneClassError

FORMAT_VERSION = 1

# Decoding happens outside Python's lock, so threads are enough; more than this only hold more pictures in memory.
_MAX_THREADS = 8


@dataclass(frozen=True, eq=False)
class Audit:
    """What the audit found, and the data set without the files it leaves out.

    Args:
        findings: one row a finding, the worst first: `kind`, `severity` ("error": the file is left out, "warning",
            "note"), `path` ("" for the whole data set) and `detail`.
        dataset: the usable examples, with `sha256`, `near_hash`, `width`, `height` and `duplicate_group`, a number that
            exact and near copies share, also copies of copies.
        num_files: how many files were looked at.
    """

    findings: pd.DataFrame
    dataset: Dataset
    num_files: int

    @property
    def left_out(self) -> list[tuple[str, str]]:
        """Path of every file that is left out, with the reason."""
        errors = self.findings[self.findings["severity"] == "error"]
        first = errors.drop_duplicates("path")
        reasons = [
            f"{kind.replace('_', ' ')}: {detail}" for kind, detail in zip(first["kind"], first["detail"], strict=True)
        ]
        return list(zip(first["path"], reasons, strict=True))

    def summary(self) -> pd.DataFrame:
        """One row a kind of finding that occurred, the worst first: kind, severity, count, meaning."""
        counts = self.findings["kind"].value_counts()
        rows = [
            (kind, facts.severity, int(counts[kind]), facts.meaning) for kind, facts in KINDS.items() if kind in counts
        ]
        return pd.DataFrame(rows, columns=["kind", "severity", "count", "meaning"])

    def to_json(self) -> str:
        """The whole audit as JSON text."""
        content = {
            "format_version": FORMAT_VERSION,
            "root": str(self.dataset.root),
            "num_files": self.num_files,
            "num_usable": len(self.dataset),
            "class_names": self.dataset.class_names,
            "summary": self.summary().to_dict("records"),
            "left_out": [{"path": path, "reason": reason} for path, reason in self.left_out],
            "findings": self.findings.to_dict("records"),
        }
        return json.dumps(content, indent=2) + "\n"

    def write(self, path: Path | str) -> None:
        """Write the audit to a JSON file."""
        Path(path).write_text(self.to_json(), encoding="utf-8")


def audit_dataset(
    dataset: Dataset, *, progress: Callable[[int, int], object] | None = None, min_classes: int = 2
) -> Audit:
    """Look at every file of a data set once, and say what is wrong with it.

    Files are only read. A bad file becomes a finding and is left out of the audit's data set; so is, where the parts of
    the split are given, a copy in a part that learns of a picture in a part that measures: the test part stays as it
    is, and of train and validation the copy in train goes.

    Args:
        dataset: as `read_dataset` gives it.
        progress: called with the number of files done and the number of all files.
        min_classes: how many classes must be left; 2 to learn from, 1 to test on.

    Raises:
        NoReadableImagesError: nothing is left.
        OneClassError: fewer classes are left than `min_classes`.
    """
    inspections = _inspect_all(dataset.paths(), progress)
    paths = dataset.frame["path"].tolist()
    findings = [Finding(*remark) for remark in dataset.remarks]
    findings += [
        Finding(kind, path, detail)
        for path, found in zip(paths, inspections, strict=True)
        for kind, detail in found.findings
    ]
    findings += name_findings(paths)
    usable = np.array([found.thumbnail is not None for found in inspections], bool)
    if not usable.any():
        raise _nothing_readable(dataset, findings)
    kept, copies = _with_pictures(dataset, [found for found in inspections if found.thumbnail is not None], usable)
    across = _across_splits(kept.frame)
    findings += copies
    findings += [Finding("duplicate_across_splits", path, detail) for path, detail in across.items()]
    findings += group_findings(kept.frame)
    kept = _without(kept, across)
    findings += [
        Finding("class_without_pictures", "", f"'{name}'")
        for name in dataset.class_names
        if name not in kept.class_names
    ]
    if kept.num_classes < min_classes:
        raise _one_class(kept, num_given=dataset.num_classes)
    findings += class_findings(kept)
    return Audit(findings_frame(findings), kept, num_files=len(dataset))


def _inspect_all(paths: list[Path], progress: Callable[[int, int], object] | None) -> list[Inspection]:
    inspections = []
    executor = ThreadPoolExecutor(min(_MAX_THREADS, os.cpu_count() or 1))
    with warnings.catch_warnings():
        # Large pictures are a finding of their own; damaged metadata does not matter where the picture is sound.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", module="PIL")
        try:
            for inspection in executor.map(inspect_file, paths):
                inspections.append(inspection)
                if progress is not None:
                    progress(len(inspections), len(paths))
        finally:
            executor.shutdown(cancel_futures=True)  # Ctrl-C waits for the pictures in hand only
    return inspections


def _with_pictures(
    dataset: Dataset, inspections: list[Inspection], usable: np.ndarray
) -> tuple[Dataset, list[Finding]]:
    """The usable examples with what was measured on them, and the findings about copies among them."""
    frame = dataset.frame[usable].reset_index(drop=True)
    for column in ("sha256", "near_hash"):
        frame[column] = pd.Series([getattr(found, column) for found in inspections], dtype=str)
    for column in ("width", "height"):
        frame[column] = np.array([getattr(found, column) for found in inspections], np.int64)
    thumbnails = np.stack([found.thumbnail for found in inspections if found.thumbnail is not None])
    exact = _exact_pairs(frame["sha256"])
    near = near_pairs(frame["near_hash"].tolist(), thumbnails)
    frame["duplicate_group"] = connected_groups(len(frame), np.concatenate([exact, near]))
    kept = replace(dataset, frame=frame)
    return kept, [*_copy_findings(frame, exact, near), *_conflicts(kept)]


def _exact_pairs(sha256: pd.Series) -> np.ndarray:
    codes = pd.factorize(sha256)[0]
    first = np.unique(codes, return_index=True)[1][codes]
    later = np.flatnonzero(first != np.arange(len(codes)))
    return np.stack([first[later], later], axis=1)


def _copy_findings(frame: pd.DataFrame, exact: np.ndarray, near: np.ndarray) -> Iterator[Finding]:
    paths, sha256 = frame["path"].tolist(), frame["sha256"].to_numpy()
    for first, later in exact.tolist():
        yield Finding("exact_duplicate", paths[later], f"same as '{paths[first]}'")
    others = near[sha256[near[:, 0]] != sha256[near[:, 1]]]
    # Pairs are sorted: the first pair of a picture names its first likeness, which is enough to find the others.
    later, position = np.unique(others[:, 1], return_index=True)
    for first, second in zip(others[position, 0].tolist(), later.tolist(), strict=True):
        yield Finding("near_duplicate", paths[second], f"looks like '{paths[first]}'")


def _conflicts(dataset: Dataset) -> Iterator[Finding]:
    if dataset.multi_label:
        return
    frame = dataset.frame
    for _, same in frame[frame.duplicated("sha256", keep=False)].groupby("sha256"):
        if same["target"].nunique() > 1:
            for path in same["path"]:
                others = [f"'{other}'" for other in same["path"] if other != path]
                yield Finding("conflicting_labels", path, f"same as {', '.join(others)}")


def _across_splits(frame: pd.DataFrame) -> dict[str, str]:
    """Which examples to leave out because a copy of theirs is given to a part that measures, with the reason."""
    rank = frame["split"].map({split: position for position, split in enumerate(SPLITS)}).fillna(0)
    if not rank.any():
        return {}
    highest = rank.groupby(frame["duplicate_group"]).transform("max")
    # One picture of the part that keeps its copies, to name it.
    keeper = frame["path"].where(rank == highest).groupby(frame["duplicate_group"]).transform("first")
    out = rank < highest
    return {path: f"copy of '{other}'" for path, other in zip(frame["path"][out], keeper[out], strict=True)}


def _without(dataset: Dataset, paths: dict[str, str]) -> Dataset:
    """The data set without some examples, and without the classes that have none left."""
    frame = dataset.frame[~dataset.frame["path"].isin(list(paths))].reset_index(drop=True)
    left = replace(dataset, frame=frame)
    present = {name for names in left.labels() for name in names}
    return replace(left, class_names=tuple(name for name in dataset.class_names if name in present))


def _nothing_readable(dataset: Dataset, findings: list[Finding]) -> NoReadableImagesError:
    errors = [found for found in findings if KINDS[found.kind].severity == "error"]
    counts = Counter(found.kind.replace("_", " ") for found in errors)
    numbers = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    example = f"; '{errors[0].path}': {errors[0].detail}" if errors else ""
    return NoReadableImagesError(
        f"None of the {len(dataset)} files in '{dataset.root}' can be read as a picture.",
        expected="pictures such as JPEG, PNG, WebP, GIF, BMP or TIFF",
        received=(numbers or "no files") + example,
        hint="Open one of them in a picture viewer; copy or download the folder again.",
    )


def _one_class(kept: Dataset, *, num_given: int) -> OneClassError:
    lost = "" if num_given < 2 else f" with readable pictures, of {num_given} in all"
    return OneClassError(
        f"'{kept.root}' has only one class, '{kept.class_names[0]}'.",
        expected="at least two classes to tell apart",
        received=f"one class{lost}, {len(kept)} pictures",
        hint="Add a folder with pictures of another class, such as 'other'.",
    )
