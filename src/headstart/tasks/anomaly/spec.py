"""The specification of anomaly detection."""

from headstart.task_spec import ANOMALY, Late, TargetForm, TaskSpec

# Kind of report, as in report.json.
REPORT = "anomaly"
_FOLDER = "headstart.tasks.anomaly"

SPEC = TaskSpec(
    name=ANOMALY,
    form=TargetForm.DEFECTS,
    prediction_settings=("false_alarms", "draw"),
    outputs=("score", "map"),
    can_be_rounded=False,  # distances of rounded features say more about the rounding than about defects
    model=Late(f"{_FOLDER}.detector:MODEL"),
    served=Late(f"{_FOLDER}.served:SERVED"),
    answers=Late(f"{_FOLDER}.records:ANSWERS"),
    steps=Late(f"{_FOLDER}.steps:STEPS"),
    export=Late(f"{_FOLDER}.export:EXPORT"),
    card=Late(f"{_FOLDER}.card:CARD"),
    exported=Late(f"{_FOLDER}.exported:EXPORTED"),
    check=Late(f"{_FOLDER}.parity:CHECK"),
    promises=Late(f"{_FOLDER}.exported:PROMISES"),
    reports={REPORT: Late(f"{_FOLDER}.report_kinds:ANOMALIES")},
    settings=Late(f"{_FOLDER}.settings:SETTINGS"),
)
