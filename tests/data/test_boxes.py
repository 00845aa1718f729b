"""Boxes go where the pixels go, and come back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.data import clipped_boxes, iou, moved_boxes, resize_image, resize_matrix
from headstart.data.images import RESIZE_MODES
from headstart.errors import ImageSizeError, RecipeError

sides = st.integers(1, 600)
sizes = st.tuples(sides, sides)
modes = st.sampled_from(RESIZE_MODES)
places = st.floats(-200, 800, allow_nan=False, width=32)
boxes = st.lists(
    st.tuples(places, places, places, places).map(
        lambda box: (min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3]))
    ),
    max_size=5,
).map(lambda rows: np.array(rows, np.float64).reshape(-1, 4))


def flip_matrix(width: float) -> np.ndarray:
    return np.array([[-1, 0, width], [0, 1, 0], [0, 0, 1]], float)


@settings(deadline=None)
@given(boxes, sizes, sizes, modes, st.booleans())
def test_boxes_come_back_after_every_resize_and_flip(boxes, original_size, image_size, mode, flipped):
    matrix = resize_matrix(original_size, image_size, mode)
    if flipped:
        matrix = flip_matrix(image_size[1]) @ matrix
    back = moved_boxes(moved_boxes(boxes, matrix), np.linalg.inv(matrix))
    np.testing.assert_allclose(back, boxes, atol=0.01)


@pytest.mark.parametrize("mode", RESIZE_MODES)
@pytest.mark.parametrize("original_size", [(120, 200), (200, 120), (90, 90), (37, 251)])
@pytest.mark.parametrize("image_size", [(96, 96), (64, 150), (300, 240)])
def test_the_matrix_is_what_resizing_does(mode, original_size, image_size):
    height, width = original_size
    # In the middle, so that no mode cuts it off.
    block = np.array([[width // 2 - 11, height // 2 - 7, width // 2 + 9, height // 2 + 10]], float)
    picture = np.zeros((height, width, 3), np.uint8)
    picture[int(block[0, 1]) : int(block[0, 3]), int(block[0, 0]) : int(block[0, 2])] = 255
    resized = resize_image(picture, image_size, mode)[..., 0] > 127
    rows, columns = np.flatnonzero(resized.any(axis=1)), np.flatnonzero(resized.any(axis=0))
    found = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    moved = moved_boxes(block, resize_matrix(original_size, image_size, mode))
    np.testing.assert_allclose(clipped_boxes(moved, image_size)[0], found, atol=1)


@settings(deadline=None)
@given(sizes, sizes, modes)
def test_the_whole_picture_fills_or_is_filled_as_the_mode_says(original_size, image_size, mode):
    whole = np.array([[0, 0, original_size[1], original_size[0]]], float)
    moved = moved_boxes(whole, resize_matrix(original_size, image_size, mode))[0]
    outside = [-moved[0], -moved[1], moved[2] - image_size[1], moved[3] - image_size[0]]
    if mode == "pad":
        assert max(outside) < 1e-6
    else:
        assert min(outside) > -1e-6
    if mode == "stretch":
        np.testing.assert_allclose(outside, 0, atol=1e-6)


def test_further_columns_are_kept():
    boxes = np.array([[10, 20, 30, 40, 7, 0.5]], float)
    assert moved_boxes(boxes, flip_matrix(100)).tolist() == [[70, 20, 90, 40, 7, 0.5]]
    assert clipped_boxes(boxes, (30, 25)).tolist() == [[10, 20, 25, 30, 7, 0.5]]


def test_a_quarter_turn_keeps_boxes_upright():
    turn = np.array([[0, -1, 50], [1, 0, 0], [0, 0, 1]], float)
    assert moved_boxes(np.array([[10, 20, 15, 40]], float), turn).tolist() == [[10, 10, 30, 15]]


@given(boxes, sizes, st.floats(0, 1))
def test_clipped_boxes_lie_inside_and_keep_enough(boxes, image_size, min_visible):
    clipped = clipped_boxes(boxes, image_size, min_visible=min_visible)
    assert (clipped >= 0).all()
    assert (clipped[:, [2, 3]] <= [image_size[1], image_size[0]]).all()
    assert (clipped[:, 2:] > clipped[:, :2]).all()
    assert len(clipped) <= len(clipped_boxes(boxes, image_size))


def test_min_visible_drops_what_is_mostly_outside():
    boxes = np.array([[-75, 0, 25, 10], [-25, 0, 75, 10], [200, 0, 210, 10]], float)
    assert clipped_boxes(boxes, (100, 100)).tolist() == [[0, 0, 25, 10], [0, 0, 75, 10]]
    assert clipped_boxes(boxes, (100, 100), min_visible=0.5).tolist() == [[0, 0, 75, 10]]


@given(boxes, boxes)
def test_iou_lies_between_0_and_1_and_is_symmetric(boxes, others):
    overlaps = iou(boxes, others)
    assert overlaps.shape == (len(boxes), len(others))
    assert ((overlaps >= 0) & (overlaps <= 1 + 1e-9)).all()
    np.testing.assert_allclose(overlaps, iou(others, boxes).T)


def test_iou_of_known_boxes():
    boxes = np.array([[0, 0, 10, 10], [5, 5, 5, 9]], float)
    others = np.array([[0, 0, 10, 10, 3], [5, 0, 15, 10, 3], [20, 20, 30, 30, 3], [5, 5, 5, 9, 3]], float)
    np.testing.assert_allclose(iou(boxes, others), [[1, 1 / 3, 0, 0], [0, 0, 0, 0]])


def test_impossible_resizes_are_refused_as_for_pictures():
    with pytest.raises(RecipeError):
        resize_matrix((10, 10), (5, 5), "squeeze")
    with pytest.raises(ImageSizeError):
        resize_matrix((10, 10), (0, 5))
