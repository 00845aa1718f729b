"""A value to ignore in areas that are drawn from outlines is heeded, or refused by name."""

import json

import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset, read_mask
from headstart.errors import DataFormatError
from headstart.task_spec import SEGMENTATION

CORNERS = {"cat": (10, 10, 30, 30), "dog": (40, 10, 55, 30)}


def rectangle(box):
    left, top, right, bottom = box
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def as_coco(root):
    marks = [
        {
            "id": number,
            "image_id": 0,
            "category_id": number,
            "segmentation": [[place for at in rectangle(box) for place in at]],
        }
        for number, box in enumerate(CORNERS.values(), 1)
    ]
    names = [{"id": number, "name": name} for number, name in enumerate(CORNERS, 1)]
    images = [{"id": 0, "file_name": "0.png", "width": 60, "height": 40}]
    (root / "all.json").write_text(json.dumps({"images": images, "annotations": marks, "categories": names}))


def as_yolo(root):
    lines = [
        " ".join([str(number), *(f"{x / 60:.6f} {y / 40:.6f}" for x, y in rectangle(box))])
        for number, box in enumerate(CORNERS.values())
    ]
    (root / "0.txt").write_text("\n".join(lines))
    (root / "classes.txt").write_text("cat\ndog\n")


def as_labelme(root):
    shapes = [{"label": name, "points": rectangle(box), "shape_type": "polygon"} for name, box in CORNERS.items()]
    (root / "0.json").write_text(json.dumps({"shapes": shapes, "imagePath": "0.png"}))


@pytest.fixture(params=[as_coco, as_yolo, as_labelme], ids=["coco", "yolo", "labelme"])
def data(tmp_path, request):
    Image.effect_noise((60, 40), 50).convert("RGB").save(tmp_path / "0.png")
    request.param(tmp_path)
    return tmp_path


@pytest.mark.parametrize("value", ["none", "#ff0000", 255, 3])
def test_a_value_that_no_area_has_is_refused_with_those_there_are(data, value):
    with pytest.raises(DataFormatError, match=r"0 \(background\), 1 \(cat\), 2 \(dog\).*ignore_value"):
        read_dataset(data, task=SEGMENTATION, ignore_value=value)


@pytest.mark.parametrize(
    ("value", "names", "ignored_at"),
    [(0, ("cat", "dog"), (0, 0)), (1, ("background", "dog"), (20, 20)), ("2", ("background", "cat"), (20, 50))],
)
def test_a_value_that_an_area_has_is_ignored(data, value, names, ignored_at):
    dataset = read_dataset(data, task=SEGMENTATION, ignore_value=value)
    assert dataset.class_names == names
    mask = read_mask(dataset, 0)
    assert mask[ignored_at] == 255
    assert {int(it) for it in mask.ravel()} == {0, 1, 255}
    assert audit_dataset(dataset).dataset.class_names == names
