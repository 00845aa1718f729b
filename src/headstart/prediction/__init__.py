"""Predictions for images, from a run or an exported file alike: one by one, as a table, or in a file that resumes.

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
    from headstart.prediction.columns import (
        BOXES,
        COUNT,
        FLAG,
        MAX_PIXELS,
        NAMES,
        NUMBER,
        TEXT,
        Form,
        Record,
        Tallied,
        plain_number,
    )
    from headstart.prediction.file_tally import FileTally
    from headstart.prediction.files import expand_paths
    from headstart.prediction.settings import Settings, with_asked
    from headstart.prediction.sources import Model, ModelPlace, find_model, open_model
    from headstart.prediction.stream import Prediction, answer_batches
    from headstart.prediction.tables import TABLE_WRITERS, csv_cells, json_line
    from headstart.prediction.task_answers import ConsoleTable, TaskAnswers, answers_of, form_of

_MODULE_OF = {
    "BOXES": "columns",
    "COUNT": "columns",
    "FLAG": "columns",
    "MAX_PIXELS": "columns",
    "NAMES": "columns",
    "NUMBER": "columns",
    "TABLE_WRITERS": "tables",
    "TEXT": "columns",
    "ConsoleTable": "task_answers",
    "FileTally": "file_tally",
    "Form": "columns",
    "Model": "sources",
    "ModelPlace": "sources",
    "Prediction": "stream",
    "Predictions": "answering",
    "Record": "columns",
    "Records": "answering",
    "Settings": "settings",
    "Tallied": "columns",
    "TaskAnswers": "task_answers",
    "answer_batches": "stream",
    "answers_of": "task_answers",
    "csv_cells": "tables",
    "expand_paths": "files",
    "find_model": "sources",
    "form_of": "task_answers",
    "json_line": "tables",
    "open_model": "sources",
    "plain_number": "columns",
    "predict": "answering",
    "predict_each": "answering",
    "predict_records": "answering",
    "with_asked": "settings",
    "write_predictions": "answering",
}

__all__ = [
    "BOXES",
    "COUNT",
    "FLAG",
    "MAX_PIXELS",
    "NAMES",
    "NUMBER",
    "TABLE_WRITERS",
    "TEXT",
    "ConsoleTable",
    "FileTally",
    "Form",
    "Model",
    "ModelPlace",
    "Prediction",
    "Predictions",
    "Record",
    "Records",
    "Settings",
    "Tallied",
    "TaskAnswers",
    "answer_batches",
    "answers_of",
    "csv_cells",
    "expand_paths",
    "find_model",
    "form_of",
    "json_line",
    "open_model",
    "plain_number",
    "predict",
    "predict_each",
    "predict_records",
    "with_asked",
    "write_predictions",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
