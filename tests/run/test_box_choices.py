"""A detector sees pictures in their own proportions, and large enough for their objects."""

import json

import numpy as np
import pytest
from PIL import Image

from headstart.data import read_dataset
from headstart.errors import RecipeError
from headstart.recipe import Recipe
from headstart.run import plan, train
from headstart.run.report import build_content
from headstart.tasks.detection.box_choices import COLLAGES, LEAST, MOST, SMALL_SIDE, collage_share, detection_image_size


def write_boxes(folder, sizes, sides):
    """A COCO file with a picture of each size, which has a square object of each side of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for number, ((height, width), own) in enumerate(zip(sizes, sides, strict=True)):
        Image.fromarray(np.full((height, width, 3), number, np.uint8)).save(folder / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": width, "height": height})
        annotations += [
            {"id": 100 * number + one, "image_id": number, "category_id": 1, "bbox": [0, 0, side, side]}
            for one, side in enumerate(own)
        ]
    content = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "cell"}]}
    (folder / "boxes.json").write_text(json.dumps(content))
    return read_dataset(folder)


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ([[200]] * 4, (LEAST, LEAST)),  # large objects need no large pictures
        ([[4]] * 4, (MOST, MOST)),  # and for the smallest no size is enough
        ([[50]] * 4, (416, 416)),  # 640 pixels a side: 50 become 32 in 409.6, and strides are whole
        ([[200] * 99 + [4]] * 4, (LEAST, LEAST)),  # few of them may stay small
        ([[200], [], [], []], (LEAST, LEAST)),  # pictures without an object say nothing
    ],
)
def test_pictures_are_as_large_as_their_objects_need(tmp_path, sides, expected):
    assert detection_image_size(write_boxes(tmp_path / "data", [(640, 640)] * 4, sides)) == expected


@pytest.mark.parametrize(
    ("sizes", "proportion"),
    [
        ([(300, 600)] * 10, 2.0),
        ([(600, 300)] * 10, 0.5),
        ([(100, 1000)] * 10, 2.0),  # more oblong than that, much would be lost in height
        ([(300, 600)] * 5 + [(600, 300)] * 5, 1.0),
        ([(300, 600)] * 19 + [(600, 300)], 2.0),
    ],
)
def test_pictures_of_one_shape_keep_it(tmp_path, sizes, proportion):
    height, width = detection_image_size(write_boxes(tmp_path / "data", sizes, [[90]] * len(sizes)))
    assert height % 32 == width % 32 == 0
    assert (width - 32) / height < proportion < width / (height - 32)  # either side was rounded up by less than 32
    assert height * width >= LEAST**2


def test_small_objects_are_no_longer_small_where_the_most_allows_it(tmp_path):
    height, width = detection_image_size(write_boxes(tmp_path / "data", [(480, 640)] * 4, [[48, 300]] * 4))
    assert 48 * 48 * (height / 480) * (width / 640) >= SMALL_SIDE**2
    assert max(height, width) <= MOST * 2**0.5 + 32


def test_test_pictures_have_no_say(tmp_path):
    for part, side in {"train": 200, "valid": 4, "test": 4}.items():
        write_boxes(tmp_path / "data" / part, [(640, 640)] * 3, [[side]] * 3)
    dataset = read_dataset(tmp_path / "data")
    assert set(dataset.frame["split"]) == {"train", "validation", "test"}
    assert detection_image_size(dataset) == (LEAST, LEAST)


def test_a_file_that_is_no_picture_is_left_to_the_audit(tmp_path):
    dataset = write_boxes(tmp_path / "data", [(640, 640)] * 3, [[50]] * 3)
    (tmp_path / "data" / "1.png").write_text("no picture")
    (tmp_path / "data" / "2.png").unlink()
    assert detection_image_size(dataset) == (416, 416)


def test_the_plan_has_the_size_and_an_option_wins(tmp_path):
    write_boxes(tmp_path / "data", [(300, 600)] * 12, [[40, 90]] * 12)
    network = {"backbone": "vgg19_mini", "weights": "none"}
    assert plan(tmp_path / "data", **network).recipe.backbone.image_size == (256, 480)
    assert plan(tmp_path / "data", image_size=64, **network).recipe.backbone.image_size == (64, 64)


@pytest.mark.parametrize(
    ("sides", "share"),
    [
        ([[90]] * 8, COLLAGES),
        ([[90]] * 7 + [[90, 80]], COLLAGES),
        ([[90]] * 4 + [[90, 80]] * 4, 0.0),
        ([[]] * 20 + [[90]] + [[90, 80]] * 4, 0.0),  # pictures without an object do not count
    ],
)
def test_collages_are_drawn_where_few_pictures_show_several_objects(tmp_path, sides, share):
    assert collage_share(write_boxes(tmp_path / "data", [(300, 300)] * len(sides), sides)) == share


def test_a_run_learns_from_the_collages_that_it_draws(tmp_path, draw_data):
    data = draw_data(tmp_path / "data", "object-detection")
    settings = {"backbone": "vgg19_mini", "weights": "none", "image_size": 64, "frozen_epochs": 1, "epochs": 0}
    runs = [
        train(data, out=tmp_path / name, views=2, bank_dir=tmp_path / f"bank_{name}", collages=share, **settings)
        for name, share in (("with", 0.5), ("without", 0.0))
    ]
    num_training, num_validation = (len(runs[0].dataset.part(name)) for name in ("train", "validation"))
    drawn = sorted(runs[0].collages_path.iterdir())
    assert len(drawn) == round(0.5 * num_training)
    assert not runs[1].collages_path.exists()
    for run, count in zip(runs, (len(drawn), 0), strict=True):
        num_rows = 2 * (num_training + count) + num_validation
        assert run.state["bank"]["num_computed"] == num_rows
        told = build_content(run).facts["bank"]
        assert (told["stored"].split()[0], told["reused from earlier runs"]) == (str(num_rows), "0 rows")
        assert run.recipe.images.collages == (0.5 if count else 0.0)
        assert len(run.dataset) == len(runs[0].dataset)  # no collage among its pictures


@pytest.mark.parametrize("task", ["image-classification", "semantic-segmentation", "image-regression"])
def test_there_are_collages_of_boxes_alone(task):
    values = {"data": {"path": "photos"}, "images": {"collages": 0.5}}
    with pytest.raises(RecipeError, match=r"no images\.collages"):
        Recipe.from_values(values).resolved(task)
