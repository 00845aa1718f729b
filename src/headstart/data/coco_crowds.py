"""What the flags of a COCO file mean: regions to pass over, or a mark that the exporter puts on every mask."""

from collections.abc import Mapping
from dataclasses import dataclass

from headstart.data.annotations import CROWD, DIFFICULT
from headstart.data.coco_listing import Listing
from headstart.data.coco_marks import has_runs, is_crowd, is_difficult
from headstart.data.walking import FolderWalk

# In COCO itself about 1 annotation in 100 is a crowd. Far more are a mistake or have another meaning.
_MANY = 0.1
_MANY_MASKS = 0.25


@dataclass(frozen=True)
class Crowds:
    """The annotations of a file that are ignored.

    Attributes:
        none: no annotation is a crowd.
        no_masks: none that is kept as runs of pixels is one.
        none_difficult: no annotation is difficult.
    """

    none: bool
    no_masks: bool
    none_difficult: bool = True

    def mark_of(self, mark: Mapping[str, object]) -> str:
        """`CROWD` or `DIFFICULT` for an annotation to pass over, "" for an object."""
        if not self.none_difficult and is_difficult(mark):
            return DIFFICULT
        if self.none or not is_crowd(mark) or (self.no_masks and has_runs(mark)):
            return ""
        return CROWD


def crowds_of(walk: FolderWalk, listing: Listing) -> Crowds:
    """The meaning of `iscrowd` in a file; a remark if it differs from that in COCO.

    COCO marks groups that nobody outlined one by one, a hundredth of its annotations, and keeps only them as runs of
    pixels. CVAT (Datumaro) writes every mask that was painted as runs of pixels and gives it `iscrowd`: 1, although it
    is one object. So the mark is passed over where all annotations have it, and for runs of pixels in files of CVAT
    (their annotations have `attributes` with `occluded`) or where they are a quarter of the annotations or more.
    """
    marks = [mark for marks in listing.marks.values() for mark in marks]
    crowds = [mark for mark in marks if is_crowd(mark)]
    masks = [mark for mark in crowds if has_runs(mark)]
    difficult = sum(map(is_difficult, marks))
    if difficult and difficult == len(marks):
        walk.remark("all_difficult", [listing.file], f"{difficult} annotations")
    none_difficult = difficult in {0, len(marks)}
    if not crowds:
        return Crowds(none=True, no_masks=True, none_difficult=none_difficult)
    none = len(crowds) == len(marks)
    no_masks = none or any(map(_is_of_cvat, masks)) or len(masks) >= _MANY_MASKS * len(marks)
    as_objects = len(crowds) if none else len(masks) if no_masks else 0
    if as_objects:
        which = "annotations" if none else "masks"
        walk.remark("crowd_as_object", [listing.file], f"{as_objects} {which} of {len(marks)} annotations")
    left = len(crowds) - as_objects
    if left > _MANY * len(marks):
        walk.remark("many_crowds", [listing.file], f"{left} of {len(marks)} annotations")
    return Crowds(none=none, no_masks=no_masks, none_difficult=none_difficult)


def _is_of_cvat(mark: Mapping[str, object]) -> bool:
    attributes = mark.get("attributes")
    return isinstance(attributes, dict) and "occluded" in attributes
