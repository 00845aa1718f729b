"""A run finds defects, goes on after an interruption, predicts, is exported and served."""

import base64
import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from starlette.testclient import TestClient

from headstart.artifacts import load_predictor
from headstart.data import GOOD
from headstart.errors import ParityError, RecipeError, UnknownFormatError
from headstart.prediction import predict, write_predictions
from headstart.recipe import Recipe
from headstart.run import Run, evaluate, export, predictor_of, resume, train, write_card, write_report
from headstart.serving import build_app, load_model
from headstart.task_spec import ANOMALY

SIZE = (48, 48)
VALUES = {"backbone": {"name": "vgg19_mini", "image_size": 48}, "data": {"fractions": (0.5, 0.4, 0.1)}}


def draw_images(folder: Path, *, count: int, seed: int, has_defect: bool = False, masks: Path | None = None) -> None:
    """A texture of stripes; a defect is a bright spot on it."""
    folder.mkdir(parents=True)
    draws = np.random.default_rng(seed)
    for number in range(count):
        rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
        grey = 120 + 40 * np.sin((rows + columns) / 3 + draws.uniform(0, 6)) + draws.normal(0, 4, SIZE)
        if has_defect:
            top, left = draws.integers(6, 32, 2)
            grey[top : top + 9, left : left + 9] = 250
            if masks is not None:
                masks.mkdir(parents=True, exist_ok=True)
                mask = np.zeros(SIZE, np.uint8)
                mask[top : top + 9, left : left + 9] = 255
                Image.fromarray(mask).save(masks / f"{number}_mask.png")
        Image.fromarray(np.stack([grey] * 3, axis=-1).clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "tiles"
    draw_images(folder / "train" / "good", count=20, seed=0)
    draw_images(folder / "test" / "good", count=6, seed=1)
    draw_images(folder / "test" / "spot", count=6, seed=2, has_defect=True, masks=folder / "ground_truth" / "spot")
    return folder


def recipe_for(data: Path, **head: object) -> Recipe:
    own = {**VALUES, "data": {**VALUES["data"], "path": str(data)}, "head": head}
    return Recipe.from_values(own)


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory) -> Run:
    """Only to be read."""
    return train(recipe=recipe_for(data), out=tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def exported(finished, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "artifact"
    export(finished, "keras,onnx", out=folder)
    return folder


def test_a_run_tells_defects_from_good_images_and_finds_their_place(finished):
    metrics = finished.report.metrics
    assert finished.dataset.task == ANOMALY
    assert metrics["image_auroc"].value > 0.95
    assert metrics["pixel_auroc"].value > 0.9
    assert metrics["pro"].value > 0.5
    assert all(metric.value > metric.baseline for metric in metrics.values())
    assert finished.state["phases"][0]["epochs"] == 0
    assert set(finished.dataset.part("train").frame["target"]) == {GOOD}


def test_the_report_shows_the_promise_and_the_worst_images(finished):
    page = finished.html_path.read_text(encoding="utf-8")
    assert "when training stops" not in page
    assert "Worst misses and false alarms" in page
    assert "promised rate of false alarms" in page
    assert "linear probe" not in page
    finished.html_path.unlink()
    assert write_report(Run.load(finished.path)).stat().st_size > 0.9 * len(page)
    card = write_card(finished, finished.path.parent / "card.md").read_text()
    assert "conformal p-values" in card
    assert "image auroc" in card


def test_a_killed_run_goes_on_and_ends_to_the_last_digit_like_one_that_was_not(finished, data, tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom headstart.recipe import Recipe\nfrom headstart.run import train\n"
        "from headstart.tasks.anomaly import steps\n"
        "def stop(*_, **__):\n    print('here', flush=True)\n    sys.stdin.read()\n"
        "steps.choose_memory = stop\n"
        "train(recipe=Recipe.read(Path(sys.argv[1])), out=sys.argv[2])\n"
    )
    recipe_for(data).resolved(ANOMALY).write(tmp_path / "recipe.toml")
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "recipe.toml"), str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "here"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    resumed = resume(tmp_path / "run")
    assert resumed.report.to_json() == finished.report.to_json()
    assert resumed.promises_path.read_text() == finished.promises_path.read_text()
    assert resumed.predictions_path.read_text() == finished.predictions_path.read_text()
    ours, theirs = (Run(run.path).task.model.get_weights() for run in (resumed, finished))
    assert all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_other_images_are_scored(finished, tmp_path):
    draw_images(tmp_path / "more" / "good", count=3, seed=5)
    draw_images(tmp_path / "more" / "dent", count=2, seed=6, has_defect=True)
    report = evaluate(finished, tmp_path / "more")
    assert report.num_examples == 5
    assert report.class_names == (GOOD, "dent")
    assert list(report.metrics) == ["image_auroc", "image_average_precision"]


def test_predictions_have_scores_p_values_verdicts_and_heat_maps(finished, data, tmp_path):
    table = predict(finished, data / "test", draw=tmp_path / "heat", false_alarms=0.2)
    stored = pd.read_csv(finished.predictions_path).set_index("path")
    for row in table.to_dict("records"):
        own = stored.loc[Path(row["path"]).relative_to(data).as_posix()]
        assert row["score"] == pytest.approx(own["score"], rel=1e-4)
        assert row["p_value"] == pytest.approx(own["p_value"], abs=1e-6)
        assert row["is_defect"] == (row["p_value"] <= 0.2 + 1e-9)
        assert row["prediction"] == ("defect" if row["is_defect"] else "good")
    drawings = sorted((tmp_path / "heat").rglob("*.jpg"))
    assert len(drawings) == 12
    spot = next(path for path in drawings if "spot" in path.as_posix())
    plain = np.asarray(Image.open(data / "test" / "spot" / f"{spot.stem}.png").convert("RGB"))
    assert np.abs(np.asarray(Image.open(spot), int) - plain).max() > 50
    mask = np.asarray(Image.open(data / "ground_truth" / "spot" / f"{spot.stem}_mask.png")) > 0
    (score,) = predictor_of(finished).answers(plain[None], [SIZE])
    assert score.heat()[mask].mean() > score.heat()[~mask].mean()


def test_a_rate_that_cannot_be_promised_is_refused_before_the_work_and_at_predictions(finished, data, tmp_path):
    with pytest.raises(RecipeError, match="cannot promise") as caught:
        train(recipe=recipe_for(data, false_alarms=0.001), out=tmp_path / "run")
    assert "at least 999" in caught.value.expected
    assert not (tmp_path / "run").exists()
    with pytest.raises(RecipeError, match="cannot promise"):
        predict(finished, data / "test" / "good", false_alarms=0.01)
    with pytest.raises(RecipeError, match="does not apply"):
        predict(finished, data / "test" / "good", coverage=0.8)


def test_settings_of_training_in_epochs_are_refused(data):
    for section, name, value in (
        ("fine_tuning_phase", "epochs", 3),
        ("bank", "engine", "openvino-int8"),
        ("images", "resize_mode", "crop"),
    ):
        with pytest.raises(RecipeError):
            recipe_for(data).with_values(section, **{name: value}).resolved(ANOMALY)
    with pytest.raises(RecipeError, match=r"no head\.method"):
        recipe_for(data, method="knn").resolved("image-classification")


def test_an_interrupted_file_of_predictions_depends_on_the_rate(finished, data, tmp_path):
    write_predictions(finished, data / "test" / "good", tmp_path / "a.csv", false_alarms=0.3)
    write_predictions(finished, data / "test" / "good", tmp_path / "b.csv", false_alarms=0.9)
    verdicts = [pd.read_csv(tmp_path / name)["is_defect"].sum() for name in ("a.csv", "b.csv")]
    assert verdicts[0] <= verdicts[1]


def test_images_as_a_whole_are_compared_by_the_light_method(data, tmp_path):
    run = train(recipe=recipe_for(data, method="knn"), out=tmp_path / "run")
    assert list(run.report.metrics) == ["image_auroc", "image_average_precision"]
    assert run.report.main_metric.value > 0.8
    assert run.task.num_places == 1
    assert predict(run, data / "test" / "good")["score"].gt(0).all()


def test_exported_files_give_the_scores_of_the_run(finished, exported, data):
    facts = json.loads((exported / "artifact.json").read_text())
    paths = sorted((data / "test").rglob("*.png"))
    ours = predict(finished, paths)
    for name in ("keras", "onnx"):
        assert facts["files"][name]["parity"]["agreement"] == 1
        theirs = predict(exported / facts["files"][name]["path"], paths)
        np.testing.assert_allclose(theirs["score"], ours["score"], rtol=1e-2)
        assert theirs["prediction"].tolist() == ours["prediction"].tolist()
    predictor = load_predictor(exported, "onnx")
    assert predictor.good.lowest_rate == predictor_of(finished).good.lowest_rate


def test_formats_in_int8_are_refused_and_a_file_with_another_memory_too(finished, tmp_path):
    for name in ("openvino-int8", "litert-int8"):
        with pytest.raises(UnknownFormatError, match="no format") as caught:
            export(finished, name, out=tmp_path / name)
        assert "onnx" in caught.value.expected
    from headstart.artifacts import FORMATS, export_formats  # noqa: PLC0415
    from headstart.run import build_job  # noqa: PLC0415

    job = build_job(finished, tmp_path / "changed", [FORMATS["keras"]])
    job.test.answers.scores[0] *= 2
    with pytest.raises(ParityError, match="keras"):
        export_formats(job, [FORMATS["keras"]])


def test_the_server_answers_with_score_p_value_and_heat_map(exported, data):
    model = load_model(exported)
    with TestClient(build_app(model), base_url="http://localhost") as client:
        facts = client.get("/v1/metadata").json()
        assert facts["lowest_false_alarms"] == facts["false_alarms"]
        spot, good = (data / "test" / name / "0.png" for name in ("spot", "good"))
        files = [("files", (path.name, path.read_bytes())) for path in (spot, good)]
        files.append(("files", ("bad.png", b"no image")))
        answer = client.post("/v1/predict", files=files).json()
        entry, other, bad = answer["pictures"]
        assert (entry["is_defect"], entry["prediction"]) == (True, "defect")
        assert entry["score"] > other["score"]
        assert bad["error"]
        assert bad["score"] is None
        heat = np.asarray(Image.open(io.BytesIO(base64.b64decode(entry["heat"]))))
        assert heat.shape == SIZE
        mask = np.asarray(Image.open(data / "ground_truth" / "spot" / "0_mask.png")) > 0
        assert heat[mask].mean() > heat[~mask].mean()
        every = client.post("/v1/predict", files=files[:2], params={"false_alarms": 0.99}).json()["pictures"]
        assert all(each["is_defect"] for each in every if each["p_value"] <= 0.99)
        assert client.post("/v1/predict", files=files[:1], params={"false_alarms": 1e-4}).status_code == 400
        assert "anomalies" in client.get("/").text
        assert 'headstart_pictures_total{result="defect"}' in client.get("/metrics").text
