"""Lists of images that state the parts of a data set, whatever format its labels have."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import NamedTuple

from headstart.data.annotated import part_of
from headstart.data.dataset import Dataset, Remark
from headstart.data.inspection import could_be_picture
from headstart.data.list_files import ImageList, could_be_name, image_lists, split_files
from headstart.data.walking import FolderWalk
from headstart.errors import SplitError
from headstart.task_spec import TargetForm

_LIST_FOLDERS = frozenset(
    {"imagesets", "main", "segmentation", "layout", "splits", "split", "lists", "list", "annotations", "meta"}
)
_NUM_SHOWN = 3


class _Stated(NamedTuple):
    part: str
    file: str
    is_both: bool


def files_with_lists(dataset: Dataset, *, is_whole_folder: bool) -> list[str]:
    """Files among which the lists of a data set are, POSIX and relative to its root.

    Args:
        dataset: as its reader gives it.
        is_whole_folder: whether a folder was named, which belongs to the data set with all that lies below. Beside a
            file that was named, only the files around it and in folders of lists count.
    """
    walk = FolderWalk(dataset.root, stays_inside=True)  # the reader has made the remarks of such a walk already
    if is_whole_folder and dataset.form is not TargetForm.LABELS:
        return list(walk.files_below(""))
    folders, files = walk.children("")
    holding = {path.split("/")[0] for path in dataset.frame["path"] if could_be_picture(path)}
    waiting = [folder for folder in folders if folder not in holding or folder.lower() in _LIST_FOLDERS]
    while waiting:
        inner, found = walk.children(waiting.pop())
        files += found
        waiting += [folder for folder in inner if PurePosixPath(folder).name.lower() in _LIST_FOLDERS]
    # Files without the ending of an image are rows of class folders, too, so no folder need be walked again.
    return sorted({*files, *dataset.frame["path"]})


def with_listed_parts(dataset: Dataset, files: Iterable[str], *, tables: bool = True) -> Dataset:
    """The data set with the parts that lists of its images state; the same where there are none.

    A list is a file such as `train.txt`, `test_list.txt`, `splits.json` or `split.csv` (`list_files`). A line is the
    name of an image, with or without folders and ending. Images of no list are left out with a remark where there is a
    list for training, and are for training where there are only other lists. Where folders or annotations already
    state parts, lists only add to them.

    Args:
        dataset: as its reader gives it.
        files: every file of it, POSIX and relative to its root.
        tables: whether .csv and .tsv files may be lists.

    Raises:
        AnnotationsError: a list cannot be read.
        SplitError: a list leads to none of the images, to several by one name, or contradicts another statement.
    """
    files = _of_form(files, dataset.form)
    lists = image_lists(dataset.root, files, tables=tables)
    not_read = set(split_files(files, tables=tables)) - {one.file for one in lists}
    if not lists and not not_read:
        return dataset
    frame = dataset.frame
    own = dict(zip(frame["path"], frame["split"], strict=True))
    finder = _Finder(own)
    remarks = {Remark("list_not_read", file, "no rows of an image and train, validation or test") for file in not_read}
    stated: dict[str, _Stated] = {}
    for one in sorted(lists, key=lambda it: (not it.is_both, it.file)):
        for image in _images_of(dataset, one, finder, remarks):
            _add(dataset, stated, image, _Stated(one.part, one.file, one.is_both))
    if not stated:
        return replace(dataset, remarks=tuple(sorted({*dataset.remarks, *remarks})))
    _require_agreement(dataset, stated, own)
    parts = _filled(own, stated)
    left_out = [path for path, part in parts.items() if part is None]
    remarks |= {Remark("unlisted", path, "stands in no list of images") for path in left_out}
    kept = frame[~frame["path"].isin(left_out)].reset_index(drop=True)
    kept = kept.assign(split=[parts[path] or "" for path in kept["path"]])
    return replace(dataset, frame=kept, remarks=tuple(sorted({*dataset.remarks, *remarks})))


def _of_form(files: Iterable[str], form: TargetForm) -> list[str]:
    """Files without the lists that Pascal VOC keeps for targets of another form."""
    other = "main" if form is TargetForm.MASKS else "segmentation"
    return [file for file in files if f"imagesets/{other}/" not in file.lower()]


def _images_of(dataset: Dataset, one: ImageList, finder: "_Finder", remarks: set[Remark]) -> list[str]:
    """Images that a list leads to; none where it is no list of these images, with a remark where some are missing.

    Raises:
        SplitError: it is surely a list of images, and none of them is here.
    """
    found = {line: finder.find(line, one) for line in one.lines}
    lost = [line for line, image in found.items() if image is None]
    look_like_names = all(map(could_be_name, lost))
    if len(lost) == len(found):
        if one.is_sure and look_like_names:
            raise _none_here(dataset, one)
        return []
    if not look_like_names and len(lost) > len(found) / 2 and not one.is_sure:
        return []
    if lost[1:] or (lost and lost[0] != one.lines[0]):  # the first may be the heading of a column
        shown = ", ".join(f"'{line:.80}'" for line in lost[:_NUM_SHOWN]) + (", ..." if lost[_NUM_SHOWN:] else "")
        remarks.add(Remark("listed_without_image", one.file, f"{len(lost)} of {len(found)} lines: {shown}"))
    return [image for image in found.values() if image is not None]


def _add(dataset: Dataset, stated: dict[str, _Stated], image: str, new: _Stated) -> None:
    """Keeps the part of an image; one of train and validation together gives way to the list of either."""
    earlier = stated.get(image, new)
    if earlier.part != new.part and not (earlier.is_both and new.part != "test"):
        raise _two_parts(dataset, image, f"for {earlier.part} in '{earlier.file}'", new)
    stated[image] = new


def _require_agreement(dataset: Dataset, stated: Mapping[str, _Stated], own: Mapping[str, str]) -> None:
    for image, of_list in stated.items():
        part = own[image]
        if part and part != of_list.part and not (of_list.is_both and part != "test"):
            raise _two_parts(dataset, image, f"for {part} by its folder, annotation file or row", of_list)


def _filled(own: Mapping[str, str], stated: Mapping[str, _Stated]) -> dict[str, str | None]:
    """Part of every image, None for those that are left out."""
    if any(own.values()):
        return {path: part or (stated[path].part if path in stated else "") for path, part in own.items()}
    has_train = any(of_list.part == "train" for of_list in stated.values())
    rest = None if has_train else "train"
    return {path: stated[path].part if path in stated else rest if could_be_picture(path) else "" for path in own}


class _Finder:
    """Images of a data set by the ends of their paths, in lower case and without their ending."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._parts = parts
        self._by_ending: dict[str, list[str]] = defaultdict(list)
        for image in filter(could_be_picture, parts):
            names = PurePosixPath(_without_ending(image.lower())).parts
            for start in range(len(names)):
                self._by_ending["/".join(names[start:])].append(image)

    def find(self, line: str, one: ImageList) -> str | None:
        """The image that a line means, None where there is none.

        Raises:
            SplitError: several fit.
        """
        for text in _spellings(line):
            found = self._narrowed(self._ending_like(text), text, one)
            if len(found) > 1:
                raise _several(one, line, found)
            if found:
                return found[0]
        return None

    def _ending_like(self, text: str) -> list[str]:
        """Images whose path has the longest end in common: paths may have been written on another machine."""
        names = PurePosixPath(text.replace("\\", "/").lower()).parts
        stated = part_of(text.replace("\\", "/"))
        for start in range(len(names)):
            for last in (names[-1], _without_ending(names[-1])):
                found = self._by_ending.get("/".join([*names[start:-1], last]), [])
                found = [image for image in found if not stated or part_of(image) in {"", stated}]
                if found:
                    return found
        return []

    def _narrowed(self, found: list[str], text: str, one: ImageList) -> list[str]:
        """The images that fit best: spelt the same, of the list's own part, nearest to the list."""
        name = PurePosixPath(text.replace("\\", "/")).name
        folder = PurePosixPath(one.file).parent.as_posix()
        for fits in (
            lambda image: PurePosixPath(image).name == name,
            lambda image: self._parts[image] == one.part,
            lambda image: folder != "." and image.startswith(f"{folder}/"),
        ):
            found = [image for image in found if fits(image)] or found
        return found


