"""What the report of a classifier contains."""

from headstart.report import COUNT, MAYBE, TEXT, ReportKind
from headstart.task_spec import Late

_PAGE = "headstart.tasks.classification.report"
_CLASSES = {
    "class": TEXT,
    "support": COUNT,
    **dict.fromkeys(("precision", "recall", "recall_low", "recall_high", "f1"), MAYBE),
}
_CONSOLE = {"precision": "precision", "recall": "recall", "f1": "f1", "images": "support"}

ONE_LABEL = ReportKind(
    main_metric="accuracy",
    metrics=("accuracy", "expected_calibration_error"),
    baseline="always predicting the most common class",
    per_class=_CLASSES,
    has_confidence=True,
    console=_CONSOLE,
    page=Late(f"{_PAGE}:ONE_LABEL_PAGE"),
)
SEVERAL_LABELS = ReportKind(
    main_metric="subset_accuracy",
    metrics=("subset_accuracy", "expected_calibration_error"),
    baseline="always predicting the frequency of each label",
    per_class=_CLASSES,
    has_confidence=True,
    console=_CONSOLE,
    page=Late(f"{_PAGE}:SEVERAL_LABELS_PAGE"),
)
