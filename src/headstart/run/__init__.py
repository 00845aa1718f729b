"""Runs: what one training leaves on disk, and everything that can be done with it."""

from headstart.run.card import write_card
from headstart.run.directory import Run
from headstart.run.evaluate import evaluate
from headstart.run.export import ARTIFACT_FOLDER, build_job, export
from headstart.run.pictures import find_moved_data
from headstart.run.plan import Plan
from headstart.run.predictor import predictor_of
from headstart.run.rank import rank_backbones
from headstart.run.ranking import NotRanked, RankedBackbone, Ranking
from headstart.run.report import write_report
from headstart.run.train import phases_of, plan, resume, train

__all__ = [
    "ARTIFACT_FOLDER",
    "NotRanked",
    "Plan",
    "RankedBackbone",
    "Ranking",
    "Run",
    "build_job",
    "evaluate",
    "export",
    "find_moved_data",
    "phases_of",
    "plan",
    "predictor_of",
    "rank_backbones",
    "resume",
    "train",
    "write_card",
    "write_report",
]
