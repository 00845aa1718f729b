"""Exported files of a model, checked against it, and answers from them.

Names are imported when first used, so that a server does not wait for TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headstart.artifacts.manifest import ExportedFile, Manifest, read_manifest
    from headstart.artifacts.predictor import LABEL_SEPARATOR, Answer, Predictor, Runtime

_MODULE_OF = {
    "LABEL_SEPARATOR": "predictor",
    "Answer": "predictor",
    "ExportedFile": "manifest",
    "Manifest": "manifest",
    "Predictor": "predictor",
    "Runtime": "predictor",
    "read_manifest": "manifest",
}

__all__ = [
    "LABEL_SEPARATOR",
    "Answer",
    "ExportedFile",
    "Manifest",
    "Predictor",
    "Runtime",
    "read_manifest",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
