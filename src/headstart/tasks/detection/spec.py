"""The specification of object detection."""

from headstart.task_spec import DETECTION, Late, TargetForm, TaskSpec

_FOLDER = "headstart.tasks.detection"

SPEC = TaskSpec(
    name=DETECTION,
    form=TargetForm.BOXES,
    model=Late(f"{_FOLDER}.model:MODEL"),
    served=Late(f"{_FOLDER}.served:SERVED"),
)
