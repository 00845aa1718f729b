"""Which files an index looks at, in data of any layout."""

import json

import pytest
from PIL import Image

from headstart.errors import DataFormatError
from headstart.similarity import list_pictures


@pytest.fixture
def two_formats(tmp_path):
    """One image with another box in each of two formats."""
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    Image.effect_noise((60, 40), 50).convert("RGB").save(tmp_path / "images" / "1.png")
    (tmp_path / "labels" / "1.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    content = {
        "images": [{"id": 1, "file_name": "1.png"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9]}],
        "categories": [{"id": 1, "name": "cat"}],
    }
    (tmp_path / "all.json").write_text(json.dumps(content))
    return tmp_path


def test_the_format_can_be_chosen_where_two_differ(two_formats):
    with pytest.raises(DataFormatError, match="--format coco or --format yolo"):
        list_pictures(two_formats)
    assert list_pictures(two_formats, format="coco").class_names == ("cat",)


def test_a_test_part_alone_is_looked_at(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "test" / name).mkdir(parents=True)
        Image.effect_noise((60, 40), 50).convert("RGB").save(tmp_path / "test" / name / "1.png")
    assert len(list_pictures(tmp_path)) == 2
