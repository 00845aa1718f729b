"""How far a plan's time is from what the run takes.

    python benchmarks/plan_accuracy.py

plans and trains by the default recipe for every network and set, each with a feature bank of its own, and prints both
times for every step and in all. A ratio between 2/3 and 3/2 is what a plan promises. The machine should be idle.
"""

import argparse
import tempfile
import time
from pathlib import Path

import headstart

import keras
from real_data import DATA, WEIGHTS

HEADER = ("network", "set", "planned seconds", "taken", "taken / planned", "steps: planned, taken")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", type=Path, default=DATA)
    parser.add_argument("--backbones", nargs="+", choices=WEIGHTS, default=["mobilenetv2", "vgg16"])
    parser.add_argument("--image-size", type=int, default=160)
    options = parser.parse_args()
    print(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
    for backbone in options.backbones:
        for data in options.data:
            print(row(backbone, data, options.image_size), flush=True)


def row(backbone: str, data: Path, image_size: int) -> str:
    """One row of the table: a run by the default recipe beside its plan."""
    keras.utils.clear_session()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        run = headstart.train(
            data,
            backbone=backbone,
            weights=str(WEIGHTS[backbone]),
            image_size=image_size,
            bank_dir=Path(folder) / "banks",
            out=Path(folder) / "run",
        )
        taken = time.perf_counter() - started
        planned, steps = run.fact("plan")["expected_seconds"], run.state["seconds"]
    total = sum(planned.values())
    names = dict.fromkeys([*planned, *steps])
    details = "; ".join(f"{name} {planned.get(name, 0):.0f}, {steps.get(name, 0):.0f}" for name in names)
    return f"| {backbone} | {data.name} | {total:.0f} | {taken:.0f} | {taken / total:.2f} | {details} |"


if __name__ == "__main__":
    main()
