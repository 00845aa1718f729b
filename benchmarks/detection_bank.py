"""How much faster is the frozen phase of a detector from the bank than through the trunk in every epoch?

    python benchmarks/detection_bank.py --out detection_bank.json

trains the head of a detector on frozen VGG19 (random weights: only time is compared), once from the feature bank and
once with `views=0`, where every epoch begins at the pixels. Seconds of an epoch are the median of all but the first,
which builds graphs. Filling the bank is paid once; the last columns say how much and after how many epochs it is saved.
"""

import sys
from collections.abc import Mapping
from statistics import median
from typing import Any

from measured_runs import measured_run, parser, table, write_json

DATA = ("raccoon_det",)


def main() -> None:
    made = parser(__doc__ or "", data=DATA)
    made.add_argument("--pixel-epochs", type=int, default=3, help="epochs through the trunk, at least 2")
    made.set_defaults(backbone="vgg19", weights="none", image_size=320, seeds=[0], frozen_epochs=8, views=4)
    options = made.parse_args()
    measured, rows = [], []
    for data in options.data:
        for seed in options.seeds:
            settings = {"task": "object-detection", "epochs": 0}
            banked = measured_run(data, options, seed=seed, **settings)
            pixels = measured_run(data, options, seed=seed, **settings, views=0, frozen_epochs=options.pixel_epochs)
            measured += [banked, pixels]
            rows.append(row_of(banked, pixels))
            print(rows[-1], file=sys.stderr, flush=True)
            write_json(options.out, options, measured)
    header = ("set", "seed", "an epoch through the trunk", "from the bank", "times as fast", "filling it", "pays after")
    print(table(header, rows))


def row_of(banked: Mapping[str, Any], pixels: Mapping[str, Any]) -> tuple[object, ...]:
    slow, fast = epoch_seconds(pixels), epoch_seconds(banked)
    filling = banked["steps"].get("feature bank", 0.0)
    return (
        banked["data"],
        banked["seed"],
        f"{slow:.2f} s",
        f"{fast:.2f} s",
        f"{slow / fast:.1f}",
        f"{filling:.0f} s",
        f"{filling / (slow - fast):.1f} epochs" if slow > fast else "never",
    )


def epoch_seconds(measured: Mapping[str, Any]) -> float:
    """Median seconds of an epoch of the frozen phase, training and validation, without the first."""
    seconds = [row["seconds"] for row in measured["history"] if row["phase"] == "frozen"]
    return median(seconds[1:] or seconds)


if __name__ == "__main__":
    main()
