"""YOLO labels: places as shares of the picture become pixels."""

from pathlib import Path

import pytest
from PIL import Image

from headstart.data import DETECTION, audit_dataset, read_dataset
from headstart.errors import AnnotationsError

NAMES = "nc: 2\nnames: ['cat', 'big dog']\n"


def write_picture(path: Path, size=(60, 40), **saving) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise(size, 60).convert("RGB").save(path, **saving)


def yolo(root: Path, labels: dict[str, str], *, names: str = NAMES) -> Path:
    """Pictures images/KEY.png with labels/KEY.txt."""
    for stem, text in labels.items():
        write_picture(root / "images" / f"{stem}.png")
        path = root / "labels" / f"{stem}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if names:
        (root / "data.yaml").write_text(names)
    return root


def test_shares_become_pixels_and_an_outline_the_box_around_it(tmp_path):
    yolo(tmp_path, {"a": "1 0.5 0.5 0.5 0.25\n0 0.1 0.1 0.2 0.1 0.2 0.3 0.1 0.2\n", "b": ""})
    dataset = read_dataset(tmp_path)
    assert dataset.task == DETECTION
    assert dataset.class_names == ("cat", "big dog")
    assert dataset.boxes()[0].tolist() == [[15, 15, 45, 25, 1], [6, 4, 12, 12, 0]]
    assert dataset.boxes()[1].shape == (0, 5)


def test_shares_are_of_the_upright_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    yolo(tmp_path, {"a": "0 0.5 0.5 1 0.5"})
    (tmp_path / "images" / "a.png").unlink()
    write_picture(tmp_path / "images" / "a.jpg", exif=exif)
    assert read_dataset(tmp_path).boxes()[0].tolist() == [[0, 15, 40, 45, 0]]


@pytest.mark.parametrize(("images", "labels"), [("images/train", "labels/train"), ("train/images", "train/labels")])
def test_parts_are_folders_above_or_below(tmp_path, images, labels):
    for part in ("train", "val"):
        write_picture(tmp_path / images.replace("train", part) / "a.png")
        path = tmp_path / labels.replace("train", part) / "a.txt"
        path.parent.mkdir(parents=True)
        path.write_text("0 0.5 0.5 0.5 0.5")
    dataset = read_dataset(tmp_path)
    assert sorted(dataset.frame["split"]) == ["train", "validation"]
    assert dataset.class_names == ("0",)


@pytest.mark.parametrize(
    "names",
    [
        "names: [cat, big dog]",
        "path: ../x\nnames:\n  0: cat\n  1: 'big dog'  # large\nnc: 2\n",
        'names:\n- "cat"\n- big dog\n',
        "names: {0: cat, 1: 'big dog'}\n",
        "names: ['cat',\n        'big dog']\n",
    ],
)
def test_names_are_read_in_every_form_that_tools_write(tmp_path, names):
    yolo(tmp_path, {"a": "0 0.5 0.5 0.5 0.5\n1 0.5 0.5 0.5 0.5"}, names=names)
    assert read_dataset(tmp_path).class_names == ("cat", "big dog")


def test_names_may_stand_one_a_line(tmp_path):
    yolo(tmp_path, {"a": "1 0.5 0.5 0.5 0.5"}, names="")
    (tmp_path / "labels" / "classes.txt").write_text("cat\ndog\n")
    dataset = read_dataset(tmp_path)
    assert dataset.class_names == ("dog",)
    assert [remark.kind for remark in dataset.remarks] == ["class_without_pictures"]


def test_unusable_lines_are_named_and_the_others_kept(tmp_path):
    lines = ["0 0.5 0.5 0.5 0.5", "9 0.5 0.5 0.5 0.5", "0 a b c d", "0 0.5 0.5", "-1 0.5 0.5 0.5 0.5", "0 nan 0 1 1"]
    yolo(tmp_path, {"a": "\n".join(lines), "b": "0 0.5 0.5 0.5 0.5"})
    (tmp_path / "labels" / "b.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "labels" / "lost.txt").write_text("0 0.5 0.5 0.5 0.5")
    dataset = read_dataset(tmp_path)
    assert [len(boxes) for boxes in dataset.boxes()] == [1]
    kinds = [remark.kind for remark in dataset.remarks]
    assert sorted(kinds) == [
        "annotation_without_picture",
        *["broken_annotation"],
        *["broken_box"] * 4,
        "class_without_pictures",
        "unknown_category",
    ]


def test_a_damaged_picture_is_left_to_the_audit(tmp_path):
    yolo(tmp_path, {"a": "0 0.5 0.5 0.5 0.5", "b": "0 0.5 0.5 0.5 0.5"})
    (tmp_path / "images" / "b.png").write_bytes(b"no picture")
    audit = audit_dataset(read_dataset(tmp_path))
    assert [path for path, _ in audit.left_out] == ["images/b.png"]


@pytest.mark.parametrize("labels", [{}, {"a": ""}])
def test_labels_that_mark_nothing_are_one_clear_error(tmp_path, labels):
    write_picture(tmp_path / "images" / "a.png")
    yolo(tmp_path, labels)
    (tmp_path / "labels").mkdir(exist_ok=True)
    with pytest.raises(AnnotationsError, match="no usable annotations"):
        read_dataset(tmp_path)


def test_a_yaml_file_without_names_says_what_it_needs(tmp_path):
    yolo(tmp_path, {"a": "0 0.5 0.5 0.5 0.5"}, names="nc: 2\n")
    with pytest.raises(AnnotationsError, match="names no classes"):
        read_dataset(tmp_path)
