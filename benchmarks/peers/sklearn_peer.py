"""scikit-learn: logistic regression on standardised pooled features, its strength chosen on the validation images."""

import argparse
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from peers.exchange import PARTS, Answers, Split, num_code_lines
from peers.torch_networks import STATS, Converted, converted_network, pooled_features

LIBRARY = "scikit-learn"
STRENGTHS = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0]


def train(features: dict[str, np.ndarray], targets: dict[str, list[int]]) -> Pipeline:
    """What a user writes to train, once features are there."""
    models = [make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=2000)) for c in STRENGTHS]
    for model in models:
        model.fit(features["train"], targets["train"])
    return min(
        models,
        key=lambda model: (
            -model.score(features["validation"], targets["validation"]),
            log_loss(targets["validation"], model.predict_proba(features["validation"]), labels=model.classes_),
        ),
    )


def embed(network: Converted, split: Split) -> dict[str, np.ndarray]:
    """What a user writes to get features; `pooled_features` stands for what he writes around his network."""
    return {part: pooled_features(network, split.paths[part], image_size=split.image_size) for part in PARTS}


def main() -> None:
    options = _parse()
    split = Split.read(options.split)
    answers = Answers()
    network = converted_network(options.network, options.archive)
    with answers.timed("features"):
        features = embed(network, split)
    with answers.timed("training"):
        model = train(features, split.targets)
    answers.score_validation(LIBRARY, model.predict_proba(features["validation"]), split.targets["validation"])
    with answers.timed(LIBRARY):
        answers.test[LIBRARY] = model.predict_proba(features["test"]).tolist()
    sources = [Path(__file__), Path(__file__).with_name("torch_networks.py")]
    functions = [{"train", "embed"}, {"pooled_features", "_pooled", "_pixels"}]
    lines = sum(
        num_code_lines(path.read_text(encoding="utf-8"), names) for path, names in zip(sources, functions, strict=True)
    )
    answers.facts = {"difference": network.difference, "C": model[-1].C, "lines": {LIBRARY: lines}}
    answers.write(options.out)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--network", choices=sorted(STATS), required=True)
    parser.add_argument("--archive", type=Path, required=True, help="of keras_weights.export_network")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
