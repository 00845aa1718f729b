"""Which file the `file_name` of an image in a COCO file means: as written, or by its base name where that is unique."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

from headstart.data.annotated import part_of
from headstart.data.coco_listing import Entry, Listing
from headstart.data.inspection import could_be_picture
from headstart.data.walking import FolderWalk, is_file, relative_path
from headstart.errors import AnnotationsError

_PICTURE_FOLDERS = ("images", "JPEGImages", "data")
# Label Studio puts eight hexadecimal digits before the name of what is uploaded.
_UPLOADED = re.compile(r"[0-9a-f]{3,}-(?P<name>.+)", re.IGNORECASE)
_NUM_SHOWN = 3


class ImageFinder:
    """Finds the images that COCO files list.

    A name is tried as it is written, from the folder of its file and from the folders where tools put images. Else the
    files with the same base name are looked at, in any folder: exporters write paths of the machine that they ran on,
    addresses, and names with a prefix. Of several, the one that agrees in the most folders is meant, in the part that
    the file lists, below the file itself. Two that fit alike are an error.
    """

    def __init__(self, walk: FolderWalk, listings: list[Listing]) -> None:
        self._walk = walk
        self._as_written = {
            id(listing): {key: self._written(listing, entry["file_name"]) for key, entry in listing.images.items()}
            for listing in listings
        }
        self._taken: dict[str, list[Listing]] = defaultdict(list)
        for listing in listings:
            for path in filter(None, self._as_written[id(listing)].values()):
                self._taken[path].append(listing)

    def located(self, listing: Listing) -> Iterator[tuple[str, Entry, list[Entry]]]:
        """Path, entry and annotations of every image that is there; remarks about the others.

        Raises:
            AnnotationsError: the base name of an image is that of several files or that of another image.
        """
        guessed: dict[str, str] = {}
        for key, entry in listing.images.items():
            name = entry["file_name"]
            path = self._as_written[id(listing)][key]
            if path is None:
                path = self._by_base_name(listing, name)
                if path is not None and guessed.setdefault(path, name) != name:
                    raise _ambiguous(listing, f"'{guessed[path]}' and '{name}'", f"only '{path}' for both")
            if path is not None:
                yield path, entry, listing.marks.get(key, [])
            elif relative_path(name, self._walk.root) is None:
                self._walk.remark("outside_path", [listing.file], f"refers to '{name}'")
            else:
                self._walk.remark("annotation_without_picture", [listing.file], f"lists '{name}'")

    def _written(self, listing: Listing, name: str) -> str | None:
        here = PurePosixPath(listing.file).parent.as_posix()
        word = re.search(r"(train|val|valid|validation|test)\d*", PurePosixPath(listing.file).stem.lower())
        beside = [here, ".", *_PICTURE_FOLDERS, *(f"{here}/{folder}" for folder in _PICTURE_FOLDERS)]
        beside += [f"{above}{word[0]}" for above in ("", "images/")] if word else []
        tried = (relative_path(f"{folder}/{name}", self._walk.root) for folder in beside)
        return next((path for path in tried if path is not None and is_file(self._walk.root, path)), None)

    def _by_base_name(self, listing: Listing, name: str) -> str | None:
        spelling = _path_in(name)
        base = PurePosixPath(spelling).name
        uploaded = _UPLOADED.fullmatch(base)
        as_written = PurePosixPath(name.replace("\\", "/")).name
        candidates = (
            self._named(as_written)
            or self._named(base)
            or (self._named(uploaded["name"]) if uploaded else [])
            or self._uploaded(base)
        )
        part = listing.part or part_of(spelling)
        candidates = [path for path in candidates if self._may_be(path, listing, part)]
        for quality in (
            lambda path: path.rsplit("/", 1)[-1] == base,
            lambda path: _num_common_ends(path, spelling),
            lambda path: bool(part) and part_of(path) == part,
            lambda path: path.startswith(f"{PurePosixPath(listing.file).parent.as_posix()}/"),
        ):
            best = max(map(quality, candidates), default=None)
            candidates = [path for path in candidates if quality(path) == best]
        if len(candidates) > 1:
            shown = ", ".join(f"'{path}'" for path in candidates[:_NUM_SHOWN])
            raise _ambiguous(listing, f"'{name}'", f"{shown}{' and more' if len(candidates) > _NUM_SHOWN else ''}")
        return candidates[0] if candidates else None

    def _may_be(self, path: str, listing: Listing, part: str) -> bool:
        """Whether a file may be meant by its base name: no image of another name, and of no other part."""
        takers = self._taken.get(path, [])
        if any(taker is listing for taker in takers) or part_of(path) not in {"", part or part_of(path)}:
            return False
        return part_of(path) == part or all(taker.part in {"", part} for taker in takers)

    def _named(self, base: str) -> list[str]:
        return self._index.get(base.casefold(), [])

    def _uploaded(self, base: str) -> list[str]:
        return self._index_without_prefix.get(base.casefold(), [])

    @cached_property
    def _index(self) -> dict[str, list[str]]:
        """Images anywhere below the root, by their base names without regard to case."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in self._walk.files_below(""):
            name = PurePosixPath(path).name
            if PurePosixPath(path).suffix and could_be_picture(path):
                found[name.casefold()].append(path)
        return found

    @cached_property
    def _index_without_prefix(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name, paths in self._index.items():
            match = _UPLOADED.fullmatch(name)
            if match and len(name) - len(match["name"]) == len("01234567-"):
                found[match["name"]] += paths
        return found


def _path_in(name: str) -> str:
    """The path in a name that is an address, or of Windows; POSIX."""
    if re.match(r"[a-z][a-z0-9+.-]+://", name, re.IGNORECASE) or "?d=" in name:
        try:
            address = urlsplit(name)
        except ValueError:
            return name
        name = parse_qs(address.query).get("d", [unquote(address.path)])[0]
    elif "%" in name:
        name = unquote(name)
    return re.sub(r"^[A-Za-z]:", "", name.replace("\\", "/"))


def _num_common_ends(path: str, other: str) -> int:
    ends = zip(reversed(path.casefold().split("/")[:-1]), reversed(other.casefold().split("/")[:-1]), strict=False)
    return next(
        (number for number, (one, two) in enumerate(ends) if one != two), min(path.count("/"), other.count("/"))
    )


def _ambiguous(listing: Listing, names: str, received: str) -> AnnotationsError:
    return AnnotationsError(
        f"'{listing.file}' lists {names}, which can be several files.",
        expected="file names that lead to one image each, from the folder of the JSON file or by their base name",
        received=received,
        hint="Write paths relative to the JSON file into it, or give every image a unique name.",
    )
