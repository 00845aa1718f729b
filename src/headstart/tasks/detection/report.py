"""Values of the page for object detection."""

import math
from collections.abc import Sequence

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
    class_limits,
    counted_classes,
    decimals,
    doubtless_limit,
    draw_boxes,
    example_card,
    inline_svg,
    of_hundred,
    share,
    shown_picture,
    table_of,
    with_interval_of,
)
from headstart.tasks.detection.matching import BoxAnswers
from headstart.tasks.detection.precision_recall_plot import precision_recall_curves
from headstart.tasks.detection.report_kinds import BOXES

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


def detection_example(
    picture: np.ndarray,
    true: np.ndarray,
    answer: BoxAnswers,
    class_names: Sequence[str],
    *,
    score_threshold: float,
    ignored: np.ndarray | None = None,
    name: str = "",
) -> AnnotatedPicture:
    """An image with its true boxes, dashed, and one with the predicted boxes, their classes and scores.

    Args:
        picture: `(h, w, 3)` RGB 0-255.
        true: `(n, 5)` xyxy in its pixels, class index.
        answer: in the same pixels.
        class_names: `k` names.
        score_threshold: predictions below it are not drawn.
        ignored: `(m, 6)` objects that are not scored, as in `match_boxes`; drawn dashed, with a word.
        name: such as its file name.
    """
    shown = shown_picture(picture)
    scale = np.tile([shown.shape[1] / picture.shape[1], shown.shape[0] / picture.shape[0]], 2)
    order = np.argsort(-np.asarray(answer.scores), kind="stable")
    order = order[np.asarray(answer.scores)[order] >= score_threshold]
    boxes, classes = np.reshape(answer.boxes, (-1, 4))[order], np.asarray(answer.classes, int)[order]
    true = np.reshape(true, (-1, 5))
    passed_over = np.zeros((0, 6)) if ignored is None else ignored
    marked = np.concatenate([true[:, :4], passed_over[:, :4]])
    true_names = [class_names[int(index)] for index in true[:, 4]]
    true_names += [f"{class_names[int(index)]} (ignored)" for index in passed_over[:, 4]]
    answered_names = [class_names[index] for index in classes]
    return AnnotatedPicture(
        picture=shown,
        true=draw_boxes(shown, marked * scale, true_names, dashed=True),
        predicted=draw_boxes(shown, boxes * scale, answered_names, np.asarray(answer.scores)[order], classes=classes),
        name=name,
        caption=f"{_boxes(len(true))} true, {len(order)} answered",
    )


def _boxes(count: int) -> str:
    return f"{count} box" if count == 1 else f"{count} boxes"


def _headline(report: Report) -> str:
    point = report.tables["operating_point"].iloc[0]
    number = len(report.class_names)
    if math.isnan(point["recall"]):
        return f"Detects objects of {counted_classes(number)}. The test images show no such object."
    correct = (
        ""
        if math.isnan(point["precision"])
        else f" {of_hundred(point['precision'])} of 100 predicted boxes are correct."
    )
    return (
        f"Detects objects of {counted_classes(number)}. {of_hundred(point['recall'])} of 100 objects in new images "
        "are found."
        f"{correct} mAP50 is {with_interval_of(report)}."
    )


def _limits(report: Report) -> tuple[str, ...]:
    return (
        doubtless_limit(report),
        baseline_limit(report, BOXES.baseline),
        *class_limits(report, counted="test boxes"),
    )


PAGE = ReportPage(
    added="A new head, the last layers of the model, predicts boxes of the classes.",
    headline=_headline,
    limits=_limits,
    template="detection.html.j2",
    values=detection_values,
)
