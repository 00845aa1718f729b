"""The specification of object detection."""

from headstart.task_spec import DETECTION, Late, TargetForm, TaskSpec

_FOLDER = "headstart.tasks.detection"

SPEC = TaskSpec(
    name=DETECTION,
    form=TargetForm.BOXES,
    prediction_settings=("min_score", "draw"),
    model=Late(f"{_FOLDER}.model:MODEL"),
    served=Late(f"{_FOLDER}.served:SERVED"),
    answers=Late(f"{_FOLDER}.records:ANSWERS"),
    steps=Late(f"{_FOLDER}.steps:STEPS"),
    export=Late(f"{_FOLDER}.export:EXPORT"),
    card=Late(f"{_FOLDER}.card:CARD"),
)
