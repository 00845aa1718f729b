"""Folders of masks: which mask belongs to which picture, and what its values mean."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data import OTHER_VALUES, audit_dataset, read_dataset, read_mask
from headstart.errors import AnnotationsError, DataFormatError, OneClassError
from headstart.task_spec import CLASSIFICATION, SEGMENTATION

PICTURE = (40, 40)


def write_picture(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize(PICTURE, Image.Resampling.BICUBIC).save(path)


def write_mask(path: Path, *values: int, dtype=np.uint8, size=PICTURE) -> None:
    """Stripes of the values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stripes = np.array(values, dtype)[np.arange(size[0]) * len(values) // size[0]]
    Image.fromarray(np.tile(stripes, (size[1], 1))).save(path)


def masked(root: Path, masks: dict[str, tuple], *, images="images", folder="masks", **more) -> Path:
    for seed, (stem, values) in enumerate(masks.items()):
        write_picture(root / images / f"{stem}.png", seed)
        write_mask(root / folder / f"{stem}.png", *values, **more)
    return root


def test_values_of_plain_masks_are_class_numbers(tmp_path):
    masked(tmp_path, {"a": (0, 1), "b": (0, 3, 255)})
    dataset = read_dataset(tmp_path)
    assert dataset.task == SEGMENTATION
    assert dataset.mask_values == {0: "background", 1: "1", 3: "3", 255: ""}
    assert dataset.class_names == ("background", "1", "3")
    audited = audit_dataset(dataset).dataset
    assert audited.labels() == [("background", "1"), ("background", "3")]
    assert audited.frame["mask_sha256"].str.len().tolist() == [64, 64]
    assert audited.class_counts()[""].tolist() == [2, 1, 1]


@pytest.mark.parametrize(("values", "dtype"), [((0, 1, 2, 300), np.uint16), ((0, 255), np.uint8), ((0, 1), np.uint8)])
def test_numbered_objects_and_two_values_mean_object_and_background(tmp_path, values, dtype):
    masked(tmp_path, {"a": values, "b": (0,)}, dtype=dtype)
    dataset = read_dataset(tmp_path)
    assert dataset.mask_values == {0: "background", OTHER_VALUES: "object"}
    assert np.unique(read_mask(dataset, 0)).tolist() == [0, 1]
    assert audit_dataset(dataset).dataset.labels() == [("background", "object"), ("background",)]


def test_a_value_can_be_ignored(tmp_path):
    dataset = read_dataset(masked(tmp_path, {"a": (0, 1, 2)}), ignore_value=0)
    assert dataset.class_names == ("1", "2")
    assert np.unique(read_mask(dataset, 0)).tolist() == [0, 1, 255]


def test_names_come_from_a_list_or_a_coco_file(tmp_path):
    masked(tmp_path / "list", {"a": (0, 2)})
    (tmp_path / "list" / "classes.txt").write_text("sky\ntree\nhouse\n")
    dataset = read_dataset(tmp_path / "list")
    assert dataset.class_names == ("sky", "tree", "house")
    audit = audit_dataset(dataset)
    assert audit.dataset.class_names == ("sky", "house")
    assert np.unique(read_mask(audit.dataset, 0)).tolist() == [0, 1]
    masked(tmp_path / "coco", {"a": (0, 5)}, images="train", folder="masks_train")
    listing = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 0, "name": "things"}, {"id": 5, "name": "tree"}, {"id": 6, "name": "car"}],
        "annotations": [{"image_id": 1, "category_id": number, "bbox": [0, 0, 1, 1]} for number in (5, 6)],
    }
    (tmp_path / "coco" / "train" / "x.json").write_text(json.dumps(listing))
    dataset = read_dataset(tmp_path / "coco")
    assert dataset.mask_values == {0: "", 5: "tree", 6: "car", 255: ""}
    assert dataset.frame["split"].tolist() == ["train"]


def test_a_value_to_ignore_is_heeded_where_a_coco_file_names_the_others(tmp_path):
    masked(tmp_path, {"a": (0, 5, 255)}, images="train", folder="masks_train")
    listing = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 5, "name": "tree"}],
        "annotations": [{"image_id": 1, "category_id": 5, "bbox": [0, 0, 1, 1]}],
    }
    (tmp_path / "train" / "x.json").write_text(json.dumps(listing))
    assert read_dataset(tmp_path, ignore_value="none").class_names == ("tree", "255")
    with pytest.raises(AnnotationsError, match="contain numbers"):
        read_dataset(tmp_path, ignore_value="#ff0000")


