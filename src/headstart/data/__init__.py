"""From files to a data set, what is wrong with it, its parts, and batches of pictures.

Names are imported when first used, so that reading a data set does not wait for TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headstart.data.audit import Audit, audit_dataset
    from headstart.data.augmentation import AUGMENTATIONS, Augmentation
    from headstart.data.augmentation_layers import augment_views
    from headstart.data.batches import evaluation_batches, original_errors, training_batches
    from headstart.data.dataset import Dataset
    from headstart.data.digits import write_digits
    from headstart.data.images import ImageSource, decode_image, open_rgb, resize_image
    from headstart.data.reading import read_dataset
    from headstart.data.separation import separable_groups
    from headstart.data.source import ExampleSource
    from headstart.data.split import split_dataset
    from headstart.data.views import view_batches

__all__ = [
    "AUGMENTATIONS",
    "Audit",
    "Augmentation",
    "Dataset",
    "ExampleSource",
    "ImageSource",
    "audit_dataset",
    "augment_views",
    "decode_image",
    "evaluation_batches",
    "open_rgb",
    "original_errors",
    "read_dataset",
    "resize_image",
    "separable_groups",
    "split_dataset",
    "training_batches",
    "view_batches",
    "write_digits",
]

_MODULE_OF = {
    "AUGMENTATIONS": "augmentation",
    "Audit": "audit",
    "Augmentation": "augmentation",
    "Dataset": "dataset",
    "ExampleSource": "source",
    "ImageSource": "images",
    "audit_dataset": "audit",
    "augment_views": "augmentation_layers",
    "decode_image": "images",
    "evaluation_batches": "batches",
    "open_rgb": "images",
    "original_errors": "batches",
    "read_dataset": "reading",
    "resize_image": "images",
    "separable_groups": "separation",
    "split_dataset": "split",
    "training_batches": "batches",
    "view_batches": "views",
    "write_digits": "digits",
}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
