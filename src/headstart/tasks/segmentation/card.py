"""The model card of a segmenter."""

from headstart.run import CardParts, Run, only_known_classes, shown_names


def _segmenter_lines(_: Run) -> list[str]:
    return [
        "classes = logits.argmax(axis=-1)  # of every pixel of `pixels`",
        "print({name: (classes == number).mean() for number, name in enumerate(class_names)})",
    ]


def _segmenter_trust(_: Run) -> list[str]:
    return [
        "Every pixel gets its most probable class, even if its probability is low; the mask does not show where the "
        "model is unsure. Outlines have the resolution of the input of the model, not of the image.",
    ]


CARD = CardParts(
    tag="image-segmentation",
    purpose=lambda run: f"Assigns one of these classes to every pixel of an image: {shown_names(run)}.",
    foreign="Pixels of anything else also get one of these classes.",
    answering=_segmenter_lines,
    command="headstart predict RUN new.jpg --masks masks",
    with_headstart="which gives the mask in the size of the image",
    baseline="predicts the most common class for every pixel",
    columns=("class", "iou", "dice", "precision", "recall", "support"),
    counted="test images",
    limit=only_known_classes,
    trust=_segmenter_trust,
)
