"""Every file of a data set looked at once, before anything is learned from it."""

import json
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Unpack

import numpy as np
import pandas as pd
from PIL import Image

from headstart.data.annotated import no_annotations
from headstart.data.box_inspection import inspect_boxes
from headstart.data.copies import across_splits, conflict_findings, copy_findings, copy_groups, exact_pairs
from headstart.data.dataset import Dataset
from headstart.data.defect_masks import inspect_defect_mask, require_good_images
from headstart.data.duplicates import near_pairs
from headstart.data.exif_frame import STORED, UNKNOWN, UPRIGHT, frame_of, marks_places, turned_upright
from headstart.data.findings import KINDS, Finding, class_findings, findings_frame, group_findings, name_findings
from headstart.data.inspection import Inspection, inspect_file
from headstart.data.mask_inspection import MaskInspection, inspect_mask
from headstart.data.rare_classes import without_rare_classes
from headstart.data.reading import ReadingOptions, read_dataset
from headstart.data.separation import connected_groups
from headstart.data.stored_pixels import range_remarks
from headstart.errors import NoReadableImagesError, OneClassError
from headstart.files import write_text
from headstart.progress import SILENT, Progress
from headstart.task_spec import TargetForm

FORMAT_VERSION = 1

# Decoding happens outside Python's lock, so threads are enough; more than this only hold more images in memory.
_MAX_THREADS = 8


