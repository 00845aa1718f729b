"""A run of any task predicts, is exported, is answered by its files alike, and has a card."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from starlette.testclient import TestClient

from headstart.artifacts import Manifest, ten_lines
from headstart.data import read_mask
from headstart.errors import RecipeError, UnknownFormatError
from headstart.prediction import Settings, predict, predict_records
from headstart.recipe import Recipe
from headstart.run import Run, export, train, write_card
from headstart.serving import build_app, load_model
from headstart.task_spec import DETECTION, REGRESSION, SEGMENTATION

VALUES = {
    "backbone": {"name": "vgg19_mini", "image_size": 32},
    "images": {"batch_size": 8},
    "bank": {"num_views": 1, "engine": "keras"},
    "frozen_phase": {"epochs": 2, "precision": "float32"},
    "fine_tuning_phase": {"epochs": 0},
}
TAGS = {DETECTION: "object-detection", SEGMENTATION: "image-segmentation", REGRESSION: "image-regression"}


@pytest.fixture(scope="module", params=TAGS)
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def run(kind, tmp_path_factory, draw_data: Callable[..., Path]) -> Run:
    """Only to be read."""
    folder = tmp_path_factory.mktemp(kind)
    recipe = Recipe.from_values({**VALUES, "task": kind, "data": {"path": str(draw_data(folder / "data", kind))}})
    return train(recipe=recipe, out=folder / "run")


@pytest.fixture(scope="module")
def artifact(run, tmp_path_factory) -> Manifest:
    return export(run, "onnx", out=tmp_path_factory.mktemp("files") / "artifact")


@pytest.fixture(scope="module")
def pictures(run) -> list[Path]:
    return run.dataset.part("test").paths()


def without_boxes(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns=["boxes"], errors="ignore")


def test_a_run_predicts_what_its_evaluation_wrote(run, kind, pictures, tmp_path):
    written = pd.read_csv(run.predictions_path)
    options = {"masks": tmp_path / "masks"} if kind == SEGMENTATION else {}
    table = predict(run, pictures, **options)
    assert table["error"].eq("").all()
    if kind == DETECTION:
        expected = [json.loads(text) for text in written["prediction"]]
        threshold = json.loads(run.promises_path.read_text())["score_threshold"]
        for boxes, before in zip(table["boxes"], expected, strict=True):
            kept = [one for one in before if one[1] > threshold + 1e-4]
            assert len(boxes) >= len(kept)
            for box, (name, score, *sides) in zip(boxes, kept, strict=False):
                assert box["name"] == name
                assert box["score"] == pytest.approx(score, abs=1e-3)
                np.testing.assert_allclose(box["box"], sides, atol=0.2)
    elif kind == SEGMENTATION:
        masks = [np.asarray(Image.open(path)) for path in table["mask"]]
        true = [read_mask(run.dataset.part("test"), number) for number in range(len(masks))]
        same = [(mask == other).mean() for mask, other in zip(masks, true, strict=True)]
        np.testing.assert_allclose(same, written["pixel_accuracy"], atol=1e-6)
    else:
        for new, old in (("value", ""), ("low", " low"), ("high", " high")):
            name = run.task.class_names[0]
            before = written[f"{name}{old}"].replace([np.inf, -np.inf], np.nan)
            np.testing.assert_allclose(table[f"{new}({name})"], before, rtol=1e-4)


@pytest.mark.parametrize("inside", ["", "model.onnx"])
def test_an_exported_file_answers_like_the_run(run, kind, artifact, pictures, inside):
    ours, theirs = predict(run, pictures), predict(artifact.folder / inside, pictures)
    assert list(ours.columns) == list(theirs.columns)
    assert artifact.files["onnx"].parity["agreement"] > 0.999
    pd.testing.assert_frame_equal(without_boxes(ours), without_boxes(theirs), rtol=1e-3, atol=1e-3)
    if kind == DETECTION:
        for mine, other in zip(ours["boxes"], theirs["boxes"], strict=True):
            assert [box["name"] for box in mine] == [box["name"] for box in other]
            np.testing.assert_allclose([b["box"] for b in mine], [b["box"] for b in other], atol=0.05)


def test_artifact_json_says_the_task_and_only_what_goes_with_it(artifact, kind):
    content = json.loads((artifact.folder / "artifact.json").read_text())
    assert content["task"] == kind
    assert not {"multi_label", "temperature"} & set(content)
    promises = content["files"]["onnx"]["promises"]
    assert list(promises) == {DETECTION: ["score_threshold"], SEGMENTATION: [], REGRESSION: ["residuals"]}[kind]


def test_the_printed_lines_run_without_this_package(artifact, pictures, kind, monkeypatch, capsys):
    monkeypatch.chdir(artifact.folder)
    Image.open(pictures[0]).save("image.jpg", quality=95)
    lines = ten_lines("onnx", artifact)
    assert "headstart" not in lines
    exec(lines, values := {})
    assert capsys.readouterr().out or kind == DETECTION
    assert set(values["prediction"]) >= {DETECTION: {"boxes"}, SEGMENTATION: {"classes"}, REGRESSION: {"numbers"}}[kind]


def test_a_format_that_the_task_lacks_is_told(run, kind, tmp_path):
    with pytest.raises(UnknownFormatError, match=f"no format 'litert-int8' for {kind}") as caught:
        export(run, "onnx,litert-int8", out=tmp_path / "files")
    assert "onnx" in caught.value.expected
    assert not (tmp_path / "files").exists()


def test_a_server_answers_like_the_file(artifact, kind, pictures):
    names = {DETECTION: ("boxes",), SEGMENTATION: ("prediction", "shares"), REGRESSION: ("numbers",)}[kind]
    with TestClient(build_app(load_model(artifact.folder)), base_url="http://localhost") as asking:
        entries = [
            asking.post("/v1/predict", files={"files": path.read_bytes()}).json()["pictures"][0] for path in pictures
        ]
    records = predict_records(artifact.folder, pictures, Settings(), batch_size=1).records
    for entry, record in zip(entries, records, strict=True):
        assert {name: entry[name] for name in names} == {name: record[name] for name in names}


def test_what_means_nothing_for_the_task_is_refused(run, pictures):
    with pytest.raises(RecipeError, match="--abstain does not apply"):
        predict(run, pictures, abstain=True)


def test_the_card_tells_the_task_and_its_numbers(run, kind, tmp_path):
    text = write_card(run, tmp_path / "card.md").read_text("utf-8")
    head = yaml.safe_load(text.split("---\n", 2)[1])
    assert head["pipeline_tag"] == TAGS[kind]
    (result,) = head["model-index"][0]["results"]
    assert result["task"]["type"] == TAGS[kind]
    report = json.loads(run.report_path.read_text())
    assert {metric["name"] for metric in result["metrics"]} <= {name.replace("_", " ") for name in report["metrics"]}
    for name in run.task.class_names:
        assert f"| {name} |" in text
    assert "temperature" not in text
    assert "classifier" not in text


def test_the_lines_of_the_card_run_with_keras_alone(run, pictures, tmp_path, monkeypatch, capsys):
    text = write_card(run, tmp_path / "card.md").read_text("utf-8")
    (lines,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "model.keras").symlink_to(run.model_path)
    monkeypatch.chdir(tmp_path)
    Image.open(pictures[0]).save("new.jpg", quality=95)
    exec(lines, {})
    printed = capsys.readouterr().out
    assert any(name in printed for name in run.task.class_names)
