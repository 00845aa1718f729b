"""The specification of object detection."""

from headstart.task_spec import DETECTION, Late, TargetForm, TaskSpec

# Kind of report, as in report.json.
REPORT = "detection"
_FOLDER = "headstart.tasks.detection"

SPEC = TaskSpec(
    name=DETECTION,
    form=TargetForm.BOXES,
    prediction_settings=("min_score", "draw"),
    outputs=("boxes", "scores", "classes"),
    model=Late(f"{_FOLDER}.detector:MODEL"),
    served=Late(f"{_FOLDER}.served:SERVED"),
    answers=Late(f"{_FOLDER}.records:ANSWERS"),
    steps=Late(f"{_FOLDER}.steps:STEPS"),
    export=Late(f"{_FOLDER}.export:EXPORT"),
    card=Late(f"{_FOLDER}.card:CARD"),
    exported=Late(f"{_FOLDER}.exported:EXPORTED"),
    check=Late(f"{_FOLDER}.parity:CHECK"),
    promises=Late(f"{_FOLDER}.exported:PROMISES"),
    reports={REPORT: Late(f"{_FOLDER}.report_kinds:BOXES")},
    settings=Late(f"{_FOLDER}.settings:SETTINGS"),
)