def test_unknown_values_are_ignored_and_named(tmp_path):
    masked(tmp_path, {"a": (0, 1, 7), "b": (0, 1)})
    (tmp_path / "classes.txt").write_text("sky\ntree\n")
    audit = audit_dataset(read_dataset(tmp_path))
    found = audit.findings[audit.findings["kind"] == "unknown_mask_value"]
    assert found["path"].tolist() == ["images/a.png"]
    assert "7 at" in found["detail"].item()
    assert len(audit.dataset) == 2


def test_masks_that_do_not_fit_leave_their_pictures_out(tmp_path):
    masked(tmp_path, dict.fromkeys("abcd", (0, 1)))
    write_mask(tmp_path / "masks" / "b.png", 0, 1, size=(30, 40))
    (tmp_path / "masks" / "c.png").write_bytes(b"damaged")
    Image.new("RGB", PICTURE, "red").save(tmp_path / "masks" / "d.png")
    audit = audit_dataset(read_dataset(tmp_path))
    assert audit.dataset.frame["path"].tolist() == ["images/a.png"]
    errors = audit.findings[audit.findings["severity"] == "error"]
    assert dict(zip(errors["path"], errors["kind"], strict=True)) == {
        "images/b.png": "mask_size",
        "images/c.png": "broken_mask",
        "images/d.png": "broken_mask",
    }
    assert "30 x 40 instead of 40 x 40" in dict(audit.left_out)["images/b.png"]


def test_partners_are_found_by_name_in_every_usual_place(tmp_path):
    for part in ("train", "val"):
        write_picture(tmp_path / "a" / "images" / part / "1.jpg")
        write_mask(tmp_path / "a" / "masks" / part / "1_mask.png", 0, 1)
        write_picture(tmp_path / "b" / part / "images" / "1.jpg")
        write_mask(tmp_path / "b" / part / "masks" / "1.png", 0, 1)
        write_picture(tmp_path / "c" / part / "1.jpg")
        write_mask(tmp_path / "c" / f"{part}_masks" / "1.png", 0, 1)
    for layout in "abc":
        dataset = read_dataset(tmp_path / layout)
        assert dataset.frame["split"].tolist() == ["train", "validation"], layout


def test_pictures_and_masks_without_a_partner_are_named(tmp_path):
    masked(tmp_path, {"a": (0, 1), "b": (0, 1)})
    write_picture(tmp_path / "images" / "c.png")
    write_mask(tmp_path / "masks" / "d.png", 0, 1)
    remarks = read_dataset(tmp_path).remarks
    assert [(it.kind, it.path) for it in remarks] == [
        ("annotation_without_picture", "masks/d.png"),
        ("unmasked", "images/c.png"),
    ]


def test_class_folders_named_images_and_masks_stay_classes(tmp_path):
    for number in range(3):
        write_picture(tmp_path / "images" / f"photo{number}.png", number)
        write_picture(tmp_path / "masks" / f"carnival{number}.png", 9 + number)
    assert read_dataset(tmp_path).class_names == ("images", "masks")
    masked(tmp_path / "set", {"a": (0, 1)})
    assert read_dataset(tmp_path / "set", format="folders").task == CLASSIFICATION
    assert read_dataset(tmp_path / "set", task=CLASSIFICATION).class_names == ("images", "masks")


def test_faces_and_masked_faces_stay_classes(tmp_path):
    for number, name in enumerate(("face", "face_mask", "mask", "no_mask")):
        write_picture(tmp_path / name / "1.png", number)
    assert read_dataset(tmp_path).class_names == ("face", "face_mask", "mask", "no_mask")


def test_an_empty_folder_of_masks_and_none_at_all_are_clear_errors(tmp_path):
    write_picture(tmp_path / "images" / "a.png")
    with pytest.raises(DataFormatError, match="nothing for semantic-segmentation"):
        read_dataset(tmp_path, task=SEGMENTATION)
    with pytest.raises(AnnotationsError, match="no folder of masks"):
        read_dataset(tmp_path, format="masks")
    (tmp_path / "masks").mkdir()
    with pytest.raises(AnnotationsError, match="no mask with the name"):
        read_dataset(tmp_path)


def test_masks_that_can_all_not_be_read_are_one_error(tmp_path):
    masked(tmp_path, {"a": (0, 1)})
    (tmp_path / "masks" / "a.png").write_bytes(b"damaged")
    with pytest.raises(AnnotationsError, match="None of the 1 masks"):
        read_dataset(tmp_path)


def test_masks_of_one_class_are_refused(tmp_path):
    with pytest.raises(OneClassError):
        audit_dataset(read_dataset(masked(tmp_path, {"a": (0,), "b": (0, 255)}), ignore_value=255))
