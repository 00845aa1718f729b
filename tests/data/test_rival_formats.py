"""Annotations in two formats beside each other: a copy is named, anything else is an error that names both."""

import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from headstart.data import read_dataset
from headstart.errors import DataFormatError
from headstart.task_spec import CLASSIFICATION, DETECTION, SEGMENTATION

WIDTH, HEIGHT = 200, 120
# Of every image: class and box.
OBJECTS = {
    "0": [("cat", 10, 10, 60, 50), ("dog", 100, 20, 160, 90)],
    "1": [("dog", 30, 15, 90, 100)],
    "2": [("cat", 5, 60, 45, 110)],
    "3": [],
}
OTHER = OBJECTS | {"1": [("dog", 30, 15, 90, 100), ("cat", 120, 15, 180, 100)]}
MOVED = OBJECTS | {"1": [("dog", 60, 15, 120, 100)]}
RENAMED = OBJECTS | {"1": [("cat", 30, 15, 90, 100)]}


def rectangle(box):
    left, top, right, bottom = box[1:]
    return [left, top, right, top, right, bottom, left, bottom]


def write_images(root):
    (root / "images").mkdir(exist_ok=True)
    for seed, name in enumerate(OBJECTS):
        pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        image = Image.fromarray(pixels).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        image.save(root / "images" / f"{name}.jpg")


