"""The report of a run, from what the run has on disk."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.backbones import find_backbone
from headstart.data import Dataset, decode_image, resize_image
from headstart.evaluation import (
    Mistake,
    ReportContent,
    grad_cam,
    most_confident_label_mistakes,
    most_confident_mistakes,
    overlay,
    write_html,
)
from headstart.progress import SILENT, Progress
from headstart.run.directory import Run, read_json
from headstart.run.evaluate import read_predictions
from headstart.tasks import ImageClassifier

NUM_MISTAKES = 12
NUM_SAMPLES = 12
AUDIT_COLUMNS = ["kind", "severity", "count", "meaning"]


def write_report(run: Run, *, progress: Progress = SILENT) -> Path:
    """Writes report.html from the run's own files and gives its path.

    Raises:
        RunIncompleteError: the run was stopped before it was evaluated.
    """
    progress.start("writing the report", 1)
    content = build_content(run)
    write_html(run.html_path, content)
    progress.advance(1)
    return run.html_path


def build_content(run: Run) -> ReportContent:
    """Everything that the report of a run shows, as plain values."""
    report, state, dataset = run.report, run.state, run.dataset
    return ReportContent(
        report=report,
        title=Path(run.recipe.data.path).stem,
        facts={"backbone": _backbone_facts(run), "bank": _bank_facts(run), "head": _head_facts(run)},
        history=run.history.frame,
        class_counts=dataset.class_counts(),
        audit_summary=_audit_summary(run),
        mistakes=_mistakes(run),
        recipe_text=run.recipe.to_toml(),
        commands=["headstart train --recipe recipe.toml"],
        environment=_environment(run),
        phases=[{**phase, "seconds": run.history.seconds_of(phase["name"])} for phase in state["phases"]],
        samples=_samples(dataset),
    )


def data_hash(dataset: Dataset) -> str:
    """SHA-256 over the path, target, part and hash of every example: two runs with equal values saw the same data."""
    columns = dataset.frame[["path", "target", "split", "sha256"]]
    return hashlib.sha256(columns.to_csv(index=False).encode()).hexdigest()


def _backbone_facts(run: Run) -> dict[str, Any]:
    section = run.recipe.backbone
    spec = find_backbone(section.name)
    height, width = run.task.image_size
    return {
        "network": spec.title,
        "weights": section.weights,
        "parameters": f"{spec.num_parameters:,}",
        "pictures seen at": f"{height} x {width} pixels, {run.recipe.images.resize_mode}",
        "licence of the weights": spec.weights.licence,
        "SHA-256 of the weights": run.state["weights"]["sha256"] or "none: random weights",
        "paper": spec.paper,
    }


def _bank_facts(run: Run) -> dict[str, Any]:
    bank = run.state.get("bank")
    if not bank:
        return {}
    num_rows = len(run.dataset.part("train")) * bank["num_views"] + len(run.dataset.part("validation"))
    return {
        "views of a training picture": bank["num_views"],
        "kept": f"{num_rows:,} rows of {', '.join(bank['stages'])}",
        "there already": f"{num_rows - bank['num_computed']:,} rows",
        "computed by": bank["engine"]["engine"],
    }


def _head_facts(run: Run) -> dict[str, Any]:
    model = run.task.model
    return {
        "layers": "average over positions, dropout, one dense layer",
        "first weights": "a linear probe" if run.recipe.head.start == "probe" else "random",
        "dropout": run.recipe.head.dropout,
        "classes": len(run.task.class_names),
        "parameters": f"{sum(model.get_layer(name).count_params() for name in run.task.head_layers):,}",
    }


def _environment(run: Run) -> dict[str, Any]:
    environment = read_json(run.environment_path)
    packages = environment.pop("packages")
    del environment["format_version"]
    return {**environment, **packages, "seed": run.recipe.seed, "data hash": data_hash(run.dataset)}


def _audit_summary(run: Run) -> pd.DataFrame:
    return pd.DataFrame(read_json(run.audit_path)["summary"], columns=AUDIT_COLUMNS)


def _samples(dataset: Dataset) -> dict[str, np.ndarray]:
    """One training picture of each of the first classes."""
    training = dataset.part("train")
    targets, paths = training.frame["target"].tolist(), training.paths()
    first = dict(reversed(list(zip(targets, paths, strict=True))))
    return {target: decode_image(first[target]) for target in list(dict.fromkeys(targets))[:NUM_SAMPLES]}


def _mistakes(run: Run) -> list[Mistake]:
    task = run.task
    frame, probabilities = read_predictions(run)
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
