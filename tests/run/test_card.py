"""A model card says what the run's own files say, in a form that Hugging Face reads."""

import json
import re
import shutil

import keras
import numpy as np
import pytest
import yaml

from headstart.backbones import find_backbone
from headstart.prediction import predict
from headstart.report import limits
from headstart.run import Run, write_card

TASKS = ["finished_run", "striped_run"]


@pytest.fixture(params=TASKS)
def run(request) -> Run:
    return request.getfixturevalue(request.param)


@pytest.fixture
def card(run, tmp_path) -> str:
    return write_card(run, tmp_path / "card.md").read_text("utf-8")


def head_of(card: str) -> dict:
    _, head, _ = card.split("---\n", 2)
    return yaml.safe_load(head)


def section(card: str, heading: str) -> str:
    return card.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def table(text: str, number: int = 0) -> list[list[str]]:
    blocks = re.findall(r"(?:^\|.*\|\n?)+", text, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in blocks[number].splitlines()]


def test_the_head_has_the_types_that_the_hub_asks_for(run, card):
    head = head_of(card)
    assert head["library_name"] == "keras"
    assert head["pipeline_tag"] == "image-classification"
    assert head["license"] == "unknown"  # random weights: nobody's licence holds
    for name in ("tags", "datasets", "metrics"):
        assert all(isinstance(text, str) and text for text in head[name])
    assert run.recipe.backbone.name in head["tags"]
    (model,) = head["model-index"]
    (result,) = model["results"]
    assert model["name"]
    assert result["task"]["type"] == "image-classification"
    assert {"name", "type", "split"} == set(result["dataset"])
    assert re.fullmatch(r"[A-Za-z0-9._-]+", result["dataset"]["type"])
    for metric in result["metrics"]:
        assert {"type", "name", "value"} == set(metric)


def test_every_number_of_the_head_is_that_of_the_report(run, card):
    report = json.loads(run.report_path.read_text())
    (result,) = head_of(card)["model-index"][0]["results"]
    known = {name.replace("_", " "): metric["value"] for name, metric in report["metrics"].items()}
    assert {metric["name"]: metric["value"] for metric in result["metrics"]} == {
        name: value for name, value in known.items() if value is not None
    }


def test_every_number_of_the_tables_is_that_of_the_report(run, card):
    report = json.loads(run.report_path.read_text())
    text = section(card, "Results")
    assert f"Measured on {report['num_examples']} test images" in text

    def shown(value) -> str:
        return "-" if value is None else f"{value:.3f}"

    expected = [
        [
            name.replace("_", " ") + ("" if metric["higher_is_better"] else " (lower is better)"),
            shown(metric["value"]),
            f"{shown(metric['low'])} to {shown(metric['high'])}",
            shown(metric["baseline"]),
        ]
        for name, metric in report["metrics"].items()
    ]
    assert [[cell.strip() for cell in row] for row in table(text)[2:]] == expected
    classes = [
        [row["class"], *(shown(row[name]) for name in ("precision", "recall", "f1")), str(row["support"])]
        for row in report["per_class"]
    ]
    assert table(text, 1)[2:] == classes


def test_the_calibration_is_the_runs(run, card):
    text = section(card, "Calibration")
    for temperature in set(run.calibration.temperature.tolist()):
        assert f"{temperature:.3f}" in text
    honesty = json.loads(run.report_path.read_text())["honesty"]
    assert f"{honesty['error_before']:.3f} before calibration, {honesty['error_after']:.3f} after" in text
    assert f"{honesty['mean_set_size']:.2f}" in text
    lowest = run.calibration.thresholds.lowest_probability(0.9)
    assert (
        (f"at least {lowest:.3f}" in text) if np.isfinite(lowest) else ("too few validation images to promise" in text)
    )


def test_limits_licence_data_and_versions_are_the_runs(run, card):
    for sentence in limits(run.report):
        assert f"- {sentence}" in section(card, "Limits")
    assert "random weights" in section(card, "Licence")
    counts = run.dataset.class_counts()
    rows = {row[0]: [int(cell) for cell in row[1:]] for row in table(section(card, "Data"))[2:]}
    assert rows == {name: row.tolist() for name, row in zip(counts.index, counts.to_numpy(), strict=True)}
    packages = json.loads(run.environment_path.read_text())["packages"]
    versions = dict(table(section(card, "Environment"))[2:])
    assert packages.items() <= versions.items()


def test_the_lines_that_load_the_model_answer_as_the_run_does(run, card, tmp_path, monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    picture = run.dataset.part("test").paths()[0]
    shutil.copy(run.model_path, tmp_path)
    shutil.copy(picture, tmp_path / "new.jpg")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(compile(code, "card", "exec"), names)
    answer = predict(run, picture).iloc[0]
    expected = [answer[f"p({name})"] for name in names["class_names"]]
    np.testing.assert_allclose(names["probabilities"], expected, atol=1e-5)
    assert run.task.class_names[0] in capsys.readouterr().out


def test_no_path_of_this_machine_stands_in_a_card(run, card, tmp_path):
    assert str(run.path.parent) not in card
    assert str(run.dataset.root.parent) not in card


def test_a_card_lies_in_the_run_unless_told(own_run, tmp_path):
    assert write_card(own_run) == own_run.path / "README.md"
    first = own_run.card_path.read_text("utf-8")
    assert write_card(own_run, tmp_path / "new" / "card.md").read_text("utf-8") == first


@pytest.mark.parametrize(
    ("weights", "licence", "words"),
    [
        ("builtin", "apache-2.0", "Apache-2.0"),
        ("weights/mine.h5", "apache-2.0", "`mine.h5`"),
    ],
)
def test_the_licence_is_that_of_the_weights(own_run, weights, licence, words):
    text = own_run.recipe_path.read_text()
    own_run.recipe_path.write_text(text.replace('weights = "none"', f'weights = "{weights}"'))
    card = write_card(Run(own_run.path)).read_text("utf-8")
    assert head_of(card)["license"] == licence == find_backbone("vgg19_mini").weights.licence.lower()
    assert words in section(card, "Licence")


def test_names_that_mean_something_in_yaml_or_markdown_stay_names(train_quick, make_photos, tmp_path):
    odd = make_photos(tmp_path / 'no: "yes" #1', {"a|b": 8, "null": 8})
    run = train_quick(odd, tmp_path / "run", epochs=0, frozen_epochs=1)
    card = write_card(run).read_text("utf-8")
    (result,) = head_of(card)["model-index"][0]["results"]
    assert result["dataset"]["name"] == 'no: "yes" #1'
    assert result["dataset"]["type"] == "no-yes-1"
    assert "| a\\|b |" in section(card, "Data")


def test_keras_is_the_version_that_the_card_names(finished_run, tmp_path):
    text = write_card(finished_run, tmp_path / "card.md").read_text()
    assert dict(table(section(text, "Environment"))[2:])["keras"] == keras.__version__
