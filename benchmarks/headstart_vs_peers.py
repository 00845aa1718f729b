"""Headstart beside fastai and scikit-learn: the same ImageNet weights, the same split, the same test images.

    make peers                                                        # sets their environment up and measures
    python benchmarks/headstart_vs_peers.py --data ../shared/data/flowers5 --seeds 0 --out results
    python benchmarks/headstart_vs_peers.py --out results --table     # prints what is there, measures nothing

The Keras network is converted to PyTorch first. Each peer compares the pooled features of real images with those of
Keras and refuses to train where they differ by more than 1e-3. Each training is a process of its own, whose result
is a JSON file in the folder of `--out`; what is there already is not measured again.

`Headstart` is `headstart.train` with its defaults; with `+ mirrored` its answers are averaged with those for the
mirrored images. `fastai` is `vision_learner` and `fine_tune` for 5 and for 10 epochs, the better on the validation
images; with `+ TTA` its `learn.tta`. `scikit-learn` is logistic regression on pooled features of the frozen network.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import keras
from real_data import DATA, WEIGHTS

from peers.exchange import Answers, Split
from peers.keras_weights import NETWORKS, export_network
from peers.tables import Contest, difference_table, mean_table, result_table
from recipe_vs_keras import split_pictures, targets_of

HERE = Path(__file__).resolve().parent
PEERS_PYTHON = HERE.parent / ".venv-peers" / "bin" / "python"
# Contestant → its module and what is particular to it.
CONTESTANTS = {
    "headstart": ("peers.headstart_peer", []),
    "fastai-5": ("peers.fastai_peer", ["--epochs", "5"]),
    "fastai-10": ("peers.fastai_peer", ["--epochs", "10"]),
    "scikit-learn": ("peers.sklearn_peer", []),
    "fastai-folded-5": ("peers.fastai_peer", ["--epochs", "5", "--folded"]),
}
DEFAULT_CONTESTANTS = ("headstart", "fastai-5", "fastai-10", "scikit-learn")
NUM_COMPARED = 4  # images per class folder on which features are compared, at most


def main() -> None:
    options = parse(sys.argv[1:])
    if not options.table:
        options.out.mkdir(parents=True, exist_ok=True)
        for network in options.networks:
            export(network, options)
            for data in options.data:
                for seed in options.seeds:
                    measure(network, data, seed, options)
    contests = read_contests(options.out)
    print(result_table(contests), difference_table(contests), mean_table(contests), sep="\n\n")


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", type=Path, default=DATA, help="folders of class folders")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=["mobilenetv2"])
    parser.add_argument("--image-size", type=int, default=160, help="pixels per side, a multiple of 32")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="of the split and of training")
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=DEFAULT_CONTESTANTS)
    parser.add_argument("--peers-python", type=Path, default=PEERS_PYTHON, help="interpreter of the peers' environment")
    parser.add_argument("--out", type=Path, required=True, help="folder of results, which is continued")
    parser.add_argument(
        "--table", action="store_true", help="print the tables of what is in the folder, and nothing else"
    )
    options = parser.parse_args(arguments)
    if options.image_size % 32:
        parser.error(
            f"--image-size must be a multiple of 32, received {options.image_size}: Keras pads others otherwise"
        )
    needed = (
        [] if options.table else [*options.data, *(WEIGHTS[name] for name in options.networks), options.peers_python]
    )
    if missing := [str(path) for path in needed if not path.exists()]:
        parser.error(
            f"no such file or folder: {', '.join(missing)} (HEADSTART_SHARED names the folder of data and weights; "
            f"`make peers` makes the peers' environment)"
        )
    return options


def export(network: str, options: argparse.Namespace) -> None:
    """Writes the archive of a network's weights, unless it is there."""
    archive = archive_of(network, options)
    if archive.exists():
        return
    images = [
        path
        for data in options.data
        for folder in sorted(data.iterdir())
        if folder.is_dir()
        for path in sorted(folder.iterdir())[:NUM_COMPARED]
    ]
    partial = archive.with_suffix(".partial.npz")
    export_network(network, WEIGHTS[network], images, partial, image_size=options.image_size)
    partial.replace(archive)


def archive_of(network: str, options: argparse.Namespace) -> Path:
    return options.out / f"{network}-{options.image_size}.npz"


def measure(network: str, data: Path, seed: int, options: argparse.Namespace) -> None:
    """Runs every contestant that has no result yet on one split."""
    split_file = options.out / f"{data.name}-{seed}.split.json"
    if not split_file.exists():
        split_of(data, seed, image_size=options.image_size).write(split_file)
    for name in options.contestants:
        out = options.out / f"{network}.{data.name}-{seed}.{name}.json"
        if out.exists():
            continue
        print(f"{time.strftime('%H:%M:%S')} {network}, {data.name}, seed {seed}: {name}", file=sys.stderr, flush=True)
        run_contestant(name, network, split_file, out, options)


def split_of(data: Path, seed: int, *, image_size: int) -> Split:
    """The split that a Headstart run with this seed makes."""
    dataset = split_pictures(data.resolve(), seed)
    parts = {name: dataset.part(name) for name in ("train", "validation", "test")}
    return Split(
        data=str(data.resolve()),
        seed=seed,
        image_size=image_size,
        class_names=list(dataset.class_names),
        paths={name: [str(path.resolve()) for path in part.paths()] for name, part in parts.items()},
        targets={name: targets_of(part).tolist() for name, part in parts.items()},
    )


def run_contestant(name: str, network: str, split: Path, out: Path, options: argparse.Namespace) -> None:
    """One training in a process of its own; its output goes to a file beside the result."""
    module, particular = CONTESTANTS[name]
    own = module == "peers.headstart_peer"
    weights = ["--weights", WEIGHTS[network]] if own else ["--archive", archive_of(network, options)]
    python = sys.executable if own else options.peers_python
    command = [python, "-m", module, "--split", split, "--network", network, *weights, *particular, "--out", out]
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")])) if own else str(HERE)
    log = out.with_suffix(".log")
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(
            [str(word) for word in command],
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": path},
            check=False,
        )
    if done.returncode:
        last = log.read_text(encoding="utf-8").strip().splitlines()[-3:]
        raise SystemExit("\n".join([f"{name} ended with {done.returncode}; all of its output is in {log}:", *last]))


def read_contests(folder: Path) -> list[Contest]:
    """Everything that a folder of results holds, by network, set and seed."""
    found: dict[tuple[str, str], dict[str, Answers]] = {}
    for path in sorted(set(folder.glob("*.json")) - set(folder.glob("*.split.json"))):
        network, _, rest = path.stem.partition(".")
        split, _, contestant = rest.rpartition(".")
        found.setdefault((network, split), {})[contestant] = Answers.read(path)
    return [
        Contest(network, Split.read(folder / f"{split}.split.json"), contestants)
        for (network, split), contestants in found.items()
    ]


if __name__ == "__main__":
    keras.utils.disable_interactive_logging()
    main()
