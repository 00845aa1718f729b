"""COCO files: boxes and outlines, one file or one a part, and what may be wrong with them."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset, read_mask
from headstart.errors import AnnotationsError, DataFormatError
from headstart.task_spec import DETECTION, SEGMENTATION

CATEGORIES = [{"id": 3, "name": "dog"}, {"id": 1, "name": "cat"}, {"id": 7, "name": "cow"}]
SQUARE = [10, 10, 20, 10, 20, 20, 10, 20]


def write_pictures(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(names):
        Image.effect_noise((60, 40), 30 + 20 * seed + len(folder.name)).convert("RGB").save(folder / name)


def mark(image_id, category_id, bbox, **more) -> dict:
    return {"image_id": image_id, "category_id": category_id, "bbox": bbox, "iscrowd": 0, **more}


def listing(names, marks, categories=CATEGORIES) -> dict:
    images = [{"id": number, "file_name": name, "width": 60, "height": 40} for number, name in enumerate(names)]
    numbered = [{"id": number, **it} for number, it in enumerate(marks)]
    return {"images": images, "annotations": numbered, "categories": categories}


def coco(root: Path, marks, *, names=("a.png", "b.png"), file="_annotations.coco.json", **more) -> Path:
    write_pictures(root, *names)
    (root / file).write_text(json.dumps(listing(names, marks, **more)))
    return root


def kinds(dataset) -> list[str]:
    return [remark.kind for remark in dataset.remarks]


def test_boxes_become_corners_and_unused_categories_are_left_out(tmp_path):
    coco(tmp_path, [mark(0, 3, [319.38, 1, 35.94, 2]), mark(0, 1, [0, 0, 5, 6])])
    dataset = read_dataset(tmp_path)
    assert dataset.task == DETECTION
    assert dataset.class_names == ("cat", "dog")
    assert dataset.boxes()[0].tolist() == [[319.38, 1, 355.32, 3, 1], [0, 0, 5, 6, 0]]
    assert dataset.frame["target"].tolist()[1] == "[]"
    assert kinds(dataset) == ["class_without_pictures"]


@pytest.mark.parametrize(
    ("file", "pictures"),
    [
        ("annotations/instances_train2017.json", "train2017"),
        ("annotations/train.json", "images/train"),
        ("train/_annotations.coco.json", "train"),
    ],
)
def test_one_file_a_part_lies_where_tools_put_it(tmp_path, file, pictures):
    for part in ("train", "val"):
        write_pictures(tmp_path / pictures.replace("train", part), "a.png")
        path = tmp_path / file.replace("train", part)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(listing(["a.png"], [mark(0, 1, [1, 1, 5, 5])])))
    frame = read_dataset(tmp_path).frame
    assert dict(zip(frame["path"], frame["split"], strict=True)) == {
        f"{pictures}/a.png": "train",
        f"{pictures.replace('train', 'val')}/a.png": "validation",
    }


def test_a_file_may_be_named_itself(tmp_path):
    coco(tmp_path, [mark(0, 1, [1, 1, 5, 5])], file="some.json")
    assert len(read_dataset(tmp_path / "some.json")) == 2
    with pytest.raises(DataFormatError, match="cannot be read as voc"):
        read_dataset(tmp_path / "some.json", format="voc")


def test_outlines_are_drawn_large_ones_first(tmp_path):
    marks = [
        mark(0, 3, None, segmentation=[[12, 12, 15, 12, 15, 15, 12, 15]]),
        mark(0, 1, None, segmentation=[SQUARE, [30, 10, 32, 10, 32, 12, 30, 12]]),
        mark(1, 1, None, segmentation={"counts": [3, 4], "size": [40, 60]}),
        mark(1, 1, None, segmentation=[[1, 2, 3]]),
        mark(1, 1, None, segmentation=[[10**400] * 6, "x", 7]),
    ]
    coco(tmp_path, marks)
    dataset = read_dataset(tmp_path, task=SEGMENTATION)
    assert dataset.class_names == ("background", "cat", "dog")
    mask = read_mask(dataset, 0)
    assert mask.shape == (40, 60)
    assert [mask[0, 0], mask[11, 11], mask[13, 13], mask[11, 31]] == [0, 1, 2, 1]
    assert np.bincount(mask.ravel()).tolist() == [2400 - 104, 95, 9]
    assert kinds(dataset).count("broken_outline") == 3
    audit = audit_dataset(dataset)
    assert audit.dataset.labels() == [("background", "cat", "dog"), ("background",)]
    ignoring = read_dataset(tmp_path, task=SEGMENTATION, ignore_value=0)
    assert ignoring.class_names == ("cat", "dog")
    assert read_mask(ignoring, 0)[0, 0] == 255


def test_a_box_is_drawn_around_outlines_where_none_is_given(tmp_path):
    marks = [{"image_id": 0, "category_id": 1, "segmentation": [SQUARE]}]
    assert read_dataset(coco(tmp_path, marks)).boxes()[0].tolist() == [[10, 10, 20, 20, 0]]


def test_what_single_entries_lack_is_named_and_the_rest_kept(tmp_path):
    marks = [
        mark(0, 1, [1, 1, 5, 5]),
        mark(0, 99, [1, 1, 5, 5]),
        mark(0, [1], [1, 1, 5, 5]),
        mark(42, 1, [1, 1, 5, 5]),
        mark(0, 1, [1, "x", 5, 5]),
        mark(0, 1, [1, 1, float("nan"), 5]),
        mark(0, 1, [1, 1, 5]),
        mark(0, 1, [1e308, 1, 1e308, 10**400]),
        mark(0, 1, [1, 1, 5, 5], iscrowd=1),
    ]
    coco(tmp_path, marks, names=("a.png", "b.png"))
    (tmp_path / "b.png").unlink()
    write_pictures(tmp_path, "stray.png")
    dataset = read_dataset(tmp_path)
    assert dataset.boxes()[0].tolist() == [[1, 1, 6, 6, 0]]
    assert set(kinds(dataset)) == {
        "annotation_without_picture",
        "broken_box",
        "class_without_pictures",
        "crowd",
        "many_crowds",
        "unknown_category",
        "unknown_image",
        "unlisted",
    }
    assert audit_dataset(dataset).findings["kind"].tolist().count("broken_box") == 4


@pytest.mark.parametrize(
    "name", ["../secret.png", "sub/../../secret.png", "/../../secret.png", "link.png", "\ud800.png", "\0"]
)
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    write_pictures(tmp_path, "secret.png")
    root = coco(tmp_path / "set", [mark(0, 1, [1, 1, 5, 5]), mark(1, 1, [1, 1, 5, 5])], names=("a.png",))
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    (root / "_annotations.coco.json").write_text(json.dumps(listing(["a.png", name], [mark(0, 1, [1, 1, 5, 5])])))
    dataset = read_dataset(root)
    assert dataset.frame["path"].tolist() == ["a.png"]
    assert {"outside_path", "annotation_without_picture"} & set(kinds(dataset))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda it: it.pop("categories"), "has no 'categories'"),
        (lambda it: it.update(annotations={}), "has no 'annotations'"),
        (lambda it: it.update(categories=["cat"]), "has no 'categories'"),
        (lambda it: it.update(annotations=[]), "none that marks anything"),
        (lambda it: it["images"].append({**it["images"][0], "file_name": "b.png"}), "for 'a.png' and for 'b.png'"),
        (lambda it: it["images"][0].pop("file_name"), "without a unique number"),
        (lambda it: it["categories"].append({"id": 1, "name": "rat"}), "Category 1 has two names"),
        (
            lambda it: [one.update(id=number) for number, one in enumerate(it["categories"], 2)],
            "if they were one higher",
        ),
    ],
)
def test_files_that_cannot_be_used_are_one_clear_error(tmp_path, change, message):
    content = listing(["a.png"], [mark(0, 1, [1, 1, 5, 5])])
    change(content)
    write_pictures(tmp_path, "a.png")
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(AnnotationsError, match=message):
        read_dataset(tmp_path, task=DETECTION)


def test_broken_json_is_an_error_and_other_json_beside_class_folders_is_none(tmp_path):
    write_pictures(tmp_path / "cat", "a.png")
    (tmp_path / "about.json").write_text('{"author": "me"}')
    assert read_dataset(tmp_path).class_names == ("cat",)
    (tmp_path / "broken.json").write_text('{"images": [], "annotations": [')
    with pytest.raises(AnnotationsError, match="cannot be read"):
        read_dataset(tmp_path)
