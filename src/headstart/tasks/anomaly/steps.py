"""The steps of a run that are specific to anomaly detection."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Literal

import keras
import numpy as np
from pydantic import Field, model_validator

from headstart.backbones import model_above
from headstart.data import Dataset, ImageSource, SideBySide, decode_image, read_defect_mask, resize_mask
from headstart.files import Number, Schema, write_json
from headstart.heads import Task, task_as
from headstart.progress import Progress
from headstart.recipe import Recipe
from headstart.run import (
    FORMAT_VERSION,
    Evaluated,
    LearningParts,
    PageContent,
    Run,
    TaskSteps,
    picture_outputs,
    predictor_of,
    read_json,
    validation_outputs,
    worst_rows,
)
from headstart.tasks.anomaly.conformal import GoodScores, require_promise
from headstart.tasks.anomaly.detector import PATCHCORE, AnomalyDetector
from headstart.tasks.anomaly.memory import choose_memory, stage_scale
from headstart.tasks.anomaly.metrics import evaluate_anomalies
from headstart.tasks.anomaly.places import PlaceScores
from headstart.tasks.anomaly.predictor import ImageScore
from headstart.tasks.anomaly.report import anomaly_example
from headstart.training import TrainingExamples

BATCH_SIZE = 8  # the distances of all places from all members of the memory are in memory


class GoodScoresFile(Schema):
    """promises.json of a detector of anomalies: the score of each validation image."""

    format_version: Literal[1] = 1
    scores: Annotated[list[Annotated[Number, Field(ge=0)]], Field(min_length=1, max_length=10_000_000)]

    @model_validator(mode="after")
    def _is_ascending(self) -> "GoodScoresFile":
        if any(low > high for low, high in pairwise(self.scores)):
            raise ValueError("should be in ascending order")
        return self


def suit(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The recipe as it is, if the good images can be enough for the rate of false alarms that it promises."""
    if recipe.head.false_alarms is not None:
        split = dataset.frame["split"][dataset.is_good()]
        given, open_or_train = int((split == "validation").sum()), int(split.isin(["", "train"]).sum())
        training, validation, test = recipe.resolved(dataset.task).data.fractions
        share = validation / (training + validation + (0 if (split == "test").any() else test))
        require_promise(recipe.head.false_alarms, given or round(share * open_or_train) + 1)
    return recipe


def outputs(_: Task) -> str:
    """The output of the new layers, in words."""
    return "the distance of every place from good places"


def fill_memory(run: Run, task: Task, examples: TrainingExamples, progress: Progress) -> None:
    """Gives the head the scale of its features and its memory of good places."""
    detector = task_as(task, AnomalyDetector)
    num_good = len(examples.validation_source)
    if run.recipe.head.false_alarms is not None:
        require_promise(run.recipe.head.false_alarms, num_good)
    joined = detector.joined
    model = model_above(joined, examples.cuts) if examples.cuts else joined

    def batches() -> Iterator[np.ndarray]:
        return _feature_batches(model, examples)

    channels = [detector.model.get_layer(name).output.shape[-1] for name in detector.tap_layers]
    scale = stage_scale(batches, channels)
    num_members = detector.model.get_layer("head_memory").units
    num_places = detector.num_places * len(examples.source) * examples.source.num_views
    progress.start("choosing the memory", num_members)
    memory = choose_memory(
        batches, scale, num_members, num_places=num_places, seed=run.recipe.seed, progress=progress.advance
    )
    detector.remember(scale, memory)
    progress.finish()
    progress.say(f"memory: {len(memory):,} of {num_places:,} places of {len(examples.source)} good images")


def _feature_batches(model: keras.Model, examples: TrainingExamples) -> Iterator[np.ndarray]:
    """Features of every view of every training image, in their order."""
    source = examples.source
    for view in range(source.num_views):
        for first in range(0, len(source), BATCH_SIZE):
            rows = np.arange(first, min(first + BATCH_SIZE, len(source)))
            batch = source.load_batch(rows, np.full(len(rows), view))
            inputs = list(batch) if isinstance(source, SideBySide) else batch
            # Without a graph: a few layers take less time than their tracing.
            yield keras.ops.convert_to_numpy(model(inputs, training=False))


