"""Which image of a YOLO data set belongs to which part, as its files and the names of its folders state it."""

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import PurePosixPath

from headstart.data.annotated import broken_file
from headstart.data.dataset import SPLITS
from headstart.data.part_names import part_like, part_named
from headstart.data.walking import FolderWalk
from headstart.data.yolo_files import YoloFiles, is_picture, stem_of
from headstart.data.yolo_lines import text_lines
from headstart.data.yolo_settings import Settings
from headstart.errors import SplitError

_CVAT_FOLDER = re.compile(r"obj_(?P<name>.+)_data", re.IGNORECASE)
_DRIVE = re.compile(r"^[A-Za-z]:")

Place = tuple[str, ...]


@lru_cache(1000)
def _folders_above(folder: str) -> tuple[str, ...]:
    """A folder and those that it lies in, "." for the root."""
    parts = folder.split("/") if folder else []
    return (*("/".join(parts[:length]) for length in range(1, len(parts) + 1)), ".")


def parts_of_pictures(
    walk: FolderWalk, files: YoloFiles, settings: Settings | None, *, needs_all: bool = True
) -> dict[str, str]:
    """Image → part ("" for none) of every image that is used.

    Entries of the YAML or .data file count first, then lists of images such as train.txt, then the names of folders.
    What is stated twice or leads to nothing is remarked; images that no entry covers are remarked and left out.

    Args:
        walk: of the data set.
        files: what lies there.
        settings: the YAML or .data file.
        needs_all: whether every stated part must be there; not where the images are only scored. Lists of images that
            no settings mention do not count then.

    Raises:
        SplitError: an entry for training or validation leads to no image here, a list has images that do not exist, or
            an image is in two parts.
    """
    by_folder = _folder_parts(files.pictures)
    has_entries = settings is not None and bool(settings.places)
    loose = _loose_lists(walk, files) if needs_all and not has_entries else []
    stated = _Entries(walk, files, settings, needs_all=needs_all).pictures() if settings and has_entries else loose
    file = settings.file if settings and has_entries else ""
    covered = _covered(stated)
    _remark_lost(walk, stated, set(by_folder.values()), file, needs_all=needs_all)
    chosen = _without_repeats(walk, covered, file)
    if needs_all:
        _require_apart(walk, chosen, stated)
    if not covered:
        if needs_all:
            _require_clear_folders(walk, by_folder)
        return dict(by_folder)
    part_of = {picture: part for part, pictures in chosen.items() for picture in pictures}
    labelled = {by_folder[picture] for picture in files.label_of}
    for picture in by_folder.keys() - part_of.keys():
        part = by_folder[picture]
        if part and part not in chosen and part in labelled:
            part_of[picture] = part
        else:
            walk.remark("unlisted", [picture], f"'{file}' covers other images" if file else "no list has it")
    return part_of


def _folder_parts(pictures: Iterable[str]) -> dict[str, str]:
    """Part that the folders of each image mean, the outermost first."""
    pictures = list(pictures)
    beside = frozenset(folder for picture in pictures for folder in PurePosixPath(picture).parts[:-1])

    @cache
    def part_of_folder(folder: PurePosixPath) -> str:
        return next(filter(None, (_part_of_name(name, beside) for name in folder.parts)), "")

    return {picture: part_of_folder(PurePosixPath(picture).parent) for picture in pictures}


def _require_clear_folders(walk: FolderWalk, by_folder: dict[str, str]) -> None:
    """Refuses folders that only mention parts, such as my_train and my_val, unless the names of others decide.

    Raises:
        SplitError: there are folders for two parts.
    """
    if any(by_folder.values()):
        return
    folders = {folder for picture in by_folder for folder in PurePosixPath(picture).parts[:-1]}
    mentioned = {folder: part for folder in sorted(folders) if (part := part_like(folder))}
    if len(set(mentioned.values())) > 1:
        raise SplitError(
            f"Folders of '{walk.root}' look like parts, but their names are not clear.",
            expected="folders named train, val and test, or a YAML file with such entries",
            received=", ".join(f"'{folder}'" for folder in mentioned),
            hint=f"Rename them, or write the entries 'train: {next(iter(mentioned))}' and so on into data.yaml.",
        )


def _part_of_name(name: str, beside: Iterable[str] = ()) -> str:
    match = _CVAT_FOLDER.fullmatch(name)
    return part_named(match["name"] if match else name, beside)


Stated = tuple[str, str, frozenset[str]]


