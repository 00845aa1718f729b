"""Does a model know what it knows? Confidence, prediction sets, abstention and foreign pictures, over several splits.

    python benchmarks/honesty.py                            # ten splits of trashnet, foreign pictures from flowers5
    python benchmarks/honesty.py --seeds 0 1 --out out.json
    python benchmarks/honesty.py --data ../shared/data/flowers5 --foreign ../shared/data/trashnet

trains once a seed with MobileNetV2 at 160 pixels and holds what each run's calibration, made from its validation part,
promises against its test part. Every answer for a test picture counts once, whatever its split. Intervals of coverage
are for 95 %: the binomial one is that of a promise made on endless pictures, the wider one knows how few they were.
With `--runs FOLDER` runs are kept, and those that are finished are measured without training again.
"""

import argparse
import json
import math
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import headstart
from headstart.data import ImageSource, evaluation_batches
from headstart.trust import DEFAULT_COVERAGE
from headstart.trust.reliability import Answers, expected_calibration_error

import numpy as np
import pandas as pd
from scipy.special import softmax
from scipy.stats import betabinom, binom

SHARED = Path(os.environ.get("HEADSTART_SHARED", "../shared"))
PICTURES = (".jpg", ".jpeg", ".png")
LEFT_OUT = 0.1
FORMAT_VERSION = 1


@dataclass(frozen=True, eq=False)
class Split:
    """What one run answered.

    Attributes:
        seed: of the split.
        probabilities: of test pictures, calibrated, `(n, num_classes)`.
        uncalibrated: the same at temperature 1.
        targets: `(n,)` class indices.
        temperature: of the run.
        num_validation: pictures that the promise was made on.
        lowest: probability from which a class belongs to the prediction set.
        false_alarms: `(n,)`, whether test pictures were flagged as foreign.
        flagged: `(m,)`, whether pictures of the other data set were.
        seconds: of the calibration.
    """

    seed: int
    probabilities: np.ndarray
    uncalibrated: np.ndarray
    targets: np.ndarray
    temperature: float
    num_validation: int
    lowest: float
    false_alarms: np.ndarray
    flagged: np.ndarray
    seconds: float


def main() -> None:
    options = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        runs = options.runs or Path(folder)
        splits = []
        for seed in options.seeds:
            splits.append(measure(trained(options, runs, seed), options.foreign, seed=seed))
            print(table({f"seed {seed}": row(splits[-1:])}), file=sys.stderr, flush=True)
    rows = {**{f"seed {split.seed}": row([split]) for split in splits}, "all": row(splits)}
    print(table(rows))
    print(verdict(splits))
    if options.out:
        options.out.write_text(json.dumps({"format_version": FORMAT_VERSION, "rows": rows}, indent=1) + "\n")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "trashnet")
    parser.add_argument("--foreign", type=Path, default=SHARED / "data" / "flowers5", help="pictures of another kind")
    parser.add_argument("--weights", default=str(SHARED / "weights" / "mobilenet_v2_notop.weights.h5"))
    parser.add_argument("--backbone", default="mobilenetv2")
    parser.add_argument("--image-size", type=int, default=160)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--runs", type=Path, help="folder to keep runs in")
    parser.add_argument("--out", type=Path, help="JSON file for every number")
    return parser.parse_args()


def trained(options: argparse.Namespace, folder: Path, seed: int) -> headstart.Run:
    """The run of a seed, trained unless there is a finished one."""
    path = folder / f"{options.data.name}-{seed}"
    if (path / "run.json").is_file():
        return headstart.resume(path)
    return headstart.train(
        options.data,
        out=path,
        backbone=options.backbone,
        weights=options.weights,
        image_size=options.image_size,
        bank_dir=folder / "banks",
        seed=seed,
    )


def measure(run: headstart.Run, foreign: Path, *, seed: int) -> Split:
    calibration, thresholds = run.calibration, run.calibration.thresholds
    frame = pd.read_csv(run.predictions_path)
    probabilities = frame[[f"p({name})" for name in run.task.class_names]].to_numpy()
    temperature = float(calibration.temperature[0])
    highest = thresholds.highest_familiar_score()
    others = sorted(path for path in foreign.rglob("*") if path.suffix.lower() in PICTURES)
    return Split(
        seed=seed,
        probabilities=probabilities,
        uncalibrated=softmax(temperature * np.log(probabilities), axis=1),
        targets=frame["target"].map({name: index for index, name in enumerate(run.task.class_names)}).to_numpy(),
        temperature=temperature,
        num_validation=len(calibration.nonconformity),
        lowest=thresholds.lowest_probability(DEFAULT_COVERAGE),
        false_alarms=foreign_scores(run, run.dataset.part("test").paths()) > highest,
        flagged=foreign_scores(run, others) > highest,
        seconds=run.state["seconds"].get("calibration", float("nan")),
    )


