"""Which class a place of a map shows, and that no class, picture or rarity takes more than its share of places."""

import numpy as np
import pytest

from headstart.features import UNDECIDED, box_places, choose_places, mask_places


def test_the_middle_of_a_box_is_its_class_the_rest_of_it_undecided_and_outside_is_background():
    places = box_places(np.array([[0.0, 0, 64, 64, 1]]), (6, 6), (96, 96), background=2)
    expected = np.full((6, 6), 2)
    expected[:4, :4] = UNDECIDED
    expected[1:3, 1:3] = 1
    assert places.tolist() == expected.tolist()


def test_a_box_smaller_than_a_place_marks_the_place_with_its_centre():
    places = box_places(np.array([[33.0, 50, 36, 53, 0]]), (6, 6), (96, 96), background=1)
    assert np.argwhere(places == 0).tolist() == [[3, 2]]


def test_the_smaller_of_two_boxes_is_in_front():
    boxes = np.array([[40.0, 40, 56, 56, 0], [0, 0, 96, 96, 1]])
    places = box_places(boxes, (6, 6), (96, 96), background=2)
    assert sorted(set(places[2:4, 2:4].ravel())) == [0]
    assert 1 in places


def test_without_boxes_all_is_background():
    assert (box_places(np.zeros((0, 5)), (2, 3), (32, 48), background=4) == 4).all()


def test_more_than_half_of_the_pixels_decide_a_place():
    mask = np.zeros((8, 12), np.uint8)
    mask[:, 4:8] = 255
    mask[:4, 8:10] = 1  # half of the last place of the first row
    mask[4:, 8:11] = 1  # three quarters below
    assert mask_places(mask, (2, 3), num_classes=2).tolist() == [[0, UNDECIDED, UNDECIDED], [0, UNDECIDED, 1]]


@pytest.mark.parametrize("grid", [(3, 3), (5, 7)])
def test_maps_need_not_divide_the_picture(grid):
    assert (mask_places(np.ones((16, 16), np.uint8), grid, num_classes=2) == 1).all()


def test_places_are_shared_out_between_classes_and_pictures():
    places = np.zeros((40, 10, 10), np.int64)
    places[:, 0, :3] = 1
    chosen = choose_places(places, np.arange(40), seed=0, min_groups=3, max_places=200, max_a_picture=16)
    counts = chosen["number"].value_counts()
    assert counts.to_dict() == {0: 100, 1: 100}
    assert chosen.groupby(["picture", "number"]).size().max() <= 16
    assert (places[tuple(chosen[["picture", "row", "column"]].to_numpy().T)] == chosen["number"]).all()
    assert chosen["picture"].is_monotonic_increasing
    assert chosen.equals(choose_places(places, np.arange(40), seed=0, min_groups=3, max_places=200, max_a_picture=16))


def test_classes_that_too_few_groups_show_are_left_out():
    places = np.zeros((9, 2, 2), np.int64)
    places[:4, 0, 0] = 1
    places[8] = UNDECIDED
    groups = np.array([0, 0, 1, 1, 2, 3, 4, 5, 6])
    assert set(choose_places(places, groups, seed=0, min_groups=3)["number"]) == {0}
    assert set(choose_places(places, np.arange(9), seed=0, min_groups=3)["number"]) == {0, 1}
    assert choose_places(np.full((3, 2, 2), UNDECIDED), np.arange(3), seed=0, min_groups=3).empty
