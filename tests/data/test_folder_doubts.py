"""Folders that are parts, masks, data sets or wrappers never become classes in silence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset
from headstart.errors import DataFormatError, HeadstartError, NoClassFoldersError, SplitError
from headstart.task_spec import CLASSIFICATION, SEGMENTATION


def write_image(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((48, 48), Image.Resampling.BICUBIC).save(path)


def write_mask(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((48, 48), np.uint8)
    pixels[10 : 20 + seed, 5:30] = 255
    Image.fromarray(pixels).save(path)


def draw(root: Path, *folders: str, count: int = 3) -> Path:
    for place, folder in enumerate(folders):
        for number in range(count):
            write_image(root / folder / f"{number:03}.png", seed=100 * place + number)
    return root


def parts_of(dataset) -> dict[str, str]:
    return dict(zip(dataset.frame["path"].str.split("/").str[0], dataset.frame["split"], strict=True))


def refusal(root: Path, **asked: str) -> HeadstartError:
    with pytest.raises(HeadstartError) as caught:
        read_dataset(root, **asked)
    return caught.value


@pytest.mark.parametrize(
    ("train", "other", "part"),
    [
        ("training_set", "test_set", "test"),
        ("Training", "Testing", "test"),
        ("TRAIN", "VALID", "validation"),
        ("train2017", "val2017", "validation"),
        ("Training Set", "Test Set", "test"),
        ("train-images", "holdout", "test"),
        ("train", "dev", "validation"),
        ("training", "evaluation", "test"),
    ],
)
def test_other_names_of_parts_are_parts(tmp_path, train, other, part):
    dataset = read_dataset(draw(tmp_path, f"{train}/cat", f"{train}/dog", f"{other}/cat", f"{other}/dog"))
    assert dataset.class_names == ("cat", "dog")
    assert parts_of(dataset) == {train: "train", other: part}


def test_evaluation_beside_validation_is_the_test_part(tmp_path):
    folders = [f"{part}/{name}" for part in ("training", "validation", "evaluation") for name in ("cat", "dog")]
    assert parts_of(read_dataset(draw(tmp_path, *folders)))["evaluation"] == "test"


def test_a_part_in_a_folder_of_its_own_name_is_entered(tmp_path):
    dataset = read_dataset(draw(tmp_path, "train/train/cat", "train/train/dog", "test/test/cat", "test/test/dog"))
    assert dataset.class_names == ("cat", "dog")
    assert parts_of(dataset) == {"train": "train", "test": "test"}


def test_parts_inside_of_class_folders_are_kept(tmp_path):
    dataset = read_dataset(draw(tmp_path, "cat/train", "cat/test", "dog/train", "dog/test"))
    assert dataset.class_names == ("cat", "dog")
    splits = dict(zip(dataset.frame["path"].str.rpartition("/")[0], dataset.frame["split"], strict=True))
    assert splits == {"cat/train": "train", "cat/test": "test", "dog/train": "train", "dog/test": "test"}


@pytest.mark.parametrize(
    "folders",
    [
        ["my_train/cat", "my_train/dog", "my_test/cat", "my_test/dog"],
        ["train1/cat", "train1/dog", "train2/cat", "train2/dog", "test/cat", "test/dog"],
        ["train/cat", "train/dog", "test_1/cat", "test_1/dog"],
        ["seg_train/seg_train/cat", "seg_train/seg_train/dog", "seg_test/seg_test/cat", "seg_test/seg_test/dog"],
        ["train_a", "train_b", "test_a", "test_b"],
        ["fold_1_train", "fold_1_test"],
        ["train_1", "train_2"],
        ["train/express", "train/freight", "plane/jet", "plane/prop"],
    ],
)
def test_folders_that_may_be_parts_are_asked_about(tmp_path, folders):
    assert isinstance(refusal(draw(tmp_path, *folders)), SplitError)


@pytest.mark.parametrize(
    "folders",
    [
        ["train", "plane"],
        ["test", "control"],
        ["bullet_train", "steam_train"],
        ["test_tube", "flask"],
        ["dev", "ops", "test"],
        ["valid", "invalid"],
    ],
)
def test_classes_may_be_named_like_parts(tmp_path, folders):
    dataset = read_dataset(draw(tmp_path, *folders))
    assert dataset.class_names == tuple(sorted(folders))
    assert set(dataset.frame["split"]) == {""}


def test_sites_with_the_same_class_folders_are_asked_about(tmp_path):
    root = draw(tmp_path, "berlin/cat", "berlin/dog", "paris/cat", "paris/dog")
    error = refusal(root)
    assert isinstance(error, DataFormatError)
    assert "'cat', 'dog'" in error.received
    assert f"headstart train '{root}/berlin'" in error.hint
    assert read_dataset(root, format="folders").class_names == ("berlin", "paris")


def test_one_common_folder_inside_of_classes_is_no_doubt(tmp_path):
    assert read_dataset(draw(tmp_path, "cat/images", "dog/images")).class_names == ("cat", "dog")


def test_nested_class_folders_are_remarked(tmp_path):
    audit = audit_dataset(read_dataset(draw(tmp_path, "animals/cat", "animals/dog", "plants/rose")))
    assert audit.dataset.class_names == ("animals", "plants")
    nested = audit.findings[audit.findings["kind"] == "nested_folders"]
    assert nested["severity"].tolist() == ["warning"]
    assert nested["path"].tolist() == ["animals"]
    assert "'cat', 'dog'" in nested["detail"].item()


@pytest.mark.parametrize("around", ["PetImages", "archive/data/PetImages", "with blank"])
@pytest.mark.parametrize("folders", [["cat", "dog"], ["train/cat", "train/dog", "test/cat", "test/dog"]])
def test_a_folder_around_class_folders_is_refused_with_the_name_to_type(tmp_path, around, folders):
    root = draw(tmp_path, *(f"{around}/{folder}" for folder in folders))
    (root / around / "README.txt").write_text("about")
    error = refusal(root)
    assert isinstance(error, NoClassFoldersError | DataFormatError)
    assert f"headstart train '{root / around}'" in error.hint
    assert read_dataset(root / around).class_names == ("cat", "dog")


def test_a_folder_inside_of_every_part_is_refused(tmp_path):
    error = refusal(draw(tmp_path, "train/images/cat", "train/images/dog", "test/images/cat", "test/images/dog"))
    assert "one folder up" in error.hint


def write_yolo(root: Path) -> None:
    write_image(root / "images" / "1.png")
    (root / "labels").mkdir()
    (root / "labels" / "1.txt").write_text("0 0.5 0.5 0.2 0.2\n")


def write_voc(root: Path) -> None:
    write_image(root / "JPEGImages" / "1.png")
    (root / "Annotations").mkdir()
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
    (root / "Annotations" / "1.xml").write_text(f"<annotation><object><name>cat</name>{box}</object></annotation>")


def write_coco(root: Path) -> None:
    write_image(root / "images" / "1.png")
    (root / "annotations.json").write_text('{"images": [], "annotations": [], "categories": []}')


def write_masks(root: Path) -> None:
    for number in range(3):
        write_image(root / "images" / f"{number}.png", seed=number)
        write_mask(root / "masks" / f"{number}.png", seed=number)


def test_masks_are_found_in_a_folder_around_them(tmp_path):
    write_masks(tmp_path / "archive")
    assert read_dataset(tmp_path).task == SEGMENTATION


@pytest.mark.parametrize("write", [write_yolo, write_voc, write_coco])
@pytest.mark.parametrize("around", ["chess.v1i", "a/b/c"])
def test_a_folder_around_annotations_is_refused_with_the_name_to_type(tmp_path, write, around):
    write(tmp_path / around)
    assert f"headstart train '{tmp_path / around}'" in refusal(tmp_path).hint


@pytest.mark.parametrize("task", ["object-detection", "image-classification"])
def test_a_folder_around_annotations_is_named_for_a_given_task(tmp_path, task):
    write_yolo(tmp_path / "chess" / "export")
    assert f"headstart train '{tmp_path}/chess/export'" in refusal(tmp_path, task=task).hint


def test_several_data_sets_side_by_side_are_named(tmp_path):
    write_coco(tmp_path / "chess")
    write_coco(tmp_path / "dice")
    error = refusal(tmp_path)
    assert f"'{tmp_path}/chess', '{tmp_path}/dice'" in error.problem


def test_a_folder_around_a_table_and_its_images_is_refused_with_the_name_to_type(tmp_path):
    (draw(tmp_path / "archive", "images") / "labels.csv").write_text("path,label\nimages/000.png,cat\n")
    assert f"headstart train '{tmp_path}/archive'" in refusal(tmp_path).hint


@pytest.mark.parametrize("place", ["sizes.csv", "archive/sizes.csv"])
def test_a_table_of_unknown_columns_inside_of_a_folder_is_named(tmp_path, place):
    (draw((tmp_path / place).parent, "images") / "sizes.csv").write_text("this,that\nx,3\n")
    assert f"headstart train '{tmp_path / place}'" in refusal(tmp_path).hint


def test_a_table_beside_class_folders_is_no_doubt(tmp_path):
    (draw(tmp_path, "cat", "dog") / "sizes.csv").write_text("path,size\n")
    assert read_dataset(tmp_path).class_names == ("cat", "dog")


SIDE_FILES = {
    "captions": (".txt", "a photo of 2 cats, 35mm, f 1.8"),
    "tags": (".txt", "1girl, outdoors, 4k"),
    "class names": (".txt", "cat"),
    "nothing": (".txt", ""),
    "metadata": (".json", '{"caption": "a cat", "seed": 7, "width": 512}'),
    "metadata behind the whole name": (".png.json", '{"title": "1.png", "photoTakenTime": {}}'),
}


@pytest.mark.parametrize(("suffix", "text"), SIDE_FILES.values(), ids=SIDE_FILES)
def test_captions_and_their_like_beside_images_are_no_doubt_and_no_damage(tmp_path, suffix, text):
    draw(tmp_path, "cat", "dog")
    for path in sorted(tmp_path.glob("*/*.png")):
        path.with_suffix(suffix).write_text(text)
    dataset = read_dataset(tmp_path)
    assert dataset.class_names == ("cat", "dog")
    audit = audit_dataset(dataset)
    assert (len(audit.dataset), audit.left_out) == (6, [])
    assert {remark.detail for remark in dataset.remarks if remark.kind == "side_files"} == {
        f"6 files, such as 'cat/000{suffix}'"
    }


ANNOTATIONS = {
    "boxes of YOLO": (".txt", "0 0.5 0.5 0.2 0.2\n1 0.4 0.4 0.1 0.1\n"),
    "boxes of YOLO in pixels": (".txt", "0 20 20 10 10\n"),
    "KITTI": (".txt", "Car 0.00 0 1.57 599.41 156.40 629.75 189.25 2.85 2.63 12.34 0.47 1.49 69.44 1.56\n"),
    "DOTA": (".txt", "imagesource:GoogleEarth\ngsd:0.1\n1 1 20 1 20 20 1 20 plane 0\n"),
    "LabelMe": (".json", '{"shapes": [], "imagePath": "1.png"}'),
    "Supervisely": (".json", '{"size": {"height": 48}, "objects": [{"points": {"exterior": []}}]}'),
}


@pytest.mark.parametrize(("suffix", "text"), ANNOTATIONS.values(), ids=ANNOTATIONS)
def test_images_beside_files_with_places_are_no_classes(tmp_path, suffix, text):
    for folder in ("site_a", "site_b"):
        for path in sorted((draw(tmp_path, folder) / folder).glob("*.png")):
            path.with_suffix(suffix).write_text(text)
    problem = refusal(tmp_path, task=CLASSIFICATION).problem
    assert "look like images with annotations" in problem or "contains a data set" in problem


def test_images_beside_files_of_annotations_are_no_classes(tmp_path):
    for name in ("site_a", "site_b"):
        for path in sorted((draw(tmp_path, name) / name).glob("*.png")):
            path.with_suffix(".xml").write_text("<other/>")
    error = refusal(tmp_path)
    assert "annotations" in error.problem
    assert read_dataset(tmp_path, format="folders").class_names == ("site_a", "site_b")
