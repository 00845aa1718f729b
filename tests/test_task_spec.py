"""Every task of the table is complete: its folder holds every part that a room asks for."""

import subprocess
import sys
from dataclasses import fields

import pytest

from headstart.artifacts import Check, ExportedTask, Promises
from headstart.heads import TaskModel
from headstart.prediction import TaskAnswers
from headstart.report import ReportKind, ReportPage
from headstart.run import CardParts, ExportSteps, TaskSteps
from headstart.serving import Kind
from headstart.task_settings import TaskSettings
from headstart.task_spec import TASK_KINDS, Late, TaskSpec, find_task

# Part of a specification → the record that a room declares for it.
RECORDS = {
    "settings": TaskSettings,
    "promises": Promises,
    "check": Check,
    "exported": ExportedTask,
    "card": CardParts,
    "export": ExportSteps,
    "steps": TaskSteps,
    "answers": TaskAnswers,
    "served": Kind,
    "model": TaskModel,
}


@pytest.mark.parametrize("task", TASK_KINDS)
def test_every_part_of_a_task_is_found_and_has_the_class_that_its_room_declares(task):
    spec = find_task(task)
    parts = {each.name: getattr(spec, each.name) for each in fields(TaskSpec)}
    late = {name: part for name, part in parts.items() if isinstance(part, Late)}
    assert set(late) == set(RECORDS)
    for name, part in late.items():
        part.load(RECORDS[name])
    for kind in spec.reports.values():
        kind.load(ReportKind).page.load(ReportPage)


@pytest.mark.parametrize("task", TASK_KINDS)
def test_a_specification_has_the_name_under_which_it_is_found(task):
    assert find_task(task).name == task


def test_a_part_of_another_class_is_refused():
    with pytest.raises(TypeError, match=r"Expected TaskModel at headstart\.task_spec:TASK_KINDS\. Received: tuple"):
        Late("headstart.task_spec:TASK_KINDS").load(TaskModel)


def test_a_specification_waits_for_nothing_and_a_server_not_for_tensorflow():
    code = """
import sys
from headstart.task_spec import TASK_KINDS, find_task
specs = [find_task(task) for task in TASK_KINDS]
print({"numpy", "pandas", "pydantic", "tensorflow"} & set(sys.modules))
for spec in specs:
    for part in (spec.settings, spec.exported, spec.promises, spec.answers, spec.served):
        part.load(object)
print({"keras", "matplotlib", "tensorflow"} & set(sys.modules))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["set()", "set()"]
