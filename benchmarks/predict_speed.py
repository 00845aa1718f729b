"""Is prediction as fast as its runtime? Pictures a second from files, beside the bare runtime on decoded pictures.

    python benchmarks/predict_speed.py                      # MobileNetV2 at 160 pixels, exported to ONNX
    python benchmarks/predict_speed.py --model runs/x/artifact/model.onnx --pictures photos

The bare runtime gets batches of pictures that lie decoded and resized in memory. `headstart predict` gets files: those
of the data set (JPEG), and the same pictures stored as BMP in the model's size, which cost next to nothing to read: the
difference is what decoding takes from the runtime's cores, and what is left is the price of the pipeline. On a machine
whose cores are all busy with the model, decoding can only be hidden where it is cheap; "possible" is the rate at which
runtime and decoding together keep every core busy.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from headstart.data import open_rgb, resize_image
from headstart.prediction import answer_batches, expand_paths, open_model
from headstart.tasks import ClassPredictor

import numpy as np
from PIL import Image

SHARED = Path(os.environ.get("HEADSTART_SHARED", Path(__file__).parents[2] / "shared"))
BATCH_SIZE = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a run or an exported file; default: one that is made here")
    parser.add_argument("--pictures", type=Path, default=SHARED / "data" / "trashnet")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or exported_model(options.pictures, Path(folder))
        measure(open_model(model).predictor, options.pictures, Path(folder) / "small", options.repeat)


def exported_model(pictures: Path, folder: Path) -> Path:
    """MobileNetV2 with a head from the linear probe: what it answers does not matter here."""
    import headstart  # noqa: PLC0415  TensorFlow, for this alone
    from headstart.run import export  # noqa: PLC0415

    weights = SHARED / "weights" / "mobilenet_v2_notop.weights.h5"
    run = headstart.train(
        pictures,
        out=folder / "run",
        bank_dir=folder / "banks",
        backbone="mobilenetv2",
        weights=str(weights) if weights.is_file() else "none",
        image_size=160,
        views=1,
        frozen_epochs=1,
        epochs=0,
    )
    return export(run, "onnx").folder


def measure(predictor: ClassPredictor, pictures: Path, small: Path, repeat: int) -> None:
    files = list(expand_paths([pictures]))
    seconds = time.process_time()
    decoded = [resize_image(open_rgb(file), predictor.image_size, predictor.resize_mode) for file in files]
    decoding = (time.process_time() - seconds) / len(files)
    small.mkdir()
    for number, pixels in enumerate(decoded):
        Image.fromarray(pixels).save(small / f"{number:06}.bmp")
    batches = [np.stack(decoded[start : start + BATCH_SIZE]) for start in range(0, len(decoded), BATCH_SIZE)]
    ways = {
        "bare runtime, decoded pictures": lambda: [predictor.runtime.run(batch) for batch in batches],
        "predict, BMP in the model's size": lambda: answer_all(predictor, small),
        "predict, files of the data set": lambda: answer_all(predictor, pictures),
    }
    rates = pictures_a_second(ways, len(files), repeat)
    bare = rates["bare runtime, decoded pictures"]
    cores = len(os.sched_getaffinity(0))
    rates["possible with this decoding"] = 1 / (1 / bare + decoding / cores)
    print(f"{len(files)} pictures, {cores} cores, {1000 * decoding:.2f} ms of one core to decode and resize each\n")
    print("| way | pictures a second | share of the bare runtime |\n|---|---|---|")
    for name, rate in rates.items():
        print(f"| {name} | {rate:.0f} | {100 * rate / bare:.0f} % |")


def answer_all(predictor: ClassPredictor, folder: Path) -> None:
    for _ in answer_batches(predictor, expand_paths([folder]), batch_size=BATCH_SIZE):
        pass


def pictures_a_second(ways: dict[str, Callable[[], object]], num_pictures: int, repeat: int) -> dict[str, float]:
    """The median of several rounds, in each of which every way has its turn: a busy moment then hits all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for round_number in range(repeat + 1):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            if round_number:  # the first warms up
                seconds[name].append(time.perf_counter() - started)
    return {name: num_pictures / statistics.median(taken) for name, taken in seconds.items()}


if __name__ == "__main__":
    main()
