"""Images and their masks are never told apart as if they were classes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data.annotated import Asked
from headstart.data.folders import read_folders
from headstart.errors import DataFormatError

ASKED = Asked("image-classification")


def write_photo(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((64, 48), Image.Resampling.BICUBIC).save(path)


def mask_of(seed: int) -> Image.Image:
    pixels = np.zeros((48, 64), np.uint8)
    pixels[10 : 20 + seed, 5:30] = 255
    pixels[30:40, 40:60] = 128
    return Image.fromarray(pixels)


def write_pairs(root: Path, images: str, masks: str, ending: str = "", suffix: str = ".png") -> Path:
    for number in range(6):
        write_photo(root / images / f"{number:03}.jpg", seed=number)
        (root / masks).mkdir(parents=True, exist_ok=True)
        mask_of(number).save(root / masks / f"{number:03}{ending}{suffix}")
    return root


@pytest.mark.parametrize(
    ("images", "masks", "ending", "suffix"),
    [
        ("images", "labels", "", ".png"),
        ("images", "annotations", "", ".png"),
        ("original", "ground_truth", "", ".png"),
        ("CXR", "left", "_mask", ".png"),
        ("a", "b", "", ".png"),
        ("a", "b", "", ".jpg"),
        ("photos/deep", "areas/deep", "", ".png"),
        ("train/images", "train/labels", "_L", ".png"),
    ],
)
def test_a_folder_with_the_masks_of_another_is_no_class(tmp_path, images, masks, ending, suffix):
    root = write_pairs(tmp_path, images, masks, ending, suffix)
    with pytest.raises(DataFormatError, match="look like images with their masks") as caught:
        read_folders(root, ASKED)
    assert "--task semantic-segmentation" in caught.value.hint
    assert len(read_folders(root, Asked("image-classification", is_format_given=True)).class_names) == 2


@pytest.mark.parametrize("folders", [("benign",), ("benign", "malignant")])
def test_masks_beside_their_images_are_refused(tmp_path, folders):
    for folder in folders:
        for number in range(4):
            write_photo(tmp_path / folder / f"{folder} ({number}).png", seed=number)
            mask_of(number).save(tmp_path / folder / f"{folder} ({number})_mask.png")
    write_photo(tmp_path / "normal" / "1.png")
    with pytest.raises(DataFormatError, match="look like images with their masks"):
        read_folders(tmp_path, ASKED)


def test_classes_that_are_numbered_alike_are_classes(tmp_path):
    for place, folder in enumerate(("cat", "dog", "labels")):
        for number in range(6):
            write_photo(tmp_path / folder / f"{number:03}.jpg", seed=100 * place + number)
    assert read_folders(tmp_path, ASKED).class_names == ("cat", "dog", "labels")


def test_drawings_that_are_numbered_alike_are_classes(tmp_path):
    for folder in ("circles", "squares"):
        (tmp_path / folder).mkdir()
        for number in range(6):
            mask_of(number).save(tmp_path / folder / f"{number}.png")
    assert read_folders(tmp_path, ASKED).class_names == ("circles", "squares")


def test_grey_photographs_that_are_numbered_alike_are_classes(tmp_path):
    for seed, folder in enumerate(("NORMAL", "PNEUMONIA")):
        (tmp_path / folder).mkdir()
        for number in range(6):
            pixels = np.random.default_rng(100 * seed + number).integers(0, 256, (6, 6), dtype=np.uint8)
            Image.fromarray(pixels).resize((64, 48), Image.Resampling.BICUBIC).save(tmp_path / folder / f"{number}.png")
    assert read_folders(tmp_path, ASKED).class_names == ("NORMAL", "PNEUMONIA")
