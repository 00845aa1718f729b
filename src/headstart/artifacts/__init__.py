"""Exported files of a model, checked against it, and answers from them.

Names are imported when first used, so that a server does not wait for TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headstart.artifacts.formats import FORMATS, PREFERRED, ExportFormat, find_format, find_formats
    from headstart.artifacts.keras_runtime import KerasRuntime
    from headstart.artifacts.loading import find_exported, load_predictor
    from headstart.artifacts.manifest import ExportedFile, Manifest, read_manifest
    from headstart.artifacts.predictor import Answer, Predictor, Runtime
    from headstart.artifacts.serving_model import ServingModel, build_serving_model
    from headstart.tasks import LABEL_SEPARATOR

_MODULE_OF = {
    "Answer": "headstart.artifacts.predictor",
    "ExportFormat": "headstart.artifacts.formats",
    "ExportedFile": "headstart.artifacts.manifest",
    "FORMATS": "headstart.artifacts.formats",
    "KerasRuntime": "headstart.artifacts.keras_runtime",
    "LABEL_SEPARATOR": "headstart.tasks",
    "Manifest": "headstart.artifacts.manifest",
    "PREFERRED": "headstart.artifacts.formats",
    "Predictor": "headstart.artifacts.predictor",
    "Runtime": "headstart.artifacts.predictor",
    "ServingModel": "headstart.artifacts.serving_model",
    "build_serving_model": "headstart.artifacts.serving_model",
    "find_exported": "headstart.artifacts.loading",
    "find_format": "headstart.artifacts.formats",
    "find_formats": "headstart.artifacts.formats",
    "load_predictor": "headstart.artifacts.loading",
    "read_manifest": "headstart.artifacts.manifest",
}

__all__ = [
    "FORMATS",
    "LABEL_SEPARATOR",
    "PREFERRED",
    "Answer",
    "ExportFormat",
    "ExportedFile",
    "KerasRuntime",
    "Manifest",
    "Predictor",
    "Runtime",
    "ServingModel",
    "build_serving_model",
    "find_exported",
    "find_format",
    "find_formats",
    "load_predictor",
    "read_manifest",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
