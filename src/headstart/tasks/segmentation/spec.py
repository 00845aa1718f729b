"""The specification of semantic segmentation."""

from headstart.task_spec import SEGMENTATION, Late, TargetForm, TaskSpec

_FOLDER = "headstart.tasks.segmentation"

SPEC = TaskSpec(
    name=SEGMENTATION,
    form=TargetForm.MASKS,
    model=Late(f"{_FOLDER}.model:MODEL"),
    served=Late(f"{_FOLDER}.served:SERVED"),
)
