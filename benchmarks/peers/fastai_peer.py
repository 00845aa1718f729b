"""fastai as its documentation shows it: `vision_learner`, `fine_tune` with the default rate, test-time augmentation.

Images are resized to more than the network's size first and augmented to its size in batches ("presizing"), in the
proportion of the documentation's `Resize(460)` and `aug_transforms(size=224)`. Everything that is not named is the
library's default: batches of 64, one frozen epoch, then all layers with rates from 1e-5 at the body to 1e-3 at the
head (`base_lr=2e-3`), one-cycle schedule, the head with concatenated pooling and a hidden layer, batch normalisation
in training mode.

References:
    https://docs.fast.ai/tutorial.vision.html
    https://docs.fast.ai/callback.schedule.html#learner.fine_tune
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch
from torch import nn

from peers.exchange import Answers, Split, num_code_lines
from peers.torch_networks import STATS, converted_network

from fastai.vision.all import (  # isort: skip  it imports torchvision, which the line above made possible
    ImageDataLoaders,
    Learner,
    Resize,
    accuracy,
    aug_transforms,
    default_split,
    model_meta,
    set_seed,
    vision_learner,
)

LIBRARY = "fastai"
TTA = "fastai + TTA"
PRESIZING = 460 / 224


def train(table: pd.DataFrame, arch: Callable[..., nn.Module], epochs: int, image_size: int) -> Learner:
    """What a user writes to train."""
    dls = ImageDataLoaders.from_df(
        table,
        path="/",
        valid_col="is_valid",
        item_tfms=Resize(round(PRESIZING * image_size)),
        batch_tfms=aug_transforms(size=image_size),
    )
    learn = vision_learner(dls, arch, metrics=accuracy)
    learn.fine_tune(epochs)
    return learn


def answer(learn: Learner, paths: list[str]) -> torch.Tensor:
    """What a user writes to get probabilities."""
    return learn.get_preds(dl=learn.dls.test_dl(paths))[0]


def answer_with_tta(learn: Learner, paths: list[str]) -> torch.Tensor:
    """What a user writes to get probabilities with test-time augmentation."""
    return learn.tta(dl=learn.dls.test_dl(paths))[0]


def main() -> None:
    options = _parse()
    split = Split.read(options.split)
    answers = Answers()
    images = [] if options.folded else split.paths["train"]
    network = converted_network(options.network, options.archive, images)

    def arch(pretrained: bool = True) -> nn.Module:  # noqa: ARG001  as vision_learner calls it
        return nn.Sequential(network.features, nn.AdaptiveAvgPool2d(1))

    # What fastai looks up for networks that it knows: their normalisation. The cut and the groups are its defaults.
    model_meta[arch] = {"cut": None, "split": default_split, "stats": STATS[options.network]}
    set_seed(split.seed, reproducible=True)
    with answers.timed("training"):
        learn = train(_table(split), arch, options.epochs, split.image_size)
    for way, ask in ((LIBRARY, answer), (TTA, answer_with_tta)):
        answers.score_validation(way, ask(learn, split.paths["validation"]).numpy(), _columns(learn, split))
        with answers.timed(way):
            probabilities = ask(learn, split.paths["test"])
        answers.test[way] = probabilities.tolist()
    source = Path(__file__).read_text(encoding="utf-8")
    answers.facts = {
        "difference": network.difference,
        "epochs": options.epochs,
        "folded batch normalisation": options.folded,
        "lines": {
            LIBRARY: num_code_lines(source, {"train", "answer"}),
            TTA: num_code_lines(source, {"train", "answer_with_tta"}),
        },
    }
    answers.write(options.out)


def _table(split: Split) -> pd.DataFrame:
    """What fastai learns from: file, class name, and whether it is a validation image."""
    rows = [
        (path.removeprefix("/"), split.class_names[target], part == "validation")
        for part in ("train", "validation")
        for path, target in zip(split.paths[part], split.targets[part], strict=True)
    ]
    return pd.DataFrame(rows, columns=["name", "label", "is_valid"])


def _columns(learn: Learner, split: Split) -> list[int]:
    """Targets of the validation images; the vocabulary has the order of the split's names."""
    if list(learn.dls.vocab) != split.class_names:
        raise SystemExit(f"fastai orders the classes {list(learn.dls.vocab)}, the split {split.class_names}.")
    return split.targets["validation"]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--network", choices=sorted(STATS), required=True)
    parser.add_argument("--archive", type=Path, required=True, help="of keras_weights.export_network")
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--folded", action="store_true", help="leave batch normalisation folded as in the weights file")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
