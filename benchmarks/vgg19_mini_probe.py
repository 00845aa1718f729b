"""What the shipped weights of `vgg19_mini` are worth: a linear probe on them against one on random weights.

No picture tested here was seen by the distillation (`held_out` in the tool). Pooled features are standardised;
the logistic regression's C is chosen on a quarter of the training pictures.

    PYTHONPATH=src python benchmarks/vgg19_mini_probe.py
"""

import argparse
import os
import sys
from pathlib import Path

from headstart.backbones.vgg19_mini import WEIGHTS_PATH, VGG19Mini

import keras
import numpy as np
from PIL import Image
from scipy.stats import bootstrap
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from pretrain_vgg19_mini import held_out, training_pictures

SHARED = Path(os.environ.get("HEADSTART_SHARED", "../shared"))
STRENGTHS = 10.0 ** np.arange(-4, 2)  # of the logistic regression's C, weak to strong


def read(paths, side):
    """`(n, side, side, 3)` RGB 0-255, whole pictures, and their class names."""
    pictures = [Image.open(path).convert("RGB").resize((side, side), Image.Resampling.BILINEAR) for path in paths]
    return np.array(pictures, "float32"), np.array([path.parent.name for path in paths])


def split_folder(name, side):
    """What the distillation may have seen, to fit the probe on; and what it never saw, to test it."""
    folder = SHARED / "data" / name
    unseen = [path for path in sorted(folder.rglob("*.jpg")) if held_out(path)]
    return read(training_pictures(folder), side), read(unseen, side)


def split_digits(_, side):
    """scikit-learn's handwritten digits, 8 x 8 grey: a kind of picture that the distillation never saw at all."""
    digits = load_digits()
    pictures = keras.ops.convert_to_numpy(keras.ops.image.resize(digits.images[..., None] * 255 / 16, (side, side)))
    rows = np.random.default_rng(0).permutation(len(pictures))
    pictures, labels = np.repeat(pictures, 3, axis=-1)[rows].astype("float32"), digits.target[rows]
    return (pictures[:1400], labels[:1400]), (pictures[1400:], labels[1400:])


SETS = {"flowers5": split_folder, "sign_digits": split_folder, "trashnet": split_folder, "digits": split_digits}


def build_extractor(weights):
    """Raw RGB to `(batch, 128)`: preprocessing, VGG19Mini, average over the picture."""
    pixels = keras.Input((None, None, 3))
    network = VGG19Mini(input_tensor=keras.applications.vgg19.preprocess_input(pixels), weights=weights)
    return keras.Model(network.inputs, keras.layers.GlobalAveragePooling2D()(network.output))


def fit_probe(features, labels):
    """Logistic regression on standardised features, C chosen on a quarter of them, then fitted on all."""
    fit_x, choose_x, fit_y, choose_y = train_test_split(
        features, labels, test_size=0.25, stratify=labels, random_state=0
    )
    probes = [make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=1000)) for c in STRENGTHS]
    with threadpool_limits(1):  # matrices this small only lose time to threads
        best = max(probes, key=lambda probe: probe.fit(fit_x, fit_y).score(choose_x, choose_y))
        return best.fit(features, labels)


def probe(weights, train, test):
    """Which test pictures a linear probe on these weights names rightly: Boolean `(n,)`."""
    extractor = build_extractor(weights)
    features, test_features = (extractor.predict(pictures, batch_size=64, verbose=0) for pictures, _ in (train, test))
    return fit_probe(features, train[1]).predict(test_features) == test[1]


def probe_random(seed, train, test):
    """The same for random weights drawn from `seed`."""
    keras.utils.set_random_seed(seed)
    return probe(None, train, test)


def interval(values):
    """Mean and 95 % bootstrap interval over the test pictures, in percent, as text."""
    low, high = bootstrap((values,), np.mean, method="percentile", rng=0).confidence_interval
    return f"{100 * values.mean():.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=WEIGHTS_PATH)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--side", type=int, default=96, help="pixels; pictures are resized to a square")
    parser.add_argument("--random-seeds", type=int, default=5, help="networks with random weights to compare with")
    options = parser.parse_args()
    print("| set | train / test pictures | shipped weights, % | random weights, % | gain, points |")
    print("|---|---|---|---|---|")
    for name in options.sets:
        train, test = SETS[name](name, options.side)
        shipped = probe(options.weights, train, test)
        randoms = np.array([probe_random(seed, train, test) for seed in range(options.random_seeds)])
        means = ", ".join(f"{100 * accuracy:.1f}" for accuracy in randoms.mean(axis=1))
        print(
            f"| {name} | {len(train[1])} / {len(test[1])} | {interval(shipped)} | "
            f"{interval(randoms.mean(axis=0))} (seeds: {means}) | {interval(shipped - randoms.mean(axis=0))} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
