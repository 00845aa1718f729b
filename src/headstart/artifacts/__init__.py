"""Exported files of a model, checked against it, and answers from them.

Names are imported when first used, so that a server does not wait for TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headstart.artifacts.box_predictor import BoxPredictor, FoundBoxes
    from headstart.artifacts.export import ExportJob, LabelledPictures, check_file, export_formats
    from headstart.artifacts.formats import FORMATS, PREFERRED, ExportFormat, check_task, find_format, find_formats
    from headstart.artifacts.keras_runtime import KerasRuntime
    from headstart.artifacts.loading import find_exported, load_predictor
    from headstart.artifacts.manifest import ExportedFile, Manifest, read_manifest
    from headstart.artifacts.mask_check import NamedPixels
    from headstart.artifacts.mask_predictor import MaskPredictor, PictureMask
    from headstart.artifacts.number_predictor import NumberPredictor, Numbers
    from headstart.artifacts.outputs import OUTPUTS
    from headstart.artifacts.parity import Answers, Parity
    from headstart.artifacts.predictor import NOT_SURE, Answer, Predictor, Runtime, TaskPredictor
    from headstart.artifacts.serving_model import ServingModel, build_serving_model
    from headstart.artifacts.task_serving import build_task_serving
    from headstart.artifacts.ten_lines import ten_lines
    from headstart.tasks import LABEL_SEPARATOR

_MODULE_OF = {
    "NamedPixels": "headstart.artifacts.mask_check",
    "check_task": "headstart.artifacts.formats",
    "BoxPredictor": "headstart.artifacts.box_predictor",
    "FoundBoxes": "headstart.artifacts.box_predictor",
    "MaskPredictor": "headstart.artifacts.mask_predictor",
    "PictureMask": "headstart.artifacts.mask_predictor",
    "OUTPUTS": "headstart.artifacts.outputs",
    "NumberPredictor": "headstart.artifacts.number_predictor",
    "Numbers": "headstart.artifacts.number_predictor",
    "TaskPredictor": "headstart.artifacts.predictor",
    "build_task_serving": "headstart.artifacts.task_serving",
    "Answer": "headstart.artifacts.predictor",
    "Answers": "headstart.artifacts.parity",
    "ExportFormat": "headstart.artifacts.formats",
    "ExportJob": "headstart.artifacts.export",
    "ExportedFile": "headstart.artifacts.manifest",
    "FORMATS": "headstart.artifacts.formats",
    "KerasRuntime": "headstart.artifacts.keras_runtime",
    "LABEL_SEPARATOR": "headstart.tasks",
    "NOT_SURE": "headstart.artifacts.predictor",
    "LabelledPictures": "headstart.artifacts.export",
    "Manifest": "headstart.artifacts.manifest",
    "PREFERRED": "headstart.artifacts.formats",
    "Parity": "headstart.artifacts.parity",
    "Predictor": "headstart.artifacts.predictor",
    "Runtime": "headstart.artifacts.predictor",
    "ServingModel": "headstart.artifacts.serving_model",
    "build_serving_model": "headstart.artifacts.serving_model",
    "find_exported": "headstart.artifacts.loading",
    "check_file": "headstart.artifacts.export",
    "export_formats": "headstart.artifacts.export",
    "find_format": "headstart.artifacts.formats",
    "find_formats": "headstart.artifacts.formats",
    "load_predictor": "headstart.artifacts.loading",
    "read_manifest": "headstart.artifacts.manifest",
    "ten_lines": "headstart.artifacts.ten_lines",
}

__all__ = [
    "FORMATS",
    "LABEL_SEPARATOR",
    "NOT_SURE",
    "OUTPUTS",
    "PREFERRED",
    "Answer",
    "Answers",
    "BoxPredictor",
    "ExportFormat",
    "ExportJob",
    "ExportedFile",
    "FoundBoxes",
    "KerasRuntime",
    "LabelledPictures",
    "Manifest",
    "MaskPredictor",
    "NamedPixels",
    "NumberPredictor",
    "Numbers",
    "Parity",
    "PictureMask",
    "Predictor",
    "Runtime",
    "ServingModel",
    "TaskPredictor",
    "build_serving_model",
    "build_task_serving",
    "check_file",
    "check_task",
    "export_formats",
    "find_exported",
    "find_format",
    "find_formats",
    "load_predictor",
    "read_manifest",
    "ten_lines",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
