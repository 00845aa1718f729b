"""Boxes and masks are drawn where they are, in colours that differ."""

from types import SimpleNamespace

import numpy as np
import pytest

from headstart.errors import PredictionsError
from headstart.report import class_colours, draw_boxes, draw_mask
from headstart.tasks import detection_example, regression_example, segmentation_example

GREY = np.full((100, 120, 3), 128, np.uint8)


def changed(drawn: np.ndarray) -> np.ndarray:
    return (drawn != GREY).any(axis=-1)


def test_a_box_is_drawn_along_its_sides_only():
    before = GREY.copy()
    drawn = draw_boxes(GREY, np.array([[20, 30, 80, 70]]))
    marked = changed(drawn)
    assert marked[30, 20:80].all()
    assert marked[30:70, 80].all()
    assert not marked[40:60, 30:70].any()
    assert not marked[:25].any()
    np.testing.assert_array_equal(GREY, before)


def test_a_dashed_line_has_gaps_that_are_dark_and_both_corners():
    drawn = draw_boxes(GREY, np.array([[20, 30, 110, 90]]), dashed=True)
    side = drawn[30, 20:110].sum(axis=-1)
    assert {0, 3 * 255} <= set(side.tolist())
    assert side[1] == side[-2] == 3 * 255


def test_classes_have_colours_and_names_stay_inside_the_picture():
    boxes = np.array([[100, 0, 119, 20], [0, 90, 20, 99]])
    drawn = draw_boxes(GREY, boxes, ["a long name", "猫"], np.array([0.9, 0.5]), classes=np.array([0, 3]))
    colours = {tuple(colour) for colour in drawn.reshape(-1, 3).tolist()}
    assert {tuple(colour) for colour in class_colours(4)[[0, 3]].tolist()} <= colours
    assert drawn.shape == GREY.shape
    assert draw_boxes(GREY, np.zeros((0, 4)), [], np.zeros(0), classes=np.zeros(0, int)).tolist() == GREY.tolist()


def test_boxes_beyond_the_picture_and_without_area_are_no_trouble():
    draw_boxes(GREY, np.array([[-50, -50, 500, 500], [10, 10, 10, 10]]), ["x", "y"], dashed=True)


def test_a_mask_colours_its_classes_and_leaves_what_is_ignored():
    mask = np.zeros((100, 120), np.uint8)
    mask[:50] = 2
    mask[90:] = 255
    drawn = draw_mask(GREY, mask, 3, share=1.0)
    assert drawn[0, 0].tolist() == class_colours(3)[2].tolist()
    assert drawn[60, 0].tolist() == class_colours(3)[0].tolist()
    assert not changed(drawn)[90:].any()
    with pytest.raises(PredictionsError, match="does not fit"):
        draw_mask(GREY, mask[:50], 3)


@pytest.mark.parametrize("count", [1, 7, 8, 60, 255])
def test_classes_differ_in_colour(count):
    colours = class_colours(count)
    assert colours.shape == (count, 3)
    assert len(np.unique(colours, axis=0)) == count


def test_examples_keep_the_place_of_boxes_and_say_what_is_in_them():
    answer = SimpleNamespace(
        boxes=np.array([[60.0, 50, 120, 100], [0, 0, 10, 10]]), scores=np.array([0.4, 0.2]), classes=np.array([1, 0])
    )
    example = detection_example(GREY, np.zeros((0, 5)), answer, ["a", "b"], score_threshold=0.3, name="1.jpg")
    assert example.picture.shape == example.predicted.shape == (400, 480, 3)
    marked = (example.predicted != example.picture).any(axis=-1)
    assert marked[200:, 240].all()
    assert not marked[:150].any()
    assert example.caption == "0 boxes true, 1 answered"


def test_examples_of_masks_and_numbers_are_captioned():
    true, predicted = np.zeros((100, 120), int), np.zeros((100, 120), int)
    true[:50], predicted[:25] = 255, 1
    assert segmentation_example(GREY, true, predicted, "ab").caption == "100 % of its pixels right"
    example = regression_example(GREY, np.array([3.14159]), np.array([1200.0]), ["x"])
    assert (example.caption, example.true) == ("x 3.14, predicted 1,200", None)
