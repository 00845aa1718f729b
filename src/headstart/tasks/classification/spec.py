"""The specification of image classification."""

from headstart.task_spec import CLASSIFICATION, Late, TargetForm, TaskSpec

_FOLDER = "headstart.tasks.classification"

SPEC = TaskSpec(
    name=CLASSIFICATION,
    form=TargetForm.LABELS,
    model=Late(f"{_FOLDER}.model:MODEL"),
    served=Late(f"{_FOLDER}.served:SERVED"),
)
