"""The resize inside exported files gives Pillow's pixels."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.artifacts.pillow_resize import resized
from headstart.data import resize_image

SIZES = {"square": (24, 24), "wide": (17, 40)}
GRAPHS = {
    (name, mode): tf.function(
        lambda images, size=size, mode=mode: resized(images, size, mode),
        input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)],
    )
    for name, size in SIZES.items()
    for mode in ("stretch", "pad", "crop")
}
sides = st.integers(1, 120)


def pictures(height: int, width: int, seed: int) -> np.ndarray:
    """Noise, or black and white in turn: where rounding and overshooting would be seen first."""
    noise = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    return noise if seed % 2 else (noise > 127).astype(np.uint8) * 255


@pytest.mark.parametrize("mode", ["stretch", "pad", "crop"])
@settings(max_examples=30, deadline=None)
@given(height=sides, width=sides, seed=st.integers(0, 1000))
def test_a_square_target_gets_the_very_pixels_that_pillow_gives(mode, height, width, seed):
    images = pictures(height, width, seed)
    expected = np.stack([resize_image(image, SIZES["square"], mode) for image in images])
    np.testing.assert_array_equal(GRAPHS["square", mode](images).numpy(), expected)


@pytest.mark.parametrize("mode", ["stretch", "pad", "crop"])
@settings(max_examples=30, deadline=None)
@given(height=sides, width=sides, seed=st.integers(0, 1000))
def test_a_wide_target_differs_by_a_level_or_two_in_rare_pixels_of_crops_at_most(mode, height, width, seed):
    images = pictures(height, width, seed)
    expected = np.stack([resize_image(image, SIZES["wide"], mode) for image in images]).astype(float)
    difference = np.abs(GRAPHS["wide", mode](images).numpy() - expected)
    # Pillow keeps the edges of a crop in float32.
    assert difference.max() <= (2 if mode == "crop" else 0)
    assert (difference > 0).mean() < 0.1  # of a picture that hypothesis chose to be bad; 0.0006 on average


def test_a_large_photograph_gets_the_very_pixels_that_pillow_gives():
    image = pictures(1200, 900, seed=1)[:1]
    np.testing.assert_array_equal(
        GRAPHS["square", "stretch"](image).numpy()[0], resize_image(image[0], SIZES["square"])
    )


def test_pictures_of_the_right_size_are_left_alone():
    images = pictures(24, 24, seed=3)
    for mode in ("stretch", "pad", "crop"):
        np.testing.assert_array_equal(GRAPHS["square", mode](images).numpy(), images)
