"""Where COCO files and their images lie: the layouts of exporters, found by name and never guessed."""

import json
from pathlib import Path

import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset
from headstart.errors import AnnotationsError

CATEGORIES = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]


def write_image(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise((60, 40), 30 + 20 * seed + len(path.parent.name)).convert("RGB").save(path)


def write_coco(path: Path, names, *, category=1, **more) -> None:
    """A file that marks one box in every image, `number` pixels from the left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [{"id": number, "file_name": name, "width": 60, "height": 40} for number, name in enumerate(names)]
    marks = [
        {"id": number, "image_id": number, "category_id": category, "bbox": [number, 2, 20, 10], "iscrowd": 0}
        for number in range(len(names))
    ]
    path.write_text(json.dumps({"images": images, "annotations": marks, "categories": CATEGORIES} | more))


def parts(dataset) -> dict[str, str]:
    return dict(zip(dataset.frame["path"], dataset.frame["split"], strict=True))


def kinds(dataset) -> list[str]:
    return [remark.kind for remark in dataset.remarks if remark.kind != "class_without_pictures"]


@pytest.mark.parametrize(
    "written",
    [
        "../../label-studio/data/media/upload/1/0.png",
        "../../label-studio/data/media/upload/1/1a2b3c4d-0.png",
        "/data/upload/1/1a2b3c4d-0.png",
        "/data/local-files/?d=photos/0.png",
        "https://example.org/data/upload/1/0.png?token=5",
        "s3://bucket/some%20where/0.png",
        "/home/me/photos/0.png",
        r"C:\Users\me\photos\0.png",
        r"photos\0.png",
        "0.PNG",
        "photos/%30.png",
    ],
)
@pytest.mark.parametrize("folder", ["images", "data", "photos/new"])
def test_an_image_is_found_by_its_base_name_whatever_path_is_written(tmp_path, written, folder):
    write_image(tmp_path / folder / "0.png")
    write_image(tmp_path / folder / "1.png", seed=1)
    write_coco(tmp_path / "result.json", [written, "1.png"])
    dataset = read_dataset(tmp_path)
    assert dataset.frame["path"].tolist() == [f"{folder}/0.png", f"{folder}/1.png"]
    assert [boxes[0, 0] for boxes in dataset.boxes()] == [0, 1]
    assert not kinds(dataset)


def test_an_uploaded_image_is_found_under_the_name_with_its_prefix(tmp_path):
    write_image(tmp_path / "images" / "1a2b3c4d-0.png")
    write_coco(tmp_path / "result.json", ["0.png"])
    assert read_dataset(tmp_path).frame["path"].tolist() == ["images/1a2b3c4d-0.png"]


def test_folders_in_a_name_decide_between_files_of_one_name(tmp_path):
    for seed, folder in enumerate(("images/one", "images/two", "other/two")):
        write_image(tmp_path / folder / "0.png", seed)
    write_coco(tmp_path / "all.json", ["x/one/0.png", "images/two/0.png"])
    dataset = read_dataset(tmp_path)
    assert [path for path, boxes in zip(dataset.frame["path"], dataset.boxes(), strict=True) if boxes[0, 0] == 0] == [
        "images/one/0.png"
    ]
    assert len(dataset) == 2


def test_files_of_one_name_that_nothing_tells_apart_are_an_error_that_names_them(tmp_path):
    for folder in ("images/one", "images/two"):
        write_image(tmp_path / folder / "0.png")
    write_coco(tmp_path / "all.json", ["0.png"])
    with pytest.raises(AnnotationsError, match=r"'images/one/0.png', 'images/two/0.png'"):
        read_dataset(tmp_path)


def test_two_images_of_one_base_name_never_share_a_file(tmp_path):
    write_image(tmp_path / "images" / "0.png")
    write_coco(tmp_path / "all.json", ["a/0.png", "b/0.png"])
    with pytest.raises(AnnotationsError, match=r"'a/0.png' and 'b/0.png'.*only 'images/0.png' for both"):
        read_dataset(tmp_path)


def test_what_another_image_is_named_for_is_no_candidate(tmp_path):
    write_image(tmp_path / "a" / "0.png")
    write_coco(tmp_path / "all.json", ["a/0.png", "b/0.png"])
    dataset = read_dataset(tmp_path)
    assert dataset.boxes()[0].tolist() == [[0, 2, 20, 12, 0]]
    assert kinds(dataset) == ["annotation_without_picture"]


def test_an_image_of_another_part_is_no_candidate(tmp_path):
    write_image(tmp_path / "images" / "val" / "0.png")
    write_image(tmp_path / "images" / "train" / "1.png", seed=3)
    write_coco(tmp_path / "annotations" / "instances_Train.json", ["0.png", "1.png"])
    dataset = read_dataset(tmp_path)
    assert parts(dataset) == {"images/train/1.png": "train"}
    assert kinds(dataset) == ["annotation_without_picture"]


def test_no_image_at_all_is_an_error_that_says_where_they_belong(tmp_path):
    write_coco(tmp_path / "set" / "result.json", ["0.png", "1.png"])
    with pytest.raises(AnnotationsError, match=r"None of the 2 images that 'result.json' lists.*'images' beside"):
        read_dataset(tmp_path / "set")


@pytest.mark.parametrize(
    ("file", "folder"),
    [
        ("annotations/instances_Train.json", "images/Train"),
        ("annotations/instances_train2017.json", "train2017"),
        ("annotations/instances_train.json", "train"),
        ("Annotations/train.json", "images"),
        ("train/_annotations.coco.json", "train"),
        ("train/labels.json", "train/data"),
        ("train/annotations/instances.json", "train/images"),
        ("annotations/train/instances.json", "images/train"),
        ("train.json", "images"),
        ("labels/train.json", "images/train"),
        ("coco_train_set.json", "data"),
    ],
)
def test_every_layout_of_parts_keeps_its_parts(tmp_path, file, folder):
    for part, other in (("train", "Train"), ("val", "Val")):

        def of(text, part=part, other=other):
            return text.replace("train", part).replace("Train", other)

        write_image(tmp_path / of(folder) / f"{part}.png", seed=len(part))
        write_coco(tmp_path / of(file), [f"{part}.png"])
    found = parts(read_dataset(tmp_path))
    assert {Path(path).stem: split for path, split in found.items()} == {"train": "train", "val": "validation"}


def test_one_file_takes_the_parts_from_the_folders_of_its_images(tmp_path):
    names = ["train/0.png", "valid/1.png", "test/2.png"]
    for seed, name in enumerate(names):
        write_image(tmp_path / "images" / name, seed)
    write_coco(tmp_path / "labels.json", names)
    assert sorted(parts(read_dataset(tmp_path)).values()) == ["test", "train", "validation"]
    assert sorted(parts(read_dataset(tmp_path / "labels.json")).values()) == ["test", "train", "validation"]


def test_an_entry_may_state_its_part(tmp_path):
    for number in range(2):
        write_image(tmp_path / f"{number}.png", number)
    images = [{"id": 0, "file_name": "0.png", "split": "train"}, {"id": 1, "file_name": "1.png", "split": "val"}]
    write_coco(tmp_path / "all.json", ["0.png", "1.png"], images=images)
    assert parts(read_dataset(tmp_path)) == {"0.png": "train", "1.png": "validation"}


def test_a_part_that_is_not_used_is_named(tmp_path):
    write_image(tmp_path / "images" / "0.png")
    write_coco(tmp_path / "annotations" / "instances_val2017.json", ["0.png"])
    assert kinds(read_dataset(tmp_path)) == ["lone_part"]
    write_image(tmp_path / "images" / "train" / "1.png")
    write_image(tmp_path / "images" / "train" / "2.png", seed=2)
    write_coco(tmp_path / "annotations" / "instances_train2017.json", ["1.png", "2.png"])
    write_coco(tmp_path / "annotations" / "instances_val2017.json", ["0.png", "train/1.png"])
    assert {"listed_twice", "part_conflict"} <= set(kinds(read_dataset(tmp_path)))


def test_two_files_about_the_same_images_are_put_together(tmp_path):
    for number in range(2):
        write_image(tmp_path / "images" / f"{number}.png", number)
    write_coco(tmp_path / "cats.json", ["0.png", "1.png"])
    write_coco(tmp_path / "dogs.json", ["1.png", "0.png"], category=2)
    write_coco(tmp_path / "all_cats.json", ["0.png", "1.png"])
    dataset = read_dataset(tmp_path)
    assert sorted(map(tuple, dataset.boxes()[0].tolist())) == [(0, 2, 20, 12, 0), (1, 2, 21, 12, 1)]
    assert not kinds(dataset)


def test_a_file_of_everything_beside_files_of_parts_takes_no_part_away(tmp_path):
    for number in range(3):
        write_image(tmp_path / "images" / f"{number}.png", number)
    write_coco(tmp_path / "all.json", ["0.png", "1.png", "2.png"])
    write_coco(tmp_path / "train.json", ["0.png", "1.png"])
    write_coco(tmp_path / "val.json", ["2.png"])
    dataset = read_dataset(tmp_path)
    assert list(parts(dataset).values()) == ["train", "train", "validation"]
    assert [len(boxes) for boxes in dataset.boxes()] == [1, 1, 2]  # the one in 2.png stands elsewhere in val.json


CAPTIONS = [{"id": 0, "image_id": 0, "caption": "a cat"}]
PERSON = [
    {"id": 0, "image_id": 0, "category_id": 1, "bbox": [1, 2, 20, 10], "keypoints": [1, 2, 2], "num_keypoints": 1}
]
PANOPTIC = [{"image_id": 0, "file_name": "0.png", "segments_info": []}]


@pytest.mark.parametrize(
    ("file", "marks", "held"),
    [
        ("captions_train2017.json", CAPTIONS, "captions"),
        ("person_keypoints_train2017.json", PERSON, "key points"),
        ("panoptic_train2017.json", PANOPTIC, "panoptic segments"),
        ("stuff_train2017.json", None, "stuff segments"),
    ],
)
def test_other_annotations_beside_objects_are_passed_by_with_a_note(tmp_path, file, marks, held):
    write_image(tmp_path / "train2017" / "0.png")
    write_coco(tmp_path / "annotations" / "instances_train2017.json", ["0.png"])
    write_coco(tmp_path / "annotations" / file, ["0.png"], **({} if marks is None else {"annotations": marks}))
    dataset = read_dataset(tmp_path)
    assert [(remark.path, remark.detail) for remark in dataset.remarks if remark.kind == "other_annotations"] == [
        (f"annotations/{file}", f"holds {held}")
    ]
    assert len(dataset.boxes()[0]) == 1
    (tmp_path / "annotations" / "instances_train2017.json").unlink()
    if held == "key points":  # which have boxes too
        assert len(read_dataset(tmp_path).boxes()[0]) == 1
    else:
        with pytest.raises(AnnotationsError, match=f"No JSON file .* contains objects.*{held}"):
            read_dataset(tmp_path)


def test_a_part_of_which_no_image_is_there_is_an_error_that_names_it(tmp_path):
    write_image(tmp_path / "train2017" / "0.png")
    write_coco(tmp_path / "annotations" / "instances_train2017.json", ["0.png"])
    write_coco(tmp_path / "annotations" / "instances_val2017.json", ["1.png"])
    with pytest.raises(AnnotationsError, match=r"None of the 1 images that 'annotations/instances_val2017.json' lists"):
        read_dataset(tmp_path)
    assert len(read_dataset(tmp_path / "annotations" / "instances_train2017.json")) == 1


def test_a_part_without_annotations_is_no_background_but_left_out_by_name(tmp_path):
    for part in ("train", "test"):
        write_image(tmp_path / part / f"{part}.png")
        write_coco(tmp_path / part / "_annotations.coco.json", [f"{part}.png"])
    write_coco(tmp_path / "test" / "_annotations.coco.json", ["test.png"], annotations=[])
    dataset = read_dataset(tmp_path)
    assert parts(dataset) == {"train/train.png": "train"}
    assert kinds(dataset) == ["part_without_labels"]


def test_a_name_with_signs_of_an_address_may_be_meant_literally(tmp_path):
    write_image(tmp_path / "images" / "a%20b.png")
    write_coco(tmp_path / "all.json", ["x/a%20b.png"])
    assert read_dataset(tmp_path).frame["path"].tolist() == ["images/a%20b.png"]


def test_images_that_no_file_lists_are_named_wherever_their_neighbours_lie(tmp_path):
    write_image(tmp_path / "images" / "0.png")
    write_image(tmp_path / "images" / "stray.png", seed=4)
    write_coco(tmp_path / "annotations" / "instances_default.json", ["0.png"])
    dataset = read_dataset(tmp_path)
    assert [(remark.kind, remark.path) for remark in dataset.remarks if remark.kind == "unlisted"] == [
        ("unlisted", "images/stray.png")
    ]
    assert audit_dataset(dataset).dataset.frame["path"].tolist() == ["images/0.png"]
