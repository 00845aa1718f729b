"""Tasks: a backbone with a head that answers one kind of question.

Names are imported when first used, so that what an answer means can be known without Keras.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headstart.tasks.classifier import ImageClassifier, build_classifier
    from headstart.tasks.decoding import LABEL_SEPARATOR, chosen_names, decide, joined_names

_MODULE_OF = {
    "ImageClassifier": "classifier",
    "LABEL_SEPARATOR": "decoding",
    "build_classifier": "classifier",
    "chosen_names": "decoding",
    "decide": "decoding",
    "joined_names": "decoding",
}

__all__ = ["LABEL_SEPARATOR", "ImageClassifier", "build_classifier", "chosen_names", "decide", "joined_names"]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