def coco(root, objects):
    marks = [
        {
            "image_id": int(name),
            "category_id": 1 + (box[0] == "dog"),
            "bbox": [box[1], box[2], box[3] - box[1], box[4] - box[2]],
            "segmentation": [rectangle(box)],
        }
        for name, boxes in objects.items()
        for box in boxes
    ]
    images = [{"id": int(name), "file_name": f"{name}.jpg", "width": WIDTH, "height": HEIGHT} for name in objects]
    content = {
        "images": images,
        "annotations": [{"id": number, **mark} for number, mark in enumerate(marks)],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    (root / "annotations.json").write_text(json.dumps(content))


def yolo(root, objects):
    (root / "labels").mkdir()
    for name, boxes in objects.items():
        lines = [
            f"{int(box[0] == 'dog')} {(box[1] + box[3]) / 2 / WIDTH:.6f} {(box[2] + box[4]) / 2 / HEIGHT:.6f} "
            f"{(box[3] - box[1]) / WIDTH:.6f} {(box[4] - box[2]) / HEIGHT:.6f}"
            for box in boxes
        ]
        (root / "labels" / f"{name}.txt").write_text("\n".join(lines))


def yolo_outlines(root, objects):
    (root / "labels").mkdir()
    for name, boxes in objects.items():
        lines = []
        for box in boxes:
            places = [place / (HEIGHT if at % 2 else WIDTH) for at, place in enumerate(rectangle(box))]
            lines.append(" ".join([str(int(box[0] == "dog")), *(f"{place:.6f}" for place in places)]))
        (root / "labels" / f"{name}.txt").write_text("\n".join(lines))


def voc(root, objects):
    (root / "Annotations").mkdir()
    for name, boxes in objects.items():
        marked = "".join(
            f"<object><name>{box[0]}</name><bndbox><xmin>{box[1] + 1}</xmin><ymin>{box[2] + 1}</ymin>"
            f"<xmax>{box[3]}</xmax><ymax>{box[4]}</ymax></bndbox></object>"
            for box in boxes
        )
        (root / "Annotations" / f"{name}.xml").write_text(f"<annotation>{marked}</annotation>")


def labelme(root, objects):
    for name, boxes in objects.items():
        shapes = [
            {"label": box[0], "points": np.reshape(rectangle(box), (4, 2)).tolist(), "shape_type": "polygon"}
            for box in boxes
        ]
        content = {"shapes": shapes, "imagePath": f"{name}.jpg", "imageWidth": WIDTH, "imageHeight": HEIGHT}
        (root / "images" / f"{name}.json").write_text(json.dumps(content))


def box_table(root, objects):
    rows = [f"images/{name}.jpg,{','.join(map(str, box))}" for name, boxes in objects.items() for box in boxes]
    (root / "boxes.csv").write_text("\n".join(["filename,class,xmin,ymin,xmax,ymax", *rows, ""]))


def masks(root, objects, folder="masks"):
    (root / folder).mkdir()
    for name, boxes in objects.items():
        mask = Image.new("L", (WIDTH, HEIGHT))
        for box in boxes:
            ImageDraw.Draw(mask).rectangle(box[1:], fill=1 + (box[0] == "dog"))
        mask.save(root / folder / f"{name}.png")


WRITERS = {"voc": voc, "coco": coco, "yolo": yolo, "labelme": labelme, "box-table": box_table}
PAIRS = [(one, other) for number, one in enumerate(WRITERS) for other in list(WRITERS)[number + 1 :]]


def remarks(dataset):
    return [remark.detail for remark in dataset.remarks if remark.kind == "other_format"]


@pytest.fixture
def root(tmp_path):
    write_images(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_copy_in_another_format_is_named_and_not_read(root, first, second):
    WRITERS[first](root, OBJECTS)
    WRITERS[second](root, OBJECTS)
    dataset = read_dataset(root)
    assert sum(map(len, dataset.boxes())) == 4
    (said,) = remarks(dataset)
    assert first in said
    assert second in said


@pytest.mark.parametrize("other", [OTHER, MOVED, RENAMED], ids=["more objects", "other places", "other classes"])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_formats_that_differ_are_an_error_that_names_both(root, first, second, other):
    WRITERS[first](root, OBJECTS)
    WRITERS[second](root, other)
    with pytest.raises(DataFormatError, match=rf"(?s){first} and {second}.*--format {first} or --format {second}"):
        read_dataset(root)
    for chosen, objects in ((first, OBJECTS), (second, other)):
        dataset = read_dataset(root, format=chosen)
        assert sum(map(len, dataset.boxes())) == sum(map(len, objects.values()))
        assert not remarks(dataset)


def test_formats_for_different_images_are_an_error(root):
    coco(root, {"0": OBJECTS["0"]})
    yolo(root, {name: OBJECTS[name] for name in ("1", "2")})
    with pytest.raises(DataFormatError, match=r"'images/0\.jpg' has 2 objects in coco and 0 in yolo"):
        read_dataset(root)


def test_numbers_in_place_of_names_make_a_copy_all_the_same(root):
    coco(root, OBJECTS)
    yolo(root, OBJECTS)
    assert read_dataset(root).class_names == ("cat", "dog")


def test_a_part_that_only_the_other_format_states_is_not_lost(root):
    coco(root, OBJECTS)
    yolo(root, OBJECTS)
    (root / "data.yaml").write_text("names: [cat, dog]\ntrain: [images/0.jpg, images/1.jpg]\nval: [images/2.jpg]\n")
    with pytest.raises(DataFormatError, match="for no part in coco and for train in yolo"):
        read_dataset(root)
    (root / "data.yaml").unlink()
    (root / "train.txt").write_text("images/0.jpg\nimages/1.jpg\n")
    (root / "val.txt").write_text("images/2.jpg\nimages/3.jpg\n")
    assert set(read_dataset(root).frame["split"]) == {"train", "validation"}


def test_outlines_in_two_formats_are_compared_for_areas(root):
    coco(root, OBJECTS)
    yolo_outlines(root, OBJECTS)
    dataset = read_dataset(root, task=SEGMENTATION)
    assert remarks(dataset)
    (root / "labels" / "1.txt").write_text("")
    with pytest.raises(DataFormatError, match="coco and yolo"):
        read_dataset(root, task=SEGMENTATION)


def test_boxes_are_no_second_format_for_areas(root):
    coco(root, OBJECTS)
    yolo(root, MOVED)
    dataset = read_dataset(root, task=SEGMENTATION)
    assert dataset.class_names == ("background", "cat", "dog")


@pytest.mark.parametrize("other", ["voc", "yolo", "labelme", "box-table"])
def test_masks_beside_objects_are_an_error_until_one_is_asked_for(root, other):
    masks(root, OBJECTS)
    WRITERS[other](root, OBJECTS)
    with pytest.raises(DataFormatError, match=rf"(?s)masks and.*{other}.*--format masks or --format {other}"):
        read_dataset(root)
    assert read_dataset(root, format="masks").task == SEGMENTATION
    assert read_dataset(root, format=other).task == DETECTION
    assert read_dataset(root, task=DETECTION).task == DETECTION
    if other != "labelme":  # whose shapes are areas as well
        assert read_dataset(root, task=SEGMENTATION).task == SEGMENTATION


def test_masks_beside_outlines_of_other_programs_are_an_error(root):
    masks(root, OBJECTS)
    labelme(root, OBJECTS)
    with pytest.raises(DataFormatError, match="masks and"):
        read_dataset(root, task=SEGMENTATION)


def test_coco_files_beside_masks_name_their_classes_or_are_named_themselves(root):
    masks(root, OBJECTS)
    coco(root, OBJECTS)
    dataset = read_dataset(root)
    assert (dataset.task, dataset.class_names) == (SEGMENTATION, ("cat", "dog"))
    assert not remarks(dataset)
    (root / "classes.txt").write_text("sky\nroad\ntree\n")
    dataset = read_dataset(root)
    assert dataset.class_names == ("sky", "road", "tree")
    assert "--format coco" in remarks(dataset)[0]


def test_masks_of_pascal_voc_beside_its_boxes_are_named(root):
    voc(root, OBJECTS)
    masks(root, OBJECTS, "SegmentationClass")
    dataset = read_dataset(root)
    assert dataset.task == DETECTION
    assert "--format masks" in remarks(dataset)[0]
    assert read_dataset(root, task=SEGMENTATION).task == SEGMENTATION


def test_a_table_of_labels_beside_boxes_is_named(root):
    coco(root, OBJECTS)
    rows = [f"images/{name}.jpg,{label}" for name, label in zip(OBJECTS, ("a", "b", "a", "b"), strict=True)]
    (root / "labels.csv").write_text("\n".join(["path,label", *rows, ""]))
    dataset = read_dataset(root)
    assert dataset.task == DETECTION
    assert "--format table" in remarks(dataset)[0]
    assert read_dataset(root, task=CLASSIFICATION).class_names == ("a", "b")


def test_files_of_another_format_that_cannot_be_read_are_named(root):
    coco(root, OBJECTS)
    (root / "labels").mkdir()
    for name in OBJECTS:
        (root / "labels" / f"{name}.txt").write_text("0 100 60 50 40\n")  # pixels
    dataset = read_dataset(root)
    assert "yolo" in remarks(dataset)[0]
    assert sum(map(len, dataset.boxes())) == 4


def test_an_empty_folder_of_labels_is_no_error(root):
    coco(root, OBJECTS)
    (root / "labels").mkdir()
    assert sum(map(len, read_dataset(root).boxes())) == 4


def test_a_named_file_is_read_without_a_question(root):
    coco(root, OBJECTS)
    yolo(root, MOVED)
    assert sum(map(len, read_dataset(root / "annotations.json").boxes())) == 4
