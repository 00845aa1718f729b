"""Runs: what one training leaves on disk, and everything that can be done with it."""

from headstart.run.answers import picture_outputs, validation_outputs
from headstart.run.bank import LearningParts, num_stages_read, pixel_examples
from headstart.run.card import write_card
from headstart.run.card_parts import CardParts, only_known_classes, shown_names
from headstart.run.collages import num_collages
from headstart.run.directory import FORMAT_VERSION, Run, read_json
from headstart.run.evaluate import evaluate
from headstart.run.evaluated import (
    Evaluated,
    PageContent,
    damaged_predictions,
    predicted_numbers,
    prediction_rows,
    worst_rows,
)
from headstart.run.export import ARTIFACT_FOLDER, build_job, export
from headstart.run.export_steps import Batches, ExportSteps, model_outputs
from headstart.run.markdown import markdown_text
from headstart.run.phases import phases_of
from headstart.run.pictures import find_moved_data
from headstart.run.plan import Plan
from headstart.run.predictor import predictor_of
from headstart.run.rank import rank_backbones
from headstart.run.ranking import NotRanked, RankedBackbone, Ranking
from headstart.run.report import write_report
from headstart.run.task_steps import MAX_CALIBRATION_PICTURES, TaskSteps
from headstart.run.train import plan, resume, train

__all__ = [
    "ARTIFACT_FOLDER",
    "FORMAT_VERSION",
    "MAX_CALIBRATION_PICTURES",
    "Batches",
    "CardParts",
    "Evaluated",
    "ExportSteps",
    "LearningParts",
    "NotRanked",
    "PageContent",
    "Plan",
    "RankedBackbone",
    "Ranking",
    "Run",
    "TaskSteps",
    "build_job",
    "damaged_predictions",
    "evaluate",
    "export",
    "find_moved_data",
    "markdown_text",
    "model_outputs",
    "num_collages",
    "num_stages_read",
    "only_known_classes",
    "phases_of",
    "picture_outputs",
    "pixel_examples",
    "plan",
    "predicted_numbers",
    "prediction_rows",
    "predictor_of",
    "rank_backbones",
    "read_json",
    "resume",
    "shown_names",
    "train",
    "validation_outputs",
    "worst_rows",
    "write_card",
    "write_report",
]
