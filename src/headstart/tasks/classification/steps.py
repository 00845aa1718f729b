"""The steps of a run that are specific to classification."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from headstart.backbones import find_backbone
from headstart.data import Dataset, ImageSource, decode_image, evaluation_batches, resize_image
from headstart.files import UnusableFileError, write_json
from headstart.heads import Task, stages_read, task_as
from headstart.progress import Progress
from headstart.report import Mistake, Report, grad_cam, overlay
from headstart.run import (
    FORMAT_VERSION,
    Evaluated,
    PageContent,
    Run,
    TaskSteps,
    damaged_predictions,
    num_stages_read,
    predicted_numbers,
)
from headstart.tasks.classification.calibrate import calibrate
from headstart.tasks.classification.classifier import ImageClassifier
from headstart.tasks.classification.metrics import evaluate_classification, evaluate_multi_label
from headstart.tasks.classification.mistakes import most_confident_label_mistakes, most_confident_mistakes
from headstart.tasks.classification.probe_start import solve_probe, start_from_probe
from headstart.tasks.classification.trust import measure_trust
from headstart.training import Checkpoint, History, TrainingExamples
from headstart.trust import Calibration

BATCH_SIZE = 32
NUM_MISTAKES = 12
NUM_SAMPLES = 12
_SUM_TOLERANCE = 1e-3  # of probabilities; the table holds every digit


def outputs(task: Task) -> str:
    """The output of the new layers, in words."""
    return f"{len(task.class_names)} classes"


def start_head(
    run: Run, task: Task, examples: TrainingExamples, kept_from: Sequence[str], progress: Progress
) -> tuple[Checkpoint, History]:
    """Gives the head the solution of a linear probe."""
    classifier = task_as(task, ImageClassifier)
    start = solve_probe(
        classifier,
        examples,
        label_smoothing=run.recipe.head.label_smoothing,
        precision=run.recipe.fine_tuning_phase.precision,
        progress=progress,
    )
    write_json(run.probe_path, {"format_version": FORMAT_VERSION, **start.facts()})
    checkpoint, history = start_from_probe(classifier, start, checkpoints=run.checkpoints, kept_from=kept_from)
    progress.finish()
    accuracy = history.rows[-1]["val_accuracy"]
    progress.say(
        f"linear probe: validation accuracy {accuracy:.3f}, regularization strength {start.probe.strength:.2g}"
    )
    return checkpoint, history


def evaluate_pictures(run: Run, dataset: Dataset, progress: Progress) -> Evaluated:
    """The report on labelled images, and the prediction for each of them.

    A run that an earlier version trained is calibrated first.
    """
    if not run.calibration_path.is_file():
        calibrate(run, run.task, progress=progress)
    task, calibration = run.task_as(ImageClassifier), run.calibration
    answers = _answers(task, dataset, progress)
    probabilities = task.probabilities(answers.logits / calibration.temperature)
    return Evaluated(_report(run, dataset, answers, calibration), _predictions_frame(task, dataset, probabilities))


def report_content(run: Run) -> PageContent:
    """Images for the report of a classifier: samples of the classes and the most confident mistakes."""
    return {"samples": _samples(run.dataset), "mistakes": _mistakes(run)}


def head_facts(run: Run) -> Mapping[str, object]:
    """Facts about the new layers for the report."""
    stages = stages_read(find_backbone(run.task.backbone), num_stages_read(run.recipe))
    scaled = " (of each stage divided by its root mean square)" if len(stages) > 1 else ""
    return {
        "layers": f"average over positions{scaled}, dropout, one dense layer",
        "reads": ", ".join(f"{stage.name} ({stage.channels} channels)" for stage in stages),
        "first weights": "a linear probe" if run.recipe.head.start == "probe" else "random",
        "dropout": run.recipe.head.dropout,
        "classes": len(run.task.class_names),
    }


@dataclass(frozen=True, eq=False)
class Answers:
    """Outputs of the model before calibration: logits `(n, num_classes)` and pooled features."""

    logits: np.ndarray
    features: np.ndarray


def _answers(task: ImageClassifier, dataset: Dataset, progress: Progress) -> Answers:
    progress.start("evaluating", 1)
    source = ImageSource(dataset.paths(), image_size=task.image_size, resize_mode=task.resize_mode, cache_bytes=0)
    logits, features = task.model_with_features.predict(evaluation_batches(source, batch_size=BATCH_SIZE), verbose=0)
    progress.advance(1)
    return Answers(logits.astype("float64"), features)


def _report(run: Run, dataset: Dataset, answers: Answers, calibration: Calibration) -> Report:
    task = run.task_as(ImageClassifier)
    targets, training_targets = task.encode(dataset).astype(int), task.encode(run.dataset.part("train")).astype(int)
    probabilities = task.probabilities(answers.logits / calibration.temperature)
    if task.multi_label:
        report = evaluate_multi_label(
            probabilities, targets, task.class_names, baseline_targets=training_targets, seed=run.recipe.seed
        )
    else:
        report = evaluate_classification(
            probabilities,
            targets.argmax(axis=1),
            task.class_names,
            baseline_targets=training_targets.argmax(axis=1),
            seed=run.recipe.seed,
        )
    trust = measure_trust(calibration, answers.logits, targets, features=answers.features, multi_label=task.multi_label)
    return replace(report, trust=trust)


def _predictions_frame(task: ImageClassifier, dataset: Dataset, probabilities: np.ndarray) -> pd.DataFrame:
    columns = pd.DataFrame(probabilities, columns=[f"p({name})" for name in task.class_names])
    return pd.concat([dataset.frame[["path", "target"]], task.decode(probabilities), columns], axis=1)


def _samples(dataset: Dataset) -> dict[str, np.ndarray]:
    """One training image of each of the first classes."""
    training = dataset.part("train")
    targets, paths = training.frame["target"].tolist(), training.paths()
    first = dict(reversed(list(zip(targets, paths, strict=True))))
    return {target: decode_image(first[target]) for target in list(dict.fromkeys(filter(None, targets)))[:NUM_SAMPLES]}


def _mistakes(run: Run) -> list[Mistake]:
    task = run.task_as(ImageClassifier)
    frame, probabilities = run.dataset.part("test").frame, predicted_probabilities(run)
    worst = _label_mistakes(task, frame, probabilities) if task.multi_label else _mixups(task, frame, probabilities)
    if worst.empty:
        return []
    paths = [run.dataset.root / frame["path"][example] for example in worst["example"]]
    pictures = [resize_image(decode_image(path), task.image_size, task.resize_mode) for path in paths]
    overlays = _overlays(task, pictures, worst["class_index"].to_numpy())
    return [
        Mistake(picture, row["true"], row["predicted"], row["probability"], name=path.name, overlay=heat)
        for row, path, picture, heat in zip(worst.to_dict("records"), paths, pictures, overlays, strict=True)
    ]


def _mixups(task: ImageClassifier, frame: pd.DataFrame, probabilities: np.ndarray) -> pd.DataFrame:
    names = np.array(task.class_names, dtype=object)
    index = {name: position for position, name in enumerate(task.class_names)}
    targets = np.array([index[target] for target in frame["target"]])
    worst = most_confident_mistakes(probabilities, targets, limit=NUM_MISTAKES)
    predicted = worst["predicted"].to_numpy()
    return worst.assign(class_index=predicted, true=names[worst["true"]], predicted=names[predicted])


def _label_mistakes(task: ImageClassifier, frame: pd.DataFrame, probabilities: np.ndarray) -> pd.DataFrame:
    targets = task.encode_targets(frame["target"]).astype(int)
    worst = most_confident_label_mistakes(probabilities, targets, limit=NUM_MISTAKES)
    answers = [
        {
            name: f"{'' if value else 'not '}{task.class_names[label]}"
            for name, value in (("true", true), ("predicted", answer))
        }
        for label, true, answer in zip(worst["label"], worst["true"], worst["predicted"], strict=True)
    ]
    return worst.assign(class_index=worst["label"], **pd.DataFrame(answers, columns=["true", "predicted"]))


def _overlays(task: ImageClassifier, pictures: list[np.ndarray], classes: np.ndarray) -> list[np.ndarray]:
    heatmaps = grad_cam(task.model, np.stack(pictures), classes, layer_name=task.last_feature_layer)
    return [overlay(picture, heatmap) for picture, heatmap in zip(pictures, heatmaps, strict=True)]


def predicted_probabilities(run: Run) -> np.ndarray:
    """Probabilities of predictions.csv, `(examples, num_classes)` float64.

    Raises:
        RunDamagedError: as `predicted_numbers`, or they are no probabilities.
    """
    values = predicted_numbers(run, [f"p({name})" for name in run.task.class_names])
    if values.size and not 0 <= values.min() <= values.max() <= 1:
        raise damaged_predictions(
            run, UnusableFileError("numbers from 0 to 1", f"{values.min():g} to {values.max():g}")
        )
    if not run.task_as(ImageClassifier).multi_label and (np.abs(values.sum(axis=1) - 1) > _SUM_TOLERANCE).any():
        raise damaged_predictions(run, UnusableFileError("probabilities with the sum 1 in every row", "other sums"))
    return values


STEPS = TaskSteps(
    outputs=outputs,
    calibrate=calibrate,
    evaluate=evaluate_pictures,
    report_content=report_content,
    head_facts=head_facts,
    start=start_head,
)
