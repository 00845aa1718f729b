"""Answers for pictures, from a run or an exported file alike: one by one, as a table, or in a file that resumes.

Names are imported when first used, so that finding out what lies at a path costs nothing.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.prediction.answering import (
        Predictions,
        Records,
        predict,
        predict_each,
        predict_records,
        write_predictions,
    )
    from headstart.prediction.columns import Form, Record, Tallied
    from headstart.prediction.files import expand_paths
    from headstart.prediction.forms import FORMS
    from headstart.prediction.settings import Settings
    from headstart.prediction.sources import Model, ModelPlace, find_model, open_model
    from headstart.prediction.stream import Prediction, answer_batches
    from headstart.prediction.tables import TABLE_WRITERS, csv_cells, json_line

_MODULE_OF = {
    "FORMS": "forms",
    "TABLE_WRITERS": "tables",
    "Model": "sources",
    "ModelPlace": "sources",
    "Prediction": "stream",
    "Predictions": "answering",
    "Form": "columns",
    "Record": "columns",
    "Records": "answering",
    "Settings": "settings",
    "Tallied": "columns",
    "predict_records": "answering",
    "answer_batches": "stream",
    "csv_cells": "tables",
    "expand_paths": "files",
    "find_model": "sources",
    "json_line": "tables",
    "open_model": "sources",
    "predict": "answering",
    "predict_each": "answering",
    "write_predictions": "answering",
}

__all__ = [
    "FORMS",
    "TABLE_WRITERS",
    "Form",
    "Model",
    "ModelPlace",
    "Prediction",
    "Predictions",
    "Record",
    "Records",
    "Settings",
    "Tallied",
    "answer_batches",
    "csv_cells",
    "expand_paths",
    "find_model",
    "json_line",
    "open_model",
    "predict",
    "predict_each",
    "predict_records",
    "write_predictions",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
