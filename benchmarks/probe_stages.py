"""How many stages should the head read where nothing is fine-tuned, and what does the default gain?

    python benchmarks/probe_stages.py           # validation parts: where the number of stages comes from
    python benchmarks/probe_stages.py --test    # test parts: runs with `--epochs 0`, with one stage and by default

The first solves linear probes on the pooled features of 1, 2, 3 and more stages, on splits that no reported figure uses
(seeds 20 to 24), and looks at no test part. `raw` leaves out the division of the averages of each stage by their root
mean square. The second trains and tests runs on the splits of seeds 0 to 2.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev

import headstart
from headstart.backbones import Backbone, build_backbone
from headstart.data import Dataset, ImageSource, audit_dataset, read_dataset, split_dataset
from headstart.features import STRENGTHS, build_engine, fit_probe
from headstart.tasks.classification.probe_start import MAX_STRENGTH, PATIENCE

import keras
import numpy as np
import pandas as pd
from measured_runs import table
from real_data import DATA, WEIGHTS

from recipe_vs_keras import interval

SMOOTHING = 0.1  # the recipe's default
BATCH_SIZE = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--test", action="store_true", help="train and test runs")
    parser.add_argument("--data", nargs="+", type=Path, default=DATA)
    parser.add_argument("--backbones", nargs="+", choices=WEIGHTS, help="default: all; with --test mobilenetv2")
    parser.add_argument("--image-size", type=int, default=160)
    parser.add_argument("--seeds", nargs="+", type=int, help="default: 20 to 24; with --test 0 to 2")
    options = parser.parse_args()
    print(table(TESTED if options.test else VALIDATED, []), flush=True)
    for row in tested_rows(options) if options.test else validated_rows(options):
        print(f"| {' | '.join(row)} |", flush=True)


VALIDATED = ("network", "set", "stages", "validation accuracy", "points more than 1 stage", "loss", "less loss")
TESTED = ("network", "set", "1 stage", "default", "points [95 %]", "splits")


def validated_rows(options: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    """A row for each number of stages: means over the splits, and paired differences with their standard errors."""
    for name in options.backbones or WEIGHTS:
        size = (options.image_size, options.image_size)
        backbone = build_backbone(name, image_size=size, weights=str(WEIGHTS[name]))
        for data in options.data:
            dataset = audit_dataset(read_dataset(data)).dataset
            stages = pooled_stages(backbone, dataset)
            splits = [split_dataset(dataset, seed=seed) for seed in options.seeds or range(20, 25)]
            choices = {"1": stages[-1:]}
            for count in range(2, len(stages) + 1):
                choices[str(count)] = [scaled(features) for features in stages[-count:]]
            choices[f"{len(stages)}, raw"] = stages
            results = {
                choice: [probed(dataset, split, np.concatenate(features, axis=1)) for split in splits]
                for choice, features in choices.items()
            }
            for choice, measured in results.items():
                yield name, data.name, choice, *compared(measured, results["1"])


def pooled_stages(backbone: Backbone, dataset: Dataset) -> list[np.ndarray]:
    """The averages over positions of every stage, the lowest first, each `(images, channels)`."""
    maps = [backbone.model.get_layer(stage.layer).output for stage in backbone.spec.stages]
    model = keras.Model(backbone.model.input, [keras.layers.GlobalAveragePooling2D()(each) for each in maps])
    engine = build_engine("auto", model, batch_size=BATCH_SIZE)
    source = ImageSource(dataset.paths(), image_size=backbone.image_size, cache_bytes=0)
    batches = [range(first, min(first + BATCH_SIZE, len(source))) for first in range(0, len(source), BATCH_SIZE)]
    outputs = [engine.run(np.stack([source.load(index) for index in batch])) for batch in batches]
    return [np.concatenate(parts) for parts in zip(*outputs, strict=True)]


def scaled(features: np.ndarray) -> np.ndarray:
    """Features divided by the root mean square of each row."""
    return features / np.sqrt(np.mean(features**2, axis=1, keepdims=True))


def probed(dataset: Dataset, split: Dataset, features: np.ndarray) -> tuple[float, float]:
    """Validation accuracy and loss of the best probe, as a run solves it on plain views."""
    row = {path: index for index, path in enumerate(dataset.frame["path"])}
    parts = [split.part(name) for name in ("train", "validation")]
    rows = [[row[path] for path in part.frame["path"]] for part in parts]
    targets = [part.class_matrix() * (1 - SMOOTHING) + SMOOTHING / dataset.num_classes for part in parts]
    probe = fit_probe(
        features[rows[0]],
        targets[0],
        validation_features=features[rows[1]],
        validation_targets=targets[1],
        strengths=[strength for strength in STRENGTHS if strength <= MAX_STRENGTH],
        patience=PATIENCE,
    )
    best = min(probe.path, key=lambda point: point.validation_loss)
    return best.validation_accuracy, best.validation_loss


def compared(measured: list[tuple[float, float]], reference: list[tuple[float, float]]) -> tuple[str, ...]:
    """Mean accuracy and loss, and by how much they are better than those of the same splits."""
    gains = [100 * (ours[0] - theirs[0]) for ours, theirs in zip(measured, reference, strict=True)]
    lower = [theirs[1] - ours[1] for ours, theirs in zip(measured, reference, strict=True)]
    return (
        f"{mean(accuracy for accuracy, _ in measured):.3f}",
        f"{mean(gains):+.1f} ± {standard_error(gains):.1f}",
        f"{mean(loss for _, loss in measured):.3f}",
        f"{mean(lower):+.3f} ± {standard_error(lower):.3f}",
    )


def standard_error(values: list[float]) -> float:
    """Of the mean; 0 for one value."""
    return stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0


def tested_rows(options: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    """A row for each set: mean test accuracies, and the paired difference over all splits."""
    for name in options.backbones or ("mobilenetv2",):
        for data in options.data:
            with tempfile.TemporaryDirectory() as folder:
                splits = [tested(name, data, seed, options, Path(folder)) for seed in options.seeds or range(3)]
            accuracies = [mean(mean(answers.values()) for answers in column) for column in zip(*splits, strict=True)]
            differences = [{path: now[path] - before[path] for path in now} for before, now in splits]
            gains = ", ".join(f"{100 * mean(split.values()):+.1f}" for split in differences)
            yield name, data.name, *(f"{accuracy:.3f}" for accuracy in accuracies), interval(differences), gains


def tested(
    name: str, data: Path, seed: int, options: argparse.Namespace, folder: Path
) -> tuple[dict[str, int], dict[str, int]]:
    """Test image → whether it was named rightly, with one stage and by the default."""
    answers = []
    for head in ({"num_stages": 1}, {}):
        keras.utils.clear_session()
        recipe = headstart.Recipe.from_values(
            {
                "seed": seed,
                "data": {"path": str(data)},
                "backbone": {"name": name, "weights": str(WEIGHTS[name]), "image_size": options.image_size},
                "head": head,
                "fine_tuning_phase": {"epochs": 0},
            }
        )
        run = headstart.train(recipe=recipe, out=folder / f"{seed}-{len(answers)}", bank_dir=folder / "banks")
        frame = pd.read_csv(run.predictions_path, dtype=str, keep_default_na=False)
        answers.append(dict(zip(frame["path"], (frame["target"] == frame["prediction"]).astype(int), strict=True)))
    return answers[0], answers[1]


if __name__ == "__main__":
    main()
