"""Answers for pictures, from a run or an exported file alike: one by one, as a table, or in a file that resumes.

Names are imported when first used, so that finding out what lies at a path costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headstart.prediction.answering import Predictions, predict, predict_each, write_predictions
    from headstart.prediction.files import expand_paths
    from headstart.prediction.records import Record, Tally, column_names, record_of
    from headstart.prediction.sources import Model, ModelPlace, find_model, open_model
    from headstart.prediction.stream import Prediction, answer_batches
    from headstart.prediction.tables import TABLE_WRITERS, csv_cells, json_line

_MODULE_OF = {
    "TABLE_WRITERS": "tables",
    "Model": "sources",
    "ModelPlace": "sources",
    "Prediction": "stream",
    "Predictions": "answering",
    "Record": "records",
    "Tally": "records",
    "answer_batches": "stream",
    "column_names": "records",
    "csv_cells": "tables",
    "expand_paths": "files",
    "find_model": "sources",
    "json_line": "tables",
    "open_model": "sources",
    "predict": "answering",
    "predict_each": "answering",
    "record_of": "records",
    "write_predictions": "answering",
}

__all__ = [
    "TABLE_WRITERS",
    "Model",
    "ModelPlace",
    "Prediction",
    "Predictions",
    "Record",
    "Tally",
    "answer_batches",
    "column_names",
    "csv_cells",
    "expand_paths",
    "find_model",
    "json_line",
    "open_model",
    "predict",
    "predict_each",
    "record_of",
    "write_predictions",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
