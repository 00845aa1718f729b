"""`headstart evaluate` shows the numbers of every kind of task."""

import io

import pytest
from rich.console import Console

from headstart.cli.commands.evaluate import report_tables
from headstart.report import Report


def printed(report: Report) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(report_tables(report))
    return console.file.getvalue()


@pytest.mark.parametrize("kind", ["single_label", "multi_label", "detection", "segmentation", "regression"])
def test_every_metric_and_every_class_has_a_line(request, kind):
    report = request.getfixturevalue(kind).report
    lines = printed(report).splitlines()
    for name in (*(name.replace("_", " ") for name in report.metrics), *report.class_names):
        assert any(line.startswith(name) for line in lines), name
    assert any(line.split()[-1:] == [str(int(report.per_class["support"].iloc[0]))] for line in lines) == (
        kind != "regression"
    )


def test_boxes_show_their_errors_and_numbers_their_unit(detection, regression):
    assert "errors, recall and precision of boxes with a score of at least 0.35" in printed(detection.report)
    assert any(
        line.startswith("missed") and line.endswith("prediction overlaps.")
        for line in map(str.rstrip, printed(detection.report).splitlines())
    )
    error = regression.report.per_class["mean_absolute_error"].iloc[0]
    assert f"{error:.2f}" in printed(regression.report)
    assert "± 8.20; contains the true value with a promised probability of 90 %" in printed(regression.report)
