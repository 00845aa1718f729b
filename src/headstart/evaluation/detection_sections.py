"""Values of the page for object detection."""

import pandas as pd
from markupsafe import Markup

from headstart.evaluation.content import ReportContent
from headstart.evaluation.embedding import inline_svg
from headstart.evaluation.precision_recall_plot import precision_recall_curves
from headstart.evaluation.report import Report
from headstart.evaluation.sections import BarRow, BarTable, Scale, decimals, example_card, share, table_of

MOST_CURVES = 12  # small panels that fit on a page


def detection_values(content: ReportContent) -> dict[str, object]:
    """Everything that `detection.html.j2` names beside what all kinds have."""
    report = content.report
    point = report.tables["operating_point"].iloc[0]
    shown = report.per_class[report.per_class["support"] > 0]
    chosen = shown.sort_values("support", ascending=False, kind="stable")["class"].head(MOST_CURVES).tolist()
    mixups = report.tables["mixups"].rename(columns={"count": "boxes"})
    return {
        "class_table": _class_table(report),
        "score_threshold": f"{point['score_threshold']:.2f}",
        "operating_point": {
            "recall (true boxes that are found)": f"{share(point['recall'])} of {int(point['boxes']):,}",
            "precision (predicted boxes that are correct)": f"{share(point['precision'])} of {int(point['answers']):,}",
        },
        "errors": table_of(_errors(report.tables["errors"])),
        "mixups": table_of(mixups),
        "curves_of_classes": [_curve(report.tables["precision_recall"], name) for name in chosen],
        "left_out_curves": len(shown) - len(chosen),
        "examples": [example_card(example, with_picture=False) for example in content.examples],
    }


def _class_table(report: Report) -> BarTable:
    rows = tuple(
        BarRow(
            name=str(row["class"]),
            scale=Scale.of(value=row["ap50"], low=row["ap50_low"], high=row["ap50_high"]),
            cells=(
                *(decimals(row[name]) for name in ("ap50", "ap")),
                *(share(row[name]) for name in ("recall", "precision")),
                f"{int(row['support']):,}",
            ),
        )
        for row in report.per_class.to_dict("records")
    )
    return BarTable(("class", "AP50", "AP", "recall", "precision", "boxes"), rows)


def _errors(errors: pd.DataFrame) -> pd.DataFrame:
    """The table of errors, the most frequent first."""
    return errors.sort_values("count", ascending=False, kind="stable").rename(columns={"kind": "error"})


def _curve(curves: pd.DataFrame, name: str) -> Markup:
    own = curves[curves["class"] == name]
    description = f"Precision over recall of {name}; the area below it is {own['precision'].mean():.3f}"
    return inline_svg(precision_recall_curves(own), description=description)
