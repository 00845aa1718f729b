"""Values of the page for semantic segmentation."""

import pandas as pd
from matplotlib.colors import to_hex

from headstart.evaluation.classification_sections import ConfusionRow, confusion_figure, confusion_rows
from headstart.evaluation.content import ReportContent
from headstart.evaluation.plots import MOST_CLASSES_WITH_NUMBERS
from headstart.evaluation.report import Report
from headstart.evaluation.sections import BarRow, BarTable, Scale, decimals, example_card, share, table_of
from headstart.evaluation.theme import class_colours


def segmentation_values(content: ReportContent) -> dict[str, object]:
    """Everything that `segmentation.html.j2` names beside what all kinds have."""
    report = content.report
    small = len(report.class_names) <= MOST_CLASSES_WITH_NUMBERS
    colours = class_colours(len(report.class_names)) / 255
    return {
        "class_table": _class_table(report),
        "confusion_rows": _confusion_rows(report) if small else [],
        "confusion": None if small else confusion_figure(report),
        "mixups": table_of(_mixups(report.tables["mixups"])),
        "legend": [(name, to_hex(colour)) for name, colour in zip(report.class_names, colours, strict=True)],
        "examples": [example_card(example) for example in content.examples],
    }


def _mixups(mixups: pd.DataFrame) -> pd.DataFrame:
    if mixups.empty:
        return mixups
    percent = (100 * mixups["share"]).round(1)
    return mixups.drop(columns="share").assign(**{"% of its class": percent})


def _class_table(report: Report) -> BarTable:
    rows = tuple(
        BarRow(
            name=str(row["class"]),
            scale=Scale.of(value=row["iou"], low=row["iou_low"], high=row["iou_high"]),
            cells=(
                *(decimals(row[name]) for name in ("iou", "dice")),
                *(share(row[name]) for name in ("recall", "precision")),
                decimals(row["boundary_f"]),
                _share_of_pixels(row["pixels"]),
                f"{int(row['support']):,}",
            ),
        )
        for row in report.per_class.to_dict("records")
    )
    return BarTable(("class", "IoU", "Dice", "recall", "precision", "boundary F", "of all pixels", "images"), rows)


def _confusion_rows(report: Report) -> list[ConfusionRow]:
    """Rows of the confusion matrix with shares in place of counts, which have too many digits for a cell."""
    rows = confusion_rows(report)
    for row in rows:
        for cell in row["cells"]:
            cell["words"] = f"{cell['share']:.0f}" if cell["share"] >= 0.5 else ""
    return rows


def _share_of_pixels(value: float) -> str:
    return f"{100 * value:.2g}\u00a0%" if 0 < value < 0.1 else share(value)
