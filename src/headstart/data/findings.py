"""What an audit can find, and how bad each thing is."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from headstart.data.annotations import REGRESSION
from headstart.data.class_names import similar_class_names
from headstart.data.dataset import Dataset
from headstart.data.separation import separable_groups

Severity = Literal["error", "warning", "note"]


class Kind(NamedTuple):
    """How bad a kind of finding is, and what it means in a sentence.

    An "error" leaves the file out; a "warning" may spoil the result; a "note" is good to know.
    """

    severity: Severity
    meaning: str


class Finding(NamedTuple):
    """One finding: kind as in `KINDS`, path relative to the root ("" for the whole data set), detail for this one."""

    kind: str
    path: str
    detail: str


KINDS: dict[str, Kind] = {
    "unreadable": Kind("error", "The file cannot be read or is damaged; it is left out."),
    "truncated": Kind("error", "The end of the file is missing; it is left out."),
    "empty_file": Kind("error", "The file has no content; it is left out."),
    "not_a_picture": Kind("error", "The file is no picture; it is left out."),
    "unsupported_format": Kind("error", "A picture in a format this program does not read; convert it to JPEG or PNG."),
    "unsupported_pixels": Kind(
        "error", "Pixels are stored in a form this program does not take; convert the image to 8 or 16 bits."
    ),
    "giant": Kind(
        "error", "More than 178 megapixels, which may be an attack on memory; it is left out without being decoded."
    ),
    "undecodable_name": Kind("error", "The name is not valid UTF-8; rename the file to use it."),
    "unreadable_folder": Kind("error", "The folder may not be opened; what it holds is left out."),
    "duplicate_across_splits": Kind(
        "error", "A copy stands in a part that measures; this one is left out, so that nothing is learned by heart."
    ),
    "broken_annotation": Kind("error", "The annotation file cannot be read; its picture is left out."),
    "outside_path": Kind("error", "An annotation names a picture outside the data folder; it is left out."),
    "broken_mask": Kind("error", "The mask cannot be read; its picture is left out."),
    "mask_size": Kind("error", "The mask has another size than its picture, which is left out."),
    "missing_label": Kind("error", "The table has no label for the image; it is left out."),
    "perhaps_missing": Kind(
        "warning", "A class has a name that often stands for a missing label; look whether it is one."
    ),
    "perhaps_several": Kind(
        "warning", "Classes look like several labels in one cell; each combination is a class now."
    ),
    "numbers_as_classes": Kind(
        "warning", "The classes are numbers; if they are measured, such as ages, use --task image-regression."
    ),
    "value_255": Kind("warning", "255 was read as a class; --ignore-value 255 ignores it."),
    "much_ignored": Kind(
        "warning", "255 covers much of the masks and is ignored; --ignore-value none makes it a class."
    ),
    "names_by_order": Kind(
        "warning", "Names of classes were given to the values of the masks in their order; check it."
    ),
    "names_not_read": Kind("warning", "The file is named like one that names the classes, but was not understood."),
    "colours_unnamed": Kind(
        "warning", "Nothing names the colours of the masks; the classes are called by their colours."
    ),
    "numbered_objects": Kind(
        "warning", "Values of the masks count objects; all are one class. A file 'classes.txt' makes them classes."
    ),
    "few_numbers": Kind(
        "warning", "Masks of 16 bits usually count objects; these hold few values, which were read as classes."
    ),
    "jpeg_masks": Kind("warning", "Masks are JPEG files, which change values; save masks as PNG."),
    "smoothed_masks": Kind("warning", "Masks have blurred edges; save them without smoothing."),
    "mentioned_parts": Kind(
        "warning", "Names of folders mention train, validation or test, which were taken as parts."
    ),
    "listed_without_mask": Kind("warning", "A list of images names some that are missing or have no mask."),
    "listed_without_image": Kind(
        "warning", "A list of images for a part names some that are missing or have no label; they are not used."
    ),
    "list_not_read": Kind(
        "warning", "The file is named like one that states parts, but was not understood; they are chosen without it."
    ),
    "unmasked": Kind("warning", "The picture has no mask and is not used."),
    "annotation_without_picture": Kind("warning", "The annotation belongs to no picture and is not used."),
    "unlisted": Kind("warning", "No annotation file or list has the image; it is not used."),
    "listed_twice": Kind("warning", "The picture is listed for two parts; it goes to the one that measures."),
    "entry_without_images": Kind("warning", "An entry or list for a part leads to no images in the data folder."),
    "same_parts": Kind("warning", "Two parts are stated with the same images; only the first one counts."),
    "part_without_labels": Kind(
        "warning", "No image of this part has a label file or an annotation; the part is not used."
    ),
    "missing_labels": Kind(
        "warning", "Most images have no label file and count as background; look whether all files were copied."
    ),
    "several_settings": Kind("warning", "Several files state classes and parts; one of them is used."),
    "class_count": Kind("warning", "The stated number of classes is not the number of names; look which is right."),
    "repeated_name": Kind("warning", "Several class numbers have one name; they are learned as one class."),
    "shared_labels": Kind("warning", "Images of the same name share one annotation file; look whether it fits all."),
    "confidence": Kind(
        "warning",
        "Lines have one number more than a box or an outline, such as the confidence of a prediction; it is not used.",
    ),
    "keypoints": Kind("warning", "Annotations have keypoints, which are not learned; the boxes are used."),
    "outlines_unused": Kind(
        "warning",
        "Objects have outlines, and only the boxes around them are learned; --task semantic-segmentation learns areas.",
    ),
    "unknown_category": Kind("warning", "An annotation has a class number that is not listed; it is not used."),
    "unknown_image": Kind("warning", "Annotations have the number of a picture that is not listed; they are not used."),
    "broken_box": Kind("warning", "Corners of a box are missing or no numbers; the box is not used."),
    "unused_shape": Kind("warning", "Points, lines and shapes that cannot be read have no area; they are not used."),
    "swapped_corners": Kind("warning", "A box ends before it begins; its corners were exchanged."),
    "box_outside": Kind("warning", "A box reaches beyond the picture; it was cut at the edge."),
    "empty_box": Kind("warning", "A box has no area in the picture; it is not used."),
    "duplicate_box": Kind("warning", "The same box with the same class stands twice; one is kept."),
    "broken_outline": Kind(
        "warning", "An object has no outline that can be read; what its box covers is ignored, not background."
    ),
    "unknown_frame": Kind(
        "warning",
        "It is not known whether the annotation was drawn before or after the image was turned upright; look.",
    ),
    "fractions": Kind(
        "warning", "Coordinates are fractions of the image's sides, not pixels; they were multiplied by its size."
    ),
    "tiny_box": Kind("warning", "A box is narrower or lower than a pixel; look whether its coordinates are pixels."),
    "crowd_as_object": Kind(
        "warning", "Every annotation or mask has iscrowd=1, as CVAT writes it; they are learned as single objects."
    ),
    "many_crowds": Kind(
        "warning",
        "Many annotations have iscrowd=1; they are neither learned nor scored. Set it to 0 for single objects.",
    ),
    "all_difficult": Kind(
        "warning", "All objects are marked as difficult; the mark is not heeded, and they are learned and scored."
    ),
    "other_format": Kind("warning", "The folder has labels in another format as well, which are not read."),
    "part_conflict": Kind(
        "warning", "The JSON file and the folder of an image state two parts; that of the file counts."
    ),
    "lone_part": Kind("warning", "The only JSON file is named for one part; its images are split into parts anew."),
    "unnamed_category": Kind("warning", "A category has no name; another name stands for it."),
    "repeated_image": Kind("warning", "An image is listed twice under one number; it counts once."),
    "wrong_size": Kind("warning", "The annotation was made for a picture of another size; look whether it fits."),
    "unknown_mask_value": Kind("warning", "A value in the mask means no class; its pixels are ignored."),
    "link_not_followed": Kind("warning", "A symbolic link leads out of the data folder; it is not followed."),
    "conflicting_labels": Kind("warning", "The same file is labelled in two ways; one of them is wrong."),
    "exact_duplicate": Kind("warning", "The same bytes as another file; both are kept on one side of the split."),
    "near_duplicate": Kind(
        "warning", "The same picture as another file, saved anew; both are kept on one side of the split."
    ),
    "alike_across_splits": Kind(
        "warning",
        "The scene of a picture in a part that measures, with other objects; the test may be easier than real use.",
    ),
    "group_across_splits": Kind(
        "warning", "A group stands in two given parts, so the test may be easier than real use."
    ),
    "narrow_range": Kind(
        "warning",
        "16-bit images use a small part of their range and become nearly black; scale all of them by one factor.",
    ),
    "imbalance": Kind(
        "warning", "The largest class has more than 10 times the pictures of the smallest; look at balanced accuracy."
    ),
    "similar_names": Kind(
        "warning", "Names of classes differ only in case, blanks or the like; if they mean the same, merge the classes."
    ),
    "class_too_small": Kind("warning", "Fewer than 3 separate pictures: too few for training, validation and test."),
    "rare_class": Kind("warning", "The class has too few images, as asked; it is left out with its images."),
    "constant": Kind("warning", "All pictures have the same number: there is nothing to learn."),
    "class_without_pictures": Kind("warning", "No usable picture; the class is left out."),
    "wrongly_named": Kind("warning", "The content is another format than the name says; it is read by its content."),
    "very_large": Kind(
        "warning", "More than 89 megapixels; decoding takes much memory and time, a smaller copy would do."
    ),
    "unlabelled": Kind("warning", "The picture lies in no class folder and is not used."),
    "unused_folder": Kind("warning", "The folder lies beside the train folder and is not used."),
    "nested_folders": Kind(
        "warning",
        "A class folder holds folders, which are not told apart. To learn these as classes, move them to where the "
        "class folders lie.",
    ),
    "link_outside": Kind("warning", "A symbolic link leads out of the data folder; it is followed."),
    "broken_link": Kind("warning", "A symbolic link leads nowhere; it is ignored."),
    "link_loop": Kind("note", "A symbolic link leads to a folder that is read already; it is not followed."),
    "animated": Kind("note", "Several frames or pages; the first one is used."),
    "cmyk": Kind("note", "Stored in ink colours; converted to RGB, where colours may shift."),
    "sixteen_bit": Kind("note", "Stored with 16 bits a channel or more; reduced to 8."),
    "palette": Kind("note", "Stored with a palette; converted to RGB."),
    "alpha": Kind("note", "Has transparency; it is laid on white."),
    "exif_rotation": Kind("note", "The camera stored it rotated; it is turned upright."),
    "columns_taken": Kind("warning", "Columns of the table that were found by their usual names or by their cells."),
    "side_files": Kind("note", "Files with the name of an image beside it, such as captions, are not used."),
    "found_by_name": Kind("note", "The table does not give the path of an image; it was found by its name."),
    "one_class": Kind("warning", "The table has no column for the class, so all boxes are of one."),
    "marked_classes": Kind("note", "Columns of 0 and 1 are classes; use --task image-regression to learn numbers."),
    "no_class": Kind("note", "No class is marked; the image is kept as an example of none of them."),
    "transparent_masks": Kind("note", "Masks have transparent pixels, which were read as background."),
    "ignored_value": Kind("note", "255 in the masks is ignored; --ignore-value none makes it a class."),
    "united_masks": Kind("note", "Images have several masks, which are united into one."),
    "unused_masks": Kind("note", "Other forms of the same masks, such as coloured ones, are not used."),
    "background": Kind("note", "No object is marked; the picture is kept as background."),
    "crowd": Kind("note", "Marks a crowd (iscrowd=1) instead of single objects; it is neither learned nor scored."),
    "turned_annotation": Kind(
        "note",
        "The annotation was drawn on the image as it is stored, as its size proves; it is turned with the image.",
    ),
    "difficult": Kind("note", "Objects are marked as difficult; they are neither learned nor scored."),
    "other_annotations": Kind("note", "The JSON file holds something else than objects; it is not used."),
    "tiny": Kind("note", "Less than 32 pixels a side; it is enlarged."),
    "odd_name": Kind(
        "note", "The name has spaces or letters beyond ASCII, which some tools dislike; nothing needs doing here."
    ),
}

_MAX_IMBALANCE = 10
_MIN_GROUPS = 3


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Table of findings, the worst first: columns kind, severity, path, detail, all text."""
    order = list(KINDS)
    ranked = sorted(set(findings), key=lambda finding: (order.index(finding.kind), finding.path, finding.detail))
    rows = [(found.kind, KINDS[found.kind].severity, found.path, found.detail) for found in ranked]
    return pd.DataFrame(rows, columns=["kind", "severity", "path", "detail"]).astype(str)


