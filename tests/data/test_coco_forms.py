"""Forms in which exporters write single annotations of COCO files, and what is refused instead of being guessed."""

import json

import numpy as np
import pytest
from PIL import Image

from headstart.data import IGNORED, IGNORED_CODES, audit_dataset, read_dataset, read_mask
from headstart.errors import AnnotationsError
from headstart.task_spec import DETECTION, SEGMENTATION

SIZE = (40, 60)
SQUARE = [10, 10, 20, 10, 20, 20, 10, 20]
BOX = [10, 10, 10, 10]


def area(left, top, right, bottom) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[top:bottom, left:right] = True
    return mask


def counts_of(mask) -> list[int]:
    changes = np.flatnonzero(np.diff(np.concatenate([[0], mask.ravel("F").astype(int), [2]])))
    return np.diff([0, *changes]).tolist()


RUNS = {"size": list(SIZE), "counts": counts_of(area(10, 10, 20, 20))}


def coco(root, marks, *, names=("a.png", "b.png"), size=(60, 40), categories=({"id": 1, "name": "cat"},), **images):
    for seed, name in enumerate(names):
        Image.effect_noise((60, 40), 30 + 20 * seed).convert("RGB").save(root / name)
    entries = [
        {"id": number, "file_name": name} | (dict(zip(("width", "height"), size, strict=True)) if size else {}) | images
        for number, name in enumerate(names)
    ]
    numbered = [{"id": number, "image_id": 0, "category_id": 1} | mark for number, mark in enumerate(marks)]
    content = {"images": entries, "annotations": numbered, "categories": list(categories)}
    (root / "all.json").write_text(json.dumps(content))
    return root


def kinds(root, task=DETECTION) -> set[str]:
    return {remark.kind for remark in read_dataset(root, task=task).remarks}


@pytest.mark.parametrize(
    "segmentation",
    [
        [SQUARE],
        SQUARE,
        [[SQUARE]],
        [[10, 10], [20, 10], [20, 20], [10, 20]],
        [[[10, 10], [20, 10], [20, 20], [10, 20]]],
        [{"x": 10, "y": 10}, {"x": 20, "y": 10}, {"x": 20, "y": 20}, {"x": 10, "y": 20}],
        [list(map(str, SQUARE))],
        json.dumps([SQUARE]),
        RUNS,
        [RUNS],
        [SQUARE, [1, 2, 3, 4]],
        ["junk", SQUARE],
    ],
)
def test_every_form_of_an_area_is_drawn_and_has_its_box(tmp_path, segmentation):
    coco(tmp_path, [{"segmentation": segmentation}])
    dataset = read_dataset(tmp_path, task=SEGMENTATION)
    assert np.array_equal(read_mask(dataset, 0) == 1, area(10, 10, 20, 20))
    assert read_dataset(tmp_path).boxes()[0].tolist() == [[10, 10, 20, 20, 0]]


@pytest.mark.parametrize(
    "segmentation",
    [
        None,
        [],
        "[]",
        "",
        {},
        [[]],
        [[10, 10, 20, 20]],
        [10, 10, 20],
        [["a", "b", "c", "d", "e", "f"]],
        [[None] * 6],
        [[1e400] * 6],
        {"size": [40, 60], "counts": [3, 4]},
        {"size": [10**9, 10**9], "counts": "0"},
        {"size": [40, 60], "counts": [-5, 2405]},
        {"size": [40, 60], "counts": "oooooooooo"},
        {"size": [40, 60]},
        [[[[[[[SQUARE]]]]]]],
        7,
    ],
)
def test_an_object_without_an_area_is_ignored_where_its_box_is_and_not_background(tmp_path, segmentation):
    other = {"segmentation": [[30, 30, 50, 30, 50, 39, 30, 39]], "bbox": [30, 30, 20, 9]}
    coco(tmp_path, [{"segmentation": segmentation, "bbox": BOX}, other])
    dataset = audit_dataset(read_dataset(tmp_path, task=SEGMENTATION), min_classes=1).dataset
    assert "broken_outline" in {remark.kind for remark in dataset.remarks}
    mask = read_mask(dataset, 0)
    assert np.array_equal(mask == IGNORED, area(10, 10, 20, 20))
    assert (mask == 1).sum() == 180


