"""Writes the report of a run from the files of the run."""

import hashlib
from pathlib import Path

import pandas as pd
import tomli_w

from headstart.artifacts import without_places
from headstart.backbones import find_backbone
from headstart.data import Dataset
from headstart.progress import SILENT, Progress
from headstart.report import PhaseValues, ReportContent, write_html
from headstart.run.collages import num_collages
from headstart.run.directory import Run, read_json
from headstart.run.schemas import AuditFacts, Environment
from headstart.run.task_steps import TaskSteps, steps_of

AUDIT_COLUMNS = ["kind", "severity", "count", "meaning"]


def write_report(run: Run, *, progress: Progress = SILENT) -> Path:
    """Write report.html from the files of the run and return its path.

    Raises:
        RunIncompleteError: the run was interrupted before its evaluation.
    """
    progress.start("writing the report", 1)
    content = build_content(run)
    write_html(run.html_path, content)
    progress.advance(1)
    return run.html_path


def build_content(run: Run) -> ReportContent:
    """The content of the report of a run, as plain values."""
    report, dataset = run.report, run.dataset
    steps = steps_of(dataset.task)
    return ReportContent(
        report=report,
        title=Path(run.recipe.data.path).stem,
        facts={"backbone": _backbone_facts(run), "bank": _bank_facts(run), "head": _head_facts(run, steps)},
        history=run.history.frame,
        class_counts=dataset.class_counts(),
        audit_summary=_audit_summary(run),
        recipe_text=_recipe_text(run),
        commands=["headstart train --recipe recipe.toml"],
        environment=_environment(run),
        phases=_phases(run),
        **steps.report_content(run),
    )


def _phases(run: Run) -> list[PhaseValues]:
    return [{**phase, "seconds": run.history.seconds_of(phase["name"])} for phase in run.fact("phases")]


def data_hash(dataset: Dataset) -> str:
    """SHA-256 over the path, target, part and hash of every example: two runs with equal values saw the same data."""
    columns = dataset.frame[["path", "target", "split", "sha256"]]
    return hashlib.sha256(columns.to_csv(index=False).encode()).hexdigest()


def _recipe_text(run: Run) -> str:
    """The recipe as TOML, without the folders above data and weights: a report is sent to others."""
    recipe = without_places({"recipe": run.recipe.model_dump(mode="json", exclude_none=True)})["recipe"]
    return tomli_w.dumps(recipe)


def _backbone_facts(run: Run) -> dict[str, object]:
    section = run.recipe.backbone
    spec = find_backbone(section.name)
    height, width = run.task.image_size
    return {
        "network": spec.title,
        "weights": Path(str(section.weights)).name,
        "parameters": f"{spec.num_parameters:,}",
        "input size": f"{height} x {width} pixels, {run.recipe.images.resize_mode}",
        "licence of the weights": spec.weights.licence,
        "SHA-256 of the weights": run.fact("weights")["sha256"] or "none: random weights",
        "paper": spec.paper,
    }


def _bank_facts(run: Run) -> dict[str, object]:
    bank = run.state.get("bank")
    if not bank:
        return {}
    num_training = len(run.dataset.part("train"))
    num_learned = num_training + num_collages(run.recipe, num_training)
    num_rows = num_learned * bank["num_views"] + len(run.dataset.part("validation"))
    return {
        "views per training image": bank["num_views"],
        "stored": f"{num_rows:,} rows of {', '.join(bank['stages'])}",
        "reused from earlier runs": f"{num_rows - bank['num_computed']:,} rows",
        "computed by": bank["engine"]["engine"],
    }


def _head_facts(run: Run, steps: TaskSteps) -> dict[str, object]:
    model = run.task.model
    parameters = sum(model.get_layer(name).count_params() for name in run.task.head_layers)
    return {**steps.head_facts(run), "parameters": f"{parameters:,}"}


def _environment(run: Run) -> dict[str, object]:
    environment = read_json(run.environment_path, Environment)
    packages = environment.pop("packages")
    del environment["format_version"]
    return {**environment, **packages, "seed": run.recipe.seed, "data hash": data_hash(run.dataset)}


def _audit_summary(run: Run) -> pd.DataFrame:
    audit = read_json(run.audit_path, AuditFacts)
    return pd.DataFrame(audit["summary"], columns=AUDIT_COLUMNS)
