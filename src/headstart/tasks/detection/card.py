"""The model card of a detector."""

from headstart.run import CardParts, Run, only_known_classes, shown_names
from headstart.tasks.detection.steps import score_threshold


def _detector_lines(_: Run) -> list[str]:
    return [
        "rows, columns = logits.shape[:2]",
        "scores = 1 / (1 + np.exp(-logits[..., :-4]))  # of an object of each class with its centre in each cell",
        "row, column, number = np.unravel_index(scores.argmax(), scores.shape)",
        "cell = np.tile([pixels.shape[1] / columns, pixels.shape[0] / rows], 2)",
        "sides = 2 * np.exp(logits[row, column, -4:]) * cell * [-1, -1, 1, 1]",
        "box = (np.tile([column, row], 2) + 0.5) * cell + sides  # left, top, right, bottom of `pixels`",
        "print(class_names[number], scores.max(), box)  # the most certain one",
    ]


def _detector_trust(run: Run) -> list[str]:
    return [
        f"Boxes with a score of at least {score_threshold(run):.3g} are returned. This threshold gives the best F1 on "
        f"{len(run.dataset.part('validation'))} validation images. A score ranks boxes; it is not a probability. A "
        "lower threshold finds more objects and gives more wrong boxes.",
    ]


CARD = CardParts(
    tag="object-detection",
    purpose=lambda run: f"Detects objects of these classes with bounding boxes: {shown_names(run)}.",
    foreign="Objects of other classes that look similar can also get a box.",
    answering=_detector_lines,
    command="headstart predict RUN new.jpg --draw drawn",
    with_headstart="which gives all boxes after non-maximum suppression, in pixels of the stored image",
    baseline="predicts no box",
    columns=("class", "ap50", "ap", "precision", "recall", "support"),
    counted="test boxes",
    limit=only_known_classes,
    trust=_detector_trust,
)