def foreign_scores(run: headstart.Run, paths: list[Path]) -> np.ndarray:
    task = run.task
    source = ImageSource(paths, image_size=task.image_size, resize_mode=task.resize_mode, cache_bytes=0)
    _, features = task.model_with_features.predict(evaluation_batches(source, batch_size=32), verbose=0)
    return run.calibration.foreign_score(features)


def row(splits: list[Split]) -> dict[str, Any]:
    """The numbers of some splits taken together."""
    right = np.concatenate([split.probabilities.argmax(axis=1) == split.targets for split in splits])
    covered = np.concatenate([own_probability(split) >= split.lowest for split in splits])
    sizes = np.concatenate([(split.probabilities >= split.lowest).sum(axis=1) for split in splits])
    low, high = binom.interval(0.95, len(covered), DEFAULT_COVERAGE)
    return {
        "test pictures": len(right),
        "temperature": float(np.mean([split.temperature for split in splits])),
        "ECE before": calibration_error([split.uncalibrated for split in splits], right),
        "ECE after": calibration_error([split.probabilities for split in splits], right),
        "log loss before": log_loss(splits, [split.uncalibrated for split in splits]),
        "log loss after": log_loss(splits, [split.probabilities for split in splits]),
        "coverage": float(covered.mean()),
        "interval of 0.9": [low / len(covered), high / len(covered)],
        "with few validation pictures": interval_of_promise(splits),
        "set size": sizes.mean(),
        "accuracy": right.mean(),
        "without the least certain 10 %": np.concatenate([right_when_certain(split) for split in splits]).mean(),
        "flagged, foreign": np.concatenate([split.flagged for split in splits]).mean(),
        "flagged, own": np.concatenate([split.false_alarms for split in splits]).mean(),
        "seconds": float(np.mean([split.seconds for split in splits])),
    }


def interval_of_promise(splits: list[Split]) -> list[float]:
    """95 % interval of coverage by a promise of 0.9 made on so few pictures: beta-binomial, splits independent.

    References:
        Angelopoulos and Bates 2021, arXiv 2107.07511, section 3.2.
    """
    draws = []
    for split in splits:
        beyond = math.floor((split.num_validation + 1) * (1 - DEFAULT_COVERAGE) + 1e-9)
        draws.append(betabinom(len(split.targets), split.num_validation + 1 - beyond, beyond))
    num_pictures = sum(len(split.targets) for split in splits)
    mean = sum(draw.mean() for draw in draws) / num_pictures
    spread = 1.96 * math.sqrt(sum(draw.var() for draw in draws)) / num_pictures
    return [mean - spread, mean + spread]


def own_probability(split: Split) -> np.ndarray:
    return split.probabilities[np.arange(len(split.targets)), split.targets]


def log_loss(splits: list[Split], probabilities: list[np.ndarray]) -> float:
    own = [p[np.arange(len(split.targets)), split.targets] for split, p in zip(splits, probabilities, strict=True)]
    return float(-np.log(np.concatenate(own).clip(1e-7)).mean())


def calibration_error(probabilities: list[np.ndarray], right: np.ndarray) -> float:
    answers = Answers(np.concatenate([each.max(axis=1) for each in probabilities]), right.astype("float64"))
    return float(expected_calibration_error(answers, np.ones((1, len(right))))[0])


def right_when_certain(split: Split) -> np.ndarray:
    """Whether answers are right, without the tenth of the split that was answered with least certainty."""
    certainty = split.probabilities.max(axis=1)
    kept = np.argsort(certainty, kind="stable")[int(LEFT_OUT * len(certainty)) :]
    return (split.probabilities.argmax(axis=1) == split.targets)[kept]


def table(rows: dict[str, dict[str, Any]]) -> str:
    names = list(next(iter(rows.values())))
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(map(shown, row.values()))} |" for name, row in rows.items())])


def shown(value: Any) -> str:
    if isinstance(value, list):
        return " to ".join(f"{each:.3f}" for each in value)
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def verdict(splits: list[Split]) -> str:
    """What should hold, and whether it does."""
    numbers = row(splits)
    low, high = numbers["interval of 0.9"]
    gain = numbers["without the least certain 10 %"] - numbers["accuracy"]
    checks = {
        "ECE falls": numbers["ECE after"] < numbers["ECE before"],
        "coverage lies in the binomial interval of 0.9": low <= numbers["coverage"] <= high,
        f"abstaining on a tenth gains at least 2 points ({100 * gain:.1f})": gain >= 0.02,
        "at least 80 % of foreign pictures are flagged": numbers["flagged, foreign"] >= 0.8,
    }
    return "\n".join(f"- {text}: {'yes' if holds else 'NO'}" for text, holds in checks.items())


if __name__ == "__main__":
    main()
