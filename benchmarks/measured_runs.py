"""Runs with fresh banks on several sets and seeds, measured, for the benchmarks of boxes and masks."""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import headstart
from headstart.metrics import Metric

import keras

SHARED = Path(os.environ.get("HEADSTART_SHARED", "../shared"))
MOBILENET = SHARED / "weights" / "mobilenet_v2_notop.weights.h5"
FORMAT_VERSION = 1
PACKAGES = ("headstart", "keras", "tensorflow", "numpy")


def parser(description: str, *, data: Sequence[str]) -> argparse.ArgumentParser:
    """The options that all of these benchmarks have."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--data", nargs="+", type=Path, default=[SHARED / "data" / name for name in data])
    made.add_argument("--backbone", default="mobilenetv2")
    made.add_argument("--weights", default=str(MOBILENET), help="a file, 'imagenet', 'builtin', or 'none' for random")
    made.add_argument("--image-size", type=int, help="pixels a side, in place of the recipe's own")
    made.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="of splits and of training")
    made.add_argument("--frozen-epochs", type=int, help="in place of the recipe's own")
    made.add_argument("--views", type=int, help="of each picture in the bank, in place of the recipe's own")
    made.add_argument("--out", type=Path, help="JSON file for everything measured, written anew after every run")
    return made


def measured_run(data: Path, options: argparse.Namespace, *, seed: int, **settings: Any) -> dict[str, Any]:
    """Trains once with an empty bank, as `headstart train` would, and gives what was measured.

    Args:
        data: as `headstart.train` takes it.
        options: of `parser`.
        seed: of the split, where the data gives none, and of training.
        **settings: options of `headstart.train` in place of those of the parser.
    """
    named = {name: value for name, value in settings.items() if name != "recipe"}
    print(f"{time.strftime('%H:%M:%S')} {data.name}, seed {seed}, {named}", file=sys.stderr, flush=True)
    keras.utils.clear_session()
    asked = {
        "backbone": options.backbone,
        "weights": options.weights,
        "image_size": options.image_size,
        "frozen_epochs": options.frozen_epochs,
        "views": options.views,
        **settings,
    }
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run = headstart.train(data, out=Path(folder) / "run", bank_dir=Path(folder) / "banks", seed=seed, **asked)
        seconds = time.perf_counter() - started
        return {
            "data": data.name,
            "seed": seed,
            "settings": named,
            "num_test": len(run.dataset.part("test")),
            "seconds": seconds,
            "steps": run.state["seconds"],
            "report": run.report.to_json(),
            "history": run.history.frame.to_dict("records"),
            "alike": shares_alike(run),
            "metrics": dict(run.report.metrics),
            "per_class": run.report.per_class,
        }


def shares_alike(run: headstart.Run) -> dict[str, float]:
    """How many test pictures, as a share, have a picture in the training part that looks like them.

    `near copies` are those that the audit finds; with `similar pHash` the 64 bits differ in at most 10.
    """
    training, test = run.dataset.part("train").frame, run.dataset.part("test").frame
    known = [int(value, 16) for value in training["near_hash"]]
    near = [min((int(value, 16) ^ other).bit_count() for other in known) <= 10 for value in test["near_hash"]]
    return {
        "near copies": float(test["duplicate_group"].isin(training["duplicate_group"]).mean()),
        "similar pHash": sum(near) / len(near),
    }


def with_interval(metric: Metric) -> str:
    """Value and 95 % interval as text."""
    return f"{metric.value:.3f} [{metric.low:.3f}, {metric.high:.3f}]"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Markdown."""
    lines = [f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def write_json(path: Path | None, options: argparse.Namespace, measured: Sequence[Mapping[str, Any]]) -> None:
    """Everything measured, how, and on what."""
    if path is None:
        return
    content = {
        "format_version": FORMAT_VERSION,
        "options": {name: str(value) for name, value in vars(options).items() if name not in ("out", "weights")},
        "weights": Path(options.weights).name,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "num_cpus": os.cpu_count(),
        "gpus": keras.distribution.list_devices("gpu"),
        "measurements": [
            {name: value for name, value in row.items() if name not in ("metrics", "per_class")} for row in measured
        ],
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
