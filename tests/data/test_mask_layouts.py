"""Layouts in which public data sets and tools keep masks: each is read as masks, with its parts."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset, read_mask
from headstart.errors import AnnotationsError, DataFormatError, RunDamagedError, SplitError
from headstart.run import Run
from headstart.run.pictures import check_pictures
from headstart.task_spec import CLASSIFICATION, SEGMENTATION

SIZE = (40, 36)


def photo(path: Path, seed: int = 0, mode: str = "RGB") -> None:
    """An image with many shades."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize(SIZE, Image.Resampling.BICUBIC).convert(mode).save(path)


def mask(path: Path, *values: int, size=SIZE) -> None:
    """Stripes of the values, 0, 1 and 2 without any."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = values or (0, 1, 2)
    stripes = np.array(values, np.uint8)[np.arange(size[1]) * len(values) // size[1]]
    Image.fromarray(np.tile(stripes[:, None], (1, size[0]))).save(path)


def laid_out(root: Path, image: str, of_mask: str, names=("000", "001", "002")) -> Path:
    """Files whose paths are the patterns with {} replaced by the names."""
    for seed, name in enumerate(names):
        photo(root / image.format(name), seed)
        mask(root / of_mask.format(name))
    return root


# Where an image and its mask lie; {} is a name.
LAYOUTS = {
    "labels": ("images/{}.jpg", "labels/{}.png"),
    "annotations": ("images/{}.jpg", "annotations/{}.png"),
    "MMSegmentation": ("img_dir/train/{}.jpg", "ann_dir/train/{}.png"),
    "nnU-Net": ("imagesTr/case_{}_0000.png", "labelsTr/case_{}.png"),
    "gt": ("images/{}.png", "gt/{}.png"),
    "ground truth": ("Original/{}.tif", "Ground Truth/{}.tif"),
    "ground_truth": ("images/{}.jpg", "ground_truth/{}.png"),
    "Pascal VOC": ("VOCdevkit/VOC2012/JPEGImages/{}.jpg", "VOCdevkit/VOC2012/SegmentationClass/{}.png"),
    "ISIC": (
        "ISIC2018_Task1-2_Training_Input/ISIC_{}.jpg",
        "ISIC2018_Task1_Training_GroundTruth/ISIC_{}_segmentation.png",
    ),
    "label": ("image/{}.png", "label/{}.png"),
    "seg": ("rgb/{}.png", "seg/{}.png"),
    "capitals": ("Images/{}.png", "Masks/{}.png"),
    "x and y": ("x/{}.png", "y/{}.png"),
    "x and y of a part": ("train_x/{}.png", "train_y/{}.png"),
    "mask": ("scans of patients/{}.png", "mask/{}.png"),
    "ADE20K": ("images/training/{}.jpg", "annotations/training/{}.png"),
    "parts outside": ("train/images/{}.jpg", "train/masks/{}.png"),
    "parts in names": ("train_images/{}.jpg", "train_masks/{}.png"),
    "CamVid": ("train/{}.png", "trainannot/{}.png"),
    "CamVid original": ("701_StillsRaw_full/{}.png", "LabeledApproved_full/{}_L.png"),
    "Kaggle CamVid": ("train/{}.png", "train_labels/{}_L.png"),
    "Cityscapes": (
        "leftImg8bit/train/aachen/aachen_{}_leftImg8bit.png",
        "gtFine/train/aachen/aachen_{}_gtFine_labelIds.png",
    ),
    "one folder": ("{}.jpg", "{}_mask.png"),
    "Roboflow": ("train/{}_jpg.rf.0af3.jpg", "train/{}_jpg.rf.0af3_mask.png"),
    "one folder, tif": ("kaggle_3m/patient_{}/p_1.tif", "kaggle_3m/patient_{}/p_1_mask.tif"),
    "one folder, gt": ("all/{}.jpg", "all/{}_gt.png"),
    "one folder, segmentation": ("all/{}.jpg", "all/{}_segmentation.png"),
    "one folder, Cityscapes": ("{}_leftImg8bit.png", "{}_gtFine_labelIds.png"),
    "DeepGlobe": ("train/{}_sat.jpg", "train/{}_mask.png"),
    "BUSI": ("benign/benign ({}).png", "benign/benign ({})_mask.png"),
    "numbered": ("images/img_{}.png", "masks/mask_{}.png"),
    "LoveDA": ("Train/Rural/images_png/{}.png", "Train/Rural/masks_png/{}.png"),
    "Potsdam": ("2_Ortho_RGB/top_{}_RGB.tif", "5_Labels_all/top_{}_label.tif"),
    "Oxford pets": ("images/Pet_{}.jpg", "annotations/trimaps/Pet_{}.png"),
    "Massachusetts": ("tiff/train/{}.tiff", "tiff/train_labels/{}.tif"),
    "COCO-Stuff": ("images/train2017/{}.jpg", "annotations/train2017/{}.png"),
    "a folder named like masks around all": ("segmentation/pictures/{}.png", "segmentation/masks/{}.png"),
    "class folders inside": ("images/cat/{}.jpg", "masks/cat/{}.png"),
    "one folder, words in front": ("img_{}.jpg", "mask_{}.png"),
    "one folder, CamVid": ("{}.png", "{}_L.png"),
    "BDD": ("seg/images/train/{}-a.jpg", "seg/labels/train/{}-a_train_id.png"),
    "Carvana": ("train/{}_01.jpg", "train_masks/{}_01_mask.gif"),
    "several dots": ("images/a.b.{}.jpg", "masks/a.b.{}.png"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_usual_layout_is_read_as_masks(tmp_path, layout):
    image, of_mask = LAYOUTS[layout]
    dataset = read_dataset(laid_out(tmp_path, image, of_mask))
    assert dataset.task == SEGMENTATION
    assert len(dataset) == 3
    assert dataset.class_names == ("background", "1", "2")
    assert not dataset.remarks
    assert set(dataset.frame["split"]) == {"train" if "rain" in image or "Tr/" in image else ""}


@pytest.mark.parametrize(
    ("image", "of_mask"),
    [
        ("img_dir/PART/{}.jpg", "ann_dir/PART/{}.png"),
        ("images/PART/{}.jpg", "annotations/PART/{}.png"),
        ("PART/images/{}.jpg", "PART/masks/{}.png"),
        ("PART_images/{}.jpg", "PART_masks/{}.png"),
        ("PART/{}.png", "PARTannot/{}.png"),
        ("leftImg8bit/PART/aachen/{}_leftImg8bit.png", "gtFine/PART/aachen/{}_gtFine_labelIds.png"),
        ("PART/Rural/images_png/{}.png", "PART/Rural/masks_png/{}.png"),
        ("PART/{}_jpg.rf.0a.jpg", "PART/{}_jpg.rf.0a_mask.png"),
    ],
)
def test_parts_of_every_layout_are_kept(tmp_path, image, of_mask):
    for part, names in (("train", ("1", "2")), ("val", ("1", "3")), ("test", ("4",))):
        laid_out(tmp_path, image.replace("PART", part), of_mask.replace("PART", part), names=names)
    counts = read_dataset(tmp_path).frame["split"].value_counts().to_dict()
    assert counts == {"train": 2, "validation": 2, "test": 1}


def test_the_parts_of_nnunet_are_kept(tmp_path):
    laid_out(tmp_path, "imagesTr/c_{}_0000.png", "labelsTr/c_{}.png")
    laid_out(tmp_path, "imagesTs/d_{}_0000.png", "labelsTs/d_{}.png")
    (tmp_path / "dataset.json").write_text('{"labels": {"background": 0, "liver": 1, "tumour": 2}, "numTraining": 3}')
    dataset = read_dataset(tmp_path)
    assert dataset.frame["split"].value_counts().to_dict() == {"train": 3, "test": 3}
    assert dataset.class_names == ("background", "liver", "tumour")


def test_of_several_forms_of_the_same_masks_one_is_used(tmp_path):
    laid_out(tmp_path, *LAYOUTS["Cityscapes"])
    for form in ("color", "instanceIds"):
        for name in ("000", "001", "002"):
            mask(tmp_path / f"gtFine/train/aachen/aachen_{name}_gtFine_{form}.png", 0, 90)
    dataset = read_dataset(tmp_path)
    assert dataset.class_names == ("background", "1", "2")
    assert [(it.kind, it.detail.split(",")[0]) for it in dataset.remarks] == [("unused_masks", "6 files")]
    for name in ("000", "001", "002"):
        mask(tmp_path / f"gtFine/train/aachen/aachen_{name}_gtFine_labelTrainIds.png", 3, 4)
    assert read_dataset(tmp_path).class_names == ("3", "4")


def test_masks_of_objects_do_not_replace_those_of_classes(tmp_path):
    laid_out(tmp_path, "JPEGImages/{}.jpg", "SegmentationClass/{}.png")
    for name in ("000", "001", "002"):
        mask(tmp_path / f"SegmentationObject/{name}.png", 0, 5, 6, 7)
    assert read_dataset(tmp_path).class_names == ("background", "1", "2")


def test_two_sets_of_masks_are_not_chosen_from(tmp_path):
    laid_out(tmp_path, "training/images/{}_training.tif", "training/mask/{}_training_mask.tif", names=("21", "22"))
    laid_out(tmp_path, "training/images/{}_training.tif", "training/1st_manual/{}_manual1.tif", names=("21", "22"))
    with pytest.raises(AnnotationsError, match="more than one set"):
        read_dataset(tmp_path)


def test_masks_kept_as_arrays_are_refused_by_name(tmp_path):
    for name in ("a", "b"):
        photo(tmp_path / "images" / f"{name}.png")
        (tmp_path / "masks").mkdir(exist_ok=True)
        np.save(tmp_path / "masks" / f"{name}.npy", np.zeros((4, 4)))
    with pytest.raises(AnnotationsError, match=r"arrays or volumes.*2 files like 'masks/a.npy'"):
        read_dataset(tmp_path)


def test_lists_of_images_give_the_parts(tmp_path):
    laid_out(tmp_path, "JPEGImages/{}.jpg", "SegmentationClass/{}.png", names=("a", "b", "c", "d e"))
    photo(tmp_path / "JPEGImages" / "unmasked.jpg")
    lists = tmp_path / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("a\nlost\n")
    (lists / "val.txt").write_text("b\n")
    (lists / "trainval.txt").write_text("a\nb\nd e\n")
    (tmp_path / "ImageSets" / "Main").mkdir()
    (tmp_path / "ImageSets" / "Main" / "test.txt").write_text("a\n")
    dataset = read_dataset(tmp_path, task=SEGMENTATION)
    assert dict(zip(dataset.frame["path"], dataset.frame["split"], strict=True)) == {
        "JPEGImages/a.jpg": "train",
        "JPEGImages/b.jpg": "validation",
        "JPEGImages/d e.jpg": "train",
    }
    assert {(it.kind, it.path) for it in dataset.remarks} == {
        ("listed_without_mask", "ImageSets/Segmentation/train.txt"),
        ("unlisted", "JPEGImages/c.jpg"),
        ("unmasked", "JPEGImages/unmasked.jpg"),
    }


@pytest.mark.parametrize(
    "lines",
    [
        "{0}.jpg",
        "images/{0}.jpg",
        "./images/{0}.jpg",
        "/home/me/set/images/{0}.jpg /home/me/set/masks/{0}.png",
        "{0} 1 1 1",
    ],
)
@pytest.mark.parametrize("folder", ["", "splits", "annotations"])
def test_lines_of_lists_name_images_in_many_ways(tmp_path, lines, folder):
    laid_out(tmp_path, "images/{}.jpg", "annotations/{}.png", names=("a", "b", "c"))
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / "train.txt").write_text(lines.format("a") + "\n" + lines.format("b"))
    (tmp_path / folder / "test.txt").write_text(lines.format("c"))
    assert read_dataset(tmp_path).frame["split"].tolist() == ["train", "train", "test"]


def test_a_list_of_another_data_set_is_an_error_that_names_it(tmp_path):
    laid_out(tmp_path, "images/{}.jpg", "masks/{}.png")
    (tmp_path / "train.txt").write_text("x\ny\n")
    with pytest.raises(SplitError, match=r"'train.txt' lists no image.*2 lines, the first is 'x'"):
        read_dataset(tmp_path)


def test_without_a_list_for_training_the_rest_is_trained_on(tmp_path):
    laid_out(tmp_path, "images/{}.jpg", "masks/{}.png", names=("a", "b", "c"))
    (tmp_path / "val.txt").write_text("b\n")
    assert read_dataset(tmp_path).frame["split"].tolist() == ["train", "validation", "train"]


@pytest.mark.parametrize(
    "folders",
    [
        ("cat", "dog"),
        ("normal", "pneumonia"),
        ("mask", "no_mask"),
        ("label", "unlabelled"),
        ("with_mask", "without_mask"),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_class_folders_with_the_same_names_stay_classes(tmp_path, folders, mode):
    for number, folder in enumerate(folders):
        for name in ("001", "002", "003"):
            photo(tmp_path / folder / f"{name}.png", 7 * number + int(name), mode)
    dataset = read_dataset(tmp_path)
    assert dataset.task == CLASSIFICATION
    assert set(dataset.class_names) == set(folders)


def test_what_can_be_masks_or_classes_is_asked_for(tmp_path):
    for name in ("001", "002", "003"):
        photo(tmp_path / "photos" / "images" / f"{name}.png", int(name))
        photo(tmp_path / "photos" / "masks" / f"{name}.png", 9 + int(name))
        photo(tmp_path / "names" / "images" / f"{name}.png", int(name))
        mask(tmp_path / "names" / "masks" / f"other{name}.png")
    for case, message in (("photos", "not like classes"), ("names", "the names of their files differ")):
        with pytest.raises(DataFormatError, match=rf"{message}.*--format folders"):
            read_dataset(tmp_path / case)
        assert read_dataset(tmp_path / case, format="folders").class_names == ("images", "masks")


def test_names_that_differ_in_numbered_folders_are_asked_for(tmp_path):
    laid_out(tmp_path, "training/image_2/um_{}.png", "training/gt_image_2/um_road_{}.png")
    with pytest.raises(DataFormatError, match="'gt_image_2' and 'image_2', but the names of their files differ"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("image", ["A/{}.jpg", "images/{}.jpg", "A/train/{}.jpg"])
def test_masks_in_folders_of_any_name_are_read_when_asked_for_and_never_classes(tmp_path, image):
    laid_out(tmp_path, image, image.replace("images", "A").replace("A", "B").replace("jpg", "png"))
    with pytest.raises((DataFormatError, SplitError)):
        read_dataset(tmp_path)
    for asked in ({"task": SEGMENTATION}, {"format": "masks"}):
        dataset = read_dataset(tmp_path, **asked)
        assert dataset.class_names == ("background", "1", "2")
        assert set(dataset.frame["split"]) == {"train" if "train" in image else ""}


def test_parts_that_folders_only_mention_are_taken_and_said(tmp_path):
    for part, names in (("train", ("1", "2")), ("val", ("3",))):
        laid_out(tmp_path, f"uavid_{part}/seq1/Images/{{}}.png", f"uavid_{part}/seq1/Labels/{{}}.png", names=names)
    dataset = read_dataset(tmp_path)
    assert dataset.frame["split"].tolist() == ["train", "train", "validation"]
    assert [it.detail.split(";")[0] for it in dataset.remarks] == ["'uavid_train', 'uavid_val'"]


def test_several_masks_of_an_image_are_united(tmp_path):
    laid_out(tmp_path, "benign/b ({}).png", "benign/b ({})_mask.png")
    mask(tmp_path / "benign" / "b (000)_mask.png", 0, 0, 0, 255)
    mask(tmp_path / "benign" / "b (000)_mask_1.png", 255, 0, 0, 0)
    for name in ("001", "002"):
        mask(tmp_path / "benign" / f"b ({name})_mask.png", 0, 255)
    audit = audit_dataset(read_dataset(tmp_path))
    assert len(audit.dataset) == 3
    assert audit.dataset.class_names == ("background", "object")
    shown = read_mask(audit.dataset, 0)
    assert [shown[row, 0] for row in (0, 18, 35)] == [1, 0, 1]
    assert audit.findings["kind"].tolist().count("united_masks") == 1
    run = Run(tmp_path / "run")
    check_pictures(run, audit.dataset)
    mask(tmp_path / "benign" / "b (000)_mask_1.png", 0, 0, 255, 0)
    with pytest.raises(RunDamagedError):
        check_pictures(run, audit.dataset)


def test_the_only_image_of_a_folder_has_all_masks_beside_it(tmp_path):
    for number in range(3):
        photo(tmp_path / f"stage1/{number}/images/{number}.png", number)
        for place in range(2):
            mask(tmp_path / f"stage1/{number}/masks/a{number}{place}.png", *np.eye(3, dtype=int)[place] * 255)
    dataset = read_dataset(tmp_path)
    assert len(dataset) == 3
    assert dataset.class_names == ("background", "object")
    assert [read_mask(dataset, 0)[row, 0] for row in (0, 18, 35)] == [1, 1, 0]
