"""The parts of a model card that depend on the task."""

from collections.abc import Callable
from dataclasses import dataclass

from headstart.run.directory import Run
from headstart.run.markdown import markdown_text

_RESIZED = {
    "stretch": "image.resize(({width}, {height}), Image.Resampling.BICUBIC)",
    "pad": "ImageOps.pad(image, ({width}, {height}), Image.Resampling.BICUBIC)",
    "crop": "ImageOps.fit(image, ({width}, {height}), Image.Resampling.BICUBIC)",
}


@dataclass(frozen=True)
class CardParts:
    """The part of a task that fills the model card.

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
        'image = ImageOps.exif_transpose(Image.open("new.jpg")).convert("RGB")',
        f"pixels = np.asarray({_RESIZED[run.task.resize_mode].format(height=height, width=width)})",
        "logits = model.predict(pixels[None], verbose=0)[0]",
    ]


def shown_names(run: Run) -> str:
    """Names of the classes or numbers, for Markdown."""
    return ", ".join(map(markdown_text, run.task.class_names))


def only_known_classes(run: Run) -> str:
    """The limit that the model knows only its classes."""
    count = len(run.task.class_names)
    known = "class" if count == 1 else "classes"
    return f"The model knows only {count} {known}. It cannot recognize anything else."
