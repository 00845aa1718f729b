"""The parts of a model card that depend on the task, one row per task."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from headstart.evaluation import DEFAULT_COVERAGE
from headstart.heads import ImageClassifier
from headstart.run.detection import score_threshold
from headstart.run.directory import Run
from headstart.run.markdown import markdown_text
from headstart.run.regression import intervals_of
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

_RESIZED = {
    "stretch": "picture.resize(({width}, {height}), Image.Resampling.BICUBIC)",
    "pad": "ImageOps.pad(picture, ({width}, {height}), Image.Resampling.BICUBIC)",
    "crop": "ImageOps.fit(picture, ({width}, {height}), Image.Resampling.BICUBIC)",
}


@dataclass(frozen=True)
class CardParts:
    """One row of the table.

    Attributes:
        tag: the task's name among those of Hugging Face.
        purpose: what the model does, in one sentence.
        foreign: what the model predicts for an image of something else.
        answering: lines of Python that turn the raw output `logits` of one image into a prediction.
        command: the command of this package that does the same.
        with_headstart: what the command gives in addition.
        baseline: what the metrics are compared with, as a sentence after "The baseline".
        columns: columns of the table of classes, as in the report; the last one is a count.
        counted: heading of that count.
        limit: what the classes or numbers do not cover.
        trust: paragraphs about the reliability of predictions; None: the paragraphs of a classifier.
    """

    tag: str
    purpose: Callable[[Run], str]
    foreign: str
    answering: Callable[[Run], list[str]]
    command: str
    with_headstart: str
    baseline: str
    columns: tuple[str, ...]
    counted: str
    limit: Callable[[Run], str]
    trust: Callable[[Run], list[str]] | None = None


def opening_lines(run: Run) -> list[str]:
    """Lines of Python up to the raw output of the model, with only Keras, NumPy and Pillow."""
    height, width = run.task.image_size
    return [
        "import keras",
        "import numpy as np",
        "from PIL import Image, ImageOps",
        "",
        f"class_names = {list(run.task.class_names)!r}",
        'model = keras.saving.load_model("model.keras", compile=False)',
        'picture = ImageOps.exif_transpose(Image.open("new.jpg")).convert("RGB")',
        f"pixels = np.asarray({_RESIZED[run.task.resize_mode].format(height=height, width=width)})",
        "logits = model.predict(pixels[None], verbose=0)[0]",
    ]


def _names(run: Run) -> str:
    return ", ".join(map(markdown_text, run.task.class_names))


def _classifier_purpose(run: Run) -> str:
    task = run.task_as(ImageClassifier)
    count = len(task.class_names)
    what = (
        f"Predicts which of {count} labels an image has" if task.multi_label else f"Sorts images into {count} classes"
    )
    return f"{what}: {_names(run)}."


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


def _only_classes(run: Run) -> str:
    count = len(run.task.class_names)
    known = "class" if count == 1 else "classes"
    return f"The model knows only {count} {known}. It cannot recognize anything else."


CARD_PARTS: Mapping[str, CardParts] = MappingProxyType(
    {
        CLASSIFICATION: CardParts(
            tag="image-classification",
            purpose=_classifier_purpose,
            foreign="An image of anything else also gets one of these classes, unless the option for the answer "
            '"not sure" is used.',
            answering=_classifier_lines,
            command="headstart predict RUN new.jpg --abstain",
            with_headstart='which also gives a set of possible classes, and "not sure" in doubtful cases',
            baseline="always predicts the most common class of the training part",
            columns=("class", "precision", "recall", "f1", "support"),
            counted="test images",
            limit=_only_classes,
        ),
        DETECTION: CardParts(
            tag="object-detection",
            purpose=lambda run: f"Detects objects of these classes with bounding boxes: {_names(run)}.",
            foreign="Objects of other classes that look similar can also get a box.",
            answering=_detector_lines,
            command="headstart predict RUN new.jpg --draw drawn",
            with_headstart="which gives all boxes after non-maximum suppression, in pixels of the stored image",
            baseline="predicts no box",
            columns=("class", "ap50", "ap", "precision", "recall", "support"),
            counted="test boxes",
            limit=_only_classes,
            trust=_detector_trust,
        ),
        SEGMENTATION: CardParts(
            tag="image-segmentation",
            purpose=lambda run: f"Assigns one of these classes to every pixel of an image: {_names(run)}.",
            foreign="Pixels of anything else also get one of these classes.",
            answering=_segmenter_lines,
            command="headstart predict RUN new.jpg --masks masks",
            with_headstart="which gives the mask in the size of the image",
            baseline="predicts the most common class for every pixel",
            columns=("class", "iou", "dice", "precision", "recall", "support"),
            counted="test images",
            limit=_only_classes,
            trust=_segmenter_trust,
        ),
        REGRESSION: CardParts(
            tag="image-regression",
            purpose=lambda run: f"Predicts numbers from images: {_names(run)}.",
            foreign="An image of anything else also gets numbers.",
            answering=lambda _: ["print(dict(zip(class_names, logits.tolist())))  # in the unit of the table"],
            command="headstart predict RUN new.jpg",
            with_headstart="which also gives an interval for each number",
            baseline="always predicts the mean of the training part",
            columns=("output", "mean_absolute_error", "root_mean_squared_error", "r2", "baseline", "support"),
            counted="test images",
            limit=lambda _: "Predictions of numbers outside the range of the training images are unreliable.",
            trust=_regressor_trust,
        ),
    }
)
