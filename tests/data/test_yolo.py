"""YOLO labels: places as shares of the picture become pixels."""

from pathlib import Path

import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset, read_mask
from headstart.errors import AnnotationsError
from headstart.task_spec import DETECTION, SEGMENTATION

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
    with pytest.raises(AnnotationsError, match="contains no class names"):
        read_dataset(tmp_path)


def remarks(dataset) -> list[str]:
    return sorted(remark.kind for remark in dataset.remarks if remark.kind != "class_without_pictures")


@pytest.mark.parametrize(
    "line",
    [
        "1 0.5 0.5 0.5 0.25",
        "1\t0.5\t0.5\t0.5\t0.25",
        "1,0.5,0.5,0.5,0.25",
        "1, 0.5, 0.5, 0.5, 0.25",
        "1;0.5;0.5;0.5;0.25",
        "1 0,5 0,5 0,5 0,25",
        "1.0 0.5 0.5 0.5 0.25",
        "1.000000e+00 5.000000e-01 5.000000e-01 5.000000e-01 2.500000e-01",
        "\ufeff1 0.5 0.5 0.5 0.25\r\n\r\n",
        " 1  0.5 0.5  0.5 0.25 ",
    ],
)
def test_a_line_is_read_however_it_is_separated(tmp_path, line):
    yolo(tmp_path, {"a": line})
    dataset = read_dataset(tmp_path)
    assert dataset.boxes()[0].tolist() == [[15, 15, 45, 25, 0]]
    assert dataset.class_names == ("big dog",)
    assert not remarks(dataset)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("1 0.5 0.5 0.5 0.25 0.87", "confidence"),
        ("1 0.25 0.375 0.75 0.375 0.75 0.625 0.25 0.625 0.87", "confidence"),
        ("1 0.5 0.5 0.5 0.25 0.87 17", "confidence"),
        ("1 0.5 0.5 0.5 0.25" + " 0.4 0.5 2" * 17, "keypoints"),
        ("1 0.5 0.5 0.5 0.25" + " 0.4 0.5 2 0 0 0" * 2, "keypoints"),
        ("1 0.25 0.375 0.75 0.375 0.75 0.625 0.25 0.625", "outlines_unused"),
    ],
)
def test_what_lines_hold_beyond_boxes_is_remarked_once(tmp_path, line, kind):
    yolo(tmp_path, {"a": f"{line}\n{line}", "b": line})
    dataset = read_dataset(tmp_path)
    assert [len(boxes) for boxes in dataset.boxes()] == [2, 1]
    assert dataset.boxes()[1].tolist() == [[15, 15, 45, 25, 0]]
    assert kind in remarks(dataset)
    assert remarks(dataset).count(kind) == 1


def test_kpt_shape_tells_keypoints_from_outlines(tmp_path):
    line = "1 0.5 0.5 0.5 0.25 0.1 0.1 0.9 0.9"
    yolo(tmp_path, {"a": line}, names="kpt_shape: [2, 2]\n" + NAMES)
    dataset = read_dataset(tmp_path)
    assert dataset.boxes()[0].tolist() == [[15, 15, 45, 25, 0]]
    assert remarks(dataset) == ["keypoints"]


def test_pixels_instead_of_fractions_are_one_error_that_names_the_way(tmp_path):
    yolo(tmp_path, {"a": "0 30 20 30 10\n1 20 10 12 8", "b": "0 0.5 0.5 0.5 0.5"})
    with pytest.raises(AnnotationsError, match="look like pixels") as caught:
        read_dataset(tmp_path)
    assert "2 of 3 lines" in caught.value.received
    assert "Divide x and width" in caught.value.hint


def test_corners_instead_of_centre_and_size_are_an_error(tmp_path):
    yolo(tmp_path, {"a": "0 0.6 0.6 0.9 0.9\n1 0.1 0.5 0.4 0.8", "b": "0 0.2 0.2 0.3 0.3"})
    with pytest.raises(AnnotationsError, match="look like corners"):
        read_dataset(tmp_path)


def test_boxes_that_reach_beyond_the_edge_are_no_corners(tmp_path):
    yolo(tmp_path, {"a": "0 0.6 0.6 0.9 0.9\n1 0.9 0.5 0.4 0.3", "b": "0 0.9 0.9 0.3 0.3"})
    assert [len(boxes) for boxes in read_dataset(tmp_path).boxes()] == [2, 1]


@pytest.mark.parametrize("line", ["cat 0.5 0.5 0.2 0.2", "Car 0.00 0 -1.57 10 10 40 40 1.5 1.6 3.7 1.0 1.5 8.4 -1.5"])
def test_lines_of_another_format_are_one_error_that_shows_the_first(tmp_path, line):
    yolo(tmp_path, {"a": line, "b": line})
    with pytest.raises(AnnotationsError, match="No line of the label files") as caught:
        read_dataset(tmp_path)
    assert line[:60] in caught.value.received


