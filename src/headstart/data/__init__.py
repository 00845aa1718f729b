"""From files to a data set, what is wrong with it, its parts, and batches of images.

Names are imported when first used, so that reading a data set does not wait for TensorFlow.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.data.annotations import (
        CROWD,
        DIFFICULT,
        IGNORED_CODES,
        LABEL_SEPARATOR,
        Outline,
        mask_paths,
        outlines_from_text,
    )
    from headstart.data.audit import Audit, audit_data, audit_dataset
    from headstart.data.augmentation import AUGMENTATIONS, Augmentation
    from headstart.data.augmentation_layers import augment_views
    from headstart.data.batches import evaluation_batches, original_errors, training_batches
    from headstart.data.boxes import box_areas, clipped_boxes, iou, moved_boxes, resize_matrix
    from headstart.data.collages import draw_collages
    from headstart.data.dataset import GOOD, Dataset
    from headstart.data.defect_masks import read_defect_mask
    from headstart.data.digits import write_digits
    from headstart.data.images import ImageSource, decode_image, open_rgb, resize_image, upright_size
    from headstart.data.mask_files import known_mask_value
    from headstart.data.masks import IGNORED, OTHER_VALUES, read_mask, resize_mask
    from headstart.data.reading import FORMATS, ReadingOptions, read_dataset
    from headstart.data.separation import separable_groups
    from headstart.data.source import ExampleSource, SideBySide
    from headstart.data.split import split_dataset
    from headstart.data.targets import IGNORED_CLASS, BoxTargets, MaskTargets, Targets
    from headstart.data.tensors import Tensor
    from headstart.data.views import view_batches, view_matrices

__all__ = [
    "AUGMENTATIONS",
    "CROWD",
    "DIFFICULT",
    "FORMATS",
    "GOOD",
    "IGNORED",
    "IGNORED_CLASS",
    "IGNORED_CODES",
    "LABEL_SEPARATOR",
    "OTHER_VALUES",
    "Audit",
    "Augmentation",
    "BoxTargets",
    "Dataset",
    "ExampleSource",
    "ImageSource",
    "MaskTargets",
    "Outline",
    "ReadingOptions",
    "SideBySide",
    "Targets",
    "Tensor",
    "audit_data",
    "audit_dataset",
    "augment_views",
    "box_areas",
    "clipped_boxes",
    "decode_image",
    "draw_collages",
    "evaluation_batches",
    "iou",
    "known_mask_value",
    "mask_paths",
    "moved_boxes",
    "open_rgb",
    "original_errors",
    "outlines_from_text",
    "read_dataset",
    "read_defect_mask",
    "read_mask",
    "resize_image",
    "resize_mask",
    "resize_matrix",
    "separable_groups",
    "split_dataset",
    "training_batches",
    "upright_size",
    "view_batches",
    "view_matrices",
    "write_digits",
]

_MODULE_OF = {
    "AUGMENTATIONS": "augmentation",
    "CROWD": "annotations",
    "DIFFICULT": "annotations",
    "FORMATS": "reading",
    "GOOD": "dataset",
    "IGNORED": "masks",
    "IGNORED_CLASS": "targets",
    "IGNORED_CODES": "annotations",
    "LABEL_SEPARATOR": "annotations",
    "OTHER_VALUES": "masks",
    "ReadingOptions": "reading",
    "Audit": "audit",
    "Augmentation": "augmentation",
    "BoxTargets": "targets",
    "Dataset": "dataset",
    "ExampleSource": "source",
    "ImageSource": "images",
    "MaskTargets": "targets",
    "Outline": "annotations",
    "SideBySide": "source",
    "Targets": "targets",
    "Tensor": "tensors",
    "audit_data": "audit",
    "audit_dataset": "audit",
    "augment_views": "augmentation_layers",
    "box_areas": "boxes",
    "clipped_boxes": "boxes",
    "decode_image": "images",
    "draw_collages": "collages",
    "evaluation_batches": "batches",
    "iou": "boxes",
    "known_mask_value": "mask_files",
    "mask_paths": "annotations",
    "moved_boxes": "boxes",
    "open_rgb": "images",
    "original_errors": "batches",
    "outlines_from_text": "annotations",
    "read_dataset": "reading",
    "read_defect_mask": "defect_masks",
    "read_mask": "masks",
    "resize_image": "images",
    "resize_mask": "masks",
    "resize_matrix": "boxes",
    "separable_groups": "separation",
    "split_dataset": "split",
    "training_batches": "batches",
    "upright_size": "images",
    "view_batches": "views",
    "view_matrices": "views",
    "write_digits": "digits",
}

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
