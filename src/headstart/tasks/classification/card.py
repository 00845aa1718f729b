"""The model card of a classifier."""

from headstart.run import CardParts, Run, only_known_classes, shown_names
from headstart.tasks.classification.classifier import ImageClassifier


def _classifier_purpose(run: Run) -> str:
    task = run.task_as(ImageClassifier)
    count = len(task.class_names)
    what = (
        f"Predicts which of {count} labels an image has" if task.multi_label else f"Sorts images into {count} classes"
    )
    return f"{what}: {shown_names(run)}."


def _classifier_lines(run: Run) -> list[str]:
    temperature = run.calibration.temperature.tolist()
    if run.task_as(ImageClassifier).multi_label:
        lines = [f"temperature = np.array({temperature})", "probabilities = 1 / (1 + np.exp(-logits / temperature))"]
    else:
        lines = [
            f"temperature = {temperature[0]!r}",
            "probabilities = np.exp((logits - logits.max()) / temperature)",
            "probabilities /= probabilities.sum()",
        ]
    return [*lines, "print(dict(zip(class_names, probabilities.tolist())))"]


CARD = CardParts(
    tag="image-classification",
    purpose=_classifier_purpose,
    foreign="An image of anything else also gets one of these classes, unless the option for the prediction "
    '"not sure" is used.',
    answering=_classifier_lines,
    command="headstart predict RUN new.jpg --abstain",
    with_headstart='which also gives a set of possible classes, and "not sure" in doubtful cases',
    baseline="always predicts the most common class of the training part",
    columns=("class", "precision", "recall", "f1", "support"),
    counted="test images",
    limit=only_known_classes,
)
