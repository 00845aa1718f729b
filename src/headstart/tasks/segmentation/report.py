"""Values of the page for semantic segmentation."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex
from PIL import Image

from headstart.report import (
    MOST_CLASSES_WITH_NUMBERS,
    AnnotatedPicture,
    BarRow,
    BarTable,
    ConfusionRow,
    Report,
    ReportContent,
    ReportPage,
    Scale,
    baseline_limit,
    capitalized,
    class_colours,
    class_limits,
    confusion_figure,
    confusion_rows,
    counted_classes,
    decimals,
    doubtless_limit,
    draw_mask,
    example_card,
    formatted,
    of_hundred,
    share,
    shown_picture,
    table_of,
    with_interval_of,
)
from headstart.tasks.segmentation.report_kinds import MASKS


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


def segmentation_example(
    picture: np.ndarray, true: np.ndarray, predicted: np.ndarray, class_names: Sequence[str], *, name: str = ""
) -> AnnotatedPicture:
    """An image, and the same under its true and under its predicted mask.

    Args:
        picture: `(h, w, 3)` RGB 0-255.
        true: `(h, w)` class indices; 255 is not scored.
        predicted: `(h, w)` class indices.
        class_names: `k` names.
        name: such as its file name.
    """
    shown = shown_picture(picture)
    truth, answer = (_nearest(mask, shown.shape[:2]) for mask in (true, predicted))
    scored = np.asarray(true) < len(class_names)
    right = (np.asarray(true) == np.asarray(predicted))[scored]
    return AnnotatedPicture(
        picture=shown,
        true=draw_mask(shown, truth, len(class_names)),
        predicted=draw_mask(shown, answer, len(class_names)),
        name=name,
        caption=f"{100 * right.mean():.0f} % of its pixels right" if right.size else "no pixel scored",
    )


def _nearest(mask: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    image = Image.fromarray(np.asarray(mask).astype(np.uint8))
    return np.asarray(image.resize((size[1], size[0]), Image.Resampling.NEAREST))


def _headline(report: Report) -> str:
    right = of_hundred(report.metrics["pixel_accuracy"].value)
    baseline = formatted(report.main_metric, report.main_metric.baseline)
    return (
        f"Assigns one of {counted_classes(len(report.class_names))} to every pixel. {right} of 100 pixels of new "
        f"images are classified correctly. The mean IoU, the overlap of predicted and true areas, is "
        f"{with_interval_of(report)}; 1 is perfect. {capitalized(MASKS.baseline)} would give {baseline}."
    )


def _limits(report: Report) -> tuple[str, ...]:
    return (doubtless_limit(report), baseline_limit(report, MASKS.baseline), *class_limits(report))


PAGE = ReportPage(
    added="A new head, the last layers of the model, predicts one of the classes for every pixel.",
    headline=_headline,
    limits=_limits,
    template="segmentation.html.j2",
    values=segmentation_values,
)
