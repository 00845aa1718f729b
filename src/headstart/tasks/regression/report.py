"""Values of the page for regression."""

import math
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd
from markupsafe import Markup

from headstart.report import (
    AnnotatedPicture,
    BarRow,
    BarTable,
    Report,
    ReportContent,
    ReportPage,
    Scale,
    baseline_limit,
    capitalized,
    decimals,
    doubtless_limit,
    example_card,
    formatted,
    inline_svg,
    listed,
    measured,
    percent,
    shown_picture,
    with_interval_of,
)
from headstart.tasks.regression.plots import answer_scatter, residual_plot
from headstart.tasks.regression.report_kinds import NUMBERS


def regression_values(content: ReportContent) -> dict[str, object]:
    """Everything that `regression.html.j2` names beside what all kinds have."""
    report = content.report
    points = len(report.tables["answers"]) // len(report.class_names)
    return {
        "class_table": _output_table(report),
        "scatter": [_figures(report, name) for name in report.class_names],
        "points_shown": points,
        "points_left_out": report.num_examples - points,
        "examples": [example_card(example) for example in content.examples],
    }


def _output_table(report: Report) -> BarTable:
    rows = tuple(
        BarRow(
            name=str(row["output"]),
            scale=Scale.of(
                end=1.08 * max(row["baseline"], row["error_high"], 1e-9),
                value=row["mean_absolute_error"],
                low=row["error_low"],
                high=row["error_high"],
                baseline=row["baseline"],
            ),
            cells=(
                *(measured(row[name]) for name in ("mean_absolute_error", "median_absolute_error")),
                measured(row["root_mean_squared_error"]),
                decimals(row["r2"]),
                measured(row["mean_error"]).replace("-", "−"),
            ),
        )
        for row in report.per_class.to_dict("records")
    )
    return BarTable(("number", "mean error", "median error", "RMSE", "R²", "bias"), rows)


def _figures(report: Report, name: str) -> tuple[Markup, Markup]:
    own = report.tables["answers"].query("output == @name")
    half_width = float("nan")
    if "intervals" in report.tables:
        half_width = float(report.tables["intervals"].query("output == @name")["half_width"].iloc[0])
    return (
        inline_svg(answer_scatter(own), description=f"Predictions over true values of {name}"),
        inline_svg(residual_plot(own, half_width=half_width), description=f"Errors of the predictions of {name}"),
    )


def regression_example(
    picture: np.ndarray, true: np.ndarray, predicted: np.ndarray, names: Sequence[str], *, name: str = ""
) -> AnnotatedPicture:
    """An image with its true and its predicted numbers in words.

    Args:
        picture: `(h, w, 3)` RGB 0-255.
        true: `(m,)`.
        predicted: `(m,)`.
        names: `m` names.
        name: such as its file name.
    """
    words = [
        f"{output} {measured(value)}, predicted {measured(answer)}"
        for output, value, answer in zip(names, np.ravel(true).tolist(), np.ravel(predicted).tolist(), strict=True)
    ]
    return AnnotatedPicture(shown_picture(picture), None, None, name=name, caption="; ".join(words))


def _headline(report: Report) -> str:
    names = report.class_names
    what = names[0] if len(names) == 1 else f"{len(names)} numbers"
    baseline = formatted(report.main_metric, report.main_metric.baseline)
    return (
        f"Predicts {what}. The average error on new images is {with_interval_of(report)}. "
        f"{capitalized(NUMBERS.baseline)} would give an error of {baseline}."
    )


def _limits(report: Report) -> tuple[str, ...]:
    return (doubtless_limit(report), baseline_limit(report, NUMBERS.baseline), *_output_limits(report))


def _output_limits(report: Report) -> tuple[str, ...]:
    table = report.per_class
    useless = table.loc[table["r2"] <= 0, "output"].tolist() if len(table) > 1 else []
    intervals = report.tables.get("intervals", pd.DataFrame()).to_dict("records")
    return (
        f"Not better than {NUMBERS.baseline}: {listed(useless)}." if useless else "",
        *(_interval_limit(str(row["output"]), row) for row in intervals),
    )


def _interval_limit(output: str, row: Mapping[Hashable, float]) -> str:
    if math.isnan(row["half_width"]):
        return f"There are too few validation images for an interval of {output}."
    if math.isnan(row["promised"]) or row["covered_high"] >= row["promised"]:
        return ""
    return (
        f"The intervals of {output} contain the true value for {percent(row['covered'])} of the test images; "
        f"{percent(row['promised'])} was promised."
    )


def _promises(report: Report) -> dict[str, str]:
    if "intervals" not in report.tables:
        return {}
    rows = report.tables["intervals"].to_dict("records")
    return {f"interval of {row['output']}": _interval_fact(row) for row in rows}


def _interval_fact(row: Mapping[Hashable, float]) -> str:
    if math.isnan(row["half_width"]):
        return "none: too few validation images for an interval"
    held = f"{percent(row['covered'])} ({100 * row['covered_low']:.1f}–{100 * row['covered_high']:.1f})"
    if math.isnan(row["promised"]):
        return f"± {measured(row['half_width'])}; contains the true value for {held} of the test images"
    return (
        f"± {measured(row['half_width'])}; contains the true value with a promised probability of "
        f"{percent(row['promised'])}; measured {held}"
    )


PAGE = ReportPage(
    added="A new head, the last layers of the model, predicts the numbers.",
    headline=_headline,
    limits=_limits,
    promises=_promises,
    template="regression.html.j2",
    values=regression_values,
)
