"""Masks as runs of pixels: sound ones are what pycocotools says, hostile ones are refused before it sees them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import _mask as coco_mask  # its decode() in pycocotools.mask makes numpy warn

from headstart.data.rle import area_of, bounds_of, mask_of, runs_of, text_of


def random_mask(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width)) < 0.4


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 90), st.integers(1, 90))
def test_text_and_numbers_give_the_mask_that_was_encoded(seed, height, width):
    mask = random_mask(seed, height, width)
    text = text_of(mask)
    runs, value = [0], False
    for pixel in mask.ravel("F").tolist():
        if pixel != value:
            runs.append(0)
            value = pixel
        runs[-1] += 1
    assert np.array_equal(mask_of((height, width), text), mask)
    assert runs_of({"size": [height, width], "counts": runs}) == ((height, width), text)
    assert area_of((height, width), text) == mask.sum()


def test_bounds_are_those_of_the_pixels_inside():
    mask = np.zeros((40, 60), bool)
    mask[5:9, 10:30] = True
    assert bounds_of(mask.shape, text_of(mask)) == (10, 5, 30, 9)


@pytest.mark.parametrize(
    ("size", "counts"),
    [
        ([10, 10], [50, 51]),
        ([10, 10], [50, 49]),
        ([10, 10], [-1, 101]),
        ([10, 10], [2**64, 100]),
        ([10, 10], [50.0, 50]),
        ([10, 10], ["50", "50"]),
        ([10, 10], None),
        ([10, 10], {}),
        ([10, 10], ""),
        ([10, 10], "é"),
        ([10, 10], "\x00"),
        ([10, 10], "oooooooooooooooo"),
        ([10, 10], "o" * 40 + "0"),
        ([10, 10], "PPPPPPPPPP1"),
        ([10**9, 10**9], [10**18]),
        ([100_000, 10_000], [10**9]),
        ([-10, -10], [100]),
        ([0, 0], []),
        ([10.0, 10], [100]),
        ([True, 100], [100]),
        ([10], [10]),
        (None, [100]),
        ("1010", [100]),
        ([2**63, 2], "0"),
    ],
)
def test_what_is_no_mask_is_refused(size, counts):
    with pytest.raises(ValueError, match=r"counts|size"):
        runs_of({"size": size, "counts": counts})


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=[chr(code) for code in range(48, 112)], max_size=12))
def test_any_text_is_refused_or_decoded_as_pycocotools_decodes_it(text):
    try:
        mask = mask_of((7, 9), text)
    except ValueError:
        return
    assert np.array_equal(mask, np.asarray(coco_mask.decode([{"size": [7, 9], "counts": text.encode()}]))[..., 0] == 1)