def _without_ending(name: str) -> str:
    return os.path.splitext(name)[0]  # noqa: PTH122  names may hold several dots


def _spellings(line: str) -> Iterator[str]:
    """The texts of a line that may be the name: the whole line, or the part before a label."""
    plain = line.strip("\"'")
    seen = {plain, re.split(r"[,;\t]", plain)[0].strip("\"' "), plain.rpartition(" ")[0], plain.split(maxsplit=1)[0]}
    yield from sorted(filter(None, seen), key=len, reverse=True)


def _none_here(dataset: Dataset, one: ImageList) -> SplitError:
    return SplitError(
        f"'{one.file}' lists images for {one.part}, and none of them is a labelled image of '{dataset.root}'.",
        expected="names of images of this data set, one per line, with or without folder and ending",
        received=f"{len(one.lines)} lines, the first is '{one.lines[0]:.80}'",
        hint="Add the images, or correct or remove the list; without the list, the data is split automatically.",
    )


def _several(one: ImageList, line: str, found: list[str]) -> SplitError:
    return SplitError(
        f"'{line:.80}' in '{one.file}' fits {len(found)} images.",
        expected="a path, or the name of exactly one image",
        received=", ".join(map(repr, found[:_NUM_SHOWN])) + (", ..." if found[_NUM_SHOWN:] else ""),
        hint="Write the folder of each image into the list, such as 'cat/1.jpg', or remove the list.",
    )


def _two_parts(dataset: Dataset, image: str, other: str, of_list: _Stated) -> SplitError:
    return SplitError(
        f"'{dataset.root}' states two parts for '{image}'.",
        expected="every image in one of train, validation and test",
        received=f"it is {other} and for {of_list.part} in '{of_list.file}'",
        hint="Correct the lists so that they agree, or remove the one that should not be used.",
    )
