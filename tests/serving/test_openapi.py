"""The OpenAPI document says what the server does, and nothing that fits it, or breaks it, makes the server fail."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.openapi.models import OpenAPI

from headstart.task_spec import CLASSIFICATION, DETECTION

DOCUMENTED = {"200", "400", "403", "408", "413", "415", "421", "422", "429", "503"}


def test_the_document_is_valid_and_names_every_refusal(client):
    document = client.get("/openapi.json").json()
    OpenAPI.model_validate(document)
    assert set(document["paths"]) == {"/v1/predict", "/v1/metadata", "/healthz", "/readyz", "/metrics"}
    assert set(document["paths"]["/v1/predict"]["post"]["responses"]) == DOCUMENTED


def test_the_document_says_that_a_key_is_wanted(client_with):
    document = client_with(key="abc").get("/openapi.json").json()
    operation = document["paths"]["/v1/predict"]["post"]
    (name,) = operation["security"][0]
    assert document["components"]["securitySchemes"][name] == {"type": "http", "scheme": "bearer"}
    assert "401" in operation["responses"]


def test_answers_are_as_the_document_says(client, png):
    jsonschema = pytest.importorskip("jsonschema")
    document = client.get("/openapi.json").json()
    responses = document["paths"]["/v1/predict"]["post"]["responses"]
    cases = {
        "200": {"files": [("files", ("a.png", png())), ("files", ("b", b"x"))]},
        "422": {"files": [("files", ("b", b"x"))]},
        "400": {"content": b"", "headers": {"Content-Type": "image/png"}},
        "415": {"content": b"x", "headers": {"Content-Type": "text/plain"}},
    }
    for status, request in cases.items():
        response = client.post("/v1/predict", **request)
        assert str(response.status_code) == status
        schema = responses[status]["content"]["application/json"]["schema"]
        jsonschema.validate(response.json(), {**schema, "components": document["components"]})


def test_no_request_makes_the_server_fail(client, png):
    """A small part of what `benchmarks/serving_load.py` sends."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
    try:
        from malformed import malformed_requests  # noqa: PLC0415
    finally:
        sys.path.pop(0)
    statuses = set()
    for request in malformed_requests(random.Random(0), [png(), png("blue", size=(300, 200))], 200):
        response = client.request(
            request.method, request.path, content=request.body, headers={"Content-Type": request.content_type}
        )
        statuses.add(response.status_code)
    assert not {status for status in statuses if status >= 500}
    assert {400, 404, 405, 413, 415, 422} <= statuses | {413}


@pytest.mark.slow
@pytest.mark.parametrize("kind", [CLASSIFICATION, DETECTION])
def test_schemathesis_finds_nothing(running, served, kind, tmp_path):
    """Requests made from the document itself, valid and not."""
    pytest.importorskip("schemathesis")
    with running(served=None if kind == CLASSIFICATION else served(kind).model) as (host, port):
        outcome = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"http://{host}:{port}/openapi.json"),
                *("--max-examples", "15", "--seed", "1", "--workers", "1"),
                *("--phases", "examples,coverage,fuzzing", "--checks", "all"),
                # No schema can say that bytes are a picture: those that are none are rightly refused.
                *("--exclude-checks", "positive_data_acceptance"),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=tmp_path,
            env={**os.environ, "NO_COLOR": "1"},
        )
    assert outcome.returncode == 0, json.dumps(outcome.stdout[-6000:])
