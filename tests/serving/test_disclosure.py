"""What a server tells of the machine on which its model was trained: nothing."""

import getpass
import json
import socket
from dataclasses import replace

import pytest

from headstart.artifacts import without_places


def test_a_new_artifact_names_no_folder_and_no_user(artifact, client):
    text = (artifact / "artifact.json").read_text("utf-8")
    recipe = json.loads(text)["provenance"]["recipe"]
    assert recipe["data"]["path"] == "photos"
    for told in (text, client.get("/v1/metadata").text):
        assert str(artifact.parent.parent) not in told
        assert f"/{getpass.getuser()}/" not in told
        assert f'"{socket.gethostname()}"' not in told


def test_exported_files_name_no_folder(artifact, other_files):
    place = str(artifact.parent.parent).encode()
    files = [path for folder in (artifact, other_files) for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 4
    assert not [path for path in files if place in path.read_bytes()]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/ann/customer/photos", "photos"),
        ("/home/ann/customer/photos/", "photos"),
        ("../customer/table.csv", "table.csv"),
        ("C:\\Users\\ann\\photos", "photos"),
        ("\\\\server\\share\\photos", "photos"),
        ("~/photos", "photos"),
        ("~ann", ""),
        ("/", ""),
        ("..", ""),
        ("photos", "photos"),
    ],
)
def test_an_old_artifact_names_no_folder_either(client_with, model, path, name):
    old = {"recipe": {"data": {"path": path}, "backbone": {"weights": "/home/ann/w.h5"}}, "data_sha256": "ab"}
    served = replace(model, manifest=replace(model.manifest, provenance=old))
    told = client_with(served=served).get("/v1/metadata").json()["provenance"]
    assert told == {"recipe": {"data": {"path": name}, "backbone": {"weights": "w.h5"}}, "data_sha256": "ab"}


def test_places_are_found_wherever_they_stand():
    facts = {"a": [{"b": "/home/ann/x"}, "D:/data/y"], "origin": "https://keras.io/a/b", "licence": "MIT", "seed": 0}
    expected = {"a": [{"b": "x"}, "y"], "origin": "https://keras.io/a/b", "licence": "MIT", "seed": 0}
    assert without_places(facts) == expected