def test_runs_of_another_size_than_the_image_leave_it_out(tmp_path):
    other = {"size": [20, 30], "counts": [0, 600]}
    coco(tmp_path, [{"segmentation": other}, {"segmentation": [SQUARE], "image_id": 1}])
    audit = audit_dataset(read_dataset(tmp_path, task=SEGMENTATION))
    assert audit.left_out == [("a.png", "mask size: 30 x 20 pixels, the image has 60 x 40")]


def test_areas_are_drawn_largest_first_whatever_their_form_and_survive_the_file(tmp_path):
    marks = [
        {"segmentation": {"size": list(SIZE), "counts": counts_of(area(12, 12, 15, 15))}, "category_id": 2},
        {"segmentation": [SQUARE]},
        {"segmentation": {"size": list(SIZE), "counts": counts_of(area(0, 0, 60, 40))}, "category_id": 2},
    ]
    coco(tmp_path, marks, categories=({"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}))
    dataset = read_dataset(tmp_path, task=SEGMENTATION)
    mask = read_mask(dataset, 0)
    assert [mask[0, 0], mask[11, 11], mask[13, 13]] == [2, 1, 2]
    dataset.write(tmp_path / "dataset.csv")
    assert np.array_equal(read_mask(type(dataset).read(tmp_path / "dataset.csv"), 0), mask)


@pytest.mark.parametrize(
    "bbox",
    [BOX, list(map(str, BOX)), "[10, 10, 10, 10]", {"x": 10, "y": 10, "width": 10, "height": 10}, [10.0] * 4],
)
def test_every_form_of_a_box_is_read(tmp_path, bbox):
    coco(tmp_path, [{"bbox": bbox}])
    assert read_dataset(tmp_path).boxes()[0].tolist() == [[10, 10, 20, 20, 0]]


@pytest.mark.parametrize("bbox", [None, [], [0, 0, 0, 0], "", "[]"])
def test_a_box_that_says_nothing_is_taken_from_the_area(tmp_path, bbox):
    coco(tmp_path, [{"bbox": bbox, "segmentation": RUNS}])
    assert read_dataset(tmp_path).boxes()[0].tolist() == [[10, 10, 20, 20, 0]]


@pytest.mark.parametrize(("image", "category"), [("0", "1"), (0.0, 1.0), (0, "1")])
def test_numbers_may_be_text_or_have_a_point(tmp_path, image, category):
    coco(tmp_path, [{"bbox": BOX, "image_id": image, "category_id": category}])
    assert len(read_dataset(tmp_path).boxes()[0]) == 1


def test_categories_may_start_at_0_have_gaps_and_lack_a_name(tmp_path):
    categories = [{"id": 0, "name": "cat"}, {"id": 7, "supercategory": "animal"}, {"id": 90}]
    marks = [{"bbox": [number, 1, 5, 5], "category_id": number} for number in (0, 7, 90)]
    coco(tmp_path, marks, categories=categories)
    dataset = read_dataset(tmp_path)
    assert dataset.class_names == ("cat", "animal", "90")
    assert kinds(tmp_path) == {"unnamed_category"}


def test_categories_without_names_below_one_supercategory_stay_apart(tmp_path):
    categories = [{"id": 1, "supercategory": "animal"}, {"id": 2, "supercategory": "animal"}]
    coco(tmp_path, [{"bbox": BOX}, {"bbox": [1, 1, 5, 5], "category_id": 2}], categories=categories)
    assert read_dataset(tmp_path).class_names == ("animal 1", "animal 2")


def test_an_image_listed_twice_under_one_number_counts_once(tmp_path):
    coco(tmp_path, [{"bbox": BOX}], names=("a.png",))
    content = json.loads((tmp_path / "all.json").read_text())
    content["images"] *= 2
    (tmp_path / "all.json").write_text(json.dumps(content))
    assert len(read_dataset(tmp_path)) == 1
    assert kinds(tmp_path) == {"repeated_image"}


FRACTIONS = [[0.2, 0.25, 0.3, 0.5], [0.5, 0.1, 0.25, 0.2], [0.0, 0.0, 1.0, 1.0]]


@pytest.mark.parametrize("size", [(60, 40), None])
def test_fractions_are_multiplied_by_the_size_with_a_word(tmp_path, size):
    coco(tmp_path, [{"bbox": bbox} for bbox in FRACTIONS], size=size)
    dataset = read_dataset(tmp_path)
    assert dataset.boxes()[0].tolist() == [[12, 10, 30, 30, 0], [30, 4, 45, 12, 0], [0, 0, 60, 40, 0]]
    assert kinds(tmp_path) == {"fractions"}


def test_outlines_may_be_fractions_too(tmp_path):
    coco(tmp_path, [{"segmentation": [[0.25, 0.25, 0.5, 0.25, 0.5, 0.5, 0.25, 0.5]]}])
    mask = read_mask(read_dataset(tmp_path, task=SEGMENTATION), 0)
    assert np.array_equal(mask == 1, area(15, 10, 30, 20))
    assert read_dataset(tmp_path).boxes()[0].tolist() == [[15, 10, 30, 20, 0]]
    assert kinds(tmp_path, SEGMENTATION) == {"fractions"}


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([[0.5, 0.5, 0.9, 0.9], [0.4, 0.6, 0.7, 0.8]], "two corners"),
        ([[0.8, 0.5, 0.4, 0.3], [0.9, 0.6, 0.2, 0.8]], "centres and sizes"),
        ([[30, 20, 55, 38], [20, 10, 50, 39], [5, 5, 59, 30]], r"look like \[left, top, right, bottom\]"),
    ],
)
def test_boxes_in_another_form_are_refused(tmp_path, boxes, message):
    coco(tmp_path, [{"bbox": box} for box in boxes])
    with pytest.raises(AnnotationsError, match=message):
        read_dataset(tmp_path)


def test_boxes_of_less_than_a_pixel_among_others_are_named(tmp_path):
    coco(tmp_path, [{"bbox": [0.2, 0.3, 0.5, 0.5]}, {"bbox": BOX}, {"bbox": [1, 1, 5, 9]}])
    assert "tiny_box" in set(audit_dataset(read_dataset(tmp_path)).findings["kind"])


def crowd(number=0, **more) -> dict:
    return {"bbox": [number, 1, 9, 9], "iscrowd": 1} | more


def test_crowds_are_ignored_and_named(tmp_path):
    coco(tmp_path, [crowd(), *({"bbox": [number, 1, 9, 9], "iscrowd": "0"} for number in range(20))])
    dataset = read_dataset(tmp_path)
    assert len(dataset.ignored_boxes()[0]) == 1
    assert kinds(tmp_path) == {"crowd"}
    coco(tmp_path, [crowd(), crowd(1), {"bbox": BOX}])
    assert kinds(tmp_path) == {"crowd", "many_crowds"}


@pytest.mark.parametrize("flag", ["ignore", "difficult"])
def test_other_flags_to_pass_over_an_object_are_heeded_unless_all_have_them(tmp_path, flag):
    coco(tmp_path, [{"bbox": BOX, flag: 1}, {"bbox": [1, 1, 5, 5], flag: 0}])
    dataset = read_dataset(tmp_path)
    assert dataset.ignored_boxes()[0].tolist() == [[10, 10, 20, 20, 0, IGNORED_CODES["difficult"]]]
    assert kinds(tmp_path) == {"difficult"}
    coco(tmp_path, [{"bbox": BOX, flag: 1}])
    assert len(read_dataset(tmp_path).boxes()[0]) == 1
    assert kinds(tmp_path) == {"all_difficult"}


def test_pixels_of_a_crowd_are_ignored_and_not_background(tmp_path):
    coco(tmp_path, [crowd(segmentation=[SQUARE]), *[{"segmentation": [[30, 30, 50, 30, 50, 39, 30, 39]]}] * 20])
    mask = read_mask(read_dataset(tmp_path, task=SEGMENTATION), 0)
    assert np.array_equal(mask == IGNORED, area(10, 10, 20, 20))


@pytest.mark.parametrize(
    ("crowds", "others"),
    [
        ([crowd(number, segmentation=RUNS) for number in range(3)], []),
        ([crowd(number) for number in range(3)], []),
        ([crowd(segmentation=RUNS), crowd(1, segmentation=RUNS)], [{"bbox": BOX}] * 2),
        ([crowd(segmentation=RUNS, attributes={"occluded": False})], [{"bbox": [n, 2, 9, 9]} for n in range(20)]),
    ],
)
def test_a_mark_that_the_exporter_puts_on_every_mask_makes_no_crowds(tmp_path, crowds, others):
    coco(tmp_path, [*crowds, *others])
    dataset = read_dataset(tmp_path)
    assert not len(dataset.ignored_boxes()[0])
    (detail,) = [remark.detail for remark in dataset.remarks if remark.kind == "crowd_as_object"]
    assert detail.startswith(f"{len(crowds)} ")
