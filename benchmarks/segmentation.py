"""Are pretrained weights worth their place under a segmenter, and how good is it after minutes on a few cores?

    python benchmarks/segmentation.py --out segmentation.json          # two sets, three seeds
    python benchmarks/segmentation.py --starts pretrained --seeds 0 --data ~/my-masks

trains the same network on the same split: `pretrained` is the default recipe for masks; `random, frozen` the same on
random weights, which says what the pretrained ones know; `from scratch` starts from random weights and learns them all,
batch normalisation included, from the pixels in as many epochs. Intervals are over test pictures (bootstrap, 95 %).
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from statistics import mean
from typing import Any

import headstart

from measured_runs import measured_run, parser, table, with_interval, write_json

DATA = ("facade_seg", "nuclei_seg")
TASK = "semantic-segmentation"
PRETRAINED, FROZEN, SCRATCH = "pretrained", "random, frozen", "from scratch"
STARTS = (PRETRAINED, FROZEN, SCRATCH)
SCRATCH_RATE = 2e-3


def main() -> None:
    made = parser(__doc__ or "", data=DATA)
    made.add_argument("--starts", nargs="+", choices=STARTS, default=list(STARTS))
    made.add_argument("--scratch-epochs", type=int, default=40, help="epochs of the whole network from random weights")
    options = made.parse_args()
    measured: list[dict[str, Any]] = []
    for data in options.data:
        for start in options.starts:
            for seed in options.seeds:
                settings = settings_of(start, data, options)
                measured.append({**measured_run(data, options, seed=seed, **settings), "start": start})
                print(scores(measured[-1:]), file=sys.stderr, flush=True)
                write_json(options.out, options, measured)
    print(scores(measured))
    print()
    print(means(measured))


def settings_of(start: str, data: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Options of `headstart.train` beyond those that all starts share."""
    if start == PRETRAINED:
        return {"task": TASK}
    if start == FROZEN:
        return {"task": TASK, "weights": "none"}
    deep = {
        "learning_rate": SCRATCH_RATE,
        "unfreeze_batch_norm": True,
        "stage_rate_decay": 1.0,
        "patience": options.scratch_epochs,
    }
    recipe = headstart.Recipe.from_values({"data": {"path": str(data)}, "deep_phase": deep})
    return {
        "task": TASK,
        "weights": "none",
        "recipe": recipe,
        "views": 0,
        "frozen_epochs": 0,
        "epochs": 0,
        "deep_epochs": options.scratch_epochs,
    }


def scores(measured: Sequence[Mapping[str, Any]]) -> str:
    """One row a run."""
    header = ("set (test pictures)", "start", "seed", "mean IoU [95 %]", "Dice [95 %]", "Dice of each class", "seconds")
    rows = [
        (
            f"{row['data']} ({row['num_test']})",
            row["start"],
            row["seed"],
            with_interval(row["metrics"]["mean_iou"]),
            with_interval(row["metrics"]["dice"]),
            ", ".join(f"{name} {dice:.2f}" for name, dice in dice_of_classes(row)),
            f"{row['seconds']:.0f}",
        )
        for row in measured
    ]
    return table(header, rows)


def dice_of_classes(row: Mapping[str, Any]) -> list[tuple[str, float]]:
    return list(zip(row["per_class"]["class"], row["per_class"]["dice"], strict=True))


def means(measured: Sequence[Mapping[str, Any]]) -> str:
    """One row a set and start: mean over the seeds."""
    rows = []
    for (data, start), group in groupby(measured, key=lambda row: (row["data"], row["start"])):
        runs = list(group)
        cells = [f"{mean(run['metrics'][name].value for run in runs):.3f}" for name in ("mean_iou", "dice")]
        rows.append((data, start, len(runs), *cells, f"{max(run['seconds'] for run in runs):.0f}"))
    return table(("set", "start", "seeds", "mean IoU", "Dice", "most seconds"), rows)


if __name__ == "__main__":
    main()
