"""Headstart with its defaults, and the same model's answers averaged with those for the mirrored images."""

import argparse
import tempfile
from pathlib import Path

import headstart

import numpy as np
from PIL import Image, ImageOps

from peers.exchange import Answers, Split, num_code_lines

LIBRARY = "Headstart"
MIRRORED = "Headstart + mirrored"


def train(split: Split, network: str, weights: Path, out: Path) -> headstart.Run:
    """What a user writes to train."""
    return headstart.train(
        split.data,
        out=out / "run",
        bank_dir=out / "banks",
        backbone=network,
        weights=str(weights),
        image_size=split.image_size,
        seed=split.seed,
    )


def answer(run: headstart.Run, paths: list[str]) -> np.ndarray:
    """What a user writes to get probabilities."""
    return headstart.predict(run, paths).filter(like="p(").to_numpy()


def answer_mirrored(run: headstart.Run, paths: list[str], folder: Path) -> np.ndarray:
    """What a user writes to average the answers for images and mirrored images."""
    copies = [folder / f"{number}.png" for number in range(len(paths))]
    for path, copy in zip(paths, copies, strict=True):
        ImageOps.mirror(Image.open(path).convert("RGB")).save(copy)
    return (answer(run, paths) + answer(run, copies)) / 2


def main() -> None:
    options = _parse()
    split = Split.read(options.split)
    answers = Answers()
    test = split.paths["test"]
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        with answers.timed("training"):
            run = train(split, options.network, options.weights, out)
        _require_same_split(run, split)
        with answers.timed(LIBRARY):
            answers.test[LIBRARY] = answer(run, test).tolist()
        with answers.timed(MIRRORED):
            answers.test[MIRRORED] = answer_mirrored(run, test, out).tolist()
        answers.facts = {"steps": run.state["seconds"], "lines": _lines()}
    answers.write(options.out)


def _require_same_split(run: headstart.Run, split: Split) -> None:
    for part, paths in split.paths.items():
        if sorted(str(path.resolve()) for path in run.dataset.part(part).paths()) != sorted(paths):
            raise SystemExit(f"The run's {part} part is not that of the split file.")
    if list(run.dataset.class_names) != split.class_names:
        raise SystemExit(f"The run's classes are {run.dataset.class_names}, those of the split {split.class_names}.")


def _lines() -> dict[str, int]:
    source = Path(__file__).read_text(encoding="utf-8")
    return {
        LIBRARY: num_code_lines(source, {"train", "answer"}),
        MIRRORED: num_code_lines(source, {"train", "answer", "answer_mirrored"}),
    }


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--network", required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
