"""Does PatchCore find defects that are drawn on real images, and classes that are not the one it learned?

    python benchmarks/anomaly.py --out anomaly.json                     # three sets, three seeds
    python benchmarks/anomaly.py --sets paper --num-good 60 --seeds 0   # a small version

Three sets are made of real images, each in the layout of MVTec AD: images of paper (trashnet) and facades with drawn
defects (scratches, blobs, patches of the same image) on a third of the test images, and paper against the other classes
of trashnet. `patchcore` compares places, `knn` pooled features of the whole image. Intervals are over test images
(bootstrap, 95 %).
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measured_runs import measured_run, parser, table, with_interval, write_json
from PIL import Image, ImageDraw, ImageFilter

METHODS = ("patchcore", "knn")
SHARE_OF_TEST = 0.4  # of the good images; every test image has a twin with a defect drawn on it
SIDE = 384  # pixels of the longer side: the model sees fewer
Draw = Callable[[Image.Image, np.random.Generator], tuple[Image.Image, Image.Image]]


def main() -> None:
    made = parser(__doc__ or "", data=())
    made.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    made.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    made.add_argument("--num-good", type=int, help="good images at most, of each set")
    options = made.parse_args()
    measured: list[dict[str, Any]] = []
    for name in options.sets:
        for seed in options.seeds:
            with tempfile.TemporaryDirectory() as folder:
                data = SETS[name](Path(folder) / name, options.num_good, seed)
                for method in options.methods:
                    run = measured_run(data, options, seed=seed, method=method, task="anomaly-detection", views=None)
                    measured.append({**run, "method": method})
                    print(scores(measured[-1:]), file=sys.stderr, flush=True)
                    write_json(options.out, options, measured)
    print(scores(measured))


def scores(measured: list[dict[str, Any]]) -> str:
    """One row per run."""
    return table(
        (
            "set (test images)",
            "method",
            "seed",
            "image AUROC [95 %]",
            "average precision",
            "pixel AUROC",
            "PRO",
            "false alarms: promised, measured",
            "seconds",
        ),
        [
            (
                f"{row['data']} ({row['num_test']})",
                row["method"],
                row["seed"],
                *(
                    with_interval(row["metrics"][name]) if name in row["metrics"] else "-"
                    for name in ("image_auroc", "image_average_precision", "pixel_auroc", "pro")
                ),
                "{rate:.3f}, {false_alarms:.3f}".format(**row["report"]["tables"]["promise"][0]),
                f"{row['seconds']:.0f}",
            )
            for row in measured
        ],
    )


def _shared(*parts: str) -> Path:
    return Path(os.environ.get("HEADSTART_SHARED", "../shared")).joinpath("data", *parts)


def _images(folder: Path, limit: int | None, draws: np.random.Generator) -> list[Path]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    return [paths[index] for index in draws.permutation(len(paths))[:limit]]


def _opened(path: Path) -> Image.Image:
    image = Image.open(path).convert("RGB")
    image.thumbnail((SIDE, SIDE))
    return image


def drawn_set(target: Path, sources: list[Path], draws: np.random.Generator) -> Path:
    """Good images for training, and for testing each of the others once as it is and once with a drawn defect."""
    num_test = round(SHARE_OF_TEST * len(sources))
    for number, source in enumerate(sources):
        image = _opened(source)
        if number >= num_test:
            _save(image, target / "train" / "good" / f"{number:04}.png")
            continue
        sort = sorted(DEFECTS)[number % len(DEFECTS)]
        _save(image, target / "test" / "good" / f"{number:04}.png")
        broken, mask = DEFECTS[sort](image, draws)
        _save(broken, target / "test" / sort / f"{number:04}.png")
        _save(mask, target / "ground_truth" / sort / f"{number:04}_mask.png")
    return target


def _save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def scratch(image: Image.Image, draws: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """A thin line of several pieces, darker or brighter than what it crosses."""
    width, height = image.size
    mask = Image.new("L", image.size)
    place = draws.uniform(0.25, 0.75, 2) * (width, height)
    angle, points = draws.uniform(0, 2 * np.pi), [tuple(place)]
    for _ in range(5):
        angle += draws.normal(0, 0.4)
        place = np.clip(
            place + 0.06 * min(width, height) * np.array([np.cos(angle), np.sin(angle)]), 2, (width - 3, height - 3)
        )
        points.append(tuple(place))
    ImageDraw.Draw(mask).line(points, fill=255, width=max(2, min(width, height) // 90), joint="curve")
    shade = 70 * draws.choice([-1, 1])
    changed = Image.fromarray((np.asarray(image, np.int16) + shade).clip(0, 255).astype(np.uint8))
    return Image.composite(changed, image, mask.filter(ImageFilter.GaussianBlur(0.7))), mask


def blob(image: Image.Image, draws: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """A soft stain in a random colour."""
    width, height = image.size
    mask = Image.new("L", image.size)
    middle, radius = draws.uniform(0.25, 0.75, 2) * (width, height), draws.uniform(0.03, 0.06, 2) * min(width, height)
    ImageDraw.Draw(mask).ellipse((*(middle - radius), *(middle + radius)), fill=255)
    colour = Image.new("RGB", image.size, tuple(int(value) for value in draws.integers(0, 256, 3)))
    soft = mask.filter(ImageFilter.GaussianBlur(2)).point(lambda value: 0.7 * value)
    return Image.composite(colour, image, soft), mask


def patch(image: Image.Image, draws: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """A turned piece of the same image at another place (CutPaste, Li et al. 2021, arXiv 2104.04015)."""
    width, height = image.size
    side = max(8, round(draws.uniform(0.1, 0.18) * min(width, height)))
    source, target = (
        tuple(int(value) for value in draws.uniform(0.1, 0.9, 2) * (width - side, height - side)) for _ in range(2)
    )
    piece = image.crop((*source, source[0] + side, source[1] + side)).rotate(int(draws.integers(45, 136)), expand=False)
    round_mask = Image.new("L", (side, side))
    ImageDraw.Draw(round_mask).ellipse((0, 0, side - 1, side - 1), fill=255)
    broken, mask = image.copy(), Image.new("L", image.size)
    broken.paste(piece, target, round_mask)
    mask.paste(round_mask, target)
    return broken, mask


DEFECTS: dict[str, Draw] = {"blob": blob, "patch": patch, "scratch": scratch}


def paper_set(target: Path, limit: int | None, seed: int) -> Path:
    """Drawn defects on images of paper."""
    draws = np.random.default_rng(seed)
    return drawn_set(target, _images(_shared("trashnet", "paper"), limit, draws), draws)


def facade_set(target: Path, limit: int | None, seed: int) -> Path:
    """Drawn defects on images of facades."""
    draws = np.random.default_rng(seed)
    sources = [
        path for part in ("train", "valid", "test") for path in _images(_shared("facade_seg", part), None, draws)
    ]
    return drawn_set(target, [sources[index] for index in draws.permutation(len(sources))[:limit]], draws)


def paper_against_others(target: Path, limit: int | None, seed: int) -> Path:
    """Paper against the other classes of trashnet: as many images of each as good test images."""
    draws = np.random.default_rng(seed)
    sources = _images(_shared("trashnet", "paper"), limit, draws)
    num_test = round(SHARE_OF_TEST * len(sources))
    for number, source in enumerate(sources):
        part = "test" if number < num_test else "train"
        _save(_opened(source), target / part / "good" / f"{number:04}.png")
    for folder in sorted(path for path in _shared("trashnet").iterdir() if path.is_dir() and path.name != "paper"):
        for number, source in enumerate(_images(folder, max(1, num_test // 5), draws)):
            _save(_opened(source), target / "test" / folder.name / f"{number:04}.png")
    return target


SETS: dict[str, Callable[[Path, int | None, int], Path]] = {
    "paper": paper_set,
    "facades": facade_set,
    "paper_vs_others": paper_against_others,
}


if __name__ == "__main__":
    main()
