"""Settings of a recipe for object detection."""

from dataclasses import replace

from headstart.data import AUGMENTATIONS
from headstart.task_settings import WITHOUT_CLASSES, EpochRule, TaskSettings

SETTINGS = TaskSettings(
    defaults={
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
    fixed={
        **WITHOUT_CLASSES,
        ("head", "num_stages"): 1,
        ("head", "start"): "random",
        ("head", "dropout"): 0.0,
    },
    edges="grey",  # a mirrored object has no box
    fine_tuning_rate=1e-3,
    fine_tuning_epochs=EpochRule(4_000, 8, 25),
    frozen_epochs=EpochRule(4_500, 6, 30),
)
