"""What the server answers: the same as the file that it answers with."""

import io

import numpy as np
import pytest
from PIL import Image

from headstart.data import open_rgb, resize_image
from headstart.errors import ArtifactDamagedError, RecipeError, UnknownFormatError
from headstart.serving import load_model

RAW = {"Content-Type": "application/octet-stream"}


def ask(client, *contents, **query):
    """The answer to a form with these files."""
    files = [("files", (f"{index}.png", content)) for index, content in enumerate(contents)]
    return client.post("/v1/predict", files=files, params=query)


def test_an_answer_is_that_of_the_exported_file(client, model, png):
    content = png("green", size=(57, 33))
    (entry,) = client.post("/v1/predict", content=content, headers=RAW).json()["pictures"]
    pixels = resize_image(open_rgb(content), model.predictor.image_size, model.predictor.resize_mode)
    (expected,) = model.predictor.predict([pixels])
    assert entry["prediction"] == expected.prediction
    assert entry["prediction_set"] == list(expected.prediction_set)
    assert (entry["is_foreign"], entry["is_sure"]) == (expected.is_foreign, expected.is_sure)
    assert list(entry["probabilities"]) == list(model.predictor.class_names)
    np.testing.assert_allclose(list(entry["probabilities"].values()), expected.probabilities, atol=1e-6)
    np.testing.assert_allclose(entry["foreign_score"], expected.foreign_score, atol=1e-5)
    assert entry["error"] is None


@pytest.mark.parametrize("name", ["litert", "openvino"])
def test_every_runtime_answers_like_onnx_runtime(client, client_with, other_files, png, name):
    other = client_with(served=load_model(other_files, name))
    assert other.get("/v1/metadata").json()["format"] == name
    contents = [png(colour, size=(57, 33), seed=seed) for seed, colour in enumerate(["red", "green", "blue"] * 3)]
    for entry, expected in zip(*(ask(each, *contents).json()["pictures"] for each in (other, client)), strict=True):
        assert entry["prediction"] == expected["prediction"]
        assert entry["probabilities"] == pytest.approx(expected["probabilities"], abs=2e-4)
        assert entry["foreign_score"] == pytest.approx(expected["foreign_score"], abs=2e-3)


def test_pictures_of_a_form_are_answered_in_their_order(client, png):
    colours = ["red", "green", "blue", "red", "blue", "green", "red"]
    contents = [png(colour, seed=number) for number, colour in enumerate(colours)]
    together = ask(client, *contents).json()["pictures"]
    assert [entry["name"] for entry in together] == [f"{number}.png" for number in range(7)]
    for content, entry in zip(contents, together, strict=True):
        (alone,) = client.post("/v1/predict", content=content, headers=RAW).json()["pictures"]
        np.testing.assert_allclose(
            list(entry["probabilities"].values()), list(alone["probabilities"].values()), atol=1e-6
        )


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "IMAGE/WEBP; q=1", "application/octet-stream"])
def test_a_raw_body_may_be_called_any_picture(client, png, kind):
    """What the file is decides, not what it is called."""
    response = client.post("/v1/predict", content=png(), headers={"Content-Type": kind})
    assert response.status_code == 200
    assert response.json()["pictures"][0]["name"] is None


def test_more_coverage_makes_sets_larger(client, png):
    sizes = [
        len(ask(client, png(), coverage=coverage).json()["pictures"][0]["prediction_set"])
        for coverage in (0.01, 0.5, 0.99)
    ]
    assert sizes == sorted(sizes)
    assert sizes[-1] == 3


def test_pictures_of_one_batch_may_be_asked_with_different_coverage(client, png):
    answers = [ask(client, png(), coverage=coverage).json() for coverage in (0.25, 0.75)]
    assert [answer["coverage"] for answer in answers] == [0.25, 0.75]


def test_a_server_that_abstains_says_so_instead_of_guessing(client, png):
    guess, abstained = (
        ask(client, png(), coverage=0.99, abstain=abstain).json()["pictures"][0] for abstain in (False, True)
    )
    assert not guess["is_sure"]
    assert guess["prediction"] in {"red", "green", "blue"}
    assert abstained == {**guess, "prediction": "not sure", "probability": None}


