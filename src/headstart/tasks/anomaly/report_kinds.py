"""What the report of anomaly detection contains."""

from headstart.report import COUNT, MAYBE, NUMBER, TEXT, ReportKind
from headstart.task_spec import Late

ANOMALIES = ReportKind(
    main_metric="image_auroc",
    metrics=("image_auroc",),
    baseline="a random order of images and places",
    per_class={
        "class": TEXT,
        "support": COUNT,
        **dict.fromkeys(("reported", "reported_low", "reported_high", "auroc", "median_score"), MAYBE),
    },
    tables={
        "pictures": {"example": COUNT, "score": MAYBE},
        "scores": {"class": TEXT, "score": NUMBER, "p_value": NUMBER},
        "promise": {
            "rate": NUMBER,
            "num_calibration": COUNT,
            **dict.fromkeys(("threshold", "false_alarms", "low", "high"), MAYBE),
        },
    },
    console={"reported": "reported", "AUROC": "auroc", "median score": "median_score", "images": "support"},
    page=Late("headstart.tasks.anomaly.report:PAGE"),
)
