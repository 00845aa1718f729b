"""The model card of a detector of anomalies."""

from headstart.run import CardParts, Run
from headstart.tasks.anomaly.steps import good_scores_of


def _trust(run: Run) -> list[str]:
    good = good_scores_of(run)
    rate = good.rate(run.recipe.head.false_alarms)
    return [
        f"An image is reported if its score is above {good.threshold(rate):.4g}. At most {100 * rate:.3g} of 100 good "
        f"images from the same source are reported (conformal p-values, from {len(good.scores)} good validation "
        "images). Nothing is promised about the share of defects that are found.",
    ]


CARD = CardParts(
    tag="image-feature-extraction",
    purpose=lambda _: "Finds images with defects, and where the defects are. It learned from good images only.",
    foreign="An image of anything else also differs from the good images and is reported.",
    answering=lambda _: [
        "distances = logits[..., 0]  # of every place of the image from good places",
        "print(float(distances.max()))  # the score of the image",
    ],
    command="headstart predict RUN new.jpg --draw heat-maps",
    with_headstart="which also gives a p-value, a verdict and a heat map",
    baseline="orders images and places at random",
    columns=("class", "reported", "auroc", "median_score", "support"),
    counted="test images",
    limit=lambda _: "Defects that do not change the features of the network at any place are not found.",
    trust=_trust,
)