@dataclass(frozen=True, eq=False)
class Audit:
    """What the audit found, and the data set without the files it leaves out.

    Args:
        findings: one row a finding, the worst first: `kind`, `severity` ("error": the file is left out, "warning",
            "note"), `path` ("" for the whole data set) and `detail`.
        dataset: the usable examples, with `sha256`, `near_hash`, `width`, `height` and `duplicate_group`, a number that
            exact and near copies share, also copies of copies; for segmentation with `mask_sha256` and `mask_classes`;
            boxes lie inside their images and have an area.
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

    def warnings(self) -> list[str]:
        """One line for each kind of error or warning, with its number and its first finding."""
        serious = self.findings[self.findings["severity"] != "note"]
        lines = []
        for kind, found in serious.groupby("kind", sort=False):
            first = found.iloc[0]
            rest = f", and {len(found) - 1} more" if len(found) > 1 else ""
            where = f"'{first['path']}': " if first["path"] else ""
            lines.append(f"{str(kind).replace('_', ' ')}: {where}{first['detail']}{rest}")
        return lines

    def to_json(self) -> str:
        """The whole audit as JSON text."""
        content = {
            "format_version": FORMAT_VERSION,
            "task": self.dataset.task,
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
        write_text(Path(path), self.to_json())


def audit_dataset(
    dataset: Dataset,
    *,
    progress: Callable[[int, int], object] | None = None,
    min_classes: int = 2,
    min_per_class: int = 1,
) -> Audit:
    """Check every file of a data set once and report its problems.

    Files are only read. A bad file becomes a finding and is left out of the audit's data set. If the data states its
    parts, copies across parts are left out as well: the test part stays as it is, and of a copy in training and
    validation, the one in training is left out. For detection, images that show the same scene with other objects are
    kept and reported.

    Args:
        dataset: as `read_dataset` gives it.
        progress: called with the number of files done and the number of all files.
        min_classes: how many classes must be left; 2 to learn from, 1 to test on. Detection needs one in any case.
        min_per_class: classes with fewer images to learn from are left out, see `without_rare_classes`.

    Raises:
        NoReadableImagesError: nothing is left.
        OneClassError: fewer classes are left than `min_classes`.
        ClassTooSmallError: fewer than two classes have `min_per_class` images.
        AnnotationsError: no object is left.
    """
    looks = _look_at_all(dataset, progress)
    paths = dataset.frame["path"].tolist()
    remarks = [*dataset.remarks, *range_remarks(look.picture.peak for look in looks)]
    findings = [Finding(*remark) for remark in remarks]
    findings += [
        Finding(kind, path, detail) for path, look in zip(paths, looks, strict=True) for kind, detail in look.findings
    ]
    findings += name_findings(paths)
    usable = np.array([look.is_usable for look in looks], bool)
    if not usable.any():
        raise _nothing_readable(dataset, findings)
    kept, copies, groups = _with_pictures(dataset, [look for look in looks if look.is_usable], usable)
    across = across_splits(kept.frame, groups)
    findings += [*copies, *_across_findings(kept, across), *group_findings(kept.frame)]
    kept = _without(kept, across)
    lost = [name for name in dataset.class_names if name not in kept.class_names]
    findings += [Finding("class_without_pictures", "", f"'{name}'") for name in lost]
    kept, rare = without_rare_classes(kept, min_per_class)
    findings += rare
    _require_classes(kept, num_given=dataset.num_classes, min_classes=min_classes, findings=findings)
    findings += class_findings(kept)
    return Audit(findings_frame(findings), kept, num_files=len(dataset))


def audit_data(
    data: Path | str,
    *,
    task: str | None = None,
    min_per_class: int = 1,
    progress: Progress = SILENT,
    **reading: Unpack[ReadingOptions],
) -> Audit:
    """Read a data set and check every file of it, as `headstart audit` does; nothing is written.

    Args:
        data: folder or table, as `read_dataset` takes it.
        task: what is to be learned; None: what the data looks like.
        min_per_class: classes with fewer images to learn from are left out.
        progress: notified of every file.
        **reading: how the data is to be read, as for `read_dataset`.

    Raises:
        HeadstartError: the data cannot be read, or nothing to learn from is left; as `read_dataset` and
            `audit_dataset`.

    Example:
        found = headstart.audit("photos")
        print(found.findings)
    """
    dataset = read_dataset(data, task=task, **reading)
    progress.start("checking images", len(dataset))
    found = audit_dataset(dataset, progress=lambda *_: progress.advance(), min_per_class=min_per_class)
    progress.finish()
    return found


def _across_findings(dataset: Dataset, across: Mapping[str, str]) -> Iterator[Finding]:
    """Findings about copies in another part, and about images that only look like one in another part."""
    for path, other in across.items():
        yield Finding("duplicate_across_splits", path, f"copy of '{other}'")
    for path, other in across_splits(dataset.frame, dataset.frame["duplicate_group"].to_numpy()).items():
        if path not in across:
            yield Finding("alike_across_splits", path, f"looks like '{other}'")


@dataclass(frozen=True)
class _Look:
    """The checked image of one example, its mask if it has one, and its corrected target."""

    picture: Inspection
    mask: MaskInspection | None
    target: str
    findings: tuple[tuple[str, str], ...]

    @property
    def is_usable(self) -> bool:
        return self.picture.thumbnail is not None and (self.mask is None or self.mask.is_usable)


def _look_at(dataset: Dataset, index: int) -> _Look:
    row = dataset.frame.iloc[index]
    picture = inspect_file(dataset.root / row["path"])
    target, mask = row["target"], None
    findings = list(picture.findings)
    if picture.thumbnail is None:
        return _Look(picture, mask, target, tuple(findings))
    size = (picture.height, picture.width)
    stated = (int(row.get("stated_height", 0)), int(row.get("stated_width", 0)))
    if dataset.form in {TargetForm.BOXES, TargetForm.MASKS}:
        target, found = _upright_target(target, dataset.form, picture.orientation, size, stated)
        findings += found
    if dataset.form is TargetForm.BOXES:
        target, found = inspect_boxes(target, size)
        findings += found
    if dataset.form is TargetForm.MASKS:
        mask = inspect_mask(dataset, index, size, target)
        findings += mask.findings
    if dataset.form is TargetForm.DEFECTS:
        mask = inspect_defect_mask(dataset, index, size)
        findings += mask.findings
    return _Look(picture, mask, target, tuple(findings))


def _upright_target(
    target: str, form: TargetForm, orientation: int, size: tuple[int, int], stated: tuple[int, int]
) -> tuple[str, list[tuple[str, str]]]:
    """The target for the upright image, and findings about the image that it was drawn on."""
    frame = frame_of(orientation, size, stated) if marks_places(target, form) else UPRIGHT
    sizes = f"states {stated[1]} x {stated[0]} pixels" if all(stated) else "states no size"
    if frame == STORED:
        turned = turned_upright(target, form, orientation=orientation, size=size)
        return turned, [("turned_annotation", f"{sizes}, EXIF orientation {orientation}")]
    found = [("unknown_frame", f"{sizes}, EXIF orientation {orientation}")] if frame == UNKNOWN else []
    if all(stated) and stated != size:
        found.append(("wrong_size", f"{stated[1]} x {stated[0]} instead of {size[1]} x {size[0]} pixels"))
    return target, found


def _look_at_all(dataset: Dataset, progress: Callable[[int, int], object] | None) -> list[_Look]:
    looks = []
    executor = ThreadPoolExecutor(min(_MAX_THREADS, os.cpu_count() or 1))
    with warnings.catch_warnings():
        # Large images are a finding of their own; damaged metadata does not matter where the image is sound.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", module="PIL")
        try:
            for look in executor.map(partial(_look_at, dataset), range(len(dataset))):
                looks.append(look)
                if progress is not None:
                    progress(len(looks), len(dataset))
        finally:
            executor.shutdown(cancel_futures=True)  # Ctrl-C waits for the images in hand only
    return looks


def _with_pictures(
    dataset: Dataset, looks: list[_Look], usable: np.ndarray
) -> tuple[Dataset, list[Finding], np.ndarray]:
    """The usable examples with what was measured on them, the findings about copies among them, and their groups."""
    frame = (
        dataset.frame[usable].reset_index(drop=True).drop(columns=["stated_width", "stated_height"], errors="ignore")
    )
    frame["target"] = pd.Series([look.target for look in looks], dtype=str)
    for column in ("sha256", "near_hash"):
        frame[column] = pd.Series([getattr(look.picture, column) for look in looks], dtype=str)
    for column in ("width", "height"):
        frame[column] = np.array([getattr(look.picture, column) for look in looks], np.int64)
    masks = [look.mask for look in looks if look.mask is not None]
    if masks:
        frame["mask_sha256"] = pd.Series([mask.sha256 for mask in masks], dtype=str)
    if masks and dataset.form is TargetForm.MASKS:
        names = [json.dumps(mask.class_names, ensure_ascii=False) for mask in masks]
        frame["mask_classes"] = pd.Series(names, dtype=str)
    thumbnails = np.stack([look.picture.thumbnail for look in looks if look.picture.thumbnail is not None])
    exact = exact_pairs(frame["sha256"])
    # Images of one product look alike, and a defect may be small: only exact copies count there.
    is_alike = dataset.form is TargetForm.DEFECTS
    near = np.empty((0, 2), np.int64) if is_alike else near_pairs(frame["near_hash"].tolist(), thumbnails)
    frame["duplicate_group"] = connected_groups(len(frame), np.concatenate([exact, near]))
    kept = replace(dataset, frame=frame)
    found = [*copy_findings(frame, exact, near), *conflict_findings(kept)]
    return kept, found, copy_groups(kept, exact, near)


def _without(dataset: Dataset, paths: dict[str, str]) -> Dataset:
    """The data set without some examples, and without the classes that have none left."""
    frame = dataset.frame[~dataset.frame["path"].isin(list(paths))].reset_index(drop=True)
    left = replace(dataset, frame=frame)
    if dataset.form in {TargetForm.NUMBERS, TargetForm.DEFECTS}:
        return left
    present = {name for names in left.labels() for name in names}
    return replace(left, class_names=tuple(name for name in dataset.class_names if name in present))


def _require_classes(kept: Dataset, *, num_given: int, min_classes: int, findings: Iterable[Finding]) -> None:
    if kept.form is TargetForm.DEFECTS and min_classes > 1:
        require_good_images(kept)
    if kept.form in {TargetForm.BOXES, TargetForm.NUMBERS, TargetForm.DEFECTS}:
        min_classes = 1
    if not kept.class_names:
        raise no_annotations(kept.root, looked_for="annotated objects in usable images", received="none")
    if kept.num_classes < min_classes:
        raise _one_class(kept, num_given=num_given, findings=findings)


def _nothing_readable(dataset: Dataset, findings: list[Finding]) -> NoReadableImagesError:
    errors = [found for found in findings if KINDS[found.kind].severity == "error"]
    counts = Counter(found.kind.replace("_", " ") for found in errors)
    numbers = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    example = f"; '{errors[0].path}': {errors[0].detail}" if errors else ""
    return NoReadableImagesError(
        f"None of the {len(dataset)} files in '{dataset.root}' can be read as an image.",
        expected="images in a format such as JPEG, PNG, WebP, GIF, BMP or TIFF",
        received=(numbers or "no files") + example,
        hint="Open one of them in an image viewer; copy or download the folder again if it fails.",
    )


def _one_class(kept: Dataset, *, num_given: int, findings: Iterable[Finding]) -> OneClassError:
    errors = [found for found in findings if KINDS[found.kind].severity == "error"]
    is_lost = num_given > 1
    lost = f" with readable images, of {num_given} in total" if is_lost else ""
    example = f"; '{errors[0].path}': {errors[0].kind.replace('_', ' ')}" if is_lost and errors else ""
    hint = "Add a folder with images of another class, such as 'other'."
    if kept.form is TargetForm.MASKS:
        hint = "Check whether the masks mark any object; use --ignore-value none to keep 255 as a class."
    elif is_lost:
        hint = "Repair or convert the files of the other classes."
    return OneClassError(
        f"'{kept.root}' has only one class, '{kept.class_names[0]}'.",
        expected="at least two classes",
        received=f"one class{lost}, {len(kept)} images{example}",
        hint=hint,
    )
