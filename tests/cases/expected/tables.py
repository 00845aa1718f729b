"""Cases of tables of labels, numbers and boxes."""

from pathlib import Path

import pytest

from headstart.data import audit_dataset, read_dataset, split_dataset
from headstart.errors import ClassTooSmallError, NoClassFoldersError
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION


def t01_onehot_multilabel(data: Path) -> None:
    for asked in ({}, {"label_column": "daisy,rose,yellow"}, {"task": CLASSIFICATION}):
        dataset = read_dataset(data / "train.csv", **asked)
        assert (dataset.task, dataset.multi_label) == (CLASSIFICATION, True)
        assert dataset.class_names == ("daisy", "rose", "yellow")
        assert dataset.labels()[0] == ("daisy", "yellow")
    split = split_dataset(audit_dataset(dataset).dataset)
    assert set(split.frame["split"]) == {"train", "validation", "test"}
    numbers = read_dataset(data / "train.csv", task=REGRESSION, label_column="daisy,rose,yellow")
    assert numbers.numbers()[0].tolist() == [1, 0, 1]


def t02_id_without_extension(data: Path) -> None:
    dataset = read_dataset(data / "train.csv")
    assert dataset.class_names == ("daisy", "rose")
    assert len(dataset) == 16
    assert dataset.frame["path"][0] == "train_images/img_daisy_00.jpg"
    assert audit_dataset(dataset).left_out == []


def t11_nan_labels(data: Path) -> None:
    rows = [line.split(",") for line in (data / "labels.csv").read_text().split()[1:]]
    unlabelled = {path for path, label in rows if label.lower() in {"", "nan"}}
    assert unlabelled
    audit = audit_dataset(read_dataset(data / "labels.csv"))
    assert audit.dataset.class_names == ("daisy", "rose")
    assert {path for path, _ in audit.left_out} == unlabelled
    assert all("row " in reason for _, reason in audit.left_out)


def t14_regression_integer_ages(data: Path) -> None:
    audit = audit_dataset(read_dataset(data / "labels.csv"))
    assert "numbers_as_classes" in set(audit.findings["kind"])
    with pytest.raises(ClassTooSmallError, match="--task image-regression"):
        split_dataset(audit.dataset)
    assert read_dataset(data / "labels.csv", task=REGRESSION).numbers()[0].tolist() == [1]


def t18_box_csv_tfod(data: Path) -> None:
    for path in (data, data / "_annotations.csv"):
        audit = audit_dataset(read_dataset(path))
        assert audit.dataset.task == DETECTION
        assert audit.dataset.class_names == ("blue", "red")
        assert [len(boxes) for boxes in audit.dataset.boxes()] == [2] * 12
        assert audit.dataset.boxes()[0][0].tolist()[:4] == [59, 8, 73, 35]
        assert audit.left_out == []


def l01_labelme_json(data: Path) -> None:
    audit = audit_dataset(read_dataset(data))
    assert audit.dataset.task == DETECTION
    assert audit.dataset.class_names == ("blue", "red")
    assert len(audit.dataset) == 12
    assert audit.dataset.boxes()[0][:, :4].tolist() == [[59, 8, 73, 35], [67, 41, 89, 55]]
    assert audit.left_out == []
    outlines = audit_dataset(read_dataset(data, task=SEGMENTATION)).dataset
    assert outlines.class_names == ("background", "blue", "red")
    assert outlines.labels()[0] == ("background", "blue")


def x01_xlsx(data: Path) -> None:
    for path in (data, data / "labels.xlsx"):
        with pytest.raises(NoClassFoldersError, match=r"labels.xlsx.*a spreadsheet.*Save it as CSV"):
            read_dataset(path)
