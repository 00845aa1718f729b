"""Which images an index holds: labelled ones where class folders or a table give labels, else all there are."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

import numpy as np
import pandas as pd

from headstart.data import Dataset, ReadingOptions, audit_dataset, read_dataset
from headstart.errors import NoClassFoldersError, NoReadableImagesError
from headstart.prediction import expand_paths
from headstart.progress import Progress
from headstart.task_spec import TargetForm

_NO_CLASSES = ("",)
# Findings about images that training would not use, and that therefore have no label.
_NOT_LABELLED = ("unlabelled", "unused_folder")


@dataclass(frozen=True, eq=False)
class IndexedPictures:
    """The usable images of an index.

    Attributes:
        root: folder that paths start from.
        frame: one row per image: path, sha256, label, duplicate_group.
        targets: `(n, classes)` of 0 and 1; no columns where there are no classes.
        class_names: in the order of the columns; None where there are no classes.
        left_out: path and reason of each file that is not among them.
    """

    root: Path
    frame: pd.DataFrame
    targets: np.ndarray
    class_names: tuple[str, ...] | None
    left_out: tuple[tuple[str, str], ...]

    def paths(self) -> list[Path]:
        """The files."""
        return [self.root / path for path in self.frame["path"]]


def list_pictures(data: Path | str, *, labelled: bool = True, **columns: Unpack[ReadingOptions]) -> Dataset:
    """The files that would be looked at; nothing is opened yet.

    Args:
        data: a folder, or a table of labels.
        labelled: whether folders name classes; False takes every file below the folder, without a label.
        **columns: the format, and the columns of a table, as `read_dataset` takes them.

    Raises:
        DataError: there is nothing.
    """
    folder = Path(data).expanduser()
    if labelled or not folder.is_dir():
        try:
            dataset = read_dataset(data, for_training=False, **columns)
            # Parts count for nothing here: a copy of a test image is an image like any other.
            return replace(dataset, frame=dataset.frame.assign(split=""))
        except NoClassFoldersError:
            if not folder.is_dir():
                raise
    root = folder.resolve()
    paths = [path.relative_to(root).as_posix() for path in expand_paths([root])]
    named = sorted(path for path in paths if _is_unicode(path))
    if not named:
        raise NoReadableImagesError(
            f"None of the {len(paths)} files in '{data}' can be read as an image.",
            expected="images in a format such as JPEG, PNG, WebP, GIF, BMP or TIFF",
            received="names that are not UTF-8",
            hint="Rename the files.",
        )
    frame = pd.DataFrame({"path": named, "target": "", "group": "", "split": ""}).astype(str)
    return Dataset(frame=frame, class_names=_NO_CLASSES, root=root)


def check_pictures(dataset: Dataset, *, progress: Progress) -> IndexedPictures:
    """Opens every file once and keeps those that are images.

    Raises:
        NoReadableImagesError: none is.
    """
    progress.start("checking images", len(dataset))
    audit = audit_dataset(dataset, progress=lambda *_: progress.advance(1), min_classes=1)
    progress.finish()
    unlabelled = audit.findings[audit.findings["kind"].isin(_NOT_LABELLED)]
    left_out = [*audit.left_out, *zip(unlabelled["path"], unlabelled["detail"], strict=True)]
    usable = audit.dataset
    has_classes = usable.class_names != _NO_CLASSES and usable.form is not TargetForm.NUMBERS
    targets = usable.class_matrix() if has_classes else np.zeros((len(usable), 0), np.int64)
    labels = [";".join(names) for names in usable.labels()] if has_classes else usable.frame["target"]
    frame = usable.frame[["path", "sha256", "duplicate_group"]].assign(label=labels)
    return IndexedPictures(
        root=usable.root,
        frame=frame,
        targets=targets,
        class_names=usable.label_names() if has_classes else None,
        left_out=tuple(left_out),
    )


def _is_unicode(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
