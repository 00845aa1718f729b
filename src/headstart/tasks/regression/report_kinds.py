"""What the report of a regressor contains."""

from headstart.report import COUNT, MAYBE, NUMBER, TEXT, ReportKind
from headstart.task_spec import Late

_ERRORS = ("mean_absolute_error", "median_absolute_error", "root_mean_squared_error", "mean_error")

NUMBERS = ReportKind(
    main_metric="mean_absolute_error",
    metrics=("mean_absolute_error",),
    baseline="always predicting the mean of the training data",
    per_class={
        "output": TEXT,
        **dict.fromkeys((*_ERRORS, "error_low", "error_high", "baseline", "r2"), MAYBE),
    },
    tables={
        "answers": {"output": TEXT, "true": NUMBER, "predicted": NUMBER},
        "pictures": {"example": COUNT, "score": MAYBE},
    },
    optional_tables={
        "intervals": {
            "output": TEXT,
            **dict.fromkeys(("half_width", "promised", "covered", "covered_low", "covered_high"), MAYBE),
        },
    },
    output_tables=("answers", "intervals"),
    console={
        "mean error": "mean_absolute_error",
        "median error": "median_absolute_error",
        "RMSE": "root_mean_squared_error",
        "R2": "r2",
    },
    page=Late("headstart.tasks.regression.report:PAGE"),
)
