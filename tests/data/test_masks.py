"""Masks: what each pixel means, and the same pixels after resizing."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from headstart.data import IGNORED, OTHER_VALUES, Dataset, read_mask, resize_image, resize_mask
from headstart.data.annotations import Outline, mask_to_text, outlines_to_text
from headstart.data.dataset import frame_from_rows
from headstart.data.images import RESIZE_MODES
from headstart.data.masks import draw_outlines
from headstart.errors import UnreadableImageError
from headstart.task_spec import SEGMENTATION

CLASSES = ("background", "cell")


def dataset_of(root, target, mask_values, class_names=CLASSES) -> Dataset:
    frame = frame_from_rows([("1.png", target, "", "")])
    return Dataset(frame, class_names, root, task=SEGMENTATION, mask_values=mask_values)


def mask_of(root, image: Image.Image, mask_values, name="mask.png") -> list:
    image.save(root / name)
    return read_mask(dataset_of(root, mask_to_text(name), mask_values), 0).tolist()


def test_values_become_class_numbers_and_the_rest_is_ignored(tmp_path):
    image = Image.fromarray(np.array([[0, 7, 9]], np.uint8))
    assert mask_of(tmp_path, image, {7: "background", 0: "cell"}) == [[1, 0, IGNORED]]


def test_other_values_stand_for_all_that_are_not_listed(tmp_path):
    image = Image.fromarray(np.array([[0, 300, 65535, 255]], np.uint16))
    values = {0: "background", 255: "", OTHER_VALUES: "cell"}
    assert mask_of(tmp_path, image, values) == [[0, 1, 1, IGNORED]]


@pytest.mark.parametrize("mode", ["P", "RGB", "RGBA", "1"])
def test_palette_grey_colours_and_black_and_white_are_read_by_their_numbers(tmp_path, mode):
    numbers = np.array([[0, 1]], np.uint8)
    if mode == "P":
        image = Image.fromarray(numbers).convert("P")
        image.putpalette([200, 0, 0, 0, 200, 0])
    elif mode == "1":
        image = Image.fromarray(numbers * 255).convert("1")
    else:
        image = Image.fromarray(np.repeat(numbers[..., None], 3, axis=2)).convert(mode)
    assert mask_of(tmp_path, image, {0: "background", 1: "cell"}) == [[0, 1]]


def test_a_colour_picture_and_a_damaged_file_are_no_masks(tmp_path):
    with pytest.raises(UnreadableImageError, match="one number a pixel"):
        mask_of(tmp_path, Image.new("RGB", (4, 4), "red"), {0: "background"})
    (tmp_path / "mask.png").write_bytes(b"\x89PNG nothing")
    with pytest.raises(UnreadableImageError, match="mask"):
        read_mask(dataset_of(tmp_path, mask_to_text("mask.png"), {}), 0)


def test_outlines_are_filled_in_order(tmp_path):
    Image.new("RGB", (6, 4)).save(tmp_path / "1.png")
    outlines = [Outline("cell", (1, 1, 5, 1, 5, 3, 1, 3)), Outline("background", (2, 1, 3, 1, 3, 3, 2, 3))]
    dataset = dataset_of(tmp_path, outlines_to_text(outlines), {0: "background", 1: "cell"})
    assert read_mask(dataset, 0).tolist() == [[0] * 6, [0, 1, 0, 1, 1, 0], [0, 1, 0, 1, 1, 0], [0] * 6]


def test_what_no_outline_covers_may_be_ignored(tmp_path):
    Image.new("RGB", (3, 2)).save(tmp_path / "1.png")
    dataset = dataset_of(tmp_path, outlines_to_text([]), {0: ""})
    assert (read_mask(dataset, 0) == IGNORED).all()


@settings(deadline=None, max_examples=60)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    image_size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    mode=st.sampled_from(RESIZE_MODES),
)
def test_a_resized_mask_invents_no_value(size, image_size, mode):
    mask = np.random.default_rng(0).integers(0, 5, size, np.uint8)
    resized = resize_mask(mask, image_size, mode)
    assert resized.shape == image_size
    assert set(np.unique(resized)) <= set(np.unique(mask)) | ({IGNORED} if mode == "pad" else set())


@settings(deadline=None, max_examples=60)
@given(size=st.tuples(st.integers(20, 90), st.integers(20, 90)), mode=st.sampled_from(RESIZE_MODES))
def test_a_resized_mask_lies_on_the_resized_picture(size, mode):
    mask = np.zeros(size, np.uint8)
    mask[size[0] // 3 :, size[1] // 2 :] = 1
    picture = np.repeat(mask[..., None] * 255, 3, axis=2)
    resized = resize_mask(mask, (64, 48), mode)
    shown = resize_image(picture, (64, 48), mode)[..., 0]
    known = resized != IGNORED
    assert known.any()
    # Only at the edge, where the picture is blurred, may the two disagree.
    assert ((shown > 127) != (resized == 1))[known].mean() < 0.08
    assert (shown[~known] == 0).all()


@given(size=st.tuples(st.integers(1, 30), st.integers(1, 30)), times=st.integers(1, 3))
def test_a_mask_enlarged_by_whole_numbers_comes_back(size, times):
    mask = np.random.default_rng(1).integers(0, 4, size, np.uint8)
    larger = resize_mask(mask, (size[0] * times, size[1] * times))
    assert (larger == np.kron(mask, np.ones((times, times), np.uint8))).all()
    assert (resize_mask(larger, size) == mask).all()


@settings(deadline=None, max_examples=60)
@given(
    corners=st.lists(st.tuples(st.integers(-4, 24), st.integers(-4, 20)), min_size=3, max_size=7),
    size=st.tuples(st.integers(1, 16), st.integers(1, 20)),
)
def test_a_filled_outline_covers_the_pixels_whose_centres_lie_inside(corners, size):
    dataset = dataset_of(Path(), "", {0: "background", 1: "cell"})
    line = [value for corner in corners for value in corner]
    mask = draw_outlines([Outline("cell", tuple(line))], size, dataset)
    centres = np.stack(np.meshgrid(np.arange(size[1]) + 0.5, np.arange(size[0]) + 0.5), axis=-1)
    inside = np.zeros(size, bool)
    for (x, y), (next_x, next_y) in zip(corners, [*corners[1:], corners[0]], strict=True):
        with np.errstate(all="ignore"):
            crossing = x + (centres[..., 1] - y) / (next_y - y) * (next_x - x)
        inside ^= ((y > centres[..., 1]) != (next_y > centres[..., 1])) & (centres[..., 0] >= crossing)
    assert (mask == inside).all()
