"""Pictures beside what is true and what was answered, at a size at which names and lines can be read."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from headstart.evaluation.content import AnnotatedPicture
from headstart.evaluation.detection_matching import BoxAnswers
from headstart.evaluation.drawing import draw_boxes, draw_mask
from headstart.evaluation.numbers_in_words import measured
from headstart.evaluation.report import Report

SHOWN_SIDE = 480  # pixels


def worst_examples(report: Report, *, limit: int = 12) -> list[int]:
    """Which of the scored pictures to look at: the lowest scores first, equal ones as they stood.

    Args:
        report: of detection, segmentation or regression.
        limit: how many at most.

    Returns:
        Places in the predictions that were scored.
    """
    table = report.tables["pictures"].dropna(subset=["score"])
    return table.sort_values("score", kind="stable")["example"].head(limit).astype(int).tolist()


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
    """A picture with its true boxes, dashed, and one with the answered boxes, their classes and scores.

    Args:
        picture: `(h, w, 3)` RGB 0-255.
        true: `(n, 5)` xyxy in its pixels, class index.
        answer: in the same pixels.
        class_names: `k` names.
        score_threshold: answers below it are not drawn.
        ignored: `(m, 6)` objects that are not scored, as in `match_boxes`; drawn dashed, with a word.
        name: such as its file name.
    """
    shown = _shown(picture)
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


def segmentation_example(
    picture: np.ndarray, true: np.ndarray, predicted: np.ndarray, class_names: Sequence[str], *, name: str = ""
) -> AnnotatedPicture:
    """A picture, and the same under its true and under its answered mask.

    Args:
        picture: `(h, w, 3)` RGB 0-255.
        true: `(h, w)` class indices; 255 is not scored.
        predicted: `(h, w)` class indices.
        class_names: `k` names.
        name: such as its file name.
    """
    shown = _shown(picture)
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


def regression_example(
    picture: np.ndarray, true: np.ndarray, predicted: np.ndarray, names: Sequence[str], *, name: str = ""
) -> AnnotatedPicture:
    """A picture with its true and its answered numbers in words.

    Args:
        picture: `(h, w, 3)` RGB 0-255.
        true: `(m,)`.
        predicted: `(m,)`.
        names: `m` names.
        name: such as its file name.
    """
    words = [
        f"{output} {measured(value)}, answered {measured(answer)}"
        for output, value, answer in zip(names, np.ravel(true).tolist(), np.ravel(predicted).tolist(), strict=True)
    ]
    return AnnotatedPicture(_shown(picture), None, None, name=name, caption="; ".join(words))


def _boxes(count: int) -> str:
    return f"{count} box" if count == 1 else f"{count} boxes"


def _shown(picture: np.ndarray) -> np.ndarray:
    image = Image.fromarray(np.clip(np.asarray(picture), 0, 255).astype(np.uint8))
    scale = SHOWN_SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return np.asarray(
        image.resize((width, height), Image.Resampling.BILINEAR if scale > 1 else Image.Resampling.LANCZOS)
    )


def _nearest(mask: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    image = Image.fromarray(np.asarray(mask).astype(np.uint8))
    return np.asarray(image.resize((size[1], size[0]), Image.Resampling.NEAREST))
