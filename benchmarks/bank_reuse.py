"""What a second training on the same pictures pays for the feature bank, after only head, rates or epochs changed.

    python benchmarks/bank_reuse.py

trains on one set with a fresh bank, then again with other rates, other epochs, another head and another split, and
prints the seconds of the bank in each run and their share of the first run's.
"""

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

import headstart

SHARED = Path(os.environ.get("HEADSTART_SHARED", "../shared"))
CHANGES: dict[str, dict[str, Any]] = {
    "the first run": {},
    "learning rate 1e-3": {"learning_rate": 1e-3},
    "3 epochs": {"epochs": 3},
    "random head, 2 frozen epochs": {"head": "random", "frozen_epochs": 2},
    "another seed of the split": {"seed": 1},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "flowers5")
    parser.add_argument("--weights", default=str(SHARED / "weights" / "mobilenet_v2_notop.weights.h5"))
    options = parser.parse_args()
    print("| what changed | rows computed | bank seconds | of the first |\n|---|---|---|---|")
    first = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, changes) in enumerate(CHANGES.items()):
            run = train(options, Path(folder), number, dict(changes))
            seconds = run.state["seconds"]["feature bank"]
            first = first or seconds
            print(
                f"| {name} | {run.state['bank']['num_computed']} | {seconds:.2f} | {seconds / first:.2%} |", flush=True
            )


def train(options: argparse.Namespace, folder: Path, number: int, changes: dict[str, Any]) -> headstart.Run:
    recipe = headstart.Recipe.from_values(
        {
            "data": {"path": str(options.data)},
            "backbone": {"name": "mobilenetv2", "weights": options.weights, "image_size": 160},
            "head": {"start": changes.pop("head", "probe")},
        }
    )
    settings = {"epochs": 2, "seed": 0, **changes}
    return headstart.train(recipe=recipe, out=folder / f"run-{number}", bank_dir=folder / "banks", **settings)


if __name__ == "__main__":
    main()
