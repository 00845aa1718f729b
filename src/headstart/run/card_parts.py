"""What a model card says of each task that cards of other tasks do not: one row a task."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from headstart.data import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION
from headstart.evaluation import DEFAULT_COVERAGE
from headstart.run.detection import score_threshold
from headstart.run.directory import Run
from headstart.run.markdown import markdown_text
from headstart.run.regression import intervals_of
from headstart.tasks import ImageClassifier

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
        foreign: what becomes of a picture of something else.
        answering: lines of Python that follow the model's raw output `logits` of one picture.
        command: what answers with this package.
        with_headstart: what that gives beyond the lines.
        baseline: what the metrics are compared with, after "the baseline".
        columns: of the table of classes, as they stand in the report; the last one counts.
        counted: what that counts.
        limit: what the classes or numbers leave out.
        trust: how far to trust an answer, paragraphs; None: as a classifier's card says it.
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
    """Lines of Python up to the model's raw output, with Keras, NumPy and Pillow alone."""
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
    kind = "Names every one of these labels that a picture shows" if task.multi_label else "Sorts pictures into"
    return f"{kind} {len(task.class_names)} classes: {_names(run)}."


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
        "scores = 1 / (1 + np.exp(-logits[..., :-4]))  # of an object of each class with its middle in each cell",
        "row, column, number = np.unravel_index(scores.argmax(), scores.shape)",
        "cell = np.tile([pixels.shape[1] / columns, pixels.shape[0] / rows], 2)",
        "sides = 2 * np.exp(logits[row, column, -4:]) * cell * [-1, -1, 1, 1]",
        "box = (np.tile([column, row], 2) + 0.5) * cell + sides  # left, top, right, bottom of `pixels`",
        "print(class_names[number], scores.max(), box)  # the most certain one",
    ]


def _detector_trust(run: Run) -> list[str]:
    return [
        f"A box is an answer from a score of {score_threshold(run):.3g} on: that found most and erred least on "
        f"{len(run.dataset.part('validation'))} validation pictures. A score ranks boxes; it is no probability, and a "
        "lower threshold finds more objects and more that are none.",
    ]


def _segmenter_lines(_: Run) -> list[str]:
    return [
        "classes = logits.argmax(axis=-1)  # of every pixel of `pixels`",
        "print({name: (classes == number).mean() for number, name in enumerate(class_names)})",
    ]


def _segmenter_trust(_: Run) -> list[str]:
    return [
        "Every pixel gets its likeliest class, however little likely; nothing says where the model is unsure. Edges "
        "are as fine as the size at which the model sees pictures, not as the pictures.",
    ]


def _regressor_trust(run: Run) -> list[str]:
    half_widths = intervals_of(run).half_widths(DEFAULT_COVERAGE)
    if any(map(math.isinf, half_widths)):
        share = f"{100 * DEFAULT_COVERAGE:g} of 100"
        return [f"The validation pictures are too few to promise intervals that hold the truth for {share}."]
    names = map(markdown_text, run.task.class_names)
    said = ", ".join(f"{name} ± {width:.4g}" for name, width in zip(names, half_widths, strict=True))
    return [
        f"For about {100 * DEFAULT_COVERAGE:g} of 100 pictures like these each number lies within: {said} (split "
        f"conformal prediction, from {len(run.dataset.part('validation'))} validation pictures).",
    ]


def _only_classes(run: Run) -> str:
    count = len(run.task.class_names)
    known = "class is known" if count == 1 else "classes are known"
    return f"Only {count} {known}; whatever else a picture shows has no name here."


CARD_PARTS: Mapping[str, CardParts] = MappingProxyType(
    {
        CLASSIFICATION: CardParts(
            tag="image-classification",
            purpose=_classifier_purpose,
            foreign="A picture of anything else gets one of these classes all the same, unless the answer may be "
            '"not sure".',
            answering=_classifier_lines,
            command="headstart predict RUN new.jpg --abstain",
            with_headstart='where the answer comes with a set of classes and may be "not sure"',
            baseline="always gives the commonest answer of the training part",
            columns=("class", "precision", "recall", "f1", "support"),
            counted="test pictures",
            limit=_only_classes,
        ),
        DETECTION: CardParts(
            tag="object-detection",
            purpose=lambda run: f"Finds objects in pictures and draws boxes around them: {_names(run)}.",
            foreign="What looks like one of these gets a box all the same.",
            answering=_detector_lines,
            command="headstart predict RUN new.jpg --draw drawn",
            with_headstart="which gives all boxes, without repeats, in pixels of the picture as it is stored",
            baseline="draws no box",
            columns=("class", "ap50", "ap", "precision", "recall", "support"),
            counted="test boxes",
            limit=_only_classes,
            trust=_detector_trust,
        ),
        SEGMENTATION: CardParts(
            tag="image-segmentation",
            purpose=lambda run: f"Names every pixel of a picture: {_names(run)}.",
            foreign="Pixels of anything else get one of these classes all the same.",
            answering=_segmenter_lines,
            command="headstart predict RUN new.jpg --masks masks",
            with_headstart="which gives the mask in the picture's own size",
            baseline="gives every pixel the commonest class",
            columns=("class", "iou", "dice", "precision", "recall", "support"),
            counted="test pictures",
            limit=_only_classes,
            trust=_segmenter_trust,
        ),
        REGRESSION: CardParts(
            tag="image-regression",
            purpose=lambda run: f"Reads numbers off pictures: {_names(run)}.",
            foreign="A picture of anything else gets numbers all the same.",
            answering=lambda _: ["print(dict(zip(class_names, logits.tolist())))  # in the unit of the table"],
            command="headstart predict RUN new.jpg",
            with_headstart="where each number comes with an interval",
            baseline="always gives the mean of the training part",
            columns=("output", "mean_absolute_error", "root_mean_squared_error", "r2", "baseline", "support"),
            counted="test pictures",
            limit=lambda _: "Numbers far from those of the training pictures cannot be expected to be right.",
            trust=_regressor_trust,
        ),
    }
)
