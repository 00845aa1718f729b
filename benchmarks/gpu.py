"""One GPU: what Headstart and plain Keras make of it, and whether the answers are those of the processor.

    python benchmarks/gpu.py --out gpu.json

trains VGG19 at 224 pixels on trashnet with the default recipe and with TensorFlow's tutorial (`careful`, see
`keras_recipes.py`), one after the other, with random weights, which change no time. It prints

- images per second through the frozen part: the feature bank, files and augmentation included, beside `predict` of the
  same layers on the same files;
- seconds per epoch of each phase, beside those of the tutorial;
- the share of time for which the GPU computed in each step, from samples of `nvidia-smi`;
- how far the bank's activations and the classifier's probabilities are from those of the processor in float32.

Without a GPU everything runs on the processor, and the columns about the GPU hold a dash.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import headstart
from headstart.backbones import build_backbone, cut_model
from headstart.data import Dataset
from headstart.features import build_engine

import keras
import numpy as np
from keras_recipes import BASES, Parts, batches, fit_keras_recipe
from measured_runs import table
from real_data import SHARED
from sample import sampled

from recipe_vs_keras import pictures_of

FORMAT_VERSION = 1
SECONDS_BETWEEN_SAMPLES = 0.2
NUM_COMPARED = 64  # images whose activations and probabilities are compared


class BusyTimes:
    """Progress of a run that notes when each step begins and, meanwhile, how busy the GPU is."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float]] = []
        self._samples: list[tuple[float, float]] = []
        self._stopped = threading.Event()
        self._has_gpu = bool(shutil.which("nvidia-smi")) and bool(keras.distribution.list_devices("gpu"))

    def __enter__(self) -> "BusyTimes":
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()
        self._stopped.set()
        self._thread.join()

    def start(self, step: str, total: int) -> None:  # noqa: ARG002
        """See `headstart.progress.Progress`, like the methods below."""
        self.steps.append((step, time.perf_counter()))

    def advance(self, count: int = 1, note: str = "") -> None:
        """Parts of a step are not noted."""

    def finish(self) -> None:
        """Between two steps nothing is sampled."""
        self.steps.append(("", time.perf_counter()))

    def say(self, text: str) -> None:
        """What the run decides belongs to the output."""
        print(text, flush=True)

    def busy(self) -> dict[str, float]:
        """Step → mean utilisation of the GPU in it, 0 to 1; without a GPU nothing."""
        shares: dict[str, list[float]] = {}
        for (step, started), (_, ended) in zip(self.steps, self.steps[1:], strict=False):
            if step:
                shares.setdefault(step, []).extend(share for at, share in self._samples if started <= at < ended)
        return {step: float(np.mean(values)) for step, values in shares.items() if values}

    def _sample(self) -> None:
        query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
        while self._has_gpu and not self._stopped.wait(SECONDS_BETWEEN_SAMPLES):
            answer = subprocess.run(query, capture_output=True, text=True, check=True).stdout
            self._samples.append((time.perf_counter(), max(map(float, answer.split())) / 100))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "trashnet", help="folder of class folders")
    parser.add_argument("--num-images", type=int, help="take so many images of the set, evenly over its classes")
    parser.add_argument("--backbone", choices=BASES, default="vgg19")
    parser.add_argument("--weights", default="none", help="a file, 'imagenet', or 'none' for random ones")
    parser.add_argument("--image-size", type=int, default=224, help="pixels per side")
    parser.add_argument("--epochs", nargs=2, type=int, metavar=("FROZEN", "FINE"), default=(2, 4))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="JSON file for everything measured")
    options = parser.parse_args()
    with sampled(options.data, options.num_images, seed=options.seed) as data, tempfile.TemporaryDirectory() as folder:
        measured = measure(data, Path(folder), options)
    print_tables(measured)
    if options.out:
        options.out.write_text(json.dumps({"format_version": FORMAT_VERSION, **measured}, indent=1) + "\n")


