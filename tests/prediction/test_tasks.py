"""Boxes, masks and numbers: the same ways in and out as for classes, in pixels of each picture."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from headstart.errors import AnswersMismatchError, FolderOccupiedError, RecipeError
from headstart.prediction import form_of
from headstart.prediction.answering import _frame
from headstart.prediction.columns import Form
from headstart.prediction.files import count_files, expand_paths
from headstart.prediction.job import Job, check_out, write_answers
from headstart.prediction.picture_files import PictureFiles
from headstart.prediction.settings import Settings
from headstart.prediction.sources import Model
from headstart.prediction.stream import answer_batches
from headstart.progress import SILENT, SilentProgress
from headstart.task_spec import DETECTION, REGRESSION, SEGMENTATION
from headstart.tasks import BoxPredictor, MaskPredictor, NumberPredictor, RegressionIntervals

SIDE = 16
FACTS = {"image_size": (SIDE, SIDE), "resize_mode": "stretch"}


class Boxes:
    """A `cat` in the left upper quarter, again a little aside, and a `dog` in the lower half, less certain."""

    def run(self, images):
        half = SIDE / 2
        boxes = np.array([[0, 0, half, half], [1, 0, half + 1, half], [0, half, SIDE, SIDE], [0, 0, 1, 1]])
        count = len(images)
        scores = np.tile([0.9, 0.8, 0.4, 0.0], (count, 1)).astype("float32")
        return np.tile(boxes, (count, 1, 1)), scores, np.tile([0, 0, 1, 0], (count, 1))


class Masks:
    """The left half of every picture is of class 1."""

    def run(self, images):
        classes = np.zeros(images.shape[:3], "int32")
        classes[:, :, : SIDE // 2] = 1
        return classes, np.ones(images.shape[:3], "float32")


class Numbers:
    """How bright pictures are, and ten times that."""

    def run(self, images):
        means = images.astype("float64").mean(axis=(1, 2, 3))
        return (np.stack([means, 10 * means], axis=1),)


def model_of(kind: str, **changes) -> Model:
    residuals = np.tile(np.linspace(1, 10, 19)[:, None], (1, 2))
    predictor = {
        DETECTION: lambda: BoxPredictor(Boxes(), ("cat", "dog"), **FACTS, **{"min_score": 0.3, **changes}),
        SEGMENTATION: lambda: MaskPredictor(Masks(), ("ground", "sky"), **FACTS),
        REGRESSION: lambda: NumberPredictor(
            Numbers(), ("a", "error"), **FACTS, **{"intervals": RegressionIntervals(residuals), **changes}
        ),
    }[kind]()
    return Model(predictor, {"format": "made up"})


KINDS = [DETECTION, SEGMENTATION, REGRESSION]


@pytest.fixture
def photos(tmp_path) -> Path:
    """Twelve pictures of 40 x 20 pixels in two folders, and a file that is none."""
    folder = tmp_path / "photos"
    for number in range(12):
        path = folder / f"part-{number % 2}" / f"{number // 2}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 20), (20 * number,) * 3).save(path)
    (folder / "part-1" / "9.png").write_text("no picture")
    return folder


def job_of(out: Path, photos: Path, settings: Settings | None = None) -> Job:
    return Job(out, (photos,), count_files([photos]), 4, settings or Settings())


def records_of(kind: str, photos: Path) -> tuple[list[dict], Form]:
    predictor = model_of(kind).predictor
    form = form_of(kind, predictor.class_names, Settings())
    batches = answer_batches(predictor, expand_paths([photos]), batch_size=5)
    return [form.record(each) for batch in batches for each in batch], form


def test_boxes_lie_in_pixels_of_the_picture_without_repeats(photos):
    records, form = records_of(DETECTION, photos)
    assert records[0]["boxes"] == [
        {"name": "cat", "score": 0.9, "box": [0.0, 0.0, 20.0, 10.0]},
        {"name": "dog", "score": 0.4, "box": [0.0, 10.0, 40.0, 20.0]},
    ]
    row = form.row(records[0])
    assert (row["num_boxes"], row["count(cat)"], row["height"], row["width"]) == (2, 1, 20, 40)
    assert form.row(records[-1])["num_boxes"] is None
    assert {tuple(record) for record in records} == {tuple(records[0])}


def test_shares_are_those_of_the_mask_in_the_pictures_own_size(photos):
    record = records_of(SEGMENTATION, photos)[0][0]
    assert record["shares"] == {"ground": 0.5, "sky": 0.5}
    assert record["prediction"] == "ground"


def test_numbers_have_intervals_of_the_coverage_asked_for(photos):
    record = records_of(REGRESSION, photos)[0][1]
    a = record["numbers"]["a"]
    assert (a["low"], a["high"]) == (a["value"] - 9.5, a["value"] + 9.5)
    assert record["numbers"]["error"]["value"] == pytest.approx(10 * a["value"])
    few = model_of(REGRESSION, intervals=RegressionIntervals(np.ones((3, 2)))).predictor
    answer = few.answers(np.zeros((1, SIDE, SIDE, 3)), [(1, 1)])[0]
    assert np.isinf(answer.half_widths).all()


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_and_the_data_frame_hold_the_same(kind, photos, tmp_path, read_lines):
    for ending in ("csv", "jsonl", "parquet"):
        write_answers(job_of(tmp_path / f"a.{ending}", photos), model_of(kind), SILENT)
    records, form = records_of(kind, photos)
    assert read_lines(tmp_path / "a.jsonl") == records
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    parquet, frame = pd.read_parquet(tmp_path / "a.parquet"), _frame([form.row(record) for record in records], form)
    assert list(rows[0]) == list(parquet.columns) == list(frame.columns) == list(form.columns)
    for record, row in zip(records, rows, strict=True):
        values = form.row(record)
        assert row["path"] == values["path"]
        for name in set(form.columns) - {"path"}:
            value = values[name]
            cell = "" if value is None else json.dumps(value) if isinstance(value, list) else str(value)
            assert row[name] == cell
    assert frame["error"].ne("").tolist() == [record["error"] is not None for record in records]


@pytest.mark.parametrize("kind", KINDS)
def test_an_interrupted_file_goes_on_and_ends_as_an_unbroken_one(kind, photos, tmp_path):
    class Stops(SilentProgress):
        def advance(self, count=1, note=""):
            raise KeyboardInterrupt

    write_answers(job_of(tmp_path / "unbroken.jsonl", photos), model_of(kind), SILENT)
    job = job_of(tmp_path / "broken.jsonl", photos)
    with pytest.raises(KeyboardInterrupt):
        write_answers(job, model_of(kind), Stops())
    assert len(job.journal_path.read_bytes().splitlines()) == 4
    tally = write_answers(job, model_of(kind), SILENT)
    assert (tally.num_files, tally.num_unreadable) == (13, 1)
    assert "1 unreadable" in tally.sentence
    assert (tmp_path / "broken.jsonl").read_bytes() == (tmp_path / "unbroken.jsonl").read_bytes()


def test_another_score_does_not_go_on(photos, tmp_path):
    job = job_of(tmp_path / "a.json", photos)
    job.folder.mkdir()
    (job.folder / "job.json").write_text(json.dumps({"min_score": 0.5}))
    with pytest.raises(AnswersMismatchError, match="--min-score"):
        write_answers(job, model_of(DETECTION), SILENT)


def test_coco_answers_name_pictures_and_categories(photos, tmp_path):
    tally = write_answers(job_of(tmp_path / "a.json", photos), model_of(DETECTION), SILENT)
    assert (tally.num_boxes, tally.num_empty) == (24, 0)
    content = json.loads((tmp_path / "a.json").read_text())
    assert content["categories"] == [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    assert [image["id"] for image in content["images"]] == list(range(1, 13))
    assert content["annotations"][1] == {
        "id": 2,
        "image_id": 1,
        "file_name": str(photos / "part-0" / "0.jpg"),
        "category_id": 2,
        "bbox": [0.0, 10.0, 40.0, 10.0],
        "area": 400.0,
        "iscrowd": 0,
        "score": 0.4,
    }


def test_coco_answers_without_boxes_are_whole_json(photos, tmp_path):
    write_answers(job_of(tmp_path / "a.json", photos), model_of(DETECTION, min_score=0.95), SILENT)
    content = json.loads((tmp_path / "a.json").read_text())
    assert (len(content["images"]), content["annotations"]) == (12, [])
    write_answers(job_of(tmp_path / "a.csv", photos), model_of(DETECTION, min_score=0.95), SILENT)
    assert pd.read_csv(tmp_path / "a.csv")["boxes"].tolist()[:12] == ["[]"] * 12


@pytest.mark.parametrize("kind", [SEGMENTATION, REGRESSION])
def test_only_boxes_have_coco_answers(kind, tmp_path):
    with pytest.raises(RecipeError, match="select a format"):
        check_out(tmp_path / "a.json", kind)


def test_masks_and_drawings_lie_as_the_pictures_do(photos, tmp_path):
    settings = Settings(masks=tmp_path / "masks", draw=tmp_path / "drawn")
    write_answers(job_of(tmp_path / "a.csv", photos, settings), model_of(SEGMENTATION), SILENT)
    mask = np.asarray(Image.open(tmp_path / "masks" / "part-1" / "3.png"))
    assert mask.shape == (20, 40)
    assert mask[:, :20].all()
    assert not mask[:, 20:].any()
    assert len(list((tmp_path / "masks").rglob("*.png"))) == len(list((tmp_path / "drawn").rglob("*.jpg"))) == 12
    frame = pd.read_csv(tmp_path / "a.csv")
    assert frame["mask"][0] == str(tmp_path / "masks" / "part-0" / "0.png")


def test_boxes_are_drawn_in_the_pictures_own_size(photos, tmp_path):
    settings = Settings(draw=tmp_path / "drawn")
    write_answers(job_of(tmp_path / "a.csv", photos, settings), model_of(DETECTION), SILENT)
    drawn, plain = (np.asarray(Image.open(folder / "part-0" / "2.jpg")) for folder in (tmp_path / "drawn", photos))
    assert drawn.shape == plain.shape
    assert (drawn != plain).any()


def test_pictures_with_one_name_get_files_of_their_own(tmp_path):
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    names = ["a.jpg", "a.png", "b.jpg", "b.jpg.png", "c.jpg", "sub/c.jpg"]
    for name in names:
        Image.new("RGB", (8, 8)).save(folder / name)
    paths = [folder / "sub", folder, f"{folder}/*.jpg"]
    predictor = model_of(SEGMENTATION).predictor
    files = PictureFiles(SEGMENTATION, predictor.class_names, Settings(masks=tmp_path / "masks"), paths)
    batches = answer_batches(predictor, expand_paths(paths), batch_size=8)
    written = [files.write(each, {})["mask"] for batch in batches for each in batch]
    assert len(set(written)) == len(names)
    assert {str(Path(path).relative_to(tmp_path / "masks")) for path in written} >= {"c.png", "sub/c.png", "a.jpg.png"}


@pytest.mark.parametrize("place", ["photos", "photos/part-0", "photos/new", "."])
def test_nothing_is_written_where_pictures_are_searched(place, photos, tmp_path):
    with pytest.raises(FolderOccupiedError, match="New images cannot be written"):
        PictureFiles(DETECTION, ("cat",), Settings(draw=tmp_path / place), [photos])


def test_a_folder_beside_a_single_picture_will_do(photos):
    PictureFiles(DETECTION, ("cat",), Settings(draw=photos / "part-0" / "drawn"), [photos / "part-0" / "0.jpg"])


@pytest.mark.parametrize(
    ("kind", "settings", "option"),
    [
        (DETECTION, Settings(abstain=True), "--abstain"),
        (DETECTION, Settings(coverage=0.5), "--coverage"),
        (DETECTION, Settings(masks=Path("m")), "--masks"),
        (SEGMENTATION, Settings(min_score=0.5), "--min-score"),
        (SEGMENTATION, Settings(min_score=0.0), "--min-score"),
        (REGRESSION, Settings(draw=Path("d")), "--draw"),
    ],
)
def test_a_setting_that_means_nothing_for_a_task_is_refused(kind, settings, option):
    with pytest.raises(RecipeError, match=f"{option} does not apply to {kind}"):
        settings.check(kind)


@pytest.mark.parametrize("settings", [Settings(min_score=1.5), Settings(min_score=-0.1), Settings(coverage=1.0)])
def test_a_number_out_of_its_range_is_refused(settings):
    with pytest.raises(RecipeError):
        settings.check()
