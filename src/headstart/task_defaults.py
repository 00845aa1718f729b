"""Settings of a recipe that depend on the task."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from headstart.data import AUGMENTATIONS
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

# What a task wants otherwise than classification does: section and setting → value, where the recipe says nothing.
TASK_DEFAULTS: Mapping[str, Mapping[tuple[str, str], object]] = MappingProxyType(
    {
        CLASSIFICATION: {},
        DETECTION: {
            ("backbone", "image_size"): (320, 320),
            ("images", "batch_size"): 8,
            # Not turned: the box around a turned box is larger than the object.
            ("images", "augmentation"): replace(AUGMENTATIONS["medium"], rotation_degrees=0, zoom=0.3),
            ("head", "start"): "random",
            ("head", "label_smoothing"): 0.0,
            ("head", "dropout"): 0.0,
            ("frozen_phase", "weight_decay"): 1e-2,
            ("frozen_phase", "ema"): 0.99,
            ("fine_tuning_phase", "weight_decay"): 1e-2,
            ("fine_tuning_phase", "ema"): 0.99,
        },
        SEGMENTATION: {
            ("backbone", "image_size"): (320, 320),
            ("images", "batch_size"): 8,
            ("head", "start"): "random",
            ("head", "label_smoothing"): 0.0,
            ("head", "dropout"): 0.1,
            ("frozen_phase", "learning_rate"): 3e-3,
            ("frozen_phase", "ema"): 0.98,
        },
        REGRESSION: {
            ("head", "label_smoothing"): 0.0,
            ("head", "dropout"): 0.0,
        },
    }
)
# Settings that mean nothing for other tasks: section and setting → the only value they may have there.
CLASSIFICATION_ONLY = {
    ("data", "min_per_class"): 1,
    ("head", "label_smoothing"): 0.0,
    ("frozen_phase", "mixup"): 0.0,
    ("fine_tuning_phase", "mixup"): 0.0,
    ("deep_phase", "mixup"): 0.0,
}
