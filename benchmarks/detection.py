"""How well does a detector find objects after minutes on a few cores, and how easy is each test?

    python benchmarks/detection.py --out detection.json              # three sets, three seeds
    python benchmarks/detection.py --seeds 0 --data ~/my-boxes --weights imagenet --backbone vgg19

trains with the default recipe for boxes and an empty bank; only that pictures of bccd_det, where nothing says which way
is up, are mirrored both ways. Sets that bring parts keep them, so that their seeds differ in training alone; others are
split anew by each seed. mAP is the COCO evaluator's; intervals are over test pictures (bootstrap, 95 %). The last table
says how many test pictures look like one in the training part: such a test is easy.
"""

import sys
from collections.abc import Mapping, Sequence
from itertools import groupby
from statistics import mean
from typing import Any

from measured_runs import measured_run, parser, table, with_interval, write_json

DATA = ("bccd_det", "raccoon_det", "chess_pieces_det")
FLIPS = {"bccd_det": "both"}


def main() -> None:
    made = parser(__doc__ or "", data=DATA)
    made.add_argument("--flips", help="none, horizontal, vertical or both, for all sets")
    options = made.parse_args()
    measured: list[dict[str, Any]] = []
    for data in options.data:
        for seed in options.seeds:
            flips = options.flips or FLIPS.get(data.name)
            measured.append(measured_run(data, options, seed=seed, task="object-detection", flips=flips))
            print(scores(measured[-1:]), file=sys.stderr, flush=True)
            write_json(options.out, options, measured)
    print(scores(measured))
    print()
    print(means(measured))
    print()
    print(likeness(measured))


def scores(measured: Sequence[Mapping[str, Any]]) -> str:
    """One row a run."""
    header = ("set (test pictures)", "seed", "mAP50 [95 %]", "mAP [95 %]", "seconds", "of which bank", "frozen phase")
    rows = [
        (
            f"{row['data']} ({row['num_test']})",
            row["seed"],
            with_interval(row["metrics"]["map50"]),
            with_interval(row["metrics"]["map"]),
            f"{row['seconds']:.0f}",
            f"{row['steps'].get('feature bank', 0.0):.0f}",
            f"{row['steps'].get('frozen phase', 0.0):.0f}",
        )
        for row in measured
    ]
    return table(header, rows)


def means(measured: Sequence[Mapping[str, Any]]) -> str:
    """One row a set: mean and range over the seeds."""
    rows = []
    for data, group in groupby(measured, key=lambda row: row["data"]):
        runs = list(group)
        cells = [spread([run["metrics"][name].value for run in runs]) for name in ("map50", "map")]
        rows.append((data, len(runs), *cells, f"{max(run['seconds'] for run in runs):.0f}"))
    return table(("set", "seeds", "mAP50, lowest to highest", "mAP", "most seconds"), rows)


def spread(values: Sequence[float]) -> str:
    return f"{mean(values):.3f}, {min(values):.3f} to {max(values):.3f}"


def likeness(measured: Sequence[Mapping[str, Any]]) -> str:
    """One row a set: how alike its parts are, mean over the seeds."""
    rows = []
    for data, group in groupby(measured, key=lambda row: row["data"]):
        alike = [run["alike"] for run in group]
        rows.append((data, *(f"{100 * mean(one[name] for one in alike):.0f} %" for name in alike[0])))
    return table(("test pictures with such a partner in training", "near copies", "similar pHash"), rows)


if __name__ == "__main__":
    main()
