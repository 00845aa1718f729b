"""Boxes, masks and numbers over HTTP: what `headstart predict` says of the same file and picture."""

import base64
import io
import json
import random
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fastapi.openapi.models import OpenAPI
from PIL import Image
from starlette.testclient import TestClient

from headstart.errors import ArtifactDamagedError, RecipeError
from headstart.prediction import Settings, predict_records
from headstart.serving import Limits, build_app, load_model
from headstart.task_spec import DETECTION, REGRESSION, SEGMENTATION, TASK_KINDS
from headstart.tasks.segmentation.served import SERVED

QUESTIONS = {DETECTION: {"min_score": 0.4}, SEGMENTATION: {}, REGRESSION: {"coverage": 0.7}}


@pytest.fixture(scope="module", params=QUESTIONS)
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def asking(served, kind):
    with TestClient(
        build_app(served(kind).model), base_url="http://localhost", raise_server_exceptions=False
    ) as client:
        yield client


def ask(client, *contents: bytes, **question):
    files = [("files", (f"{index}.png", content)) for index, content in enumerate(contents)]
    return client.post("/v1/predict", files=files, params=question)


def same(one, other) -> bool:
    """Whether two values of JSON are the same, numbers but for the last digits that a batch's size decides."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == (pytest.approx(other, rel=1e-4, abs=1e-4) if isinstance(one, float) else other)


@pytest.mark.parametrize("own", [False, True], ids=["as the artifact says", "as the request says"])
def test_an_answer_is_that_of_predict(asking, served, kind, own, tmp_path):
    question = QUESTIONS[kind] if own else {}
    settings = Settings(**question, masks=tmp_path if kind == SEGMENTATION else None)
    pictures = served(kind).pictures
    answer = ask(asking, *(path.read_bytes() for path in pictures), **question).json()
    assert {name: answer[name] for name in question} == question
    records = predict_records(served(kind).folder, pictures, settings).records
    for entry, record in zip(answer["pictures"], records, strict=True):
        if kind == SEGMENTATION:
            assert base64.b64decode(entry["mask"]) == Path(record["mask"]).read_bytes()
        expected = {**record, "name": entry["name"], "mask": entry.get("mask")}
        assert same(entry, {name: expected[name] for name in entry})
        assert set(record) - {"path"} <= set(entry)


def test_answers_say_something(served):
    """So that the other tests cannot pass with nothing said."""
    clients = {kind: TestClient(build_app(served(kind).model), base_url="http://localhost") for kind in QUESTIONS}
    entries = {}
    for kind, client in clients.items():
        with client:
            entries[kind] = ask(client, *(path.read_bytes() for path in served(kind).pictures)).json()["pictures"]
    assert 1 < np.mean([len(entry["boxes"]) for entry in entries[DETECTION]]) < 60
    assert {box["name"] for entry in entries[DETECTION] for box in entry["boxes"]} == {"dog", "cat"}
    shown = {name for entry in entries[SEGMENTATION] for name, share in entry["shares"].items() if share > 0.05}
    assert len(shown) > 1
    numbers = entries[REGRESSION][0]["numbers"]["weight"]
    assert numbers["low"] < numbers["value"] < numbers["high"]


@pytest.mark.parametrize("kind", [DETECTION, SEGMENTATION], indirect=True)
def test_a_picture_that_lies_on_its_side_is_answered_upright(asking, kind, served):
    picture = Image.open(served(kind).pictures[0])
    upright, turned = io.BytesIO(), io.BytesIO()
    picture.save(upright, "PNG")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    picture.transpose(Image.Transpose.ROTATE_90).save(turned, "PNG", exif=exif)
    one, other = ask(asking, upright.getvalue(), turned.getvalue()).json()["pictures"]
    assert same({**one, "name": ""}, {**other, "name": ""})
    assert (one["height"], one["width"]) == (picture.height, picture.width)


def test_a_bad_picture_has_its_reason_and_spoils_no_other(asking, served, kind):
    content = served(kind).pictures[0].read_bytes()
    response = ask(asking, content, b"no picture", content[: len(content) // 2])
    first, *bad = response.json()["pictures"]
    assert response.status_code == 200
    assert first["error"] is None
    assert all(entry["error"] and set(entry) == set(first) for entry in bad)
    assert all(value is None for entry in bad for name, value in entry.items() if name not in ("name", "error"))
    assert ask(asking, b"no picture").status_code == 422


@pytest.mark.parametrize(
    ("kind", "question"),
    [
        *((DETECTION, {"min_score": value}) for value in ("-0.1", "1.1", "nan", "inf", "x", "")),
        (DETECTION, {"coverage": 0.9}),
        (DETECTION, {"minscore": 0.9}),
        *((SEGMENTATION, {name: 0.5}) for name in ("coverage", "min_score")),
        *((REGRESSION, {"coverage": value}) for value in ("0", "1", "nan")),
        (REGRESSION, {"abstain": True}),
    ],
    indirect=["kind"],
)
def test_what_is_out_of_range_or_means_nothing_is_refused(asking, served, kind, question):
    response = ask(asking, served(kind).pictures[0].read_bytes(), **question)
    assert response.status_code == 400
    assert next(iter(question)) in response.json()["error"]


@pytest.mark.parametrize("kind", [DETECTION], indirect=True)
def test_a_lower_score_gives_more_boxes_and_none_is_an_answer(asking, served, kind):
    content = served(kind).pictures[0].read_bytes()
    counts = [len(ask(asking, content, min_score=score).json()["pictures"][0]["boxes"]) for score in (0, 0.7, 1)]
    assert counts == sorted(counts, reverse=True)
    assert (counts[0] > counts[1], counts[2]) == (True, 0)


def test_the_metadata_say_the_task_and_what_answers_follow_from(asking, served, kind):
    facts, model = asking.get("/v1/metadata").json(), served(kind).model
    assert facts["task"] == kind
    assert facts["class_names"] == list(model.manifest.class_names)
    own = {name: facts.get(name) for name in ("min_score", "coverage", "half_widths") if name in facts}
    widths = model.predictor.intervals.half_widths(0.9).tolist() if kind == REGRESSION else []
    assert (
        own
        == {
            DETECTION: {"min_score": 0.7},
            SEGMENTATION: {},
            REGRESSION: {"coverage": 0.9, "half_widths": dict(zip(("weight", "age"), widths, strict=False))},
        }[kind]
    )


def test_the_server_is_told_what_holds_where_a_request_does_not_say(served):
    assert load_model(served(DETECTION).folder, min_score=0.3).predictor.min_score == 0.3
    assert load_model(served(REGRESSION).folder, coverage=0.5).predictor.coverage == 0.5
    for kind, given in (
        (DETECTION, {"coverage": 0.9}),
        (SEGMENTATION, {"min_score": 0.5}),
        (REGRESSION, {"min_score": 0.5}),
    ):
        with pytest.raises(RecipeError, match=f"does not apply to {kind}"):
            load_model(served(kind).folder, **given)
    with pytest.raises(RecipeError, match="score"):
        load_model(served(DETECTION).folder, min_score=2)


def test_answers_are_as_the_document_says(asking, served, kind):
    jsonschema = pytest.importorskip("jsonschema")
    document = asking.get("/openapi.json").json()
    OpenAPI.model_validate(document)
    operation = document["paths"]["/v1/predict"]["post"]
    assert {one["name"]: one["schema"]["default"] for one in operation.get("parameters", [])} == {
        DETECTION: {"min_score": 0.7},
        SEGMENTATION: {},
        REGRESSION: {"coverage": 0.9},
    }[kind]
    content = served(kind).pictures[0].read_bytes()
    metadata = document["paths"]["/v1/metadata"]["get"]["responses"]
    for response, described in (
        (ask(asking, content, b"x"), operation["responses"]),
        (ask(asking, b"x"), operation["responses"]),
        (asking.get("/v1/metadata"), metadata),
    ):
        schema = described[str(response.status_code)]["content"]["application/json"]["schema"]
        jsonschema.validate(response.json(), {**schema, "components": document["components"]})


def test_no_request_makes_the_server_fail(asking, served, kind):
    sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
    try:
        from malformed import malformed_requests  # noqa: PLC0415
    finally:
        sys.path.pop(0)
    contents = [path.read_bytes() for path in served(kind).pictures[:2]]
    statuses = {
        asking.request(one.method, one.path, content=one.body, headers={"Content-Type": one.content_type}).status_code
        for one in malformed_requests(random.Random(0), contents, 150)
    }
    assert not {status for status in statuses if status >= 500}
    assert {200, 400, 415, 422} <= statuses


def test_what_became_of_pictures_is_counted(served):
    results = {DETECTION: ("found", "empty"), SEGMENTATION: ("answered",), REGRESSION: ("answered",)}
    for kind, names in results.items():
        with TestClient(build_app(served(kind).model), base_url="http://localhost") as client:
            content = served(kind).pictures[0].read_bytes()
            ask(client, content, b"x")
            if kind == DETECTION:
                ask(client, content, min_score=1)
            text = client.get("/metrics").text
        for name in (*names, "unreadable"):
            assert f'headstart_pictures_total{{result="{name}"}} 1.0' in text


def test_a_mask_that_takes_too_long_is_given_up_and_keeps_nobody_waiting(served, monkeypatch):
    gate, content = threading.Event(), served(SEGMENTATION).pictures[0].read_bytes()
    slow = replace(SERVED, in_picture_size=lambda answer: SERVED.in_picture_size(answer) if gate.wait(20) else {})
    monkeypatch.setattr("headstart.tasks.segmentation.served.SERVED", slow)
    with TestClient(
        build_app(served(SEGMENTATION).model, Limits(answer_seconds=0.5)), base_url="http://localhost"
    ) as client:
        assert ask(client, content).status_code == 503
        assert client.get("/readyz").json() == {"status": "ready"}
        gate.set()
        assert ask(client, content).status_code == 200


def edited(served, folder: Path, **changes: object) -> Path:
    """A copy of the artifact that says something else of itself."""
    for path in served.folder.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    content = json.loads((folder / "artifact.json").read_text())
    (folder / "artifact.json").write_text(json.dumps({**content, **changes}))
    return folder


def test_a_file_without_the_outputs_of_its_task_is_not_served(served, tmp_path):
    folder = edited(served(SEGMENTATION), tmp_path, task=DETECTION)
    content = json.loads((folder / "artifact.json").read_text())
    content["files"]["onnx"]["promises"] = {"score_threshold": 0.5}
    (folder / "artifact.json").write_text(json.dumps(content))
    with pytest.raises(ArtifactDamagedError, match="object-detection") as caught:
        load_model(folder)
    assert "boxes" in caught.value.expected
    assert "headstart export" in caught.value.hint


def test_a_task_that_no_server_knows_is_told(served, tmp_path):
    with pytest.raises(ArtifactDamagedError, match=r"artifact\.json") as caught:
        load_model(edited(served(REGRESSION), tmp_path, task="poems"))
    assert all(kind in caught.value.expected for kind in TASK_KINDS)


def test_an_interval_that_nothing_promises_is_null(served):
    model = served(REGRESSION).model
    few = replace(model.predictor, intervals=replace(model.predictor.intervals, residuals=np.ones((2, 2))))
    with TestClient(build_app(replace(model, predictor=few)), base_url="http://localhost") as client:
        entry = ask(client, served(REGRESSION).pictures[0].read_bytes()).json()["pictures"][0]
        assert client.get("/v1/metadata").json()["half_widths"] == {"weight": None, "age": None}
    assert entry["numbers"]["age"]["low"] is None is entry["numbers"]["age"]["high"]
    assert entry["numbers"]["age"]["value"] is not None
