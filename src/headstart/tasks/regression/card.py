"""The model card of a regressor."""

import math

from headstart.run import CardParts, Run, markdown_text, shown_names
from headstart.tasks.regression.steps import intervals_of
from headstart.trust import DEFAULT_COVERAGE


def _regressor_trust(run: Run) -> list[str]:
    half_widths = intervals_of(run).half_widths(DEFAULT_COVERAGE)
    if any(map(math.isinf, half_widths)):
        share = f"{100 * DEFAULT_COVERAGE:g} of 100"
        return [f"There are too few validation images to promise intervals that contain the true value for {share}."]
    names = map(markdown_text, run.task.class_names)
    said = ", ".join(f"{name} ± {width:.4g}" for name, width in zip(names, half_widths, strict=True))
    return [
        f"For about {100 * DEFAULT_COVERAGE:g} of 100 images from the same source, each true value lies within "
        f"{said} (split conformal prediction, from {len(run.dataset.part('validation'))} validation images).",
    ]


CARD = CardParts(
    tag="image-regression",
    purpose=lambda run: f"Predicts numbers from images: {shown_names(run)}.",
    foreign="An image of anything else also gets numbers.",
    answering=lambda _: ["print(dict(zip(class_names, logits.tolist())))  # in the unit of the table"],
    command="headstart predict RUN new.jpg",
    with_headstart="which also gives an interval for each number",
    baseline="always predicts the mean of the training part",
    columns=("output", "mean_absolute_error", "root_mean_squared_error", "r2", "baseline", "support"),
    counted="test images",
    limit=lambda _: "Predictions of numbers outside the range of the training images are unreliable.",
    trust=_regressor_trust,
)
