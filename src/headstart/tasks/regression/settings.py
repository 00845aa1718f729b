"""Settings of a recipe for regression."""

from headstart.task_settings import WITHOUT_CLASSES, EpochRule, TaskSettings

SETTINGS = TaskSettings(
    defaults={
        ("head", "label_smoothing"): 0.0,
        ("head", "dropout"): 0.0,
    },
    fixed={
        **WITHOUT_CLASSES,
        ("images", "collages"): 0.0,
        ("head", "num_stages"): 1,
    },
    fine_tuning_rate=6e-4,
    fine_tuning_epochs=EpochRule(6_200, 11, 30),
    frozen_epochs=EpochRule(1, 10, 10),
)
