"""Exported files of a model, checked against it, and predictions from them.

Names are imported when first used, so that a server does not wait for TensorFlow.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.artifacts.checks import Batches, Check, CheckJob, Measured, unchanged_promises
    from headstart.artifacts.export import ExportJob, LabelledPictures, check_file, export_formats
    from headstart.artifacts.exported_task import ExportedTask, Outputs, known_classes
    from headstart.artifacts.formats import FORMATS, PREFERRED, ExportFormat, check_task, find_format, find_formats
    from headstart.artifacts.keras_runtime import KerasRuntime
    from headstart.artifacts.loading import find_exported, load_predictor
    from headstart.artifacts.manifest import ExportedFile, Manifest, read_manifest
    from headstart.artifacts.manifest_schema import FileSchema, Promises
    from headstart.artifacts.outputs import INPUT
    from headstart.artifacts.parity import MAX_INT8_LOSS, Difference, MetricParity, Parity, worst_first
    from headstart.artifacts.places import without_places
    from headstart.artifacts.predictor import PredictorFacts, Runtime, TaskPredictor
    from headstart.artifacts.serving_model import ServingModel, build_task_serving
    from headstart.artifacts.ten_lines import ten_lines

_MODULE_OF = {
    "FORMATS": "formats",
    "INPUT": "outputs",
    "MAX_INT8_LOSS": "parity",
    "PREFERRED": "formats",
    "Batches": "checks",
    "Check": "checks",
    "CheckJob": "checks",
    "Difference": "parity",
    "ExportFormat": "formats",
    "ExportJob": "export",
    "ExportedFile": "manifest",
    "ExportedTask": "exported_task",
    "FileSchema": "manifest_schema",
    "KerasRuntime": "keras_runtime",
    "LabelledPictures": "export",
    "Manifest": "manifest",
    "Measured": "checks",
    "MetricParity": "parity",
    "Outputs": "exported_task",
    "Parity": "parity",
    "PredictorFacts": "predictor",
    "Promises": "manifest_schema",
    "Runtime": "predictor",
    "ServingModel": "serving_model",
    "TaskPredictor": "predictor",
    "build_task_serving": "serving_model",
    "check_file": "export",
    "check_task": "formats",
    "export_formats": "export",
    "find_exported": "loading",
    "find_format": "formats",
    "find_formats": "formats",
    "known_classes": "exported_task",
    "load_predictor": "loading",
    "read_manifest": "manifest",
    "ten_lines": "ten_lines",
    "unchanged_promises": "checks",
    "without_places": "places",
    "worst_first": "parity",
}

__all__ = [
    "FORMATS",
    "INPUT",
    "MAX_INT8_LOSS",
    "PREFERRED",
    "Batches",
    "Check",
    "CheckJob",
    "Difference",
    "ExportFormat",
    "ExportJob",
    "ExportedFile",
    "ExportedTask",
    "FileSchema",
    "KerasRuntime",
    "LabelledPictures",
    "Manifest",
    "Measured",
    "MetricParity",
    "Outputs",
    "Parity",
    "PredictorFacts",
    "Promises",
    "Runtime",
    "ServingModel",
    "TaskPredictor",
    "build_task_serving",
    "check_file",
    "check_task",
    "export_formats",
    "find_exported",
    "find_format",
    "find_formats",
    "known_classes",
    "load_predictor",
    "read_manifest",
    "ten_lines",
    "unchanged_promises",
    "without_places",
    "worst_first",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
