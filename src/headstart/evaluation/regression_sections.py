"""Values of the page for regression."""

from markupsafe import Markup

from headstart.evaluation.content import ReportContent
from headstart.evaluation.embedding import inline_svg
from headstart.evaluation.numbers_in_words import measured
from headstart.evaluation.regression_plots import answer_scatter, residual_plot
from headstart.evaluation.report import Report
from headstart.evaluation.sections import BarRow, BarTable, Scale, decimals, example_card


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
