"""Settings of a recipe for semantic segmentation."""

from headstart.task_settings import WITHOUT_CLASSES, EpochRule, Refusal, TaskSettings

SETTINGS = TaskSettings(
    defaults={
        ("backbone", "image_size"): (320, 320),
        ("images", "batch_size"): 8,
        ("head", "start"): "random",
        ("head", "label_smoothing"): 0.0,
        ("head", "dropout"): 0.1,
        ("frozen_phase", "learning_rate"): 3e-3,
        ("frozen_phase", "ema"): 0.98,
    },
    fixed={
        **WITHOUT_CLASSES,
        ("images", "collages"): 0.0,
        ("head", "num_stages"): 1,
        ("head", "start"): "random",
    },
    refused=(
        Refusal(
            ("images", "resize_mode"),
            "crop",
            problem="A segmenter predicts every pixel, and resize_mode = crop removes some.",
            others="stretch or pad",
            hint="'pad' keeps the proportions too.",
        ),
    ),
    fine_tuning_rate=1e-3,
    fine_tuning_epochs=EpochRule(1_000, 5, 12),
    frozen_epochs=EpochRule(2_500, 8, 25),
)
