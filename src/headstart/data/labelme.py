"""LabelMe: a JSON file per image with the shapes that the user drew; AnyLabeling writes the same form.

References:
    https://github.com/wkentaro/labelme, `examples/`: the names `__ignore__` and `_background_`, and the order in which
    shapes are drawn.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from headstart.data.annotated import (
    Annotated,
    Asked,
    annotated_dataset,
    annotation_files,
    part_of,
    require_annotations,
)
from headstart.data.annotations import Box, Outline, boxes_to_text, outlines_to_text
from headstart.data.class_names import sort_class_names
from headstart.data.dataset import Dataset
from headstart.data.inspection import could_be_picture
from headstart.data.labelme_pages import Page, Shape, begins_as_page, read_page
from headstart.data.outlines import BACKGROUND, outline_classes
from headstart.data.part_names import part_named
from headstart.data.walking import FolderWalk, is_file, relative_path
from headstart.errors import AnnotationsError
from headstart.task_spec import TargetForm

# LabelMe's own names for what is no object.
_BACKGROUND, _IGNORED = "_background_", "__ignore__"
_FOLDERS = frozenset({"annotations", "annotation", "labels", "label", "json", "jsons", "labelme"}) | frozenset(
    {"images", "image", "jpegimages"}
)
_NUM_FILES_TRIED = 20
_LOOKED_FOR = "a JSON file per image with the list 'shapes' and the name 'imagePath', as LabelMe writes it"


def looks_like_labelme(root: Path) -> bool:
    """Whether JSON files of LabelMe lie beside images, in folders of parts, or in folders of annotations."""
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    folders, files = walk.children("")
    for folder in filter(_may_hold_pages, folders):
        inner, more = walk.children(folder)
        files += more
        files += [file for it in filter(_may_hold_pages, inner) for file in walk.children(it)[1]]
    pages = [file for file in files if file.lower().endswith(".json")]
    return any(begins_as_page(walk.root / page) for page in pages[:_NUM_FILES_TRIED])


def read_labelme(root: Path, asked: Asked) -> Dataset:
    """Boxes around shapes, or the shapes as outlines, from JSON files.

    A JSON file belongs to the image of the same name beside it, else to the one that `imagePath` means, else to one of
    the same name in another folder. Shapes of one class with one `group_id` are one object. A file without shapes
    states an image without objects; images without a file are not used. Later shapes are drawn over earlier ones.

    Raises:
        AnnotationsError: no such file, or none that marks an object.
        SplitError: nothing to train on.
    """
    walk, files, pages = annotation_files(root, ".json", looked_for=_LOOKED_FOR)
    images = _Images(walk, files)
    found: dict[str, Page] = {}
    for path in pages:
        _read_into(found, walk, path, images)
    _require_shapes(walk, found)
    walk.remark("unlisted", set(images.paths) - found.keys() - images.spoilt, "has no LabelMe JSON file")
    return dataset_of_shapes(walk, found, asked, looked_for=_LOOKED_FOR)


def dataset_of_shapes(walk: FolderWalk, found: Mapping[str, Page], asked: Asked, *, looked_for: str) -> Dataset:
    """Boxes around shapes, or the shapes as outlines, as `asked.task` wants it.

    Args:
        walk: of the data set.
        found: image → what is marked in it.
        asked: what the user asked for.
        looked_for: what was looked for, for the error where nothing is marked.

    Raises:
        AnnotationsError: nothing is marked.
    """
    return (_boxes if asked.form is TargetForm.BOXES else _outlines)(walk, found, asked, looked_for)


class _Images:
    """Images by name, in any folder; `spoilt` are those whose JSON file cannot be read."""

    def __init__(self, walk: FolderWalk, files: Iterable[str]) -> None:
        self._root = walk.root
        self.paths = [file for file in files if PurePosixPath(file).suffix and could_be_picture(file)]
        self.spoilt: set[str] = set()
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for path in self.paths:
            self._by_stem[PurePosixPath(path).stem].append(path)

    def of(self, page: str, written: str) -> str | None:
        """The image that a JSON file is about. Its own name goes first: files are renamed, what stands in them is not.

        Args:
            page: the JSON file.
            written: `imagePath`; "" where it is unknown.
        """
        folder = PurePosixPath(page).parent
        same_stem = self._by_stem.get(PurePosixPath(page).stem, [])
        beside = [path for path in same_stem if PurePosixPath(path).parent == folder]
        name = PurePosixPath(written.replace("\\", "/")).name
        path = relative_path(f"{folder.as_posix()}/{written}", self._root) if written else None
        if not beside and path is not None and is_file(self._root, path) and could_be_picture(path):
            return path
        candidates = beside or same_stem or self._by_stem.get(PurePosixPath(name).stem, [])
        candidates = [path for path in candidates if PurePosixPath(path).name == name] or candidates
        part = part_of(page)
        return max(candidates, key=lambda path: (part_of(path) == part, path), default=None)


def _read_into(found: dict[str, Page], walk: FolderWalk, path: str, images: _Images) -> None:
    """Adds a JSON file to the image it is about; remarks what cannot be used."""
    try:
        page = read_page(walk.root / path)
    except (ValueError, OSError, RecursionError) as error:
        walk.remark("broken_annotation", [path], " ".join(str(error).split())[:200])
        images.spoilt.add(images.of(path, "") or "")
        return
    image = images.of(path, page.image)
    if image is None:
        inside = "; it is inside the JSON file ('imageData'), save it as a file beside it" if page.holds_pixels else ""
        walk.remark("annotation_without_picture", [path], f"no image '{page.image}'{inside}")
    elif image in found:
        walk.remark("annotation_without_picture", [path], f"'{image}' has another JSON file already")
    else:
        found[image] = page
        if page.unused:
            walk.remark("unused_shape", [image], ", ".join(sorted(set(page.unused))))


def _boxes(walk: FolderWalk, found: Mapping[str, Page], asked: Asked, looked_for: str) -> Dataset:
    examples = [_annotated(path, page, boxes_to_text(_boxes_around(page))) for path, page in found.items()]
    names = sort_class_names(box.name for page in found.values() for box in _boxes_around(page))
    require_annotations(walk, names, looked_for=looked_for)
    return annotated_dataset(walk.root, examples, names, task=asked.task, remarks=walk.remarks)


def _boxes_around(page: Page) -> list[Box]:
    return [_box_around(shape) for shape in page.shapes if shape.name not in {_BACKGROUND, _IGNORED}]


def _box_around(shape: Shape) -> Box:
    x, y = zip(*(point for piece in shape.pieces for point in piece), strict=True)
    return Box(shape.name, min(x), min(y), max(x), max(y))


def _outlines(walk: FolderWalk, found: Mapping[str, Page], asked: Asked, looked_for: str) -> Dataset:
    examples, used = [], {BACKGROUND}
    for path, page in found.items():
        drawn = [shape for shape in page.shapes if not shape.is_mask]
        if len(drawn) < len(page.shapes):
            walk.remark("broken_outline", [path], f"{len(page.shapes) - len(drawn)} kept as pixels (shape type 'mask')")
        # A name that is no class is drawn as ignored pixels.
        outlines = [
            Outline(
                BACKGROUND if shape.name == _BACKGROUND else shape.name, tuple(place for at in piece for place in at)
            )
            for shape in drawn
            for piece in shape.pieces
        ]
        used |= {outline.name for outline in outlines}
        examples.append(_annotated(path, page, outlines_to_text(outlines)))
    others = sort_class_names(used - {BACKGROUND, _IGNORED})
    require_annotations(walk, others, looked_for=looked_for)
    values, names = outline_classes(others, asked.ignore_value)
    return annotated_dataset(walk.root, examples, names, task=asked.task, remarks=walk.remarks, mask_values=values)


def _annotated(path: str, page: Page, target: str) -> Annotated:
    return Annotated(path, target, part_of(path), page.width, page.height)


def _may_hold_pages(folder: str) -> bool:
    name = PurePosixPath(folder).name
    return bool(part_named(name)) or name.lower() in _FOLDERS


def _require_shapes(walk: FolderWalk, found: Mapping[str, Page]) -> None:
    """Refuses files that mark images as a whole, which say a class and no place."""
    flags = {flag for page in found.values() for flag in page.flags}
    if flags and not any(page.shapes for page in found.values()):
        raise AnnotationsError(
            f"'{walk.root}' has LabelMe files with flags and without shapes.",
            expected=_LOOKED_FOR + ", with at least one shape",
            received=f"the flags {', '.join(map(repr, sorted(flags)[:10]))}, which are classes of whole images",
            hint="Write a table with the columns 'path' and 'label', or sort the images into one folder per class.",
        )
