"""Where the automatic recipe's constants come from: one choice changed at a time, everything else as it is.

    python benchmarks/recipe_choices.py

trains with each variation of the default recipe on splits that no reported figure uses (seeds 20 and up), all from one
feature bank, and prints the mean validation and test accuracy and the seconds of fine-tuning.
"""

import argparse
import os
import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

import headstart
from headstart.run import plan

import keras

SHARED = Path(os.environ.get("HEADSTART_SHARED", "../shared"))
DATA = [SHARED / "data" / name for name in ("trashnet", "flowers5")]
VARIATIONS: dict[str, dict[str, dict[str, Any]]] = {
    "default": {},
    "2 views": {"bank": {"num_views": 2}},
    "4 views": {"bank": {"num_views": 4}},
    "random start, 10 frozen epochs": {"head": {"start": "random"}},
    "rate 6e-4": {"fine_tuning_phase": {"learning_rate": 6e-4}},
    "rate 2.4e-3": {"fine_tuning_phase": {"learning_rate": 2.4e-3}},
    "equal rates for all stages": {"fine_tuning_phase": {"stage_rate_decay": 1.0}},
    "no average of weights": {"fine_tuning_phase": {"ema": 0.0}},
    "mixup 0.2": {"fine_tuning_phase": {"mixup": 0.2}},
    "L2-SP 0.01": {"fine_tuning_phase": {"l2_sp": 0.01}},
    "no label smoothing": {"head": {"label_smoothing": 0.0}},
    "half the epochs": {"fine_tuning_phase": {"epochs": 0.5}},
    "twice the epochs": {"fine_tuning_phase": {"epochs": 2.0}},
    "a stage lower": {"fine_tuning_phase": {"unfreeze_from": "blocks_10_12"}},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", type=Path, default=DATA)
    parser.add_argument("--weights", default=str(SHARED / "weights" / "mobilenet_v2_notop.weights.h5"))
    parser.add_argument("--seeds", nargs="+", type=int, default=[20, 21, 22])
    parser.add_argument("--variations", nargs="+", choices=VARIATIONS, default=list(VARIATIONS))
    options = parser.parse_args()
    sets = [path.name for path in options.data]
    print(f"| choice | {' | '.join(f'{name}: validation, test' for name in sets)} | seconds of fine-tuning |")
    print(f"|---|{'---|' * len(sets)}---|")
    with tempfile.TemporaryDirectory() as folder:
        for variation in options.variations:
            cells, seconds = [], []
            for data in options.data:
                runs = [train(options, Path(folder), data, seed, VARIATIONS[variation]) for seed in options.seeds]
                cells.append(", ".join(f"{mean(values):.3f}" for values in list(zip(*runs, strict=True))[:2]))
                seconds += [run[2] for run in runs]
            print(f"| {variation} | {' | '.join(cells)} | {mean(seconds):.0f} |", flush=True)


def train(
    options: argparse.Namespace, folder: Path, data: Path, seed: int, changes: dict[str, dict[str, Any]]
) -> tuple[float, float, float]:
    """Best validation accuracy by loss, test accuracy, seconds of fine-tuning."""
    keras.utils.clear_session()
    values: dict[str, Any] = {
        "seed": seed,
        "data": {"path": str(data)},
        "backbone": {"name": "mobilenetv2", "weights": options.weights, "image_size": 160},
    }
    changes = {section: dict(settings) for section, settings in changes.items()}
    factor = changes.get("fine_tuning_phase", {}).get("epochs")
    if factor is not None:
        usual = plan(recipe=headstart.Recipe.from_values(values), bank_dir=folder / "banks").recipe
        changes["fine_tuning_phase"]["epochs"] = round(usual.fine_tuning_phase.epochs * factor)
    recipe = headstart.Recipe.from_values({**values, **changes})
    with tempfile.TemporaryDirectory() as run_folder:
        run = headstart.train(recipe=recipe, out=Path(run_folder) / "run", bank_dir=folder / "banks")
        history = run.history.frame
        best = history.loc[history["val_loss"].idxmin(), "val_accuracy"]
        return float(best), run.report.main_metric.value, run.state["seconds"]["fine-tuning phase"]


if __name__ == "__main__":
    main()