def damaged(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file"),
        (b"hello, I am a picture", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), ""),
        (b"GIF89a" + bytes(9), ""),
        ("half of a PNG", ""),
    ],
)
def test_a_bad_picture_is_refused_with_the_reason_and_spoils_no_other(client, png, content, reason):
    bad = damaged(png()) if isinstance(content, str) else content
    response = ask(client, png("red"), bad, png("blue"))
    first, second, third = response.json()["pictures"]
    assert response.status_code == 200
    assert first["error"] is None is third["error"]
    assert reason in second["error"]
    assert second["error"]
    assert second["prediction"] is None is second["probabilities"]
    alone = ask(client, bad)
    assert (alone.status_code, alone.json()["pictures"][0]["error"]) == (422, second["error"])


def in_mode(mode: str, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    ramp = np.linspace(0, 255, 40 * 40).reshape(40, 40)
    grey = Image.fromarray((ramp * 257).astype(np.uint16)) if mode == "I;16" else Image.fromarray(ramp.astype("uint8"))
    (grey if mode == "I;16" else grey.convert(mode)).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        in_mode("I;16", "PNG"),
        in_mode("CMYK", "JPEG"),
        in_mode("1", "PNG"),
        in_mode("LA", "PNG"),
        in_mode("P", "GIF", save_all=True, append_images=[Image.new("P", (40, 40))] * 3),
        in_mode("RGBA", "WEBP"),
        in_mode("RGB", "TIFF", save_all=True, append_images=[Image.new("RGB", (9, 9))]),
        in_mode("RGB", "BMP"),
    ],
    ids=["16 bits", "CMYK", "black and white", "transparent", "animated", "WebP", "two pages", "BMP"],
)
def test_unusual_pictures_are_read_as_training_reads_them(client, model, content):
    (entry,) = client.post("/v1/predict", content=content, headers=RAW).json()["pictures"]
    pixels = resize_image(open_rgb(content), model.predictor.image_size, model.predictor.resize_mode)
    (expected,) = model.predictor.predict([pixels])
    np.testing.assert_allclose(list(entry["probabilities"].values()), expected.probabilities, atol=1e-6)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\Windows\\win.ini",
        "<img src=x onerror=alert(1)>.png",
        "a\u0000b.png",
        "\u202egnp.exe",
        "naïve 图.png",
    ],
)
def test_names_of_files_are_told_back_and_nothing_else(client, png, name):
    boundary = "b"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="'.encode()
    body = head + name.encode() + b'"\r\n\r\n' + png() + b"\r\n--b--\r\n"
    response = client.post(
        "/v1/predict", content=body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"}
    )
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    entry = response.json()["pictures"][0]
    assert entry["error"] is None
    assert entry["name"].replace("\\", "/").endswith(name.replace("\\", "/")[-6:])


def test_a_long_name_is_cut(client, png):
    response = client.post("/v1/predict", files=[("files", ("n" * 1000, png()))])
    assert response.json()["pictures"][0]["name"] == "n" * 200


def test_the_metadata_are_those_of_the_artifact(client, model):
    facts = client.get("/v1/metadata").json()
    manifest = model.manifest
    assert facts["class_names"] == list(manifest.class_names)
    assert tuple(facts["image_size"]) == manifest.image_size
    assert facts["sha256"] == dict(manifest.files["onnx"].sha256)
    assert facts["provenance"] == dict(manifest.provenance)
    assert facts["limits"]["pictures"] == 64


def test_a_file_that_was_changed_is_not_served(artifact, tmp_path):
    for path in artifact.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ArtifactDamagedError, match=r"model\.onnx"):
        load_model(tmp_path)


def test_a_file_that_needs_tensorflow_is_not_served(artifact):
    with pytest.raises(UnknownFormatError, match="keras"):
        load_model(artifact, "keras")


@pytest.mark.parametrize("coverage", [0.0, 1.0, -1.0, float("nan")])
def test_a_coverage_that_is_no_share_is_refused(artifact, client, png, coverage):
    with pytest.raises(RecipeError, match="coverage"):
        load_model(artifact, coverage=coverage)
    response = ask(client, png(), coverage=coverage)
    assert response.status_code == 400
    assert "coverage" in response.json()["error"]


def test_the_coverage_of_the_server_holds_where_a_request_does_not_say(artifact, client_with, png):
    asking = client_with(served=load_model(artifact, coverage=0.5))
    assert ask(asking, png()).json()["coverage"] == 0.5
    assert asking.get("/v1/metadata").json()["coverage"] == 0.5


def test_a_run_is_served_by_the_artifact_inside(artifact, model):
    assert (artifact.parent / "run.json").is_file()
    assert load_model(artifact.parent).manifest.folder == model.manifest.folder
