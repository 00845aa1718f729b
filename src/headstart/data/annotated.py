"""Images with annotations gathered from files, as a data set; what the readers of all formats share."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from headstart.data.annotations import Box
from headstart.data.dataset import SPLITS, Dataset, Remark, frame_from_rows
from headstart.data.inspection import could_be_picture
from headstart.data.part_names import part_named
from headstart.data.walking import FolderWalk
from headstart.errors import AnnotationsError
from headstart.task_spec import TargetForm, find_task

# Folders that hold XML or JSON files apart from their images.
ANNOTATION_FOLDERS = frozenset(
    {"annotations", "annotation", "annots", "annos", "anno", "labels", "label", "xmls", "xml", "jsons", "json"}
)
# Pixels; what lies farther away is a mistake, and sums and areas of it might overflow.
MAX_PLACE = 2**31


@dataclass(frozen=True)
class Asked:
    """The options that the user gave for reading.

    Attributes:
        task: one of `TASK_KINDS`.
        ignore_value: value in masks that says nothing of its pixel, a colour as "#rrggbb", or "none" for masks in which
            255 is a class; None: 255, and what the format leaves unnamed.
        is_format_given: whether the user named the format. What only looks like another layout is then no error.
        for_training: whether the images are to be learned from. Else they are scored: parts that are stated may be
            missing here, and no image is left out because a list does not have it.
        given_task: the task that the user asked for; None: found from the data.
        path_column: of a table; so are the others, as `read_dataset` says.
    """

    task: str
    ignore_value: int | str | None = None
    is_format_given: bool = False
    given_task: str | None = None
    for_training: bool = True
    path_column: str = "path"
    label_column: str = "label"
    split_column: str | None = None
    group_column: str | None = None

    @property
    def form(self) -> TargetForm:
        """The form of the targets."""
        return find_task(self.task).form


@dataclass(frozen=True)
class Annotated:
    """One image with its target.

    Attributes:
        path: POSIX, relative to the root.
        target: as `Dataset` says.
        part: "train", "validation", "test" or "".
        width: pixels, as the annotation says; 0 where it says nothing.
        height: like `width`.
    """

    path: str
    target: str
    part: str = ""
    width: int = 0
    height: int = 0


def annotated_dataset(
    root: Path,
    examples: Iterable[Annotated],
    class_names: tuple[str, ...],
    *,
    task: str,
    remarks: Iterable[Remark],
    mask_values: Mapping[int, str] | None = None,
) -> Dataset:
    """The data set of annotated images; one named twice, for two parts, goes to the one that measures.

    Columns `stated_width` and `stated_height` hold the size that annotations state, for the audit.
    """
    chosen: dict[str, Annotated] = {}
    found = set(remarks)
    for example in examples:
        other = chosen.get(example.path, example)
        if other.part != example.part:
            found.add(
                Remark("listed_twice", example.path, f"for {other.part or 'no part'} and {example.part or 'none'}")
            )
        chosen[example.path] = max(other, example, key=lambda it: ("", *SPLITS).index(it.part))
    frame = frame_from_rows((it.path, it.target, "", it.part) for it in chosen.values())
    for side in ("width", "height"):
        frame[f"stated_{side}"] = np.array([getattr(chosen[path], side) for path in frame["path"]], np.int64)
    return replace(
        Dataset(frame=frame, class_names=class_names, root=root, remarks=tuple(sorted(found)), task=task),
        mask_values=dict(mask_values or {}),
    )


def part_of(path: str, beside: Iterable[str] = ()) -> str:
    """Part that the folders of a path mean, the outermost first; "" where none does.

    Args:
        path: POSIX, relative to the root.
        beside: names of the other folders, which decide what "evaluation" means.
    """
    beside = list(beside)
    return next(filter(None, (part_named(name, beside) for name in PurePosixPath(path).parts[:-1])), "")


def box_of(name: str, corners: Iterable[object]) -> Box | None:
    """A box from numbers as they stand in a file; `None` where they are no numbers or absurd."""
    numbers = []
    for corner in corners:
        try:
            number = float(corner)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            return None
        if not abs(number) < MAX_PLACE:  # also where it is no number
            return None
        numbers.append(int(number) if number.is_integer() else number)
    if len(numbers) != 4:
        return None
    x_min, y_min, x_max, y_max = numbers
    return Box(name, x_min, y_min, x_max, y_max)


def used_class_names(
    names: Iterable[str], used: Collection[str], remark: Callable[[str, Iterable[str], str], None]
) -> tuple[str, ...]:
    """Classes that are used, once each and in the given order; a remark for each of the others."""
    ordered = list(dict.fromkeys(names))
    for name in ordered:
        if name not in used:
            remark("class_without_pictures", [""], f"'{name}'")
    return tuple(name for name in ordered if name in used)


def require_annotations(walk: FolderWalk, class_names: Collection[str], *, looked_for: str) -> None:
    """Refuses annotations that mark nothing; what was remarked so far may say why.

    Raises:
        AnnotationsError: there is no class.
    """
    if class_names:
        return
    errors = sorted(remark for remark in walk.remarks if remark.kind != "class_without_pictures")
    reason = f"; '{errors[0].path}': {errors[0].detail}" if errors else ""
    raise no_annotations(walk.root, looked_for=looked_for, received=f"none that marks anything{reason}")


def no_annotations(root: Path, *, looked_for: str, received: str) -> AnnotationsError:
    """The error if annotations are missing."""
    return AnnotationsError(
        f"'{root}' has no usable annotations.",
        expected=looked_for,
        received=received,
        hint="Check whether the annotations were copied; use --format to select another format.",
    )


def annotation_files(root: Path, suffix: str, *, looked_for: str) -> tuple[FolderWalk, list[str], list[str]]:
    """A walk through a folder, all files in it, and those with the ending of its annotations, however deep they lie.

    Raises:
        AnnotationsError: no file has the ending.
    """
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    files = list(walk.files_below(""))
    pages = [file for file in files if file.lower().endswith(suffix)]
    if not pages:
        raise no_annotations(walk.root, looked_for=looked_for, received=f"{len(files)} files, none ends in {suffix}")
    return walk, files, pages


def remark_unlisted(walk: FolderWalk, listed: Iterable[str], detail: str, beside: Iterable[str] = ()) -> None:
    """Remarks about images that lie in the folders of those that are listed, and are not listed themselves.

    Args:
        walk: of the data set.
        listed: images that annotations list.
        detail: of the remarks.
        beside: other files whose folders count.
    """
    listed = set(listed)
    for folder in {PurePosixPath(path).parent.as_posix() for path in (*listed, *beside)}:
        files = walk.children("" if folder == "." else folder)[1]
        images = {file for file in files if PurePosixPath(file).suffix and could_be_picture(file)}
        walk.remark("unlisted", images - listed, detail)


def broken_file(path: Path | str, error: object, *, expected: str) -> AnnotationsError:
    """The error for a file without which nothing can be read."""
    return AnnotationsError(
        f"'{path}' cannot be read.",
        expected=expected,
        received=" ".join(str(error).split()).rstrip(".")[:200],
        hint="Export the annotations again, or open the file in an editor.",
    )
