"""The specification of regression of numbers."""

from headstart.task_spec import REGRESSION, Late, TargetForm, TaskSpec

# Kind of report, as in report.json.
REPORT = "regression"
_FOLDER = "headstart.tasks.regression"

SPEC = TaskSpec(
    name=REGRESSION,
    form=TargetForm.NUMBERS,
    prediction_settings=("coverage",),
    outputs=("numbers",),
    model=Late(f"{_FOLDER}.regressor:MODEL"),
    served=Late(f"{_FOLDER}.served:SERVED"),
    answers=Late(f"{_FOLDER}.records:ANSWERS"),
    steps=Late(f"{_FOLDER}.steps:STEPS"),
    export=Late(f"{_FOLDER}.export:EXPORT"),
    card=Late(f"{_FOLDER}.card:CARD"),
    exported=Late(f"{_FOLDER}.exported:EXPORTED"),
    check=Late(f"{_FOLDER}.parity:CHECK"),
    promises=Late(f"{_FOLDER}.exported:PROMISES"),
    reports={REPORT: Late(f"{_FOLDER}.report_kinds:NUMBERS")},
    settings=Late(f"{_FOLDER}.settings:SETTINGS"),
)
