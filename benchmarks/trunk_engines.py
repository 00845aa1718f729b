"""Pictures a second of every engine that can run a frozen trunk.

    python benchmarks/trunk_engines.py

prints a Markdown table: VGG19 at 224 pixels below block 5, MobileNetV2 at 160 pixels below block 13. The engines take
turns, `--rounds` times in one process, and the median counts. MobileNetV2 reads its weights where `HEADSTART_SHARED`
has them; otherwise weights are random, which changes no time. Building an engine is not counted.
"""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from headstart.backbones import build_backbone, cut_model
from headstart.features import ENGINES, Engine, build_engine

import numpy as np

BATCH_SIZE = 32
WEIGHTS = Path(os.environ.get("HEADSTART_SHARED", "../shared")) / "weights" / "mobilenet_v2_notop.weights.h5"


@dataclass(frozen=True)
class Case:
    """A trunk to run."""

    backbone: str
    side: int
    layer: str
    weights: Path | None = None


CASES = (Case("vgg19", 224, "block4_pool"), Case("mobilenetv2", 160, "block_12_add", WEIGHTS))


def pictures(side: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (BATCH_SIZE, side, side, 3), "uint8")


def engines_for(case: Case) -> dict[str, Engine]:
    weights = case.weights if case.weights and case.weights.exists() else "none"
    backbone = build_backbone(case.backbone, image_size=(case.side, case.side), weights=weights)
    trunk = cut_model(backbone.model, case.layer).lower
    images = pictures(case.side)
    return {name: build_engine(name, trunk, batch_size=BATCH_SIZE, calibration=lambda: images) for name in ENGINES}


def pictures_per_second(engine: Engine, images: np.ndarray, seconds: float) -> float:
    """Whole batches for at least so many seconds."""
    started, num_batches = time.perf_counter(), 0
    while num_batches == 0 or time.perf_counter() - started < seconds:
        engine.run(images)
        num_batches += 1
    return num_batches * len(images) / (time.perf_counter() - started)


def measure(case: Case, *, seconds: float, rounds: int) -> dict[str, float]:
    """Engine → median pictures a second."""
    engines, images = engines_for(case), pictures(case.side)
    for engine in engines.values():
        engine.run(images)  # the first call compiles
    speeds: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(rounds):
        for name, engine in engines.items():
            speeds[name].append(pictures_per_second(engine, images, seconds))
    return {name: median(values) for name, values in speeds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="of every measurement")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print("| trunk | engine | pictures/s | × keras | × openvino |", "|---|---|---|---|---|", sep="\n")
    for case in CASES:
        speeds = measure(case, seconds=arguments.seconds, rounds=arguments.rounds)
        for name, speed in speeds.items():
            ratios = f"{speed / speeds['keras']:.2f} | {speed / speeds['openvino']:.2f}"
            print(
                f"| {case.backbone} {case.side} px below {case.layer} | {name} | {speed:.1f} | {ratios} |", flush=True
            )


if __name__ == "__main__":
    main()
