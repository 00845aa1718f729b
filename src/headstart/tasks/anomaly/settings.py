"""Settings of a recipe for anomaly detection."""

from headstart.data import Augmentation
from headstart.task_settings import WITHOUT_CLASSES, EpochRule, Refusal, TaskSettings

_NONE = EpochRule(0, 0, 0)

SETTINGS = TaskSettings(
    defaults={
        ("data", "fractions"): (0.6, 0.2, 0.2),
        ("head", "dropout"): 0.0,
        ("head", "label_smoothing"): 0.0,
        # A memory of changed images is larger and finds less; ask for it where good objects are turned or moved.
        ("images", "augmentation"): Augmentation(),
        # The memory has to hold exactly the features that the model computes.
        ("bank", "engine"): "keras",
    },
    fixed={
        **WITHOUT_CLASSES,
        ("images", "collages"): 0.0,
        ("head", "start"): "probe",
        ("head", "num_stages"): 1,
        ("frozen_phase", "epochs"): 0,
        ("fine_tuning_phase", "epochs"): 0,
        ("deep_phase", "epochs"): 0,
    },
    refused=(
        Refusal(
            setting=("images", "resize_mode"),
            value="crop",
            problem="With resize_mode = crop, the model does not see the edges of an image, where a defect may be.",
            others="stretch or pad",
            hint="Use --resize-mode pad to keep the proportions.",
        ),
        Refusal(
            setting=("bank", "engine"),
            value="openvino-int8",
            problem="Features in int8 differ from those of the model by more than small defects do.",
            others="keras, openvino or openvino-bfloat16",
            hint="Leave out --engine, or use --engine openvino.",
        ),
    ),
    own=(("head", "method"), ("head", "false_alarms")),
    has_phases=False,
    fine_tuning_rate=1e-3,
    fine_tuning_epochs=_NONE,
    frozen_epochs=_NONE,
)
