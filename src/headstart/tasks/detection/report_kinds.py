"""What the report of a detector contains."""

from headstart.report import COUNT, MAYBE, NUMBER, TEXT, ReportKind
from headstart.task_spec import Late

BOXES = ReportKind(
    main_metric="map50",
    metrics=("map50",),
    baseline="predicting no box",
    per_class={
        "class": TEXT,
        "support": COUNT,
        **dict.fromkeys(("precision", "recall", "ap50", "ap50_low", "ap50_high", "ap"), MAYBE),
    },
    tables={
        "operating_point": {
            "score_threshold": NUMBER,
            "recall": MAYBE,
            "precision": MAYBE,
            "boxes": COUNT,
            "answers": COUNT,
        },
        "errors": {"kind": TEXT, "count": COUNT, "meaning": TEXT},
        "mixups": {"true": TEXT, "predicted": TEXT, "count": COUNT},
        "precision_recall": {"class": TEXT, "recall": MAYBE, "precision": MAYBE},
        "pictures": {"example": COUNT, "score": MAYBE},
    },
    console={"AP50": "ap50", "AP": "ap", "recall": "recall", "precision": "precision", "boxes": "support"},
    page=Late("headstart.tasks.detection.report:PAGE"),
)
