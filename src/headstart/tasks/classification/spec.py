"""The specification of image classification."""

from headstart.task_spec import CLASSIFICATION, Late, TargetForm, TaskSpec

# Kinds of report, as in report.json.
SINGLE_LABEL, MULTI_LABEL = "single-label", "multi-label"
_FOLDER = "headstart.tasks.classification"

SPEC = TaskSpec(
    name=CLASSIFICATION,
    form=TargetForm.LABELS,
    prediction_settings=("coverage", "abstain"),
    outputs=("probabilities", "foreign_score"),
    has_probabilities=True,
    model=Late(f"{_FOLDER}.classifier:MODEL"),
    served=Late(f"{_FOLDER}.served:SERVED"),
    answers=Late(f"{_FOLDER}.records:ANSWERS"),
    steps=Late(f"{_FOLDER}.steps:STEPS"),
    export=Late(f"{_FOLDER}.export:EXPORT"),
    card=Late(f"{_FOLDER}.card:CARD"),
    exported=Late(f"{_FOLDER}.exported:EXPORTED"),
    check=Late(f"{_FOLDER}.parity:CHECK"),
    promises=Late(f"{_FOLDER}.exported:PROMISES"),
    reports={
        SINGLE_LABEL: Late(f"{_FOLDER}.report_kinds:ONE_LABEL"),
        MULTI_LABEL: Late(f"{_FOLDER}.report_kinds:SEVERAL_LABELS"),
    },
    settings=Late(f"{_FOLDER}.settings:SETTINGS"),
)
