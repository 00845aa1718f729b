import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import headstart.data
from headstart.data import Dataset
from headstart.data.annotations import (
    CROWD,
    DIFFICULT,
    IGNORED_CODES,
    Box,
    Outline,
    boxes_to_text,
    mask_to_text,
    numbers_to_text,
    outlines_to_text,
)
from headstart.data.class_names import sort_class_names
from headstart.data.dataset import Remark, frame_from_rows
from headstart.errors import DataNotFoundError, RunDamagedError, SplitError
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

TRICKY = [
    "NA",
    "001",
    "null",
    "",
    "nan",
    " lead",
    "trail ",
    'quo"te',
    "com,ma",
    "Äpfel 🍎",
    "new\nline",
    "cr\rlf\r\n",
    "1e5",
]
names = st.one_of(st.sampled_from(TRICKY), st.text(st.characters(exclude_categories=["Cs"]), max_size=8))


def dataset_of(rows, class_names=("a", "b"), **facts) -> Dataset:
    return Dataset(frame=frame_from_rows(rows), class_names=class_names, root=Path("/photos"), **facts)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(names, names, names, st.sampled_from(["", "train", "validation", "test"])), max_size=6),
    class_names=st.lists(names, unique=True, max_size=4),
    multi_label=st.booleans(),
)
def test_written_data_set_reads_back_exactly(tmp_path, rows, class_names, multi_label):
    frame = frame_from_rows(rows).assign(width=np.arange(len(rows)), score=np.arange(len(rows)) / 3, near_hash="00ff")
    remarks = (Remark("link_loop", "a", "über"),)
    written = Dataset(frame, tuple(class_names), Path("/phötos"), multi_label, remarks)
    written.write(tmp_path / "dataset.csv")
    read = Dataset.read(tmp_path / "dataset.csv")
    pd.testing.assert_frame_equal(read.frame, written.frame)
    facts = [(it.class_names, it.root, it.multi_label, it.remarks) for it in (written, read)]
    assert facts[0] == facts[1]


def test_reading_can_name_another_root(tmp_path):
    dataset_of([("x.png", "a", "", "")]).write(tmp_path / "dataset.csv")
    assert Dataset.read(tmp_path / "dataset.csv", root=tmp_path).paths() == [tmp_path / "x.png"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda csv: csv.write_text(csv.read_text() + '"x","a"\n'),
        lambda csv: csv.write_text("\n".join(csv.read_text().splitlines()[:-1]) + "\n"),
        lambda csv: csv.write_text(csv.read_text().replace("target", "label", 1)),
        lambda csv: csv.write_bytes(b""),
        lambda csv: csv.write_bytes(b"\xff\xfe\xff"),
        lambda csv: csv.with_suffix(".json").write_text("{"),
        lambda csv: csv.with_suffix(".json").write_text('{"format_version": 99}'),
        lambda csv: csv.with_suffix(".json").write_text('{"format_version": 1}'),
    ],
)
def test_damaged_files_are_refused(tmp_path, damage):
    path = tmp_path / "dataset.csv"
    dataset_of([("x.png", "a", "", ""), ("y.png", "b", "", "")]).write(path)
    damage(path)
    with pytest.raises(RunDamagedError):
        Dataset.read(path)


@pytest.mark.parametrize("missing", ["dataset.csv", "dataset.json"])
def test_missing_files_are_named(tmp_path, missing):
    dataset_of([("x.png", "a", "", "")]).write(tmp_path / "dataset.csv")
    (tmp_path / missing).unlink()
    with pytest.raises(DataNotFoundError, match=missing):
        Dataset.read(tmp_path / "dataset.csv")


def test_part_holds_the_rows_of_one_split_and_all_class_names():
    part = dataset_of([("1", "a", "", "train"), ("2", "b", "", "test"), ("3", "a", "", "test")]).part("test")
    assert part.frame["path"].tolist() == ["2", "3"]
    assert list(part.frame.index) == [0, 1]
    assert part.class_names == ("a", "b")
    assert len(part) == part.num_classes == 2
    with pytest.raises(SplitError, match="validation"):
        part.part("val")


def test_class_counts_have_a_column_for_every_split():
    counts = dataset_of([("1", "a", "", "train"), ("2", "b", "", "test"), ("3", "a", "", "train")]).class_counts()
    assert counts.to_dict("list") == {"train": [2, 0], "validation": [0, 0], "test": [0, 1]}
    assert counts.index.tolist() == ["a", "b"]
    assert "" in dataset_of([("1", "a", "", "")]).class_counts().columns


def test_class_counts_count_every_label_of_an_example():
    counts = dataset_of([("1", "a;b", "", "train"), ("2", "b", "", "train")], multi_label=True).class_counts()
    assert counts["train"].tolist() == [1, 2]


def test_semicolon_in_a_class_folder_stays_one_class():
    dataset = dataset_of([("1", "a;b", "", "train")], class_names=("a;b",))
    assert dataset.labels() == [("a;b",)]
    assert dataset.class_matrix().tolist() == [[1]]


