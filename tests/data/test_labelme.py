"""JSON files of LabelMe as boxes and as outlines."""

import json
import math

import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset, read_mask
from headstart.data.annotations import boxes_from_text
from headstart.errors import AnnotationsError, DataFormatError
from headstart.task_spec import DETECTION, SEGMENTATION

WIDTH, HEIGHT = 80, 40
SQUARE = [[10, 5], [30, 5], [30, 25], [10, 25]]


def write_image(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC).save(path)


def shape(label, points, kind="polygon", **more):
    return {"label": label, "points": points, "shape_type": kind, "group_id": None, "flags": {}, **more}


def write_page(path, shapes, image="", **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"version": "5.2.1", "flags": {}, "shapes": shapes, "imagePath": image or f"{path.stem}.jpg"}
    content |= {"imageData": None, "imageHeight": HEIGHT, "imageWidth": WIDTH, **more}
    path.write_text(json.dumps(content))


def boxes_of(dataset):
    return {
        path: [tuple(box[:5]) for box in boxes_from_text(target)]
        for path, target in zip(dataset.frame["path"], dataset.frame["target"], strict=True)
    }


def remarks_of(dataset):
    return {(remark.kind, remark.path) for remark in dataset.remarks}


@pytest.fixture
def root(tmp_path):
    for number in range(3):
        write_image(tmp_path / f"{number}.jpg", number)
    return tmp_path


def test_every_shape_with_an_area_becomes_the_box_around_it(root):
    turned = [[20, 0], [40, 20], [20, 40], [0, 20]]
    shapes = [
        shape("cat", SQUARE),
        shape("dog", [[30, 25], [10, 5]], "rectangle"),
        shape("cat", SQUARE, "rectangle"),
        shape("eye", [[40, 20], [43, 24]], "circle"),
        shape("cat", turned, "rotation"),
        shape("dog", [[10, 5], [30, 25]], "mask", mask="iVBORw0KGgo="),
        {"label": "old", "points": SQUARE},
    ]
    write_page(root / "0.json", shapes)
    write_page(root / "1.json", [])
    dataset = read_dataset(root)
    assert dataset.task == DETECTION
    assert dataset.class_names == ("cat", "dog", "eye", "old")
    square = (10, 5, 30, 25)
    boxes = [("cat", *square), ("dog", *square), ("cat", *square), ("eye", 35, 15, 45, 25), ("cat", 0, 0, 40, 40)]
    assert boxes_of(dataset) == {"0.jpg": [*boxes, ("dog", *square), ("old", *square)], "1.jpg": []}
    assert remarks_of(dataset) == {("unlisted", "2.jpg")}


def test_shapes_without_an_area_are_named(root):
    shapes = [shape("eye", [[3, 4]], "point"), shape("edge", [[3, 4], [9, 9]], "line"), shape("cat", SQUARE)]
    shapes += [shape("cat", [["a", 1]] * 3), shape("", SQUARE), shape("cat", [[1, 2], [math.inf, 4], [5, 6]])]
    for number in range(3):
        write_page(root / f"{number}.json", shapes if number == 0 else [])
    dataset = read_dataset(root)
    assert dataset.class_names == ("cat",)
    (remark,) = dataset.remarks
    assert (remark.kind, remark.path, remark.detail) == ("unused_shape", "0.jpg", "line, point, polygon")


def test_shapes_of_one_group_are_one_object(root):
    shapes = [shape("cat", SQUARE, group_id=1), shape("cat", [[50, 10], [60, 10], [60, 39]], group_id=1)]
    shapes += [shape("dog", SQUARE, group_id=1), shape("cat", SQUARE)]
    write_page(root / "0.json", shapes)
    expected = [("cat", 10, 5, 60, 39), ("dog", 10, 5, 30, 25), ("cat", 10, 5, 30, 25)]
    assert boxes_of(read_dataset(root))["0.jpg"] == expected


def test_shapes_become_masks_the_later_over_the_earlier_and_ignored_ones_stay_out(root):
    shapes = [
        shape("cat", [[0, 0], [20, 20]], "rectangle"),
        shape("dog", [[10, 0], [30, 20]], "rectangle"),
        shape("__ignore__", [[50, 0], [60, 10]], "rectangle"),
        shape("_background_", [[0, 0], [5, 5]], "rectangle"),
    ]
    write_page(root / "0.json", shapes)
    dataset = audit_dataset(read_dataset(root, task=SEGMENTATION)).dataset
    assert dataset.class_names == ("background", "cat", "dog")
    mask = read_mask(dataset, 0)
    assert [int(mask[y, x]) for x, y in [(2, 2), (7, 7), (15, 5), (25, 5), (55, 5), (70, 30)]] == [0, 1, 2, 2, 255, 0]
    assert boxes_of(read_dataset(root))["0.jpg"] == [("cat", 0, 0, 20, 20), ("dog", 10, 0, 30, 20)]


def test_parts_and_folders_of_annotations_are_read(tmp_path):
    for seed, part in enumerate(("train", "val")):
        write_image(tmp_path / part / "images" / "1.jpg", seed)
        write_page(tmp_path / part / "annotations" / "1.json", [shape("cat", SQUARE)], "..\\images\\1.jpg")
    dataset = read_dataset(tmp_path)
    expected = {"train/images/1.jpg": "train", "val/images/1.jpg": "validation"}
    assert dict(zip(dataset.frame["path"], dataset.frame["split"], strict=True)) == expected


def test_files_without_their_image_and_broken_files_are_named(root):
    write_page(root / "0.json", [shape("cat", SQUARE)])
    write_page(root / "gone.json", [shape("cat", SQUARE)], imageData="aGVsbG8=")
    write_page(root / "half.json", [shape("cat", SQUARE)], "\ud800\0/" + "x" * 5000)
    (root / "1.json").write_text('{"shapes": [')
    (root / "2.json").write_text('{"shapes": 3, "imagePath": "2.jpg"}')
    dataset = read_dataset(root)
    assert boxes_of(dataset).keys() == {"0.jpg"}
    broken = {("broken_annotation", "1.json"), ("broken_annotation", "2.json")}
    assert remarks_of(dataset) == {
        *broken,
        ("annotation_without_picture", "gone.json"),
        ("annotation_without_picture", "half.json"),
    }
    assert any("imageData" in remark.detail for remark in dataset.remarks)


def test_flags_alone_are_refused_with_what_to_do(root):
    write_page(root / "0.json", [], flags={"cat": True, "dog": False})
    with pytest.raises(AnnotationsError, match=r"flags 'cat'.*one folder per class"):
        read_dataset(root)


def test_json_files_of_something_else_are_not_taken_for_labelme(root):
    (root / "package.json").write_text('{"name": "x"}')
    with pytest.raises((AnnotationsError, DataFormatError)):
        read_dataset(root, format="labelme")