def _loose_lists(walk: FolderWalk, files: YoloFiles) -> list[Stated]:
    """Lists of images that no other file mentions: train.txt, val.txt and their like, wherever they lie."""
    stems = {file: PurePosixPath(file).stem for file in files.texts}
    # Lines that are images tell a list, so that 2007_test.txt can be nothing but that of a test part.
    named = [(part_named(stem, beside=stems.values()) or part_like(stem), file) for file, stem in stems.items()]
    if any(stem.lower() in {"train", "val"} for stem in stems.values()):
        named = [(part, file) for part, file in named if stems[file].lower() != "trainval"]  # both of them in one
    finder = _Finder(files)
    found = []
    for part, file in named:
        lines = _list_lines(walk, file) if part else []
        pictures = finder.all_of(lines, [_folder_of(file), ()])
        if any(pictures) or (lines and is_picture(lines[0])):
            _require_all(walk, file, lines, pictures)
            found.append((part, file, frozenset().union(*pictures)))
    return found


class _Entries:
    """Entries of a YAML or .data file, which may have been written for another folder on another machine."""

    def __init__(self, walk: FolderWalk, files: YoloFiles, settings: Settings, *, needs_all: bool) -> None:
        self._walk, self._files, self._settings, self._needs_all = walk, files, settings, needs_all
        self._finder = _Finder(files)

    def pictures(self) -> list[Stated]:
        """Part, entry and images of every entry, without images where it leads to nothing here."""
        base, above = _folder_of(self._settings.file), _components(self._settings.path)
        places = [place for _, place in self._settings.places]
        joined = [f"{self._settings.path}/{place}" if self._settings.path else place for place in places]
        found = self._finder.all_of(joined, [base, ()], also=places)
        answers = []
        for (part, place), pictures in zip(self._settings.places, found, strict=True):
            file = None if pictures else self._finder.list_at(place, [(*base, *above), base, ()], self._files.texts)
            answers.append((part, place, self._listed(file, above) if file else pictures))
        return answers

    def _listed(self, file: str, above: Place) -> frozenset[str]:
        lines = _list_lines(self._walk, file)
        base = _folder_of(self._settings.file)
        pictures = self._finder.all_of(lines, [_folder_of(file), (*base, *above), base, ()])
        if self._needs_all:
            _require_all(self._walk, file, lines, pictures)
        return frozenset().union(*pictures)


class _Finder:
    """Images at a place as a file states it: a folder, an image, a pattern, or the name of an image alone."""

    def __init__(self, files: YoloFiles) -> None:
        self._pictures = files.pictures
        self._below: dict[str, list[str]] = defaultdict(list)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for picture in files.pictures:
            for folder in _folders_above(picture.rpartition("/")[0].lower()):
                self._below[folder].append(picture)
            # A list may have the label file of an image, or its name without the ending.
            keys = {picture.lower(), stem_of(picture).lower(), files.label_of.get(picture, picture).lower()}
            for key in keys:
                self._below[key].append(picture)
            for key in {key.rpartition("/")[2] for key in keys}:
                self._by_name[key].append(picture)

    def all_of(self, places: Sequence[str], bases: Sequence[Place], also: Sequence[str] = ()) -> list[frozenset[str]]:
        """Images at each place, all read in the one way that finds the most.

        Where the data was moved, every place starts with the same folders of the other machine; they are dropped.

        Args:
            places: as written, of one file.
            bases: folders that the places may start from.
            also: the places as they might be meant instead.
        """
        best: list[frozenset[str]] = [frozenset()] * len(places)
        for written in filter(None, (places, also)):
            split = [_components(place) for place in written]
            for dropped in _droppable(split):
                for base in bases:
                    found = [self._at(base, it, dropped) for it in split]
                    if sum(map(bool, found)) > sum(map(bool, best)):
                        best = found
                    if all(best):
                        return best
        if not any(best) and all(len(_components(place)) == 1 for place in places):
            named = (self._by_name.get(_components(place)[0].lower(), []) for place in places)
            best = [frozenset(found) if len(found) == 1 else frozenset() for found in named]
        return best

    def list_at(self, place: str, bases: Sequence[Place], lists: Iterable[str]) -> str | None:
        """The text file at a place, with or without the folders of another machine."""
        by_case = {file.lower(): file for file in lists}
        split = _components(place)
        for dropped in _droppable([split]):
            for base in bases:
                joined = _joined(base, split[len(dropped) :])
                if joined and joined.lower() in by_case:
                    return by_case[joined.lower()]
        return None

    def _at(self, base: Place, place: Place, dropped: Place) -> frozenset[str]:
        joined = _joined(base, place[len(dropped) :]) if place[: len(dropped)] == dropped else None
        if joined is None:
            return frozenset()
        if "*" in joined or "?" in joined:
            return frozenset(fnmatch.filter(self._pictures, joined))
        return frozenset(self._below.get(joined.lower(), ()))


def _components(place: str) -> Place:
    parts = _DRIVE.sub("", place.strip().replace("\\", "/")).split("/")
    kept: list[str] = []
    for part in parts:
        if part == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif part not in {"", "."}:
            kept.append(part)
    return tuple(kept)


