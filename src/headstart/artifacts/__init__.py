"""Exported files of a model, checked against it, and answers from them.

Names are imported when first used, so that a server does not wait for TensorFlow.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.artifacts.box_predictor import BoxPredictor, FoundBoxes
    from headstart.artifacts.class_check import Answers
    from headstart.artifacts.export import ExportJob, LabelledPictures, check_file, export_formats
    from headstart.artifacts.formats import FORMATS, PREFERRED, ExportFormat, check_task, find_format, find_formats
    from headstart.artifacts.keras_runtime import KerasRuntime
    from headstart.artifacts.loading import find_exported, load_predictor
    from headstart.artifacts.manifest import ExportedFile, Manifest, read_manifest
    from headstart.artifacts.mask_check import NamedPixels
    from headstart.artifacts.mask_predictor import MaskPredictor, PictureMask
    from headstart.artifacts.number_predictor import NumberPredictor, Numbers
    from headstart.artifacts.outputs import OUTPUTS
    from headstart.artifacts.parity import Parity
    from headstart.artifacts.places import without_places
    from headstart.artifacts.predictor import NOT_SURE, Answer, Predictor, PredictorFacts, Runtime, TaskPredictor
    from headstart.artifacts.serving_model import ServingModel, build_serving_model
    from headstart.artifacts.task_serving import build_task_serving
    from headstart.artifacts.ten_lines import ten_lines

_MODULE_OF = {
    "NamedPixels": "mask_check",
    "check_task": "formats",
    "BoxPredictor": "box_predictor",
    "FoundBoxes": "box_predictor",
    "MaskPredictor": "mask_predictor",
    "PictureMask": "mask_predictor",
    "OUTPUTS": "outputs",
    "NumberPredictor": "number_predictor",
    "Numbers": "number_predictor",
    "TaskPredictor": "predictor",
    "build_task_serving": "task_serving",
    "Answer": "predictor",
    "Answers": "class_check",
    "ExportFormat": "formats",
    "ExportJob": "export",
    "ExportedFile": "manifest",
    "FORMATS": "formats",
    "KerasRuntime": "keras_runtime",
    "NOT_SURE": "predictor",
    "LabelledPictures": "export",
    "Manifest": "manifest",
    "PREFERRED": "formats",
    "Parity": "parity",
    "Predictor": "predictor",
    "PredictorFacts": "predictor",
    "Runtime": "predictor",
    "ServingModel": "serving_model",
    "build_serving_model": "serving_model",
    "find_exported": "loading",
    "check_file": "export",
    "export_formats": "export",
    "find_format": "formats",
    "find_formats": "formats",
    "load_predictor": "loading",
    "read_manifest": "manifest",
    "ten_lines": "ten_lines",
    "without_places": "places",
}

__all__ = [
    "FORMATS",
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
    "PredictorFacts",
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
    "without_places",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
