"""The steps of a run that are specific to semantic segmentation."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from headstart.data import Dataset, decode_image, read_mask
from headstart.heads import Task
from headstart.progress import SILENT, Progress
from headstart.run import Evaluated, LearningParts, PageContent, Run, TaskSteps, picture_outputs, worst_rows
from headstart.tasks.segmentation.metrics import evaluate_segmentation
from headstart.tasks.segmentation.predictor import mask_in_picture
from headstart.tasks.segmentation.report import segmentation_example
from headstart.tasks.segmentation.segmenter import Segmenter

BATCH_SIZE = 4
MASKS_COUNTED = 200


def outputs(task: Task) -> str:
    """The output of the new layers, in words."""
    return f"one of {len(task.class_names)} classes per pixel"


def choose_nothing(run: Run, task: Task, parts: LearningParts | None, progress: Progress) -> None:
    """Nothing to calibrate: every pixel gets its most probable class."""


def evaluate_pictures(run: Run, dataset: Dataset, progress: Progress) -> Evaluated:
    """The report on images with masks, and the score of each image."""
    task = run.task_as(Segmenter)
    report = evaluate_segmentation(
        masks_of(task, dataset, progress),
        _own_masks(task, dataset),
        task.class_names,
        baseline_counts=_pixel_counts(task, run.dataset.part("train")),
        seed=run.recipe.seed,
    )
    rows = report.tables["pictures"].set_index("example").sort_index()
    return Evaluated(report, pd.concat([dataset.frame[["path", "target"]], rows], axis=1))


def masks_of(task: Segmenter, dataset: Dataset, progress: Progress) -> Iterator[np.ndarray]:
    """The most probable class of every pixel, `(height, width)` uint8 in the size of each image."""
    sizes = zip(dataset.frame["height"], dataset.frame["width"], strict=True)
    for batch in picture_outputs(task, dataset, progress, batch_size=BATCH_SIZE):
        for mask, size in zip(task.decode(batch), sizes, strict=False):
            yield mask_in_picture(mask, size, task.image_size, task.resize_mode)


def report_content(run: Run) -> PageContent:
    """Images for the report of a segmenter: the worst ones with true and predicted masks."""
    task, test = run.task_as(Segmenter), run.dataset.part("test")
    chosen = replace(test, frame=test.frame.iloc[worst_rows(run)].reset_index(drop=True))
    answers = zip(chosen.paths(), _own_masks(task, chosen), masks_of(task, chosen, SILENT), strict=True)
    pictures = [
        segmentation_example(decode_image(path), true, predicted, task.class_names, name=path.name)
        for path, true, predicted in answers
    ]
    return {"mistakes": (), "examples": pictures}


def head_facts(run: Run) -> Mapping[str, object]:
    """Facts about the new layers for the report."""
    return {
        "layers": "a decoder that joins stages of the network from the coarsest to the finest",
        "reads": ", ".join(run.task.tap_layers),
        "classes": len(run.task.class_names),
    }


def _own_masks(task: Segmenter, dataset: Dataset) -> Iterator[np.ndarray]:
    """The data's masks with the numbers that the model has for their classes."""
    numbers = np.arange(256, dtype=np.uint8)
    numbers[: len(dataset.class_names)] = [task.class_names.index(name) for name in dataset.class_names]
    return (numbers[read_mask(dataset, index)] for index in range(len(dataset)))


def _pixel_counts(task: Segmenter, training: Dataset) -> np.ndarray:
    """How many pixels of each class the first training masks show: enough to know the commonest."""
    first = replace(training, frame=training.frame.head(MASKS_COUNTED))
    counts = [np.bincount(mask.ravel(), minlength=256) for mask in _own_masks(task, first)]
    chosen: np.ndarray = np.sum(counts, axis=0)[: len(task.class_names)]
    return chosen


STEPS = TaskSteps(
    outputs=outputs,
    calibrate=choose_nothing,
    evaluate=evaluate_pictures,
    report_content=report_content,
    head_facts=head_facts,
)
