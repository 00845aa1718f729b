"""Headstart's recipe against TensorFlow's tutorial in plain Keras: the same split, the same scorer.

    python benchmarks/recipe_vs_keras.py --out results.json

trains `headstart`, `published` and `careful` (the last two: see `keras_recipes.py`) on three sets with MobileNetV2 (or
`--backbone vgg16`) at 160 pixels, one after the other in this process. It prints test accuracies with bootstrap 95 %
intervals and seconds, and the difference between two recipes over the very same test pictures. `--seeds 0 1 2` does it
all again on other splits, `--repeat 2` trains in the order A B C A B C for steadier seconds. Headstart can be measured
with each engine of its feature bank: `headstart` takes the default, `headstart-keras`, `headstart-openvino` and
`headstart-int8` name one.

The split is that of Headstart's own run. Its seconds hold everything from the folder to the written report, the audit
and its search for near duplicates included, and every run fills a bank of its own; a plain recipe's hold building,
training and answering the test pictures.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from statistics import median

import headstart
from headstart.data import Dataset, audit_dataset, read_dataset, split_dataset
from headstart.metrics import Metric
from headstart.tasks import evaluate_classification

import keras
import numpy as np
import pandas as pd
from keras_recipes import BASES, EPOCHS, RECIPES, Parts, Pictures, fit_keras_recipe
from real_data import DATA, WEIGHTS
from sample import sampled
from scipy.stats import binomtest, bootstrap

HEADSTART = "headstart"
ENGINES = {
    HEADSTART: None,
    "headstart-keras": "keras",
    "headstart-openvino": "openvino",
    "headstart-int8": "openvino-int8",
}
NAMES = (*ENGINES, *RECIPES)
PACKAGES = ("tensorflow", "keras", "numpy")
FORMAT_VERSION = 1


@dataclass(frozen=True, eq=False)
class Training:
    """What one training gave.

    Attributes:
        dataset: every example with its part.
        probabilities: of the test part, `(n, num_classes)`.
        frozen_probabilities: the same before fine-tuning; None where the recipe does not keep them.
        seconds: step → wall time.
        cpu_seconds: processor time of all cores together, which other programs on the machine hardly change.
    """

    dataset: Dataset
    probabilities: np.ndarray
    frozen_probabilities: np.ndarray | None
    seconds: dict[str, float]
    cpu_seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Measurement:
    """One recipe on one split.

    Attributes:
        data: name of the set.
        seed: of the split and of training.
        recipe: one of `NAMES`.
        metrics: name → value with interval on the test part.
        frozen_accuracy: test accuracy before fine-tuning, where known.
        correct: test picture → whether it was named rightly.
        seconds: step → wall time, one table a repeat.
        cpu_seconds: processor time of all cores together, one a repeat.
    """

    data: str
    seed: int
    recipe: str
    metrics: dict[str, Metric]
    frozen_accuracy: float | None
    correct: dict[str, bool]
    seconds: list[dict[str, float]]
    cpu_seconds: list[float]

    @property
    def total_seconds(self) -> float:
        """Median over the repeats."""
        return median(sum(steps.values()) for steps in self.seconds)


def main() -> None:
    options = parse(sys.argv[1:])
    measurements: list[Measurement] = []
    for folder in options.data:
        for seed in options.seeds:
            with sampled(folder, options.num_pictures, seed=seed) as data:
                measurements += measure(data, seed, options)
            if options.out:
                options.out.write_text(to_json(measurements, options) + "\n", encoding="utf-8")
    print(accuracy_table(measurements, reference=options.paired[1]))
    if set(options.paired) <= set(options.recipes):
        print(difference_table(measurements, *options.paired))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", type=Path, default=DATA, help="folders of class folders")
    parser.add_argument("--backbone", choices=BASES, default="mobilenetv2")
    parser.add_argument("--weights", help="a file, 'imagenet', or 'none' for random ones; by default real ones")
    parser.add_argument("--num-pictures", type=int, help="take so many pictures of each set, evenly over its classes")
    parser.add_argument("--views", type=int, help="views in Headstart's feature bank, in place of its own choice")
    parser.add_argument("--image-size", type=int, default=160, help="pixels a side")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="of the split and of training")
    parser.add_argument("--recipes", nargs="+", choices=NAMES, default=[HEADSTART, *RECIPES])
    parser.add_argument("--epochs", nargs=2, type=int, metavar=("FROZEN", "FINE"), help="in place of each recipe's own")
    parser.add_argument("--repeat", type=int, default=1, help="times to train each recipe, for steadier seconds")
    parser.add_argument("--paired", nargs=2, choices=NAMES, default=(HEADSTART, "careful"), help="recipes to subtract")
    parser.add_argument("--out", type=Path, help="JSON file for everything measured, written anew after every split")
    options = parser.parse_args(arguments)
    options.weights = options.weights or str(WEIGHTS.get(options.backbone, "imagenet"))
    files = [*options.data, *([] if options.weights in ("imagenet", "none") else [Path(options.weights)])]
    if missing := [str(path) for path in files if not path.exists()]:
        parser.error(
            f"no such file or folder: {', '.join(missing)} (HEADSTART_SHARED names the folder of the defaults)"
        )
    return options


def measure(data: Path, seed: int, options: argparse.Namespace) -> list[Measurement]:
    """Every recipe asked for on one split, Headstart first because its run makes the split."""
    trainings: dict[str, list[Training]] = {name: [] for name in NAMES if name in options.recipes}
    dataset = None
    for name in list(trainings) * options.repeat:
        print(f"{time.strftime('%H:%M:%S')} {data.name}, seed {seed}: {name}", file=sys.stderr, flush=True)
        keras.utils.clear_session()
        started = time.process_time()
        if name in ENGINES:
            training = train_headstart(data, seed, options, engine=ENGINES[name])
        else:
            training = train_keras(name, dataset or split_pictures(data, seed), seed, options)
        dataset = training.dataset
        trainings[name].append(replace(training, cpu_seconds=time.process_time() - started))
    return [score(repeats, data=data.name, seed=seed, recipe=name) for name, repeats in trainings.items()]


def train_headstart(data: Path, seed: int, options: argparse.Namespace, *, engine: str | None) -> Training:
    frozen_epochs, epochs = options.epochs or (None, None)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run = headstart.train(
            data,
            out=Path(folder) / "run",
            backbone=options.backbone,
            weights=options.weights,
            image_size=options.image_size,
            frozen_epochs=frozen_epochs,
            epochs=epochs,
            views=options.views,
            engine=engine,
            bank_dir=Path(folder) / "banks",
            seed=seed,
        )
        seconds = run.state["seconds"]
        seconds["rest"] = time.perf_counter() - started - sum(seconds.values())  # reading, building, saving
        answers = pd.read_csv(run.predictions_path, dtype={"path": str, "target": str}, keep_default_na=False)
        columns = [f"p({name})" for name in run.dataset.class_names]
        return Training(run.dataset, answers[columns].to_numpy("float64"), None, seconds)


def split_pictures(data: Path, seed: int) -> Dataset:
    """The split that a Headstart run with this seed makes."""
    return split_dataset(audit_dataset(read_dataset(data)).dataset, seed=seed)


def train_keras(name: str, dataset: Dataset, seed: int, options: argparse.Namespace) -> Training:
    keras.config.set_dtype_policy("float32")  # the tutorial's; a run of Headstart may have left another
    train, validation, test = (dataset.part(split) for split in ("train", "validation", "test"))
    parts = Parts(pictures_of(train), pictures_of(validation), pictures_of(test), num_classes=dataset.num_classes)
    result = fit_keras_recipe(
        name,
        BASES[options.backbone],
        parts,
        image_size=options.image_size,
        weights=None if options.weights == "none" else options.weights,
        epochs=tuple(options.epochs or EPOCHS),
        seed=seed,
    )
    return Training(dataset, result.probabilities, result.frozen_probabilities, result.seconds)


def pictures_of(part: Dataset) -> Pictures:
    return Pictures(part.paths(), targets_of(part))


def targets_of(part: Dataset) -> np.ndarray:
    """`(n,)` class indices."""
    if part.multi_label:
        raise SystemExit(f"'{part.root}' has pictures with several labels; the tutorial's recipes know one.")
    return part.class_matrix().argmax(axis=1)


def score(repeats: Sequence[Training], *, data: str, seed: int, recipe: str) -> Measurement:
    """Scores the first of several trainings that differ in their seconds only."""
    first = repeats[0]
    test, training_targets = first.dataset.part("test"), targets_of(first.dataset.part("train"))
    targets = targets_of(test)
    report = evaluate_classification(
        first.probabilities, targets, test.class_names, baseline_targets=training_targets, seed=seed
    )
    frozen = first.frozen_probabilities
    correct = first.probabilities.argmax(axis=1) == targets
    return Measurement(
        data=data,
        seed=seed,
        recipe=recipe,
        metrics=dict(report.metrics),
        frozen_accuracy=None if frozen is None else float((frozen.argmax(axis=1) == targets).mean()),
        correct=dict(zip(test.frame["path"], correct.tolist(), strict=True)),
        seconds=[training.seconds for training in repeats],
        cpu_seconds=[training.cpu_seconds for training in repeats],
    )


def to_json(measurements: Sequence[Measurement], options: argparse.Namespace) -> str:
    """Everything measured, how, and on what."""
    content = {
        "format_version": FORMAT_VERSION,
        "options": {name: value for name, value in vars(options).items() if name not in ("data", "weights", "out")},
        "weights": Path(options.weights).name,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "num_cpus": os.cpu_count(),
        "gpus": keras.distribution.list_devices("gpu"),
        "measurements": [asdict(measurement) for measurement in measurements],
    }
    return json.dumps(content, indent=1, ensure_ascii=False)


def accuracy_table(measurements: Sequence[Measurement], *, reference: str) -> str:
    """Markdown: one row a recipe and split."""
    lines = [
        f"\n| set (test size) | seed | recipe | accuracy [95 %] | frozen only | seconds | of {reference}'s | CPU s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    reference_seconds = {(row.data, row.seed): row.total_seconds for row in measurements if row.recipe == reference}
    for row in measurements:
        accuracy = row.metrics["accuracy"]
        frozen = "" if row.frozen_accuracy is None else f"{row.frozen_accuracy:.3f}"
        against = reference_seconds.get((row.data, row.seed))
        share = "" if against is None else f"{row.total_seconds / against:.2f}"
        lines.append(
            f"| {row.data} ({accuracy.num_examples}) | {row.seed} | {row.recipe} "
            f"| {accuracy.value:.3f} [{accuracy.low:.3f}, {accuracy.high:.3f}] | {frozen} "
            f"| {row.total_seconds:.0f} | {share} | {median(row.cpu_seconds):.0f} |"
        )
    return "\n".join(lines)


def difference_table(measurements: Sequence[Measurement], first: str, second: str) -> str:
    """Markdown: first minus second over the same test pictures, one row a split and one a set."""
    lines = [
        f"\n| set | seed | {first} - {second}, points [95 %] | only {first} right | only {second} | McNemar's p |",
        "|---|---|---|---|---|---|",
    ]
    for data, rows in groupby(measurements, key=lambda row: row.data):
        splits = paired_splits(list(rows), first, second)
        for seed, differences in splits.items():
            wins, losses = (sum(value == sign for value in differences.values()) for sign in (1, -1))
            p_value = binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
            lines.append(f"| {data} | {seed} | {interval([differences])} | {wins} | {losses} | {p_value:.2g} |")
        if len(splits) > 1:
            lines.append(f"| {data} | all {len(splits)} | {interval(list(splits.values()))} | | | |")
    return "\n".join(lines)


def paired_splits(rows: Sequence[Measurement], first: str, second: str) -> dict[int, dict[str, int]]:
    """Seed → test picture → 1 where only the first recipe was right, -1 where only the second was, else 0."""
    correct = {(row.seed, row.recipe): row.correct for row in rows}
    seeds = sorted({row.seed for row in rows})
    return {
        seed: {path: right - correct[seed, second][path] for path, right in correct[seed, first].items()}
        for seed in seeds
    }


def interval(splits: Sequence[dict[str, int]]) -> str:
    """Mean difference in points with a bootstrap 95 % interval over pictures, as text.

    A picture that is in the test part of several splits is drawn with all its appearances: they are not independent.
    """
    frame = pd.DataFrame(
        [(path, value) for split in splits for path, value in split.items()], columns=["path", "value"]
    )
    pictures = frame.groupby("path")["value"].agg(["sum", "count"])
    result = bootstrap(
        (pictures["sum"].to_numpy(), pictures["count"].to_numpy()),
        lambda sums, counts, axis: 100 * sums.sum(axis=axis) / counts.sum(axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        rng=0,
    )
    low, high = result.confidence_interval
    return f"{100 * frame['value'].mean():+.1f} [{low:+.1f}, {high:+.1f}]"


if __name__ == "__main__":
    main()
