"""What the report of a segmenter contains."""

from headstart.report import COUNT, MAYBE, TEXT, ReportKind
from headstart.task_spec import Late

MASKS = ReportKind(
    main_metric="mean_iou",
    metrics=("mean_iou", "pixel_accuracy"),
    baseline="predicting the most common class for every pixel",
    per_class={
        "class": TEXT,
        "support": COUNT,
        **dict.fromkeys(("precision", "recall", "iou", "iou_low", "iou_high", "dice", "boundary_f", "pixels"), MAYBE),
    },
    tables={
        "mixups": {"true": TEXT, "predicted": TEXT, "pixels": COUNT, "share": MAYBE},
        "pictures": {"example": COUNT, "score": MAYBE},
    },
    console={
        "IoU": "iou",
        "Dice": "dice",
        "recall": "recall",
        "precision": "precision",
        "boundary F": "boundary_f",
        "images": "support",
    },
    page=Late("headstart.tasks.segmentation.report:PAGE"),
)
