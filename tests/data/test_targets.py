"""Targets move as their picture does: boxes and masks in views, from the bank and epoch by epoch alike."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from headstart.data import (
    IGNORED_CLASS,
    Augmentation,
    BoxTargets,
    Dataset,
    ImageSource,
    MaskTargets,
    SideBySide,
    evaluation_batches,
    training_batches,
    view_batches,
    view_matrices,
)
from headstart.task_spec import DETECTION, SEGMENTATION

SIZE = (48, 64)
MOVES = Augmentation(horizontal_flip=True, rotation_degrees=20, zoom=0.3, translation=0.1, edges="grey")
HASHES = np.array([11, 222, 3333])


@pytest.fixture(scope="module")
def boxes_and_masks(tmp_path_factory):
    """Three black pictures with one white rectangle each, as boxes and as masks."""
    root = tmp_path_factory.mktemp("rectangles")
    rows = []
    for number, (x, y, width, height) in enumerate([(10, 8, 20, 12), (30, 20, 16, 20), (20, 12, 24, 24)]):
        pixels = np.zeros(SIZE, np.uint8)
        pixels[y : y + height, x : x + width] = 1
        Image.fromarray(pixels).save(root / f"mask-{number}.png")
        Image.fromarray(pixels * 255).convert("RGB").save(root / f"{number}.png")
        box = json.dumps([["thing", x, y, x + width, y + height]])
        rows.append((f"{number}.png", box, json.dumps({"mask": f"mask-{number}.png"})))
    frame = pd.DataFrame(rows, columns=["path", "box", "mask"]).assign(group="", split="", width=64, height=48)
    detection = Dataset(frame.rename(columns={"box": "target"}), ("thing",), root, task=DETECTION)
    masks = Dataset(
        frame.rename(columns={"mask": "target"}),
        ("background", "thing"),
        root,
        task=SEGMENTATION,
        mask_values={0: "background", 1: "thing"},
    )
    return detection, masks


def pictures(dataset):
    return ImageSource(dataset.paths(), image_size=SIZE)


def views_of(dataset, num_views=6):
    rows = [(example, view) for example in range(3) for view in range(num_views)]
    batch = [tuple(np.array(rows).T)]
    made = view_batches(pictures(dataset), batch, picture_hashes=HASHES, augmentation=MOVES, seed=5)
    matrices = view_matrices(HASHES, augmentation=MOVES, seed=5, num_views=num_views, image_size=SIZE)
    return np.array(rows)[:, 0], next(iter(made)), matrices.reshape(-1, 3, 3)


def test_the_plain_view_moves_nothing(boxes_and_masks):
    detection, masks = boxes_and_masks
    matrices = view_matrices(HASHES, augmentation=MOVES, seed=5, num_views=3, image_size=SIZE)
    assert np.array_equal(matrices[:, 0], np.tile(np.eye(3), (3, 1, 1)))
    boxes = BoxTargets(detection, image_size=SIZE, resize_mode="stretch").load_batch(np.arange(3), matrices[:, 0])
    assert np.allclose(boxes[:, 0, :4], [boxes[0, :4] for boxes in detection.boxes()])
    plain = MaskTargets(masks, image_size=SIZE, resize_mode="stretch").load_batch(np.arange(3), matrices[:, 0])
    assert np.array_equal(plain, pictures(masks).load_all()[..., 0] // 255)


def test_ignored_boxes_move_along_under_a_class_of_their_own(boxes_and_masks):
    detection, _ = boxes_and_masks
    boxes = [["thing", 8, 8, 16, 16], ["thing", 40, 10, 64, 20, "crowd"]]
    dataset = Dataset(
        detection.frame.iloc[:1].assign(target=json.dumps(boxes)), ("other", "thing"), detection.root, task=DETECTION
    )
    targets = BoxTargets(dataset, image_size=SIZE, resize_mode="stretch")
    assert targets.load_batch(np.arange(1), np.eye(3)[None]).tolist() == [
        [[8, 8, 16, 16, 1], [40, 10, 64, 20, IGNORED_CLASS - 1]]
    ]
    shifted = np.array([[[1, 0, -4], [0, 1, 0], [0, 0, 1]]], float)  # all but 20 columns of the ignored one are left
    (moved,) = targets.load_batch(np.arange(1), shifted).tolist()
    assert moved == [[12, 8, 20, 16, 1], [44, 10, 64, 20, IGNORED_CLASS - 1]]


def test_masks_show_what_the_varied_picture_shows(boxes_and_masks):
    _, masks = boxes_and_masks
    examples, varied, matrices = views_of(masks)
    moved = MaskTargets(masks, image_size=SIZE, resize_mode="stretch").load_batch(examples, matrices)
    for picture, mask in zip(varied, moved, strict=True):
        inside = mask != 255
        assert ((picture[..., 0] > 128) == (mask == 1))[inside].mean() > 0.98  # all but pixels along the edges
        if not inside.all():  # what came into view is grey, and ignored
            assert np.median(picture[..., 0][~inside]) == 128


def test_boxes_surround_what_the_varied_picture_shows(boxes_and_masks):
    detection, _ = boxes_and_masks
    examples, varied, matrices = views_of(detection)
    moved = BoxTargets(detection, image_size=SIZE, resize_mode="stretch").load_batch(examples, matrices)
    for picture, ((*box, number),) in zip(varied, moved, strict=True):
        rows, columns = np.nonzero(picture[..., 0] > 200)
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert number == 0
        assert np.abs(np.array(box) - seen).max() <= 2.5


def test_epochs_from_pixels_move_targets_with_their_pictures(boxes_and_masks):
    _, masks = boxes_and_masks
    targets = MaskTargets(masks, image_size=SIZE, resize_mode="stretch")
    batches = training_batches(pictures(masks), targets, batch_size=2, seed=1, phase=2, augmentation=MOVES)
    for images, moved in batches.dataset.take(6):
        inside = moved.numpy() != 255
        assert ((images.numpy()[..., 0] > 128) == (moved.numpy() == 1))[inside].mean() > 0.97


def test_rows_of_a_bank_bring_the_targets_of_their_view(boxes_and_masks):
    detection, _ = boxes_and_masks
    _, _, matrices = views_of(detection)
    matrices = matrices.reshape(3, 6, 3, 3)
    targets = BoxTargets(detection, image_size=SIZE, resize_mode="stretch")
    batches = training_batches(Named(), targets, batch_size=3, seed=1, phase=1, view_matrices=matrices)
    for (names, doubled), moved in batches.dataset.take(4):
        examples, views = names.numpy().astype(int).T
        assert np.array_equal(doubled.numpy(), 2 * names.numpy())
        assert np.array_equal(moved.numpy(), targets.load_batch(examples, matrices[examples, views]))


def test_evaluation_sees_plain_targets(boxes_and_masks):
    detection, _ = boxes_and_masks
    targets = BoxTargets(detection, image_size=SIZE, resize_mode="stretch")
    ((_, plain),) = evaluation_batches(pictures(detection), batch_size=3, targets=targets)
    assert np.allclose(plain.numpy()[:, 0, :4], [boxes[0, :4] for boxes in detection.boxes()])


class Rows:
    """Rows that say which example and view they are, times a factor."""

    num_views = 6
    shape = (2,)
    dtype = np.dtype(np.float16)
    failure = None

    def __init__(self, factor):
        self.factor = factor

    def __len__(self):
        return 3

    def load_batch(self, examples, views):
        return self.factor * np.stack([examples, views], axis=1).astype(np.float16)


class Named(SideBySide):
    def __init__(self):
        super().__init__([Rows(1), Rows(2)])
