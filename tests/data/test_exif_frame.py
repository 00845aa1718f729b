"""Annotations of photos that EXIF turns: turned where the stated size proves it, named where nothing does."""

import json

import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, decode_image, read_dataset, read_mask
from headstart.data.exif_frame import stored_to_upright
from headstart.data.images import TRANSPOSES
from headstart.data.rle import text_of
from headstart.task_spec import DETECTION, SEGMENTATION

STORED = np.zeros((40, 60), bool)  # height, width
STORED[5:15, 10:40] = True
BOX = [10, 5, 30, 10]  # left, top, width, height
SQUARE = [10, 5, 40, 5, 40, 15, 10, 15]


def photos(root, *, orientation, stated, size=(60, 40), segmentation=(SQUARE,)):
    pixels = np.full((size[1], size[0], 3), 30, np.uint8)
    pixels[5:15, 10:40] = 250
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(root / "a.jpg", exif=exif, quality=95)
    entry = {"id": 0, "file_name": "a.jpg"} | dict(zip(("width", "height"), stated, strict=False))
    mark = {"id": 0, "image_id": 0, "category_id": 1, "bbox": BOX, "segmentation": segmentation}
    content = {"images": [entry], "annotations": [mark], "categories": [{"id": 1, "name": "cat"}]}
    (root / "all.json").write_text(json.dumps(content))
    return root


def audited(root, task=DETECTION):
    return audit_dataset(read_dataset(root, task=task), min_classes=1)


def kinds(audit) -> set[str]:
    return set(audit.findings["kind"]) - {"exif_rotation", "class_too_small"}


@pytest.mark.parametrize("orientation", sorted(TRANSPOSES))
def test_places_move_as_pillow_turns_the_image(orientation):
    turned = np.asarray(Image.fromarray(STORED).transpose(TRANSPOSES[orientation]))
    matrix = stored_to_upright(orientation, turned.shape)
    corners = np.array([[10, 5, 1], [40, 15, 1]]) @ matrix.T
    (left, top), (right, bottom) = corners[:, :2].min(axis=0).astype(int), corners[:, :2].max(axis=0).astype(int)
    expected = np.zeros_like(turned)
    expected[top:bottom, left:right] = True
    assert np.array_equal(turned, expected)


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
@pytest.mark.parametrize("form", ["polygon", "runs"])
def test_what_was_drawn_on_the_stored_image_is_turned_with_it(tmp_path, orientation, form):
    runs = {"size": [40, 60], "counts": text_of(STORED)}
    photos(tmp_path, orientation=orientation, stated=(60, 40), segmentation=[SQUARE] if form == "polygon" else runs)
    audit = audited(tmp_path)
    ((left, top, right, bottom, _),) = audit.dataset.boxes()[0].astype(int)
    bright = decode_image(tmp_path / "a.jpg")[..., 0] > 140
    assert bright[top:bottom, left:right].mean() > 0.9
    assert bright.sum() == pytest.approx((right - left) * (bottom - top), rel=0.1)
    assert kinds(audit) == {"turned_annotation"}
    masks = audited(tmp_path, SEGMENTATION)
    assert ((read_mask(masks.dataset, 0) == 1) == bright).mean() > 0.98
    assert kinds(masks) == {"turned_annotation"}


def test_what_was_drawn_on_the_upright_image_stays(tmp_path):
    audit = audited(photos(tmp_path, orientation=6, stated=(40, 60)))
    assert audit.dataset.boxes()[0].tolist() == [[10, 5, 40, 15, 0]]
    assert not kinds(audit)


@pytest.mark.parametrize(
    ("orientation", "stated", "size"),
    [(6, (), (60, 40)), (6, (60, 60), (60, 60)), (3, (60, 40), (60, 40)), (2, (), (60, 40)), (6, (120, 80), (60, 40))],
)
def test_where_nothing_tells_it_is_said_that_it_is_not_known(tmp_path, orientation, stated, size):
    audit = audited(photos(tmp_path, orientation=orientation, stated=stated, size=size))
    assert kinds(audit) - {"wrong_size"} == {"unknown_frame"}
    assert audit.dataset.boxes()[0].tolist() == [[10, 5, 40, 15, 0]]


def test_an_image_that_is_not_turned_or_holds_nothing_needs_no_proof(tmp_path):
    assert not kinds(audited(photos(tmp_path, orientation=1, stated=())))