def _joined(base: Place, place: Place) -> str | None:
    """The path below the root, "." for the root, None outside."""
    joined = _components("/".join([*base, *place])) if ".." in place or ".." in base else (*base, *place)
    return None if ".." in joined else "/".join(joined) or "."


def _droppable(places: Iterable[Place]) -> Iterator[Place]:
    """Leading folders that may belong to another machine, the shortest first: never those that name a part."""
    prefixes: dict[Place, None] = {(): None}
    for place in dict.fromkeys(it[:-1] for it in places):
        for length in range(1, len(place) + 1):
            if _part_of_name(place[length - 1]):
                break
            prefixes[place[:length]] = None
        if len(prefixes) > 50:  # no data set was gathered from more places; each costs a look at all of them
            break
    yield from sorted(prefixes, key=len)


def _folder_of(file: str) -> Place:
    return tuple(PurePosixPath(file).parts[:-1])


def _list_lines(walk: FolderWalk, file: str) -> list[str]:
    try:
        lines = text_lines((walk.root / file).read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        raise broken_file(walk.root / file, error, expected="paths of images, one a line, in UTF-8") from error
    return [line for line in lines if not line.startswith("#")]


def _require_all(walk: FolderWalk, file: str, lines: list[str], pictures: list[frozenset[str]]) -> None:
    missing = [line for line, found in zip(lines, pictures, strict=True) if not found]
    if missing:
        raise SplitError(
            f"'{walk.root / file}' lists images that do not exist.",
            expected=f"an image in '{walk.root}' for each of its {len(lines)} lines",
            received=f"none for {len(missing)}, such as {', '.join(repr(line) for line in missing[:3])}",
            hint="Copy the missing images, or delete these lines.",
        )


def _covered(stated: Iterable[Stated]) -> dict[str, frozenset[str]]:
    covered: dict[str, frozenset[str]] = {}
    for part, _, pictures in stated:
        if pictures:
            covered[part] = covered.get(part, frozenset()) | pictures
    return covered


def _without_repeats(walk: FolderWalk, covered: dict[str, frozenset[str]], file: str) -> dict[str, frozenset[str]]:
    """Parts that are stated with exactly the images of another part state nothing; the first one stays."""
    chosen: dict[str, frozenset[str]] = {}
    for part in (part for part in SPLITS if part in covered):
        same = next((other for other, pictures in chosen.items() if pictures == covered[part]), None)
        if same is None:
            chosen[part] = covered[part]
        else:
            walk.remark("same_parts", [file], f"'{part}' has the images of '{same}'; they are used for '{same}'")
    return chosen


def _require_apart(walk: FolderWalk, chosen: dict[str, frozenset[str]], stated: list[Stated]) -> None:
    seen: dict[str, str] = {}
    for part, pictures in chosen.items():
        twice = sorted(seen.keys() & pictures)
        if twice:
            other = seen[twice[0]]
            places = [f"'{place}'" for of, place, found in stated if of in {part, other} and twice[0] in found]
            raise SplitError(
                f"'{walk.root}' states two parts for {len(twice)} images.",
                expected="every image in one of train, validation and test",
                received=f"'{twice[0]}' in {' and '.join(places)}, for {other} and {part}",
                hint="Correct the entries or lists so that the parts share no image.",
            )
        seen |= dict.fromkeys(pictures, part)


def _remark_lost(walk: FolderWalk, stated: list[Stated], by_folder: set[str], file: str, *, needs_all: bool) -> None:
    """Remarks entries that lead to nothing where nothing is lost by it: their images are absent or found by folder.

    Raises:
        SplitError: a part to train on or to validate with would be lost.
    """
    covered = {part for part, _, pictures in stated if pictures}
    for part, place, pictures in stated:
        if pictures:
            continue
        # A file that leads nowhere at all is an old one; one that leads to some images is meant for this folder.
        if part in by_folder - covered and (part == "test" or not covered):
            instead = "the folders named like it are used"
        elif part == "test" and covered:
            instead = "there are no test images"
        elif (not covered and not any(by_folder)) or not needs_all:
            instead = "no image is given to this part"
        else:
            raise _lost(walk, part, place, file)
        walk.remark("entry_without_images", [file], f"'{place}' for {part}: {instead}")


def _lost(walk: FolderWalk, part: str, place: str, file: str) -> SplitError:
    return SplitError(
        f"The {part} part that '{walk.root / file}' states has no images here.",
        expected=f"images in '{walk.root}' at '{place}', relative to the file, to its 'path' or to the folder above",
        received="no such folder, no image in it, or an empty list",
        hint=f"Copy the images to '{walk.root}', correct the entry, or delete it to take this part from the others.",
    )