def test_numbers_in_class_names_sort_as_numbers():
    assert sort_class_names(map(str, range(11))) == tuple(map(str, range(11)))
    assert sort_class_names(["img10", "img9", "Zebra", "ape"]) == ("ape", "img9", "img10", "Zebra")


@given(st.lists(names), st.randoms())
def test_class_order_depends_on_the_names_alone(some, random):
    shuffled = list(some)
    random.shuffle(shuffled)
    assert sort_class_names(shuffled) == sort_class_names(some)
    assert set(sort_class_names(some)) == set(some)


def test_every_name_of_the_door_exists():
    for name in headstart.data.__all__:
        assert getattr(headstart.data, name) is not None
    with pytest.raises(AttributeError):
        headstart.data.nothing  # noqa: B018


def test_reading_auditing_and_splitting_do_not_import_tensorflow():
    code = "import sys; from headstart.data import Dataset, read_dataset, audit_dataset, split_dataset, decode_image; "
    code += "assert not {'tensorflow', 'keras', 'sklearn', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def detection_of(*targets, class_names=("cat", "dog")) -> Dataset:
    rows = [(f"{number}.png", target, "", "") for number, target in enumerate(targets)]
    return dataset_of(rows, class_names, task=DETECTION)


def test_boxes_of_a_detection_set_carry_class_numbers():
    dataset = detection_of(boxes_to_text([Box("dog", 1, 2, 3.5, 4), Box("cat", 0, 0, 9, 9)]), "[]")
    first, second = dataset.boxes()
    assert first.tolist() == [[1, 2, 3.5, 4, 1], [0, 0, 9, 9, 0]]
    assert second.shape == (0, 5)
    assert dataset.labels() == [("cat", "dog"), ()]
    assert dataset.class_matrix().tolist() == [[1, 1], [0, 0]]


def test_ignored_boxes_stand_apart_and_survive_the_file(tmp_path):
    boxes = [Box("dog", 1, 2, 3, 4, CROWD), Box("cat", 0, 0, 9, 9), Box("cow", 0, 0, 1, 1, DIFFICULT)]
    detection_of(boxes_to_text(boxes)).write(tmp_path / "dataset.csv")
    dataset = Dataset.read(tmp_path / "dataset.csv")
    assert dataset.boxes()[0].tolist() == [[0, 0, 9, 9, 0]]
    assert dataset.ignored_boxes()[0].tolist() == [[1, 2, 3, 4, 1, IGNORED_CODES[CROWD]]]  # of no class: cow
    assert dataset.labels() == [("cat",)]


def test_classes_of_masks_come_from_the_audit_or_the_outlines():
    targets = [outlines_to_text([Outline("dog", (0, 0, 1, 0, 1, 1))]), mask_to_text("1.png")]
    rows = [(f"{number}.png", target, "", "train") for number, target in enumerate(targets)]
    dataset = dataset_of(rows, ("cat", "dog"), task=SEGMENTATION, mask_values={1: "cat", 2: "dog"})
    assert dataset.labels() == [("dog",), ()]
    audited = replace(dataset, frame=dataset.frame.assign(mask_classes=['["dog", "cat"]', "[]"]))
    assert audited.labels() == [("cat", "dog"), ()]
    assert audited.class_counts()["train"].tolist() == [1, 1]


def test_numbers_fall_into_ranges_that_hold_about_as_many():
    rows = [(f"{number:03}.png", numbers_to_text([number, number % 2]), "", "train") for number in range(100)]
    dataset = dataset_of(rows, ("age", "sex"), task=REGRESSION)
    assert dataset.numbers().shape == (100, 2)
    matrix = dataset.class_matrix()
    assert matrix.shape == (100, len(dataset.label_names()))
    assert (matrix.sum(axis=1) == 2).all()
    assert matrix[:, :10].sum(axis=0).tolist() == [10] * 10
    assert dataset.label_names()[0] == "age 0 to 9"
    assert dataset.class_counts().index.tolist() == list(dataset.label_names())


def test_task_and_mask_values_are_written_and_old_files_are_for_classification(tmp_path):
    dataset = dataset_of([("x.png", mask_to_text("y.png"), "", "")], task=SEGMENTATION, mask_values={0: "a", -1: ""})
    dataset.write(tmp_path / "dataset.csv")
    read = Dataset.read(tmp_path / "dataset.csv")
    assert (read.task, read.mask_values) == (SEGMENTATION, {0: "a", -1: ""})
    facts = json.loads((tmp_path / "dataset.json").read_text())
    (tmp_path / "dataset.json").write_text(json.dumps(facts | {"task": "divination"}))
    with pytest.raises(RunDamagedError, match="divination"):
        Dataset.read(tmp_path / "dataset.csv")
    del facts["task"], facts["mask_values"]
    (tmp_path / "dataset.json").write_text(json.dumps(facts))
    assert Dataset.read(tmp_path / "dataset.csv").task == CLASSIFICATION