def name_findings(paths: Iterable[str]) -> Iterator[Finding]:
    """Names with spaces or letters beyond ASCII; an odd folder is named once, not with every file below it."""
    odd = {prefix: name for path in paths for prefix, name in [_first_odd_name(path)] if prefix}
    for prefix, name in odd.items():
        yield Finding("odd_name", prefix, "has a space" if name.isascii() else "has letters beyond ASCII")


def class_findings(dataset: Dataset) -> Iterator[Finding]:
    """What is noteworthy about the numbers of examples. `dataset` has passed the audit.

    For detection and segmentation a picture counts for every class that it shows.
    """
    if dataset.task == REGRESSION:
        yield from _number_findings(dataset)
        return
    counts = dict(zip(dataset.class_names, dataset.class_matrix().sum(axis=0).tolist(), strict=True))
    smallest, largest = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    if counts[largest] > _MAX_IMBALANCE * counts[smallest]:
        yield Finding("imbalance", "", f"'{largest}' has {counts[largest]} pictures, '{smallest}' {counts[smallest]}")
    for names in similar_class_names(dataset.class_names):
        yield Finding("similar_names", "", ", ".join(f"'{name}' ({counts[name]} images)" for name in names))
    groups = separable_groups(dataset.frame)
    matrix = dataset.class_matrix()
    for column, name in enumerate(dataset.class_names):
        num_groups = len(np.unique(groups[matrix[:, column] == 1]))
        if num_groups < _MIN_GROUPS:
            yield Finding("class_too_small", "", f"'{name}' has {num_groups} separate pictures in {counts[name]} files")


def _number_findings(dataset: Dataset) -> Iterator[Finding]:
    numbers = dataset.numbers()
    for column, name in enumerate(dataset.class_names):
        if len(np.unique(numbers[:, column])) == 1:
            yield Finding("constant", "", f"'{name}' is {numbers[0, column]:g} everywhere")


def group_findings(frame: pd.DataFrame) -> Iterator[Finding]:
    """Groups that the given parts tear apart."""
    given = frame[(frame["group"] != "") & (frame["split"] != "")]
    for group, splits in given.groupby("group")["split"].unique().items():
        if len(splits) > 1:
            yield Finding("group_across_splits", "", f"'{group}' stands in {' and '.join(sorted(splits))}")


def _first_odd_name(path: str) -> tuple[str, str]:
    prefix = ""
    for name in path.split("/"):
        prefix = f"{prefix}/{name}" if prefix else name
        if not name.isascii() or any(letter.isspace() for letter in name):
            return prefix, name
    return "", ""
