"""Data that is only scored needs no part to train on, and no part that is stated has to be there."""

import json

import pytest
from PIL import Image

from headstart.data import read_dataset
from headstart.errors import AnnotationsError, SplitError


def write_images(root, *names):
    for seed, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((60, 40), 40 + 5 * seed).convert("RGB").save(root / name)


def coco(root, file, *names):
    images = [{"id": number, "file_name": name, "width": 60, "height": 40} for number, name in enumerate(names)]
    marks = [{"id": it, "image_id": it, "category_id": 1, "bbox": [2, 2, 20, 10]} for it in range(len(names))]
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    content = {"images": images, "annotations": marks, "categories": [{"id": 1, "name": "cat"}]}
    (root / file).write_text(json.dumps(content))


def as_folders(root):
    write_images(root, "test/cat/1.png", "test/dog/2.png")


def as_coco(root):
    write_images(root, "test/1.png", "test/2.png")
    coco(root, "test/_annotations.coco.json", "1.png", "2.png")


def as_coco_with_the_file_of_an_absent_part(root):
    write_images(root, "test/1.png", "test/2.png")
    coco(root, "annotations/instances_test.json", "1.png", "2.png")
    coco(root, "annotations/instances_train.json", "8.png", "9.png")


def as_yolo(root):
    write_images(root, "test/images/1.png", "test/images/2.png")
    for name in "12":
        (root / "test" / "labels").mkdir(exist_ok=True)
        (root / "test" / "labels" / f"{name}.txt").write_text("0 0.5 0.5 0.2 0.2\n")


def as_yolo_with_settings(root):
    as_yolo(root)
    (root / "data.yaml").write_text(
        "names: [cat]\ntrain: ../train/images\nval: ../valid/images\ntest: ../test/images\n"
    )


def as_yolo_with_a_list_of_absent_images(root):
    as_yolo(root)
    (root / "train.txt").write_text("train/images/8.png\ntrain/images/9.png\n")


def as_voc(root):
    write_images(root, "JPEGImages/1.png", "JPEGImages/2.png")
    (root / "Annotations").mkdir()
    for name in "12":
        box = "<bndbox><xmin>2</xmin><ymin>2</ymin><xmax>22</xmax><ymax>12</ymax></bndbox>"
        text = f"<annotation><object><name>cat</name>{box}</object></annotation>"
        (root / "Annotations" / f"{name}.xml").write_text(text)
    (root / "ImageSets" / "Main").mkdir(parents=True)
    (root / "ImageSets" / "Main" / "test.txt").write_text("1\n2\n")
    (root / "ImageSets" / "Main" / "train.txt").write_text("8\n9\n")


def as_masks(root):
    write_images(root, "images/test/1.png", "images/test/2.png")
    for name in "12":
        (root / "masks" / "test").mkdir(parents=True, exist_ok=True)
        mask = Image.new("L", (60, 40))
        mask.paste(1, (5, 5, 20, 20))
        mask.save(root / "masks" / "test" / f"{name}.png")
    (root / "train.txt").write_text("8\n9\n")


def as_box_table(root):
    write_images(root, "test/1.png", "test/2.png")
    rows = [f"{name}.png,cat,2,2,22,12" for name in "12"]
    (root / "test" / "_annotations.csv").write_text("\n".join(["filename,class,xmin,ymin,xmax,ymax", *rows, ""]))


def as_table(root):
    write_images(root, "1.png", "2.png")
    (root / "labels.csv").write_text("path,label,split\n1.png,cat,test\n2.png,dog,test\n")


FORMATS = {it.__name__: it for name, it in list(globals().items()) if name.startswith("as_")}


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
def test_a_test_part_alone_can_be_scored_and_not_learned_from(tmp_path, write):
    write(tmp_path)
    assert len(read_dataset(tmp_path, for_training=False)) == 2
    with pytest.raises((SplitError, AnnotationsError)):
        read_dataset(tmp_path)


def test_no_image_is_left_out_because_a_list_does_not_have_it(tmp_path):
    as_coco(tmp_path)
    (tmp_path / "test.txt").write_text("1.png\n")
    assert len(read_dataset(tmp_path, for_training=False)) == 2
