"""Cases of YOLO labels."""

from pathlib import Path

import pytest

from headstart.data import Dataset, audit_dataset, read_dataset, read_mask
from headstart.errors import AnnotationsError, DataFormatError
from headstart.task_spec import DETECTION, SEGMENTATION


def y02_yaml_list_of_paths(data: Path) -> None:
    dataset = boxes(data, ("red", "blue"))
    sites = {(path.split("/")[0], part) for path, part in dataset.frame[["path", "split"]].itertuples(index=False)}
    assert sites == {("siteA", "train"), ("siteB", "train"), ("siteC", "validation")}
    assert not dataset.remarks


def y02b_yaml_txt_lists(data: Path) -> None:
    dataset = boxes(data, ("red", "blue"))
    for part, name in {"train": "train", "validation": "val", "test": "test"}.items():
        listed = (data / f"{name}.txt").read_text().split()
        paths = dataset.frame["path"][dataset.frame["split"] == part]
        assert sorted(paths) == sorted(line.removeprefix("./") for line in listed)
    assert not dataset.remarks


def y03_cvat_yolo11(data: Path) -> None:
    dataset = boxes(data, ("red", "blue"))
    assert set(dataset.frame["split"]) == {"train"}
    assert len(dataset) == len(list(data.rglob("*.jpg")))
    assert not dataset.remarks


def y03b_cvat_yolo11_subsets(data: Path) -> None:
    dataset = boxes(data, ("red", "blue"))
    assert_parts_are_folders(dataset, {"obj_train_data": "train", "obj_valid_data": "validation"})


def y04_flat_folder(data: Path) -> None:
    dataset = boxes(data, ("red", "blue"))
    assert len(dataset) == len(list(data.glob("*.jpg")))
    assert not dataset.remarks


def y07_pixels(data: Path) -> None:
    with pytest.raises(AnnotationsError, match="look like pixels") as caught:
        read_dataset(data)
    assert "fractions of the image's width and height between 0 and 1" in caught.value.expected
    assert caught.value.received.startswith("larger numbers in 28 of 28 lines")


def y09_segment_task(data: Path) -> None:
    dataset = read_dataset(data, task=SEGMENTATION)
    assert dataset.class_names == ("background", "red", "blue")
    usable = audit_dataset(dataset).dataset
    assert len(usable) == len(list(data.rglob("*.jpg")))
    numbers = {int(number) for row in range(len(usable)) for number in read_mask(usable, row).ravel()}
    assert numbers == {0, 1, 2}
    assert "outlines_unused" in [remark.kind for remark in boxes(data, ("red", "blue")).remarks]


def y13_yaml_multiline_quotes(data: Path) -> None:
    dataset = boxes(data, ("red, dark", "blue's"))
    assert [remark.kind for remark in dataset.remarks] == ["same_parts"]


def y16b_yaml_flow_two_lines_comment(data: Path) -> None:
    assert not boxes(data, ("red", "blue")).remarks


def y17_zip_nested(data: Path) -> None:
    for asked in ({}, {"task": DETECTION}):
        with pytest.raises(DataFormatError) as caught:
            read_dataset(data, **asked)
        assert caught.value.hint == f"Use the inner folder: headstart train '{data}/chess.v1i'"
    assert read_dataset(data / "chess.v1i").task == DETECTION


def y18_labels_without_images_folder(data: Path) -> None:
    dataset = boxes(data, ("red", "blue"))
    assert_parts_are_folders(dataset, {"train": "train", "valid": "validation"})
    assert not dataset.remarks


def boxes(data: Path, class_names: tuple[str, ...]) -> Dataset:
    """The data set as it is read when nobody says what it is."""
    dataset = read_dataset(data)
    assert dataset.task == DETECTION
    assert dataset.class_names == class_names
    assert sum(map(len, dataset.boxes())) > 0
    assert not audit_dataset(dataset).left_out
    return dataset


def assert_parts_are_folders(dataset: Dataset, part_of: dict[str, str]) -> None:
    assert [part_of[path.split("/")[0]] for path in dataset.frame["path"]] == list(dataset.frame["split"])
    assert set(part_of.values()) == set(dataset.frame["split"])
