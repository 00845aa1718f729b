"""Which images are good, which show a defect, and which mask belongs to which image."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data import GOOD, Dataset, audit_dataset, read_dataset, read_defect_mask, split_dataset
from headstart.errors import ClassTooSmallError, DataFormatError, DataNotFoundError, HeadstartError, SplitError
from headstart.task_spec import ANOMALY, CLASSIFICATION

SIZE = (32, 40)


def save_image(path: Path, *, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Hardly different from each other, as images of one product are.
    pixels = np.full((*SIZE, 3), 120) + np.random.default_rng(seed).normal(0, 2, (*SIZE, 3))
    pixels[8:20, 10:30] += 60
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)


def save_mask(path: Path, *, size: tuple[int, int] = SIZE, value: int = 255) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = np.zeros(size, np.uint8)
    mask[4:9, 5:11] = value
    Image.fromarray(mask).save(path)


@pytest.fixture
def published(tmp_path) -> Path:
    """The layout of MVTec AD: 12 good images to train on, 3 good ones and 4 defects of two sorts to test on."""
    for number in range(12):
        save_image(tmp_path / "bottle" / "train" / "good" / f"{number:03}.png", seed=number)
    for number in range(3):
        save_image(tmp_path / "bottle" / "test" / "good" / f"{number:03}.png", seed=100 + number)
    for place, (sort, number) in enumerate((sort, number) for sort in ("scratch", "hole") for number in range(2)):
        save_image(tmp_path / "bottle" / "test" / sort / f"{number:03}.png", seed=200 + place)
        save_mask(tmp_path / "bottle" / "ground_truth" / sort / f"{number:03}_mask.png")
    return tmp_path / "bottle"


def counts(dataset: Dataset) -> dict[tuple[str, str], int]:
    """(part, good or defect) → number of images."""
    return dataset.frame.groupby(["split", "target"]).size().to_dict()


PUBLISHED = {("train", GOOD): 12, ("test", GOOD): 3, ("test", "scratch"): 2, ("test", "hole"): 2}


def test_the_published_layout_is_recognised_without_an_option(published):
    dataset = read_dataset(published)
    assert dataset.task == ANOMALY
    assert counts(dataset) == PUBLISHED
    masks = [path for path in dataset.defect_masks() if path is not None]
    assert sorted(path.name for path in masks) == ["000_mask.png", "000_mask.png", "001_mask.png", "001_mask.png"]
    assert not dataset.remarks


@pytest.mark.parametrize("name", ["Train/GOOD", "training/ok", "train_set/Normal"])
def test_case_and_usual_names_of_folders_do_not_matter(published, name):
    top, good = name.split("/")
    (published / "train" / "good").rename(published / "train" / good)
    (published / "train").rename(published / top)
    (published / "ground_truth").rename(published / "Ground-Truth")
    assert read_dataset(published).task == ANOMALY
    assert counts(read_dataset(published)) == PUBLISHED
    assert sum(path is not None for path in read_dataset(published).defect_masks()) == 4


def test_good_images_alone_are_enough(published):
    shutil.rmtree(published / "test")
    shutil.rmtree(published / "ground_truth")
    assert counts(read_dataset(published)) == {("train", GOOD): 12}


def test_two_classes_to_train_on_are_a_classifier(published):
    (published / "test" / "hole").rename(published / "train" / "hole")
    shutil.rmtree(published / "test" / "scratch")
    shutil.rmtree(published / "ground_truth")
    save_image(published / "test" / "hole" / "0.png")
    assert read_dataset(published).task == CLASSIFICATION


def test_good_images_beside_folders_of_defects_are_read_if_the_task_is_given(published):
    for folder in ("good", "hole", "scratch"):
        shutil.move(published / "test" / folder, published / folder)
    shutil.rmtree(published / "train")
    shutil.rmtree(published / "test")
    dataset = read_dataset(published, task=ANOMALY)
    assert counts(dataset) == {("", GOOD): 3, ("test", "scratch"): 2, ("test", "hole"): 2}
    assert sum(path is not None for path in dataset.defect_masks()) == 4


def test_images_directly_in_a_folder_are_good_and_unlabelled_ones_are_named(tmp_path):
    for number in range(4):
        save_image(tmp_path / "photos" / f"{number}.png", seed=number)
    save_image(tmp_path / "photos" / "unlabelled" / "new.png", seed=9)
    dataset = read_dataset(tmp_path / "photos", task=ANOMALY)
    assert counts(dataset) == {("", GOOD): 4}
    assert [(remark.kind, remark.path) for remark in dataset.remarks] == [("unlabelled", "unlabelled/new.png")]


def test_a_stated_split_is_used_and_validation_is_taken_from_training(published):
    split = split_dataset(audit_dataset(read_dataset(published)).dataset, fractions=(0.6, 0.2, 0.2))
    assert counts(split) == {**PUBLISHED, ("train", GOOD): 9, ("validation", GOOD): 3}
    save_image(published / "validation" / "good" / "0.png", seed=50)
    stated = split_dataset(audit_dataset(read_dataset(published)).dataset)
    assert counts(stated) == {**PUBLISHED, ("validation", GOOD): 1}


def test_good_test_images_are_taken_from_training_where_the_test_part_has_none(published):
    shutil.rmtree(published / "test" / "good")
    split = split_dataset(audit_dataset(read_dataset(published)).dataset, fractions=(0.6, 0.2, 0.2))
    assert counts(split)["test", GOOD] >= 2
    assert counts(split)["test", "hole"] == 2
    assert not set(split.part("train").frame["target"]) - {GOOD}


def test_images_that_hardly_differ_do_not_stick_together_but_exact_copies_do(published):
    dataset = audit_dataset(read_dataset(published)).dataset
    assert dataset.frame["duplicate_group"].nunique() == len(dataset)
    shutil.copy(published / "test" / "good" / "000.png", published / "train" / "good" / "copy.png")
    audit = audit_dataset(read_dataset(published))
    assert [path for path, _ in audit.left_out] == ["train/good/copy.png"]


def test_defects_among_the_images_to_train_on_are_refused(published):
    shutil.move(published / "test" / "hole", published / "train" / "hole")
    with pytest.raises(DataFormatError, match="more than good images") as caught:
        read_dataset(published, task=ANOMALY)
    assert "train/hole" in caught.value.received
    assert "test/DEFECT" in caught.value.hint


def test_a_defect_in_the_validation_part_is_left_out_by_name(published):
    save_image(published / "val" / "hole" / "0.png", seed=70)
    save_image(published / "val" / "good" / "0.png", seed=71)
    dataset = read_dataset(published)
    assert [(remark.kind, remark.path) for remark in dataset.remarks] == [("defect_not_in_test", "val/hole/0.png")]


def test_data_without_good_images_is_refused(published, tmp_path):
    shutil.rmtree(published / "train")
    with pytest.raises((DataFormatError, SplitError), match=r"good|train"):
        read_dataset(published, task=ANOMALY)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataFormatError, match="no folder of good images"):
        read_dataset(tmp_path / "empty", task=ANOMALY)
    with pytest.raises(DataNotFoundError):
        read_dataset(tmp_path / "nothing", task=ANOMALY)


def test_a_folder_of_several_products_names_those_inside(published):
    shutil.copytree(published, published.parent / "capsule")
    with pytest.raises(HeadstartError) as caught:
        read_dataset(published.parent, task=ANOMALY)
    assert "bottle" in str(caught.value)


def test_damaged_good_images_alone_are_refused_by_the_audit(published):
    for path in (published / "train" / "good").iterdir():
        path.write_bytes(b"no image")
    with pytest.raises(ClassTooSmallError, match="no usable good image"):
        audit_dataset(read_dataset(published))


@pytest.mark.parametrize(
    ("size", "value", "kind"),
    [((16, 16), 255, "mask_size"), (SIZE, 0, "empty_defect_mask")],
)
def test_a_mask_that_does_not_fit_leaves_its_image_out(published, size, value, kind):
    save_mask(published / "ground_truth" / "hole" / "000_mask.png", size=size, value=value)
    audit = audit_dataset(read_dataset(published))
    assert kind in set(audit.findings["kind"])
    assert [path for path, _ in audit.left_out] == ["test/hole/000.png"]


def test_a_mask_of_a_good_image_leaves_it_out(published):
    save_mask(published / "ground_truth" / "good" / "000_mask.png")
    audit = audit_dataset(read_dataset(published))
    assert [path for path, _ in audit.left_out] == ["test/good/000.png"]


def test_a_mask_that_is_no_image_leaves_its_image_out(published):
    (published / "ground_truth" / "hole" / "000_mask.png").write_bytes(b"no mask")
    audit = audit_dataset(read_dataset(published))
    assert [path for path, reason in audit.left_out if "mask" in reason] == ["test/hole/000.png"]


def test_masks_without_an_image_and_defects_without_a_mask_are_named(published):
    (published / "ground_truth" / "hole" / "000_mask.png").rename(published / "ground_truth" / "hole" / "9_mask.png")
    found = {(remark.kind, remark.path) for remark in read_dataset(published).remarks}
    assert found == {
        ("annotation_without_picture", "ground_truth/hole/9_mask.png"),
        ("unmarked_defect", "test/hole/000.png"),
    }


@pytest.mark.parametrize("value", [255, 1])
def test_a_mask_marks_bright_pixels_or_the_larger_of_two_numbers(tmp_path, value):
    save_mask(tmp_path / "mask.png", value=value)
    assert read_defect_mask(tmp_path / "mask.png").sum() == 30


def test_too_few_good_images_are_refused(published):
    for path in sorted((published / "train" / "good").iterdir())[1:]:
        path.unlink()
    with pytest.raises(SplitError, match="too few images"):
        split_dataset(audit_dataset(read_dataset(published)).dataset)
