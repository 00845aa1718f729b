"""Collages show several objects side by side, each with its box."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, draw_collages, read_dataset

BACKGROUND, COLOURS = (40, 40, 40), {"red": (220, 20, 20), "blue": (20, 20, 220)}
SIZE = (96, 128)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Plain pictures with one or two rectangles, and one with nothing."""
    folder = tmp_path_factory.mktemp("drawn")
    random = np.random.default_rng(5)
    images, annotations = [], []
    for number in range(6):
        height, width = random.integers(90, 200, 2)
        pixels = np.tile(np.uint8(BACKGROUND), (height, width, 1))
        pixels[:4] += np.uint8(number)  # so that no two are copies
        for column in range(min(number, 2)):
            name = list(COLOURS)[column]
            left, top = random.integers(5, 15, 2) + np.array([column * width // 2, 0])
            side_x, side_y = random.integers(20, 30, 2)
            pixels[top : top + side_y, left : left + side_x] = COLOURS[name]
            box = [int(left), int(top), int(side_x), int(side_y)]
            annotations.append({"image_id": number, "category_id": 1 + column, "bbox": box, "id": len(annotations)})
        Image.fromarray(pixels).save(folder / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": int(width), "height": int(height)})
    categories = [{"id": 1, "name": "red"}, {"id": 2, "name": "blue"}]
    (folder / "boxes.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )
    return audit_dataset(read_dataset(folder)).dataset


def test_every_box_holds_its_object_and_no_object_is_without_one(tmp_path, dataset):
    drawn = draw_collages(dataset, tmp_path, count=30, image_size=SIZE, seed=0)
    assert len(drawn) == 30
    for path, boxes in zip(drawn.paths(), drawn.boxes(), strict=True):
        pixels = np.asarray(Image.open(path)).astype(int)
        assert pixels.shape == (*SIZE, 3)
        assert len(boxes) >= 2
        covered = np.zeros(SIZE, bool)
        for left, top, right, bottom, number in boxes:
            assert 0 <= left < right <= SIZE[1]
            assert 0 <= top < bottom <= SIZE[0]
            inner = pixels[round(top + 2) : round(bottom - 2), round(left + 2) : round(right - 2)]
            assert np.abs(inner - COLOURS[drawn.class_names[int(number)]]).max() <= 2
            covered[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))] = True
        coloured = np.abs(pixels - BACKGROUND).max(axis=2) > 100
        # What a seam cuts off an object may be too little to be marked: less than a quarter of it.
        assert (coloured & ~covered).sum() <= 0.05 * coloured.sum() + 400
        assert (coloured & covered).sum() >= 0.6 * covered.sum()


def test_a_collage_depends_on_its_number_and_the_seed_alone(tmp_path, dataset):
    few = draw_collages(dataset, tmp_path / "few", count=3, image_size=SIZE, seed=1)
    more = draw_collages(dataset, tmp_path / "more", count=5, image_size=SIZE, seed=1)
    other = draw_collages(dataset, tmp_path / "other", count=3, image_size=SIZE, seed=2)
    for column in ("target", "sha256"):
        assert list(few.frame[column]) == list(more.frame[column][:3])
        assert set(few.frame[column]).isdisjoint(other.frame[column])
    assert len(set(more.frame["sha256"])) == 5


def test_collages_are_examples_like_others(tmp_path, dataset):
    drawn = draw_collages(dataset, tmp_path, count=2, image_size=SIZE, seed=0)
    assert set(dataset.frame.columns) - {"stated_width", "stated_height"} <= set(drawn.frame.columns)
    assert set(drawn.frame["split"]) == {"train"}
    assert list(drawn.frame["height"]) == [SIZE[0]] * 2
    assert drawn.class_names == dataset.class_names


def test_ignored_objects_are_ignored_in_collages_too(tmp_path, dataset):
    target = dataset.frame["target"].map(
        lambda text: json.dumps([*json.loads(text)[:1], ["red", 0, 0, 90, 90, "crowd"]])
    )
    marked = replace(dataset, frame=dataset.frame.assign(target=target))
    drawn = draw_collages(marked, tmp_path, count=8, image_size=SIZE, seed=0)
    assert all(len(boxes) for boxes in drawn.boxes())
    ignored = np.concatenate(drawn.ignored_boxes())
    assert len(ignored) >= 8
    assert (ignored[:, 2:4] <= SIZE[::-1]).all()
    assert set(ignored[:, 5]) == {1}
