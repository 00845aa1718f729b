"""Contents of report pages as a run fills them, and the extremes that people bring."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from headstart.report import Mistake, Report, ReportContent, overlay, worst_examples
from headstart.report.content import PROBE
from headstart.tasks import (
    detection_example,
    evaluate_classification,
    evaluate_detection,
    evaluate_multi_label,
    evaluate_regression,
    evaluate_segmentation,
    measure_trust,
    most_confident_mistakes,
    regression_example,
    segmentation_example,
)
from headstart.trust import fit_calibration

FLOWERS = ("daisy", "dandelion", "rose", "sunflower", "tulip")
CELLS = ("red cell", "white cell", "platelet")
AREAS = ("wall", "window", "door", "sky")
SCENES = ("desert", "mountains", "sea", "sunset", "trees")
HOSTILE = (
    "<script>alert(1)</script>",
    '$5 & "x"',
    "'><img src=https://example.com/x.png onerror=alert(2)>",
    "{{ 7 * 7 }}",
    "</title></style></svg><b>bold</b>",
    "unbreakable" * 12,
)
RECIPE = """format_version = 1
seed = 0

[data]
path = "flowers"
fractions = [
    0.7,
    0.15,
    0.15,
]

[backbone]
name = "vgg19"
weights = "imagenet"
"""


@dataclass(frozen=True, eq=False)
class Boxes:
    """What a detector says of a picture."""

    boxes: np.ndarray
    classes: np.ndarray
    scores: np.ndarray


@pytest.fixture(scope="session")
def single_label() -> ReportContent:
    """Five classes, some mistakes, each beside its heat map."""
    return single_label_content(FLOWERS)


@pytest.fixture(scope="session")
def multi_label() -> ReportContent:
    """Five labels, any number a picture."""
    return multi_label_content(SCENES)


@pytest.fixture(scope="session")
def many_classes() -> ReportContent:
    """Sixty classes: too many for a table of every pair."""
    return single_label_content([f"species number {index}" for index in range(60)])


@pytest.fixture(scope="session")
def hostile_names() -> ReportContent:
    """Classes, files and facts that would be markup, code or a formula if anything took them as such."""
    return hostile_content(HOSTILE)


@pytest.fixture(scope="session")
def many_hostile_names() -> ReportContent:
    """The same among so many classes that their names stand in a figure."""
    return hostile_content([*HOSTILE, *(f"class {index}" for index in range(20))])


@pytest.fixture(scope="session")
def detection() -> ReportContent:
    """Three kinds of discs, most of them found."""
    return detection_content(CELLS)


@pytest.fixture(scope="session")
def segmentation() -> ReportContent:
    """Four kinds of area, of which the outlines are rough."""
    return segmentation_content(AREAS)


@pytest.fixture(scope="session")
def regression() -> ReportContent:
    """Two numbers with intervals around them."""
    return regression_content(("age in years", "height in cm"))


@pytest.fixture(scope="session")
def hostile_boxes() -> ReportContent:
    """Boxes whose classes would be markup, code or a formula if anything took them as such."""
    return detection_content(HOSTILE)


@pytest.fixture(scope="session")
def many_areas() -> ReportContent:
    """Thirty classes of pixels: too many for a table of every pair, and hostile names among them."""
    return segmentation_content([*HOSTILE, *(f"area {index}" for index in range(24))])


@pytest.fixture(scope="session")
def bare() -> ReportContent:
    """A perfect model of which nothing but the numbers is known."""
    certain = np.eye(2)[[0, 1] * 10]
    report = evaluate_classification(certain, certain.argmax(axis=1), ("cat", "dog"), baseline_targets=np.array([0]))
    return ReportContent(
        report=report,
        title="pets",
        facts={},
        history=pd.DataFrame(),
        class_counts=pd.DataFrame({"test": [10, 10]}, index=["cat", "dog"]),
        audit_summary=pd.DataFrame(),
        mistakes=[],
        recipe_text="",
        commands=[],
        environment={},
        phases=[],
    )


def single_label_content(names: Sequence[str]) -> ReportContent:
    """A model that is right most of the time."""
    targets = np.repeat(np.arange(len(names)), 12)
    noise = np.random.default_rng(1)
    logits = noise.normal(size=(len(targets), len(names))) + 3.0 * np.eye(len(names))[targets]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    report = evaluate_classification(probabilities, targets, names, baseline_targets=targets, num_resamples=100)
    report = with_trust(report, logits, np.eye(len(names))[targets])
    worst = most_confident_mistakes(probabilities, targets, limit=6)
    mistakes = [
        mistake(names[row.true], names[row.predicted], row.probability, file_name=f"IMG_{row.example:04}.jpg")
        for row in worst.itertuples()
    ]
    return content_of(report, mistakes)


def multi_label_content(names: Sequence[str]) -> ReportContent:
    noise = np.random.default_rng(2)
    targets = (noise.random((60, len(names))) < 0.4).astype(int)
    probabilities = np.clip(targets * 0.5 + noise.random(targets.shape) * 0.6 - 0.05, 0.0, 1.0)
    report = evaluate_multi_label(probabilities, targets, names, baseline_targets=targets, num_resamples=100)
    clipped = probabilities.clip(0.01, 0.99)
    report = with_trust(report, np.log(clipped / (1 - clipped)), targets, multi_label=True)
    mistakes = [mistake(f"not {names[0]}", names[0], 0.91, file_name="4.jpg")]
    return content_of(report, mistakes)


def with_trust(report: Report, logits: np.ndarray, targets: np.ndarray, *, multi_label: bool = False) -> Report:
    """The report of a model that was calibrated, here on the examples of its test."""
    features = np.random.default_rng(3).normal(size=(len(logits), 8))
    calibration = fit_calibration(
        logits, targets, features=features, training_features=features, multi_label=multi_label
    )
    trust = measure_trust(calibration, logits, targets, features=features, multi_label=multi_label)
    return replace(report, trust=trust)


def detection_content(names: Sequence[str]) -> ReportContent:
    noise = np.random.default_rng(4)
    predictions, targets = [], []
    for _ in range(40):
        corners = noise.uniform(0, 60, (noise.integers(1, 7), 2))
        boxes = np.column_stack([corners, corners + noise.uniform(15, 35, corners.shape)])
        classes = noise.integers(0, len(names), len(boxes))
        targets.append(np.column_stack([boxes, classes]))
        kept = noise.random(len(boxes)) < 0.85
        found = boxes[kept] + noise.normal(0, 2.5, (kept.sum(), 4))
        called = np.where(noise.random(kept.sum()) < 0.9, classes[kept], 0)
        false = np.column_stack([corners[:1] / 2, corners[:1] / 2 + 20])
        scores = np.concatenate([noise.beta(6, 2, len(found)), noise.beta(2, 4, len(false))])
        predictions.append(Boxes(np.concatenate([found, false]), np.append(called, 0), scores))
    report = evaluate_detection(predictions, targets, names, score_threshold=0.35, num_resamples=100)
    examples = [
        detection_example(
            discs(targets[index]), targets[index], predictions[index], names, score_threshold=0.35, name=f"{index}.jpg"
        )
        for index in worst_examples(report, limit=4)
    ]
    history = pd.DataFrame({"phase": "frozen", "epoch": range(1, 7), "loss": 1 / np.arange(1, 7)})
    history = history.assign(val_loss=1.1 * history["loss"], val_map50=1 - 0.6 * history["loss"])
    return replace(content_of(report, []), history=history, examples=examples, title="cells")


def segmentation_content(names: Sequence[str]) -> ReportContent:
    noise = np.random.default_rng(5)
    targets, predictions = [], []
    for _ in range(12):
        mask = np.zeros((60, 80), np.uint8)
        for _ in range(5):
            top, left = noise.integers(0, 50), noise.integers(0, 60)
            mask[top : top + 20, left : left + 25] = noise.integers(0, len(names))
        answer = np.roll(mask, noise.integers(-2, 3, 2), axis=(0, 1))
        answer[:10, :12] = noise.integers(0, len(names))
        mask[-4:] = 255
        targets.append(mask)
        predictions.append(answer)
    report = evaluate_segmentation(predictions, targets, names, num_resamples=100)
    examples = [
        segmentation_example(
            np.repeat(60 + 2 * targets[index][..., None] % 190, 3, axis=-1),
            targets[index],
            predictions[index],
            names,
            name=f"{index}.png",
        )
        for index in worst_examples(report, limit=3)
    ]
    return replace(content_of(report, []), examples=examples, title="façades")


def regression_content(names: Sequence[str]) -> ReportContent:
    noise = np.random.default_rng(6)
    targets = noise.normal([40, 170], [14, 9], (120, 2))
    predictions = targets + noise.normal(0, 5, targets.shape)
    report = evaluate_regression(
        predictions,
        targets,
        names,
        baseline_targets=targets,
        interval_half_width=np.array([8.2, np.inf]),
        coverage=0.9,
        num_resamples=100,
    )
    examples = [
        regression_example(picture(index), targets[index], predictions[index], names, name=f"{index}.jpg")
        for index in worst_examples(report, limit=4)
    ]
    history = pd.DataFrame({"phase": [PROBE, *["frozen"] * 5], "epoch": range(6), "loss": 9 / np.arange(1, 7)})
    history = history.assign(val_loss=1.2 * history["loss"], mean_absolute_error=history["loss"] / 2)
    return replace(content_of(report, []), history=history, examples=examples, title="faces")


def discs(boxes: np.ndarray, *, side: int = 100) -> np.ndarray:
    """A disc in every box."""
    shown = np.full((side, side, 3), 235, np.uint8)
    y, x = np.mgrid[:side, :side]
    for left, top, right, bottom, class_index in boxes:
        inside = ((2 * x - left - right) / (right - left)) ** 2 + ((2 * y - top - bottom) / (bottom - top)) ** 2 < 1
        shown[inside] = (190, 90 + 20 * class_index % 120, 120)
    return shown


def hostile_content(names: Sequence[str]) -> ReportContent:
    content = single_label_content(names)
    return replace(
        content,
        title=HOSTILE[0],
        facts={HOSTILE[0]: {HOSTILE[1]: HOSTILE[2]}},
        audit_summary=pd.DataFrame({"kind": [HOSTILE[0]], "count": [1], "meaning": [HOSTILE[2]]}),
        mistakes=[mistake(names[0], names[1], 0.97, file_name=f"{HOSTILE[2]}.jpg")],
        recipe_text=f"name = {HOSTILE[0]}\n",
        commands=[f"headstart train {HOSTILE[0]}"],
        environment={HOSTILE[0]: HOSTILE[1]},
        warnings=[f"Watch {HOSTILE[0]}."],
    )


def content_of(report: Report, mistakes: Sequence[Mistake]) -> ReportContent:
    """All that a run knows besides its numbers."""
    names = report.class_names
    epochs = np.arange(1, 9)
    return ReportContent(
        report=report,
        title="flowers",
        facts={
            "backbone": {"network": "VGG19", "weights": "imagenet", "parameters": "20,024,384"},
            "head": {"layers": "average over positions, dropout, one dense layer", "dropout": 0.2},
        },
        history=pd.DataFrame(
            {
                "phase": ["frozen"] * 3 + ["fine-tuning"] * 5,
                "epoch": epochs,
                "learning_rate": [1e-3] * 3 + [1e-5] * 5,
                "loss": 1.6 / epochs,
                "accuracy": 1 - 0.7 / epochs,
                "val_loss": 1.7 / epochs,
                "val_accuracy": 1 - 0.75 / epochs,
                "seconds": 12.0,
            }
        ),
        class_counts=pd.DataFrame({"train": 1200, "validation": 40, "test": 12}, index=list(names)),
        audit_summary=pd.DataFrame(
            {
                "kind": ["near_duplicate", "unreadable"],
                "severity": ["warning", "error"],
                "count": [12, 1],
                "meaning": ["The same picture, saved anew; both are kept on one side.", "No picture; left out."],
            }
        ),
        mistakes=mistakes,
        recipe_text=RECIPE,
        commands=["headstart train --recipe recipe.toml"],
        environment={"python": "3.12.3", "gpus": [], "num_cpus": 8, "data hash": "c98f8802199fec57" * 4},
        phases=[phase("frozen", None, num_trainable=2_565), phase("fine-tuning", "block5", num_trainable=9_441_797)],
        samples={name: picture(seed) for seed, name in enumerate(names[:12])},
        warnings=["The pictures come from one camera."],
    )


def phase(name: str, unfreeze_from: str | None, *, num_trainable: int) -> dict[str, object]:
    return {
        "name": name,
        "epochs": 5,
        "unfreeze_from": unfreeze_from,
        "learning_rate": 1e-3,
        "num_trainable": num_trainable,
        "num_frozen": 20_026_949 - num_trainable,
        "seconds": 61.0,
    }


def mistake(true: str, predicted: str, probability: float, *, file_name: str) -> Mistake:
    shown = picture(zlib.crc32(file_name.encode()))
    return Mistake(shown, true, predicted, probability, name=file_name, overlay=overlay(shown, heat()))


def picture(seed: int, *, side: int = 64) -> np.ndarray:
    """A disc on a ground, in colours that follow from the seed."""
    ground, disc = np.random.default_rng(seed).integers(0, 256, (2, 3), "uint8")
    return np.where((distance(side) < 0.3)[..., None], disc, ground)


def heat(*, side: int = 64) -> np.ndarray:
    """Hot in the middle."""
    return np.clip(1 - 2.5 * distance(side), 0, 1).astype("float32")


def distance(side: int) -> np.ndarray:
    """From the middle, in sides of the picture."""
    y, x = np.mgrid[:side, :side] / (side - 1) - 0.5
    return np.hypot(y, x)
