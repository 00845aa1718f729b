"""What the audit finds in boxes, and how it makes them right."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from headstart.data import Dataset, audit_dataset, read_dataset, split_dataset
from headstart.data.annotated import Annotated, annotated_dataset
from headstart.data.annotations import CROWD, Box, boxes_from_text, boxes_to_text
from headstart.data.box_inspection import inspect_boxes
from headstart.errors import AnnotationsError, NoReadableImagesError
from headstart.task_spec import DETECTION

SIZE = (40, 60)  # height, width
numbers = st.one_of(st.integers(-99, 99), st.floats(-99, 99, allow_nan=False, width=32))


def inspected(*boxes: tuple) -> tuple[list, dict[str, str]]:
    target, findings = inspect_boxes(boxes_to_text(Box(*box) for box in boxes), SIZE)
    return [box[:5] for box in boxes_from_text(target)], dict(findings)


def test_sound_boxes_stay_as_they_are():
    boxes = [("cat", 0, 0, 60, 40), ("dog", 1.5, 2, 3, 4)]
    assert inspected(*boxes) == (boxes, {})


@pytest.mark.parametrize(
    ("box", "right", "kind"),
    [
        ((-5, -2, 10, 10), (0, 0, 10, 10), "box_outside"),
        ((50, 30, 70, 50), (50, 30, 60, 40), "box_outside"),
        ((30, 20, 10, 5), (10, 5, 30, 20), "swapped_corners"),
        ((10, 10, 10, 10), None, "empty_box"),
        ((70, 10, 90, 20), None, "empty_box"),
        ((-9, -9, -1, -1), None, "empty_box"),
    ],
)
def test_boxes_are_made_right_or_dropped_and_named(box, right, kind):
    sound = ("dog", 1, 1, 5, 5)
    boxes, findings = inspected(sound, ("cat", *box))
    assert boxes == [sound] + ([("cat", *right)] if right else [])
    assert list(findings) == [kind]
    assert f"'cat' at {', '.join(map(str, box))} in 60 x 40 pixels" in findings[kind]


def test_repeated_boxes_count_once_and_many_are_counted():
    boxes, findings = inspected(*[("cat", 1, 1, 5, 5)] * 4, ("dog", 1, 1, 5, 5))
    assert len(boxes) == 2
    assert findings["duplicate_box"].endswith("and 2 more")


def test_an_ignored_box_stays_ignored_and_is_cut_like_any_other():
    target, findings = inspect_boxes(boxes_to_text([Box("cat", 50, 30, 70, 50, CROWD), Box("cat", 1, 1, 5, 5)]), SIZE)
    assert boxes_from_text(target) == [Box("cat", 50, 30, 60, 40, CROWD), Box("cat", 1, 1, 5, 5)]
    assert [kind for kind, _ in findings] == ["box_outside"]


def test_what_rounding_leaves_beyond_the_edge_is_cut_without_a_word():
    assert inspected(("cat", 0, 0, 60.0000001, 40)) == ([("cat", 0, 0, 60, 40)], {})


def test_a_picture_that_loses_all_its_boxes_is_background():
    boxes, findings = inspected(("cat", 7, 7, 7, 7))
    assert not boxes
    assert findings["background"] == "none of 1 boxes is left"
    assert inspected() == ([], {"background": "no object is marked"})


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["cat", "dog"]), numbers, numbers, numbers, numbers), max_size=6))
def test_whatever_comes_sound_boxes_leave_and_looking_again_changes_nothing(boxes):
    target, _ = inspect_boxes(boxes_to_text(Box(*box) for box in boxes), SIZE)
    for _, x_min, y_min, x_max, y_max, _ in boxes_from_text(target):
        assert 0 <= x_min < x_max <= SIZE[1]
        assert 0 <= y_min < y_max <= SIZE[0]
    again, findings = inspect_boxes(target, SIZE)
    assert again == target
    assert {kind for kind, _ in findings} <= {"background", "tiny_box"}


def write_picture(path: Path, seed: int) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((60, 40), Image.Resampling.BICUBIC).save(path)
    return path.read_bytes()


def located(root: Path, *examples: tuple, names=("cat", "dog")) -> Dataset:
    """A data set from `(path, boxes, part)`; pictures that are not there are drawn, each another."""
    for seed, (path, _, _) in enumerate(examples):
        if not (root / path).exists():
            write_picture(root / path, seed)
    annotated = [
        Annotated(path, boxes_to_text(Box(*box) for box in boxes), part, 60, 40) for path, boxes, part in examples
    ]
    return annotated_dataset(root, annotated, names, task=DETECTION, remarks=())


CAT, DOG = ("cat", 1, 1, 20, 20), ("dog", 30, 10, 50, 30)


def test_one_class_is_enough_for_detection_but_none_is_not(tmp_path):
    audit = audit_dataset(located(tmp_path, ("a.png", [CAT], ""), ("b.png", [], ""), names=("cat",)))
    assert audit.dataset.class_names == ("cat",)
    assert "stated_width" not in audit.dataset.frame
    with pytest.raises(AnnotationsError):
        audit_dataset(located(tmp_path, ("a.png", [("cat", 1, 1, 1, 1)], "")))


def test_another_size_than_stated_is_named(tmp_path):
    write_picture(tmp_path / "a.png", 0)
    dataset = annotated_dataset(
        tmp_path, [Annotated("a.png", boxes_to_text([Box(*CAT)]), "", 80, 40)], ("cat",), task=DETECTION, remarks=()
    )
    found = audit_dataset(dataset).findings
    assert found.loc[found["kind"] == "wrong_size", "detail"].tolist() == ["80 x 40 instead of 60 x 40 pixels"]


def test_same_pictures_marked_differently_are_named(tmp_path):
    write_picture(tmp_path / "a.png", 0)
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    audit = audit_dataset(located(tmp_path, ("a.png", [CAT], ""), ("b.png", [DOG], ""), ("c.png", [CAT], "")))
    assert audit.findings.loc[audit.findings["kind"] == "conflicting_labels", "path"].tolist() == ["a.png", "b.png"]


def test_copies_leave_training_but_the_same_scene_with_other_objects_stays(tmp_path):
    write_picture(tmp_path / "test/a.png", 0)
    (tmp_path / "train").mkdir()
    for name, size in {"copy": (90, 60), "moved": (120, 80)}.items():
        with Image.open(tmp_path / "test/a.png") as picture:
            picture.resize(size, Image.Resampling.BICUBIC).save(tmp_path / f"train/{name}.png")
    larger = [(name, *(1.5 * corner for corner in corners)) for name, *corners in (CAT, DOG)]
    audit = audit_dataset(
        located(
            tmp_path,
            ("test/a.png", [CAT, DOG], "test"),
            ("train/copy.png", larger, "train"),
            ("train/moved.png", [DOG], "train"),
            ("train/other.png", [CAT, DOG], "train"),
        )
    )
    assert audit.dataset.frame["path"].tolist() == ["test/a.png", "train/moved.png", "train/other.png"]
    alike = audit.findings[audit.findings["kind"] == "alike_across_splits"]
    assert alike["path"].tolist() == ["train/moved.png"]
    assert [path for path, _ in audit.left_out] == ["train/copy.png"]


def test_classes_are_counted_by_pictures(tmp_path):
    many = [(f"{number:02}.png", [CAT] * 1 + [DOG] * (number == 0), "") for number in range(12)]
    findings = audit_dataset(located(tmp_path, *many)).findings
    details = dict(zip(findings["kind"], findings["detail"], strict=True))
    assert details["imbalance"] == "'cat' has 12 images, 'dog' 1"
    assert details["class_too_small"] == "'dog' has 1 separate images in 1 files"


def test_damaged_pictures_are_left_out_like_those_of_classes(tmp_path):
    dataset = located(tmp_path, ("a.png", [CAT], ""), ("b.png", [DOG], ""))
    (tmp_path / "b.png").write_bytes(b"no picture")
    audit = audit_dataset(dataset)
    assert audit.dataset.class_names == ("cat",)
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(NoReadableImagesError):
        audit_dataset(dataset)


# Pictures, boxes and classes as counted in the files by other means.
REAL = {
    "bccd_det": (364, 4888, 3),
    "raccoon_det": (200, 217, 1),
    "chess_pieces_det": (174, 1854, 12),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_real_detection_sets_are_read_whole(shared_dir, name):
    dataset = read_dataset(shared_dir / "data" / name)
    assert dataset.task == DETECTION
    assert (len(dataset), sum(map(len, dataset.boxes())), dataset.num_classes) == REAL[name]


@pytest.mark.shared
def test_blood_cells_keep_their_lists_and_lose_two_boxes_without_area(shared_dir):
    audit = audit_dataset(read_dataset(shared_dir / "data" / "bccd_det"))
    assert audit.dataset.frame["split"].value_counts().to_dict() == {"train": 205, "validation": 87, "test": 72}
    assert audit.findings["path"].tolist() == ["images/BloodImage_00338.jpg", "images/BloodImage_00343.jpg"]
    assert set(audit.findings["kind"]) == {"empty_box"}
    assert sum(map(len, audit.dataset.boxes())) == 4886
    assert split_dataset(audit.dataset).frame["split"].tolist() == audit.dataset.frame["split"].tolist()


@pytest.mark.shared
def test_copies_among_raccoons_stay_together(shared_dir):
    audited = audit_dataset(read_dataset(shared_dir / "data" / "raccoon_det")).dataset
    assert audited.frame["duplicate_group"].duplicated().sum() >= 4
    split = split_dataset(audited).frame
    assert split.groupby("duplicate_group")["split"].nunique().max() == 1
    assert split["split"].value_counts().to_dict() == {"train": 140, "validation": 30, "test": 30}


@pytest.mark.shared
def test_scenes_of_chess_that_look_alike_stay_but_copies_go(shared_dir):
    audit = audit_dataset(read_dataset(shared_dir / "data" / "chess_pieces_det"))
    counts = audit.summary().set_index("kind")["count"]
    assert counts["duplicate_across_splits"] < 10 < counts["alike_across_splits"]
    assert len(audit.dataset.part("test")) == 29


@pytest.mark.shared
def test_real_masks_are_read_whole(shared_dir):
    facades = audit_dataset(read_dataset(shared_dir / "data" / "facade_seg"))
    assert facades.dataset.frame["split"].value_counts().to_dict() == {"train": 100, "validation": 25, "test": 25}
    assert facades.dataset.num_classes == 10
    assert facades.dataset.class_counts()["train"]["window"] == 100
    nuclei = audit_dataset(read_dataset(shared_dir / "data" / "nuclei_seg"))
    assert (len(nuclei.dataset), nuclei.dataset.class_names) == (140, ("background", "object"))
    assert nuclei.findings.empty
    assert facades.findings.empty
