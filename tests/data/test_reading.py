"""What is asked of `read_dataset` and what the data is must go together."""

import numpy as np
import pytest
from PIL import Image

from headstart.data import FORMATS, audit_dataset, read_dataset
from headstart.errors import DataFormatError, RecipeError, TableColumnsError
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION, TASK_KINDS


def write_pictures(root, *names):
    for seed, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((40, 40), Image.Resampling.BICUBIC).save(root / name)


@pytest.fixture
def class_folders(tmp_path):
    write_pictures(tmp_path, "cat/1.png", "dog/1.png")
    return tmp_path


def table(root, *rows, header="path,label"):
    write_pictures(root, *(row.split(",")[0] for row in rows))
    (root / "table.csv").write_text("\n".join([header, *rows, ""]))
    return root / "table.csv"


def test_unknown_tasks_and_formats_are_refused_with_the_nearest(class_folders):
    with pytest.raises(RecipeError, match=r"no task 'detection'.*Did you mean 'object-detection'"):
        read_dataset(class_folders, task="detection")
    with pytest.raises(RecipeError, match=r"no format 'pascal'.*voc"):
        read_dataset(class_folders, format="pascal")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"task": DETECTION}, "has nothing for object-detection"),
        ({"task": SEGMENTATION}, "has nothing for semantic-segmentation"),
        ({"task": REGRESSION}, "has nothing for image-regression"),
        ({"format": "folders", "task": DETECTION}, "cannot be used for object-detection"),
        ({"format": "voc", "task": SEGMENTATION}, "cannot be used for semantic-segmentation"),
        ({"ignore_value": 3}, "no masks"),
    ],
)
def test_what_does_not_go_together_is_refused(class_folders, asked, message):
    with pytest.raises(DataFormatError, match=message):
        read_dataset(class_folders, **asked)


@pytest.mark.parametrize("asked", [{"task": DETECTION}, {"format": "coco"}, {"task": SEGMENTATION}])
def test_a_table_has_no_boxes(tmp_path, asked):
    path = table(tmp_path, "1.png,cat", "2.png,dog")
    with pytest.raises(DataFormatError):
        read_dataset(path, **asked)


def test_every_format_and_task_is_spelt_as_the_options_take_it():
    assert FORMATS == ("voc", "defects", "masks", "coco", "yolo", "labelme", "via", "box-table", "table", "folders")
    assert all(name == name.lower() and "-" in name for name in TASK_KINDS)


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (["0.5", "1.25", "-3e2"], REGRESSION),
        (["0", "1", "2"], CLASSIFICATION),
        (["1.0", "0.0", "2.0"], CLASSIFICATION),
        (["0.5", "1.5", "cat"], CLASSIFICATION),
        (["0.5", "1.5", "nan"], REGRESSION),
        (["0.5", "1.5", "inf"], CLASSIFICATION),
        (['"0,5"', '"1,25"', '"-3"'], REGRESSION),
        (['"1,234"', '"2,345"', '"3,456"'], CLASSIFICATION),
        (["0.5", "1.0", "0.5", "1.0", "0.5"], CLASSIFICATION),
        (["1_0.5", "2.5", "3.5"], CLASSIFICATION),
    ],
)
def test_measured_numbers_are_told_from_names(tmp_path, labels, task):
    path = table(tmp_path, *(f"{number}.png,{label}" for number, label in enumerate(labels)))
    assert read_dataset(path).task == task
    assert read_dataset(path, task=CLASSIFICATION).task == CLASSIFICATION


def test_whole_numbers_and_several_columns_are_numbers_when_asked_for(tmp_path):
    rows = ["1.png,3,1.5,train", "2.png,4,-2,test", "3.png,5,0,train"]
    path = table(tmp_path, *rows, header="path,age,weight,split")
    dataset = read_dataset(path, task=REGRESSION, label_column="age")
    assert dataset.class_names == ("age",)
    dataset = read_dataset(path, label_column="age, weight")
    assert dataset.task == REGRESSION
    assert dataset.numbers().tolist() == [[3, 1.5], [4, -2], [5, 0]]
    assert dataset.frame["split"].tolist() == ["train", "test", "train"]
    audit = audit_dataset(dataset)
    assert audit.dataset.class_names == ("age", "weight")
    assert audit.findings.empty


def test_numbers_that_are_none_and_columns_that_are_missing_are_named(tmp_path):
    path = table(tmp_path, "1.png,3", "2.png,", "3.png,12 kg", header="path,age")
    with pytest.raises(TableColumnsError, match=r"1 others, the first is '12 kg' in row 3"):
        read_dataset(path, task=REGRESSION, label_column="age")
    with pytest.raises(TableColumnsError, match="no column 'weight'"):
        read_dataset(path, task=REGRESSION, label_column="age,weight")
    with pytest.raises(TableColumnsError, match="2 columns"):
        read_dataset(path, task=CLASSIFICATION, label_column="age,path")


def test_a_number_that_never_changes_is_a_finding(tmp_path):
    path = table(tmp_path, "1.png,1.5", "2.png,1.5")
    audit = audit_dataset(read_dataset(path, task=REGRESSION))
    assert audit.findings["kind"].tolist() == ["constant"]