def test_a_few_boxes_far_outside_are_left_to_the_audit(tmp_path):
    yolo(tmp_path, {"a": "0 30 20 30 10", "b": "0 0.5 0.5 0.5 0.5\n1 0.5 0.5 0.2 0.2"})
    found = audit_dataset(read_dataset(tmp_path)).findings
    assert "empty_box" in set(found["kind"])


def test_outlines_become_masks_where_they_are_asked_for(tmp_path):
    square = "1 0.25 0.25 0.75 0.25 0.75 0.75 0.25 0.75"
    small = "0 0.4 0.4 0.6 0.4 0.6 0.6 0.4 0.6"
    yolo(tmp_path, {"a": f"{small}\n{square}", "b": ""})
    dataset = read_dataset(tmp_path, task=SEGMENTATION)
    assert dataset.class_names == ("background", "cat", "big dog")
    mask = read_mask(dataset, 0)
    assert mask.shape == (40, 60)
    assert [mask[0, 0], mask[20, 30], mask[12, 20]] == [0, 1, 2]
    assert read_mask(dataset, 1).max() == 0
    ignored = read_dataset(tmp_path, task=SEGMENTATION, ignore_value=0)
    assert ignored.class_names == ("cat", "big dog")


def test_boxes_among_outlines_are_named_and_boxes_alone_are_no_masks(tmp_path):
    yolo(tmp_path, {"a": "1 0.25 0.25 0.75 0.25 0.75 0.75 0.25 0.75\n0 0.5 0.5 0.5 0.5"})
    dataset = read_dataset(tmp_path, task=SEGMENTATION)
    assert remarks(dataset) == ["broken_outline"]
    (tmp_path / "labels" / "a.txt").write_text("0 0.5 0.5 0.5 0.5")
    with pytest.raises(AnnotationsError, match="with outlines"):
        read_dataset(tmp_path, task=SEGMENTATION)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("names: null\n", "contains no class names"),
        ("names: [cat, null]\n", "needs quotes"),
        ("names: {cat: 0, dog: 1}\n", "whole number"),
        ("names: [cat, '']\n", "cannot be used"),
        ("names: [[cat], dog]\n", "cannot be used"),
        ('names: ["\\e[31mred", dog]\n', "cannot be used"),
        ('names: ["\\uD800", dog]\n', "cannot be used"),
        ("names: [cat\n", "cannot be read"),
        ("names: !!python/object/apply:os.system [ls]\n", "cannot be read"),
    ],
)
def test_names_that_cannot_be_used_are_an_error(tmp_path, names, message):
    yolo(tmp_path, {"a": "0 0.5 0.5 0.5 0.5"}, names=names)
    with pytest.raises(AnnotationsError, match=message):
        read_dataset(tmp_path)


def test_names_stay_what_was_typed(tmp_path):
    lines = "\n".join(f"{number} 0.5 0.5 0.5 0.5" for number in range(4))
    yolo(tmp_path, {"a": lines}, names="names: [yes, no, 1.0, 'null']\n")
    assert read_dataset(tmp_path).class_names == ("yes", "no", "1.0", "null")


@pytest.mark.parametrize(
    ("names", "kind"),
    [("nc: 3\nnames: [cat, dog]\n", "class_count"), ("names: [cat, cat]\n", "repeated_name")],
)
def test_names_that_contradict_themselves_are_found(tmp_path, names, kind):
    yolo(tmp_path, {"a": "0 0.5 0.5 0.5 0.5\n1 0.5 0.5 0.2 0.2"}, names=names)
    assert remarks(read_dataset(tmp_path)) == [kind]


def test_the_audit_knows_every_kind_of_remark(tmp_path):
    lines = "0 0.5 0.5 0.5 0.5 0.9\n0 0.1 0.1 0.2 0.1 0.2 0.3 0.9\n0 0.1 0.1 0.2 0.1 0.2 0.3 0.9\n"
    yolo(
        tmp_path, {"a": lines, "b": ""}, names="nc: 3\nnames: [cat, cat]\ntest: elsewhere\ntrain: images\nval: images\n"
    )
    write_picture(tmp_path / "images" / "a.jpg")
    write_picture(tmp_path / "pictures" / "c.jpg")
    (tmp_path / "copy.yaml").write_text((tmp_path / "data.yaml").read_text())
    audit = audit_dataset(read_dataset(tmp_path))
    assert {
        "confidence",
        "outlines_unused",
        "class_count",
        "repeated_name",
        "several_settings",
        "shared_labels",
        "same_parts",
        "entry_without_images",
        "unlisted",
    } <= set(audit.findings["kind"])