def measure(data: Path, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Both recipes and the comparison with the processor; plain values that JSON can hold."""
    with BusyTimes() as busy:
        run = headstart.train(
            data,
            out=folder / "run",
            backbone=options.backbone,
            weights=options.weights,
            image_size=options.image_size,
            frozen_epochs=options.epochs[0],
            epochs=options.epochs[1],
            deep_epochs=0,
            seed=options.seed,
            bank_dir=folder / "banks",
            progress=busy,
        )
    epochs = run.history.frame.query("epoch > 0").groupby("phase")["seconds"]
    keras.utils.clear_session()
    keras.config.set_dtype_policy("float32")
    tutorial = fit_keras_recipe(
        "careful",
        BASES[options.backbone],
        parts_of(run.dataset),
        image_size=options.image_size,
        weights=None if options.weights == "none" else options.weights,
        epochs=tuple(options.epochs),
        seed=options.seed,
    )
    return {
        "gpus": keras.distribution.list_devices("gpu"),
        "steps": run.state["seconds"],
        "busy": busy.busy(),
        "epoch_seconds": epochs.median().to_dict(),
        "tutorial_seconds": tutorial.seconds,
        "tutorial_epochs": list(options.epochs),
        **images_per_second(run, options),
        **differences(run, options.image_size),
    }


def parts_of(dataset: Dataset) -> Parts:
    train, validation, test = (pictures_of(dataset.part(part)) for part in ("train", "validation", "test"))
    return Parts(train, validation, test, num_classes=dataset.num_classes)


def images_per_second(run: headstart.Run, options: argparse.Namespace) -> dict[str, float]:
    """Through the layers below fine-tuning: the bank's engine with its batches in memory, and `predict` from files."""
    size = (options.image_size, options.image_size)
    backbone = build_backbone(options.backbone, image_size=size, weights=options.weights)
    cut = backbone.spec.stages[-2].layer
    trunk = cut_model(backbone.model, cut).lower
    dataset = batches(pictures_of(run.dataset.part("train")), options.image_size).map(lambda images, _: images)
    trunk.compile()
    speeds = {}
    for turn in range(2):  # the first call compiles, and the second finds the decoded images in memory
        started = time.perf_counter()
        num_images = len(trunk.predict(dataset, verbose=0))
        speeds["predict" if turn else "predict, first"] = num_images / (time.perf_counter() - started)
    engine = build_engine("keras", trunk, batch_size=32)
    images = np.concatenate(list(dataset.take(2).as_numpy_iterator()))[:32]
    engine.run(images)
    started, num_images = time.perf_counter(), 0
    while time.perf_counter() - started < 10:
        num_images += len(engine.run(images)[0])
    speeds["engine"] = num_images / (time.perf_counter() - started)
    return {"images_per_second": speeds, "cut": cut}


def differences(run: headstart.Run, image_size: int) -> dict[str, float]:
    """The finished classifier's logits on its own device beside those of the processor, on images of the test part."""
    images = np.concatenate(
        list(
            batches(pictures_of(run.dataset.part("test")), image_size)
            .unbatch()
            .batch(NUM_COMPARED)
            .take(1)
            .map(lambda image, _: image)
            .as_numpy_iterator()
        )
    )
    here = keras.ops.convert_to_numpy(run.task.model(images, training=False)).astype("float64")
    with keras.device("cpu:0"):
        there = keras.ops.convert_to_numpy(run.task.model(images, training=False)).astype("float64")
    return {
        "largest_difference": float(np.abs(here - there).max() / np.ptp(there)),
        "same_class": float((here.argmax(axis=1) == there.argmax(axis=1)).mean()),
    }


def print_tables(measured: Mapping[str, Any]) -> None:
    """Speeds, steps and differences as Markdown."""
    print(f"Devices: {', '.join(measured['gpus']) or 'the processor alone'}\n")
    speeds = {
        f"{name} below `{measured['cut']}`": f"{speed:.1f}" for name, speed in measured["images_per_second"].items()
    }
    print(table(("frozen layers", "images/s"), speeds.items()), end="\n\n")
    epochs = dict(zip(("frozen phase", "fine-tuning phase"), measured["tutorial_epochs"], strict=True))
    tutorial = {name: measured["tutorial_seconds"][name] / count for name, count in epochs.items()}
    own = {f"{name} phase": seconds for name, seconds in measured["epoch_seconds"].items()}
    rows = [(name, f"{own[name]:.2f}" if name in own else "-", f"{seconds:.2f}") for name, seconds in tutorial.items()]
    print(table(("seconds per epoch", "Headstart", "tutorial"), rows), end="\n\n")
    busy = measured["busy"]
    rows = [(step, f"{share:.0%}") for step, share in busy.items()] or [("all", "-")]
    print(table(("step", "GPU busy"), rows), end="\n\n")
    print(
        f"Largest difference from the processor's logits: {measured['largest_difference']:.2g} of their range; "
        f"same class: {measured['same_class']:.1%}"
    )


if __name__ == "__main__":
    main()
