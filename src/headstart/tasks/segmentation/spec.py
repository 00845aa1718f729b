"""The specification of semantic segmentation."""

from headstart.task_spec import SEGMENTATION, Late, TargetForm, TaskSpec

# Kind of report, as in report.json.
REPORT = "segmentation"
_FOLDER = "headstart.tasks.segmentation"

SPEC = TaskSpec(
    name=SEGMENTATION,
    form=TargetForm.MASKS,
    prediction_settings=("masks", "draw"),
    outputs=("classes", "probability"),
    model=Late(f"{_FOLDER}.segmenter:MODEL"),
    served=Late(f"{_FOLDER}.served:SERVED"),
    answers=Late(f"{_FOLDER}.records:ANSWERS"),
    steps=Late(f"{_FOLDER}.steps:STEPS"),
    export=Late(f"{_FOLDER}.export:EXPORT"),
    card=Late(f"{_FOLDER}.card:CARD"),
    exported=Late(f"{_FOLDER}.exported:EXPORTED"),
    check=Late(f"{_FOLDER}.parity:CHECK"),
    promises=Late(f"{_FOLDER}.exported:PROMISES"),
    reports={REPORT: Late(f"{_FOLDER}.report_kinds:MASKS")},
    settings=Late(f"{_FOLDER}.settings:SETTINGS"),
)
