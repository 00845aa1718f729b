"""The kinds of findings of an audit, with severity and meaning."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from headstart.data.class_names import similar_class_names
from headstart.data.dataset import Dataset
from headstart.data.separation import separable_groups
from headstart.task_spec import TargetForm

Severity = Literal["error", "warning", "note"]


class Kind(NamedTuple):
    """Severity and meaning of a kind of finding.

    "error": the file is left out; "warning": the result may suffer; "note": for information.
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
    "truncated": Kind("error", "The end of the file is missing; the file is left out."),
    "empty_file": Kind("error", "The file is empty; it is left out."),
    "not_a_picture": Kind("error", "The file is not an image; it is left out."),
    "unsupported_format": Kind(
        "error", "The image format is not supported; the file is left out. Convert it to JPEG or PNG."
    ),
    "unsupported_pixels": Kind(
        "error", "The pixel format is not supported; the file is left out. Convert it to 8 or 16 bits per channel."
    ),
    "giant": Kind(
        "error",
        "The image has more than 178 megapixels and may be an attack on the memory; it is left out without being "
        "decoded.",
    ),
    "undecodable_name": Kind("error", "The file name is not valid UTF-8; the file is left out. Rename it."),
    "unreadable_folder": Kind("error", "The folder cannot be opened; its files are left out. Check its permissions."),
    "duplicate_across_splits": Kind(
        "error",
        "A copy of the image is in the validation or test part; this one is left out, so that the test stays fair.",
    ),
    "broken_annotation": Kind("error", "The annotation file cannot be read; its image is left out."),
    "outside_path": Kind("error", "An annotation refers to an image outside the data folder; it is left out."),
    "broken_mask": Kind("error", "The mask cannot be read; its image is left out."),
    "mask_size": Kind("error", "Mask and image have different sizes; the image is left out."),
    "marked_good": Kind(
        "error", "The mask marks a defect, but the image is in a folder of good images; it is left out."
    ),
    "empty_defect_mask": Kind("error", "The mask of a defect marks no pixel; its image is left out."),
    "missing_label": Kind("error", "The table has no label for the image; it is left out."),
    "perhaps_missing": Kind(
        "warning", "The name of a class often stands for a missing label. Check whether it is a class."
    ),
    "perhaps_several": Kind(
        "warning", "Classes look like several labels in one cell; each combination is learned as a class of its own."
    ),
    "numbers_as_classes": Kind(
        "warning", "The classes are numbers. If they are measurements, such as ages, use --task image-regression."
    ),
    "value_255": Kind("warning", "255 was read as a class. Use --ignore-value 255 to ignore these pixels."),
    "much_ignored": Kind(
        "warning", "255 covers a large share of the masks and is ignored. Use --ignore-value none to make it a class."
    ),
    "names_by_order": Kind("warning", "Class names were assigned to mask values by their order. Check the assignment."),
    "names_not_read": Kind(
        "warning", "By its name, the file contains class names, but its content was not understood; it is not used."
    ),
    "colours_unnamed": Kind(
        "warning", "The data gives no names for the colours of the masks; the classes are named by their colours."
    ),
    "numbered_objects": Kind(
        "warning",
        "The values of the masks count objects; all objects are one class. To use the values as classes, add a file "
        "'classes.txt'.",
    ),
    "few_numbers": Kind(
        "warning", "16-bit masks usually count objects; these have few values, which were read as classes."
    ),
    "jpeg_masks": Kind("warning", "The masks are JPEG files, and JPEG changes values. Save masks as PNG."),
    "smoothed_masks": Kind("warning", "The masks have blurred edges. Save them without smoothing."),
    "mentioned_parts": Kind("warning", "Folder names contain train, validation or test and were used as parts."),
    "listed_without_mask": Kind(
        "warning", "A list of images contains some that are missing or have no mask; they are not used."
    ),
    "listed_without_image": Kind(
        "warning", "The list of a part contains images that are missing or have no label; they are not used."
    ),
    "list_not_read": Kind(
        "warning", "By its name, the file states parts, but its content was not understood; it is not used."
    ),
    "unmarked_defect": Kind(
        "warning",
        "The image shows a defect and has no mask, as other images have; it counts for the metrics of images only.",
    ),
    "defect_not_in_test": Kind(
        "warning", "The image of a defect is in the validation part, which holds good images only; it is not used."
    ),
    "unmasked": Kind("warning", "The image has no mask; it is not used."),
    "annotation_without_picture": Kind("warning", "The annotation has no image; it is not used."),
    "unlisted": Kind("warning", "The image is in no annotation file and in no list; it is not used."),
    "listed_twice": Kind(
        "warning",
        "The image is listed for two parts; it is put into test before validation, and into validation before "
        "training.",
    ),
    "entry_without_images": Kind("warning", "An entry or list of a part leads to no images in the data folder."),
    "same_parts": Kind("warning", "Two parts contain the same images; only the first part is used."),
    "part_without_labels": Kind(
        "warning", "No image of this part has a label file or an annotation; the part is not used."
    ),
    "missing_labels": Kind(
        "warning", "Most images have no label file and count as background. Check whether all files were copied."
    ),
    "several_settings": Kind("warning", "Several files state classes and parts; one of them is used."),
    "class_count": Kind(
        "warning", "The stated number of classes differs from the number of class names. Check which one is right."
    ),
    "repeated_name": Kind("warning", "Several class numbers have the same name; they are learned as one class."),
    "shared_labels": Kind(
        "warning", "Images with the same file name share one annotation file. Check whether it fits all of them."
    ),
    "confidence": Kind(
        "warning",
        "Lines have one number more than a box or an outline, such as the confidence of a prediction; it is not used.",
    ),
    "keypoints": Kind("warning", "The annotations contain keypoints, which are not used; the boxes are learned."),
    "outlines_unused": Kind(
        "warning",
        "Objects have outlines, but only their bounding boxes are learned. To learn areas, use --task "
        "semantic-segmentation.",
    ),
    "unknown_category": Kind(
        "warning", "An annotation has a class number that is not in the list of classes; it is not used."
    ),
    "unknown_image": Kind(
        "warning", "Annotations refer to an image number that is not in the file; they are not used."
    ),
    "broken_box": Kind("warning", "Coordinates of a box are missing or are not numbers; the box is not used."),
    "unused_shape": Kind("warning", "Points, lines and unreadable shapes have no area; they are not used."),
    "swapped_corners": Kind("warning", "The first corner of a box lies behind the second; the corners were exchanged."),
    "box_outside": Kind("warning", "A box extends beyond the image; it was cut at the edge."),
    "empty_box": Kind("warning", "A box has no area inside the image; it is not used."),
    "duplicate_box": Kind("warning", "A box occurs twice with the same class; one is kept."),
    "broken_outline": Kind(
        "warning", "An object has no readable outline; the area of its box is ignored and does not count as background."
    ),
    "unknown_frame": Kind(
        "warning",
        "It is not known whether the annotation was made before or after the image was rotated upright. Check it.",
    ),
    "fractions": Kind(
        "warning", "Coordinates are fractions of the image size and not pixels; they were converted to pixels."
    ),
    "tiny_box": Kind(
        "warning", "A box is narrower or lower than one pixel. Check whether its coordinates are in pixels."
    ),
    "crowd_as_object": Kind(
        "warning", "Every annotation or mask has iscrowd=1, as CVAT writes it; they are learned as single objects."
    ),
    "many_crowds": Kind(
        "warning",
        "Many annotations have iscrowd=1; they are neither learned nor scored. Set it to 0 for single objects.",
    ),
    "all_difficult": Kind(
        "warning", "All objects are marked as difficult; the mark is ignored, and the objects are learned and scored."
    ),
    "other_format": Kind("warning", "The folder also has labels in another format, which are not read."),
    "part_conflict": Kind(
        "warning", "The JSON file and the folder of an image state different parts; the part of the JSON file is used."
    ),
    "lone_part": Kind(
        "warning", "The name of the only JSON file states a part; the part is ignored, and the images are split anew."
    ),
    "unnamed_category": Kind("warning", "A category has no name; a name was made for it."),
    "repeated_image": Kind("warning", "An image is listed twice with the same number; it counts once."),
    "wrong_size": Kind(
        "warning", "The annotation states an image size that differs from that of the file. Check whether it fits."
    ),
    "unknown_mask_value": Kind("warning", "A mask value belongs to no class; its pixels are ignored."),
    "link_not_followed": Kind("warning", "A symbolic link leads out of the data folder; it is not followed."),
    "conflicting_labels": Kind("warning", "Equal files have different labels; one of the labels is wrong."),
    "exact_duplicate": Kind("warning", "The file is an exact copy of another file; both are kept in the same part."),
    "near_duplicate": Kind(
        "warning", "The image is a near copy of another file, saved again; both are kept in the same part."
    ),
    "alike_across_splits": Kind(
        "warning",
        "The image shows the same scene as an image in the validation or test part, with other objects; the test may "
        "be easier than real use.",
    ),
    "group_across_splits": Kind(
        "warning", "Images of one group are in two of the given parts; the test may be easier than real use."
    ),
    "narrow_range": Kind(
        "warning",
        "16-bit images use a small part of their range and become nearly black. Multiply all of them by one factor.",
    ),
    "imbalance": Kind(
        "warning",
        "The largest class has more than 10 times as many images as the smallest. Look at the balanced accuracy.",
    ),
    "similar_names": Kind(
        "warning", "Class names differ only in case, spaces or separators. If they mean the same, merge the classes."
    ),
    "class_too_small": Kind(
        "warning", "The class has fewer than 3 separate images, too few for training, validation and test."
    ),
    "rare_class": Kind(
        "warning", "The class has fewer training images than --min-per-class; it is left out with its images."
    ),
    "constant": Kind("warning", "All images have the same number; there is nothing to learn."),
    "class_without_pictures": Kind("warning", "The class has no usable image; it is left out."),
    "wrongly_named": Kind("warning", "The content has another format than the file name; the content counts."),
    "very_large": Kind(
        "warning",
        "The image has more than 89 megapixels; decoding takes much memory and time. Consider a smaller copy.",
    ),
    "unlabelled": Kind("warning", "The image is in no class folder; it is not used."),
    "unused_folder": Kind("warning", "The folder is next to the train folder and is not used."),
    "nested_folders": Kind(
        "warning",
        "A class folder contains folders, which are not distinguished. To learn them as classes, move them to the "
        "level of the class folders.",
    ),
    "link_outside": Kind("warning", "A symbolic link leads out of the data folder; it is followed."),
    "broken_link": Kind("warning", "The target of a symbolic link does not exist; the link is ignored."),
    "link_loop": Kind("note", "A symbolic link leads to a folder that is already read; it is not followed."),
    "animated": Kind("note", "The file has several frames or pages; the first one is used."),
    "cmyk": Kind("note", "The image is stored in CMYK; it is converted to RGB, which may shift its colours."),
    "sixteen_bit": Kind("note", "The image has 16 or more bits per channel; it is reduced to 8 bits."),
    "palette": Kind("note", "The image is stored with a colour palette; it is converted to RGB."),
    "alpha": Kind("note", "The image has transparency; it is placed on white."),
    "exif_rotation": Kind("note", "The camera stored the image rotated; it is rotated upright."),
    "columns_taken": Kind("warning", "Columns of the table were recognized by other common names or by their content."),
    "side_files": Kind("note", "Files with the name of an image beside it, such as captions, are not used."),
    "found_by_name": Kind(
        "note", "The table does not give the full path of an image; the image was found by its file name."
    ),
    "one_class": Kind("warning", "The table has no class column; all boxes are of one class."),
    "marked_classes": Kind(
        "note", "Columns of 0 and 1 are classes. To learn them as numbers, use --task image-regression."
    ),
    "no_class": Kind("note", "No class is marked; the image is kept as an example without a class."),
    "transparent_masks": Kind("note", "Masks have transparent pixels, which were read as background."),
    "ignored_value": Kind(
        "note", "Pixels with the mask value 255 are ignored. Use --ignore-value none to make it a class."
    ),
    "united_masks": Kind("note", "Images have several masks, which are merged into one."),
    "unused_masks": Kind("note", "Other versions of the same masks, such as coloured ones, are not used."),
    "background": Kind("note", "The image has no annotated object; it is kept as background."),
    "crowd": Kind(
        "note", "The annotation marks a crowd (iscrowd=1) and not single objects; it is neither learned nor scored."
    ),
    "turned_annotation": Kind(
        "note",
        "By its size, the annotation was made on the image before it was rotated upright; it is rotated with the "
        "image.",
    ),
    "difficult": Kind("note", "Objects are marked as difficult; they are neither learned nor scored."),
    "other_annotations": Kind("note", "The JSON file contains no objects but other data; it is not used."),
    "tiny": Kind("note", "The image has fewer than 32 pixels per side; it is enlarged."),
    "odd_name": Kind(
        "note",
        "The name has spaces or non-ASCII letters, which some other tools do not support; no action is required.",
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
    """Findings about names with spaces or non-ASCII letters; a folder is reported once, not with every file in it."""
    odd = {prefix: name for path in paths for prefix, name in [_first_odd_name(path)] if prefix}
    for prefix, name in odd.items():
        yield Finding("odd_name", prefix, "has a space" if name.isascii() else "has non-ASCII letters")


def class_findings(dataset: Dataset) -> Iterator[Finding]:
    """Findings about the sizes and names of the classes of a data set that has passed the audit.

    For detection and segmentation, an image counts for every class that it shows.
    """
    if dataset.form is TargetForm.NUMBERS:
        yield from _number_findings(dataset)
        return
    if dataset.form is TargetForm.DEFECTS:
        return  # nothing is learned from the names of defects
    counts = dict(zip(dataset.class_names, dataset.class_matrix().sum(axis=0).tolist(), strict=True))
    smallest, largest = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    if counts[largest] > _MAX_IMBALANCE * counts[smallest]:
        yield Finding("imbalance", "", f"'{largest}' has {counts[largest]} images, '{smallest}' {counts[smallest]}")
    for names in similar_class_names(dataset.class_names):
        yield Finding("similar_names", "", ", ".join(f"'{name}' ({counts[name]} images)" for name in names))
    groups = separable_groups(dataset.frame)
    matrix = dataset.class_matrix()
    for column, name in enumerate(dataset.class_names):
        num_groups = len(np.unique(groups[matrix[:, column] == 1]))
        if num_groups < _MIN_GROUPS:
            yield Finding("class_too_small", "", f"'{name}' has {num_groups} separate images in {counts[name]} files")


def _number_findings(dataset: Dataset) -> Iterator[Finding]:
    numbers = dataset.numbers()
    for column, name in enumerate(dataset.class_names):
        if len(np.unique(numbers[:, column])) == 1:
            yield Finding("constant", "", f"'{name}' is {numbers[0, column]:g} for every image")


def group_findings(frame: pd.DataFrame) -> Iterator[Finding]:
    """Findings about groups whose images are in more than one of the given parts."""
    given = frame[(frame["group"] != "") & (frame["split"] != "")]
    for group, splits in given.groupby("group")["split"].unique().items():
        if len(splits) > 1:
            yield Finding("group_across_splits", "", f"'{group}' is in {' and '.join(sorted(splits))}")


def _first_odd_name(path: str) -> tuple[str, str]:
    prefix = ""
    for name in path.split("/"):
        prefix = f"{prefix}/{name}" if prefix else name
        if not name.isascii() or any(letter.isspace() for letter in name):
            return prefix, name
    return "", ""
