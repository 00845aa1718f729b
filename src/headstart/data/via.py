"""The VGG Image Annotator (VIA): one JSON or CSV file that lists images with rectangles, polygons and other regions."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from headstart.data.annotated import ANNOTATION_FOLDERS, Asked, broken_file, no_annotations, part_of, remark_unlisted
from headstart.data.coco_images import ImageFinder
from headstart.data.coco_listing import Listing
from headstart.data.dataset import Dataset
from headstart.data.labelme import dataset_of_shapes
from headstart.data.labelme_pages import Page, Shape
from headstart.data.part_names import part_named
from headstart.data.table_columns import DEFAULT_LABEL, LABEL_NAMES
from headstart.data.table_parts import plain_name
from headstart.data.via_pages import MarkedImage, Region, begins_as_via, read_via
from headstart.data.walking import FolderWalk
from headstart.errors import AnnotationsError

_FOLDERS = ANNOTATION_FOLDERS | {"images", "image", "jpegimages", "via", "data"}
_USUAL = frozenset().union(*LABEL_NAMES) | {"name", "object", "objects", "type", "kind"}
_ONLY_CLASS = "object"
_NUM_SHOWN = 8
_LOOKED_FOR = "via_region_data.json, via_region_data.csv or a project of VIA, with regions that have an attribute"


def looks_like_via(root: Path) -> bool:
    """Whether a file of VIA lies in a folder, or in its folders of parts, images and annotations."""
    return bool(_files(FolderWalk(Path(os.path.realpath(root)), stays_inside=True)))


def read_via_files(root: Path, asked: Asked) -> Dataset:
    """Boxes around regions, or the regions as outlines.

    The class is the value of the attribute that `asked.label_column` names; else of the only attribute, or of the only
    one with a usual name such as `class` or `label`. Without attributes all regions are of one class. An image without
    regions has no object; images that no file lists are not used. Files that list one image are united.

    Args:
        root: a folder, or one file of VIA.
        asked: what the user asked for.

    Raises:
        AnnotationsError: no such file, a broken one, several attributes that may be the class, or nothing marked.
        SplitError: nothing to train on.
    """
    place = Path(os.path.realpath(root))
    only = place.name if place.is_file() else None
    folder = place.parent if only else place
    if only and folder.name.lower() in ANNOTATION_FOLDERS:
        only, folder = f"{folder.name}/{only}", folder.parent
    walk = FolderWalk(folder, stays_inside=True)
    files = [only] if only else _files(walk)
    if not files:
        raise no_annotations(walk.root, looked_for=_LOOKED_FOR, received="no such file")
    images = {file: _read(walk.root / file) for file in files}
    regions = [region for found in images.values() for image in found for region in image.regions]
    attribute = _class_attribute(walk, regions, asked)
    pages = _pages(walk, images, attribute)
    remark_unlisted(walk, pages, "stands in no file of VIA")
    return dataset_of_shapes(walk, pages, asked, looked_for=_LOOKED_FOR)


def _files(walk: FolderWalk) -> list[str]:
    folders, files = walk.children("")
    for folder in folders:
        if part_named(folder) or folder.lower() in _FOLDERS:
            inner, more = walk.children(folder)
            files += more
            files += [file for it in inner if part_named(PurePosixPath(it).name) for file in walk.children(it)[1]]
    return [file for file in files if file.lower().endswith((".json", ".csv")) and begins_as_via(walk.root / file)]


def _read(path: Path) -> list[MarkedImage]:
    try:
        return read_via(path)
    except (ValueError, OSError, RecursionError) as error:
        raise broken_file(path, error, expected="an export or a project of VIA") from error


def _class_attribute(walk: FolderWalk, regions: Iterable[Region], asked: Asked) -> str | None:
    """Name of the attribute that is the class; None where regions have no attributes.

    Raises:
        AnnotationsError: several may be meant, or the one that was asked for is missing.
    """
    counts = Counter(name for region in regions for name, value in region.said.items() if value)
    shown = ", ".join(f"'{name}' ({count} regions)" for name, count in counts.most_common(_NUM_SHOWN))
    if asked.label_column != DEFAULT_LABEL:
        if asked.label_column in counts:
            return asked.label_column
        raise _unclear(walk, f"'{asked.label_column}' is no attribute of the regions", shown or "none")
    usual = [name for name in counts if plain_name(name) in _USUAL]
    possible = list(counts) if len(counts) == 1 else usual
    if len(possible) == 1:
        return possible[0]
    if counts:
        raise _unclear(walk, "The regions have several attributes", shown)
    walk.remark("one_class", [""], f"every region is of class '{_ONLY_CLASS}'")
    return None


def _pages(walk: FolderWalk, images: dict[str, list[MarkedImage]], attribute: str | None) -> dict[str, Page]:
    """The annotations of all files for every image that exists."""
    listings = [
        Listing(
            file,
            part_of(file) or part_named(PurePosixPath(file).stem),
            {},
            {number: {"file_name": image.name} for number, image in enumerate(found)},
        )
        for file, found in images.items()
    ]
    finder = ImageFinder(walk, listings)
    shapes: dict[str, list[Shape]] = {}
    for listing in listings:
        regions_of = {image.name: image.regions for image in images[listing.file]}
        for path, entry, _ in finder.located(listing):
            known = shapes.setdefault(path, [])
            new = _shapes(walk, path, regions_of[entry["file_name"]], attribute)
            known += [shape for shape in new if shape not in known]
    if not shapes:
        raise _no_images(walk, images)
    return {path: Page("", False, 0, 0, tuple(found), (), ()) for path, found in shapes.items()}


def _shapes(walk: FolderWalk, path: str, regions: Iterable[Region], attribute: str | None) -> list[Shape]:
    shapes = []
    for region in regions:
        name = region.said.get(attribute, "") if attribute else _ONLY_CLASS
        if not region.points:
            walk.remark("unused_shape", [path], region.shape)
        elif not name:
            walk.remark("broken_box", [path], f"a region ({region.shape}) has no '{attribute}'")
        else:
            shapes.append(Shape(name, (region.points,), is_mask=False))
    return shapes


def _unclear(walk: FolderWalk, problem: str, shown: str) -> AnnotationsError:
    return AnnotationsError(
        f"{problem} in the VIA files in '{walk.root}'.",
        expected="one attribute, or one named 'class' or 'label', or the name of one with --label-column",
        received=shown,
        hint="Give the attribute that is the class: --label-column NAME.",
    )


def _no_images(walk: FolderWalk, images: dict[str, list[MarkedImage]]) -> AnnotationsError:
    names = [image.name for found in images.values() for image in found]
    return AnnotationsError(
        f"None of the {len(names)} images that the VIA files list is in '{walk.root}'.",
        expected="the images inside that folder, with the names in the VIA files",
        received=f"'{names[0]}' and no file of that name" if names else "files without images",
        hint="Copy the images into the folder, or give the folder that contains both.",
    )
