"""Does memory grow with the number of pictures? Peak memory of trainings on many and on few synthetic pictures.

    python benchmarks/bank_memory.py

writes synthetic pictures, trains MobileNetV2 (random weights, 128 pixels) from a feature bank of several gigabytes in a
process of its own, does the same with a hundredth of the pictures, and prints the peak resident memory of both.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = ((200, 60, 50), (60, 180, 70), (70, 90, 210), (210, 190, 60))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num-pictures", type=int, default=20_000)
    parser.add_argument("--few", type=int, default=200)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(train(options.child)))
        return
    print("| pictures | bank on disk, GB | seconds | peak memory, GB |\n|---|---|---|---|")
    peaks = []
    for count in (options.few, options.num_pictures):
        with tempfile.TemporaryDirectory() as folder:
            write_pictures(Path(folder) / "pictures", count)
            facts = measured(Path(folder))
        peaks.append(facts["peak_gigabytes"])
        print(
            f"| {count} | {facts['bank_gigabytes']:.2f} | {facts['seconds']:.0f} | {facts['peak_gigabytes']:.2f} |",
            flush=True,
        )
    print(f"\nDifference: {peaks[1] - peaks[0]:.2f} GB")


def measured(folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", str(folder)]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(finished.stdout.splitlines()[-1]))


def write_pictures(folder: Path, count: int) -> None:
    generator = np.random.default_rng(0)
    for number in range(count):
        colour = number % len(COLOURS)
        path = folder / f"class-{colour}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        # Coarse noise: fine noise looks alike to every perceptual hash once it is made small.
        noise = generator.normal(COLOURS[colour], 70, (16, 16, 3)).clip(0, 255).astype("uint8")
        Image.fromarray(noise).resize((128, 128), Image.Resampling.NEAREST).save(path, quality=85)


def train(folder: Path) -> dict[str, float]:
    import headstart  # noqa: PLC0415  only the measured process needs it

    started = time.perf_counter()
    headstart.train(
        folder / "pictures",
        out=folder / "run",
        bank_dir=folder / "banks",
        backbone="mobilenetv2",
        weights="none",
        image_size=128,
        unfreeze_from="blocks_3_5",
        views=4,
        epochs=1,
    )
    return {
        "seconds": time.perf_counter() - started,
        "bank_gigabytes": sum(path.stat().st_size for path in (folder / "banks").rglob("*.f16")) / 1e9,
        "peak_gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


if __name__ == "__main__":
    main()
