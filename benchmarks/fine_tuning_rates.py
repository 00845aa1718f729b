"""What each fine-tuning rate does to the validation loss, and which one the default recipe takes.

    python benchmarks/fine_tuning_rates.py --backbones vgg16 --data ../shared/data/flowers5

trains by the default recipe with its own rate and with others, from one feature bank, and without the limit on the
loss. It prints the highest validation loss of an epoch as a share of the linear probe's, and the validation accuracy of
the probe, of the worst epoch and of the epoch that is kept. Test parts are not looked at.
"""

import argparse
import tempfile
from pathlib import Path

import headstart
from headstart.run import plan

import keras
from real_data import DATA, WEIGHTS

BACKBONES = [*WEIGHTS, "vgg19_mini"]
HEADER = ("network", "set", "rate", "highest loss of the probe's", "probe", "worst epoch", "kept", "restarts")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", type=Path, default=DATA)
    parser.add_argument("--backbones", nargs="+", choices=BACKBONES, default=BACKBONES)
    parser.add_argument("--rates", nargs="*", type=float, default=[1e-4, 3e-4, 1.2e-3], help="beside the default's own")
    parser.add_argument("--limit", type=float, default=0.0, help="max_loss_rise of the recipe; 0: no limit")
    parser.add_argument("--image-size", type=int, default=160)
    parser.add_argument("--seed", type=int, default=20, help="of the split; no reported figure uses 20 and up")
    parser.add_argument("--bank-dir", type=Path, help="keep the banks here, for another call")
    options = parser.parse_args()
    print(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
    with tempfile.TemporaryDirectory() as folder:
        options.bank_dir = options.bank_dir or Path(folder) / "banks"
        for backbone in options.backbones:
            for data in options.data:
                for rate in (None, *options.rates):
                    print(row(backbone, data, rate, options, Path(folder) / "run"), flush=True)


def row(backbone: str, data: Path, rate: float | None, options: argparse.Namespace, out: Path) -> str:
    """One row of the table: a training at one rate, None for the default's own."""
    keras.utils.clear_session()
    values = {
        "seed": options.seed,
        "data": {"path": str(data)},
        "backbone": {"name": backbone, "image_size": options.image_size},
        "fine_tuning_phase": {"max_loss_rise": options.limit},
    }
    if backbone in WEIGHTS:
        values["backbone"]["weights"] = str(WEIGHTS[backbone])
    if rate is not None:
        values["fine_tuning_phase"]["learning_rate"] = rate
    recipe = plan(recipe=headstart.Recipe.from_values(values), bank_dir=options.bank_dir).recipe
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        run = headstart.train(recipe=recipe, out=Path(folder) / "run", bank_dir=options.bank_dir)
        history, restarts = run.history.frame, run.fact("phases")[1]["num_restarts"]
    probe, epochs = history.iloc[0], history[history["phase"] == "fine-tuning"]
    cells = [
        backbone,
        data.name,
        f"{recipe.fine_tuning_phase.learning_rate:g}{'' if rate else ' (default)'}",
        f"{epochs['val_loss'].max() / probe['val_loss']:.2f}",
        f"{probe['val_accuracy']:.3f}",
        f"{epochs['val_accuracy'].min():.3f}",
        f"{history.loc[history['val_loss'].idxmin(), 'val_accuracy']:.3f}",
        f"{restarts}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
