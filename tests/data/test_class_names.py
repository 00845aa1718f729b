"""Names of classes that are nearly the same are a warning, whatever the format."""

import json
import unicodedata

import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset
from headstart.data.class_names import similar_class_names


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Red", "red"),
        ("red", "red "),
        ("traffic light", "trafficlight"),
        ("traffic light", "traffic_light"),
        ("traffic light", "traffic\u00a0light"),
        ("café", unicodedata.normalize("NFD", "café")),
        ("Straße", "STRASSE"),
        ("red", "red\u200b"),
    ],
)
def test_names_that_look_the_same_are_similar(name, other):
    assert [set(group) for group in similar_class_names([name, "blue", other])] == [{name, other}]


@pytest.mark.parametrize("names", [("red", "reed"), ("1-2", "12"), ("a", "á"), ("-", "_"), ("v1", "v2")])
def test_names_that_differ_are_not_similar(names):
    assert similar_class_names(names) == []


def write_image(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((40, 40)).save(path)
    return path


def write_folders(root):
    for seed, name in enumerate(["Red", "red ", "blue"]):
        write_image(root / name / "1.png", seed)
    return root


def write_table(root):
    rows = [
        f"{write_image(root / f'{name}.png', seed).name},{name}" for seed, name in enumerate(["Red", "rED", "blue"])
    ]
    (root / "labels.csv").write_text("\n".join(["path,label", *rows]))
    return root / "labels.csv"


def write_coco(root):
    names = ["Red", "red", "blue"]
    for number in range(3):
        write_image(root / "images" / f"{number}.png", number)
    content = {
        "images": [{"id": number, "file_name": f"{number}.png", "width": 40, "height": 40} for number in range(3)],
        "annotations": [
            {"id": number, "image_id": number, "category_id": number, "bbox": [4, 4, 9, 9]} for number in range(3)
        ],
        "categories": [{"id": number, "name": name} for number, name in enumerate(names)],
    }
    (root / "annotations.json").write_text(json.dumps(content))
    return root


def write_yolo(root):
    for number in range(3):
        write_image(root / "images" / f"{number}.png", number)
        (root / "labels").mkdir(exist_ok=True)
        (root / "labels" / f"{number}.txt").write_text(f"{number} 0.5 0.5 0.3 0.3")
    (root / "classes.txt").write_text("Red\nred\nblue\n")
    return root


def write_voc(root):
    for number, name in enumerate(["Red", "red", "blue"]):
        write_image(root / "JPEGImages" / f"{number}.png", number)
        (root / "Annotations").mkdir(exist_ok=True)
        box = "<bndbox><xmin>4</xmin><ymin>4</ymin><xmax>20</xmax><ymax>20</ymax></bndbox>"
        page = f"<annotation><object><name>{name}</name>{box}</object></annotation>"
        (root / "Annotations" / f"{number}.xml").write_text(page)
    return root


@pytest.mark.parametrize("write", [write_folders, write_table, write_coco, write_yolo, write_voc])
def test_every_format_warns_of_similar_names(tmp_path, write):
    findings = audit_dataset(read_dataset(write(tmp_path))).findings
    similar = findings[findings["kind"] == "similar_names"]
    assert similar["severity"].tolist() == ["warning"]
    assert "'Red' (1 images)" in similar["detail"].item()
    assert "blue" not in similar["detail"].item()