def measure_good_scores(run: Run, task: Task, parts: LearningParts | None, progress: Progress) -> None:
    """Write the scores of the validation images, from which p-values follow."""
    progress.start("measuring the scores of good images", 1)
    started = time.perf_counter()
    scores = np.concatenate([_scores(maps) for maps in _validation_maps(run, task, parts)])
    seconds = (time.perf_counter() - started) / len(scores)
    good = GoodScores.from_scores(scores)
    write_json(run.promises_path, {"format_version": FORMAT_VERSION, "scores": good.scores.tolist()})
    progress.finish()
    rate = good.rate(run.recipe.head.false_alarms)
    progress.say(
        f"{len(scores)} good validation images promise at most {100 * rate:.3g} % false alarms; "
        f"{seconds:.2g} s per image for the comparison with the memory"
    )


def _validation_maps(run: Run, task: Task, parts: LearningParts | None) -> Iterator[np.ndarray]:
    return validation_outputs(run, task, parts, batch_size=BATCH_SIZE)


def _scores(maps: np.ndarray) -> np.ndarray:
    return np.asarray(maps.max(axis=(1, 2, 3)), np.float64)


def good_scores_of(run: Run) -> GoodScores:
    """The scores of the validation images of a run."""
    return GoodScores(np.array(read_json(run.promises_path, GoodScoresFile)["scores"], np.float64))


def evaluate_pictures(run: Run, dataset: Dataset, progress: Progress) -> Evaluated:
    """The report on good and defective images, and the score of each of them."""
    detector = run.task_as(AnomalyDetector)
    maps = np.concatenate(list(picture_outputs(detector, dataset, progress, batch_size=BATCH_SIZE)))[..., 0]
    scores = maps.max(axis=(1, 2)).astype(np.float64)
    good = good_scores_of(run)
    rate = good.rate(run.recipe.head.false_alarms)
    report = evaluate_anomalies(
        scores,
        dataset.frame["target"].tolist(),
        calibration=good,
        rate=rate,
        places=PlaceScores.counted(maps, _masks(dataset, detector)) if detector.num_places > 1 else None,
        seed=run.recipe.seed,
    )
    columns = {"score": scores, "p_value": good.p_values(scores), "is_defect": good.is_defect(scores, rate)}
    return Evaluated(report, dataset.frame[["path", "target"]].assign(**columns))


def _masks(dataset: Dataset, detector: AnomalyDetector) -> Iterator[np.ndarray | None]:
    """Which pixels of each image are defective, in the model's size: none of a good image."""
    sizes = zip(dataset.frame["height"], dataset.frame["width"], strict=True)
    for path, is_good, size in zip(dataset.defect_masks(), dataset.is_good(), sizes, strict=True):
        if path is None and not is_good:
            yield None
            continue
        mask = np.zeros(size, np.uint8) if path is None else read_defect_mask(path).astype(np.uint8)
        yield resize_mask(mask, detector.image_size, detector.resize_mode)


def report_content(run: Run) -> PageContent:
    """Images for the report: the worst misses and false alarms with their heat maps."""
    test, predictor = run.dataset.part("test"), predictor_of(run)
    shown = replace(test, frame=test.frame.iloc[worst_rows(run)].reset_index(drop=True))
    source = ImageSource(shown.paths(), image_size=predictor.image_size, resize_mode=predictor.resize_mode)
    rows = zip(shown.paths(), shown.frame["target"], shown.defect_masks(), strict=True)
    examples = []
    for row, (path, sort, mask) in enumerate(rows):
        picture = decode_image(path)
        (score,) = predictor.answers(source.load(row)[None], [picture.shape[:2]])
        assert isinstance(score, ImageScore)  # that of the task
        examples.append(anomaly_example(picture, score, sort=sort, mask=mask, name=path.name))
    return {"mistakes": (), "examples": examples}


def head_facts(run: Run) -> Mapping[str, object]:
    """Facts about the new layers for the report."""
    detector = run.task_as(AnomalyDetector)
    method = run.recipe.head.method or PATCHCORE
    what = "places" if detector.num_places > 1 else "images as a whole"
    return {
        "layers": f"{what} compared with a memory of good {what.split(maxsplit=1)[0]} ({method})",
        "features": " and ".join(detector.tap_layers),
        "members of the memory": f"{len(detector.memory):,}",
        "epochs": "none: the memory is chosen, not trained",
    }


STEPS = TaskSteps(
    outputs=outputs,
    calibrate=measure_good_scores,
    evaluate=evaluate_pictures,
    report_content=report_content,
    head_facts=head_facts,
    fit=fill_memory,
    suit=suit,
)
