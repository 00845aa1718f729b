"""The steps of a run that are specific to object detection."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from headstart.data import Dataset, decode_image
from headstart.files import Name, Schema, Share, UnusableFileError, check, parse_json, shown, write_json
from headstart.heads import Task, task_as
from headstart.progress import Progress
from headstart.run import (
    FORMAT_VERSION,
    Evaluated,
    LearningParts,
    PageContent,
    Run,
    TaskSteps,
    damaged_predictions,
    num_collages,
    picture_outputs,
    prediction_rows,
    read_json,
    validation_outputs,
    worst_rows,
)
from headstart.tasks.detection.box_choices import suit_boxes
from headstart.tasks.detection.detections import Detections, boxes_in_picture
from headstart.tasks.detection.detector import ObjectDetector
from headstart.tasks.detection.metrics import best_score_threshold, evaluate_detection
from headstart.tasks.detection.report import detection_example

KEPT_SCORE = 0.01  # boxes below it change no metric that anyone reads


class BoxPromises(Schema):
    """promises.json of a detector."""

    format_version: Literal[1] = 1
    score_threshold: Share


class FoundBox(Schema):
    """One box of a detector's predictions.csv."""

    name: Name
    score: Share
    sides: Annotated[list[Annotated[float, Field(ge=-1e7, le=1e7)]], Field(min_length=4, max_length=4)]  # pixels


def outputs(task: Task) -> str:
    """The output of the new layers, in words."""
    count = len(task.class_names)
    return f"boxes of {count} classes" if count > 1 else f"boxes of one class, {task.class_names[0]}"


def choose_threshold(run: Run, task: Task, parts: LearningParts | None, progress: Progress) -> None:
    """Write the score threshold of boxes that is best on the validation part."""
    validation = run.dataset.part("validation")
    progress.start("choosing the score threshold", 1)
    detector = task_as(task, ObjectDetector)
    detections = list(_in_pictures(detector, validation, validation_outputs(run, task, parts)))
    threshold = best_score_threshold(detections, validation.boxes(), validation.ignored_boxes())
    write_json(run.promises_path, {"format_version": FORMAT_VERSION, "score_threshold": threshold})
    progress.finish()


def score_threshold(run: Run) -> float:
    """The lowest score of a box that is returned."""
    return float(read_json(run.promises_path, BoxPromises)["score_threshold"])


def evaluate_pictures(run: Run, dataset: Dataset, progress: Progress) -> Evaluated:
    """The report on annotated images, and the predicted boxes of each image."""
    task = run.task_as(ObjectDetector)
    detections = list(_in_pictures(task, dataset, picture_outputs(task, dataset, progress)))
    report = evaluate_detection(
        detections,
        _own_numbers(task, dataset, dataset.boxes()),
        task.class_names,
        ignored=_own_numbers(task, dataset, dataset.ignored_boxes()),
        score_threshold=score_threshold(run),
        seed=run.recipe.seed,
    )
    found = [json.dumps(found_boxes(task.class_names, one)) for one in detections]
    return Evaluated(report, dataset.frame[["path", "target"]].assign(prediction=found))


def found_boxes(class_names: Sequence[str], detections: Detections) -> list[list[str | float]]:
    """Boxes as values for JSON: class name, score, and the corners in pixels of the image."""
    rows = zip(detections.classes, detections.scores, detections.boxes, strict=True)
    return [
        [class_names[number], round(float(score), 4), *(round(float(side), 1) for side in box)]
        for number, score, box in rows
        if score >= KEPT_SCORE
    ]


def report_content(run: Run) -> PageContent:
    """Images for the report of a detector: the worst ones with true and predicted boxes."""
    test, threshold = run.dataset.part("test"), score_threshold(run)
    task = run.task_as(ObjectDetector)
    found, names, paths = _FoundBoxes(run), task.class_names, test.paths()
    true = _own_numbers(task, test, test.boxes())
    ignored = _own_numbers(task, test, test.ignored_boxes())
    pictures = [
        detection_example(
            decode_image(paths[index]),
            true[index],
            found.detections(index),
            names,
            score_threshold=threshold,
            ignored=ignored[index],
            name=paths[index].name,
        )
        for index in worst_rows(run)
    ]
    return {"mistakes": (), "examples": pictures}


class _FoundBoxes:
    """The boxes that predictions.csv holds for images of the test part.

    Args:
        run: of a detector.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._cells = prediction_rows(run, ["prediction"])["prediction"]

    def detections(self, row: int) -> Detections:
        """Detections from the plain values of `found_boxes`.

        Raises:
            RunDamagedError: the cell holds something else.
        """
        names = self._run.task.class_names
        try:
            found = parse_json(self._cells[row].encode())
            rows = [check(_plain_box(box), FoundBox) for box in found] if isinstance(found, list) else None
            if rows is None or any(each.name not in names for each in rows):
                raise UnusableFileError(f"boxes of the classes {shown(names)}", shown(found))
        except UnusableFileError as error:
            raise damaged_predictions(self._run, error) from error
        return Detections(
            np.array([each.sides for each in rows], float).reshape(-1, 4),
            np.array([each.score for each in rows], float),
            np.array([names.index(each.name) for each in rows], int),
        )


def _plain_box(box: object) -> dict[str, object]:
    return {"name": box[0], "score": box[1], "sides": box[2:]} if isinstance(box, list) and len(box) == 6 else {}


def head_facts(run: Run) -> Mapping[str, object]:
    """Facts about the new layers for the report."""
    return {
        "layers": "a feature pyramid over stages of the network and an anchor-free dense head",
        "reads": ", ".join(run.task.tap_layers),
        "classes": len(run.task.class_names),
        "collages among the training images": num_collages(run.recipe, len(run.dataset.part("train"))),
    }


def _in_pictures(task: ObjectDetector, dataset: Dataset, batches: Iterator[np.ndarray]) -> Iterator[Detections]:
    """Detections in pixels of the stored images."""
    sizes = zip(dataset.frame["height"], dataset.frame["width"], strict=True)
    for batch in batches:
        for found, size in zip(task.decode(batch), sizes, strict=False):
            yield boxes_in_picture(found, size, task.image_size, task.resize_mode)


def _own_numbers(task: ObjectDetector, dataset: Dataset, boxes: list[np.ndarray]) -> list[np.ndarray]:
    """The data's boxes with the numbers that the model has for their classes."""
    number_of = np.array([task.class_names.index(name) for name in dataset.class_names], float)
    return [np.column_stack([own[:, :4], number_of[own[:, 4].astype(int)], own[:, 5:]]) for own in boxes]


STEPS = TaskSteps(
    outputs=outputs,
    calibrate=choose_threshold,
    evaluate=evaluate_pictures,
    report_content=report_content,
    head_facts=head_facts,
    suit=suit_boxes,
)
