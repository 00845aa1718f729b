"""Cases of class folders and their parts."""

from pathlib import Path

import pytest

from headstart.data import audit_dataset, read_dataset, split_dataset
from headstart.errors import ClassTooSmallError, NoClassFoldersError


def f03_nested_superclass(data: Path) -> None:
    audit = audit_dataset(read_dataset(data))
    assert audit.dataset.class_names == ("plants", "things")
    nested = audit.findings[audit.findings["kind"] == "nested_folders"]
    assert nested["severity"].tolist() == ["warning"]
    assert nested["detail"].tolist() == ["2 folders count as one class: 'daisy', 'rose'"]


def f06_synonym_parts(data: Path) -> None:
    dataset = read_dataset(data)
    assert dataset.class_names == ("daisy", "rose")
    folders = dataset.frame["path"].str.split("/").str[0]
    assert set(zip(folders, dataset.frame["split"], strict=True)) == {("training_set", "train"), ("test_set", "test")}


def f07_wrapper_folder(data: Path) -> None:
    with pytest.raises(NoClassFoldersError) as caught:
        read_dataset(data)
    assert caught.value.hint == f"Use the inner folder: headstart train '{data}/PetImages'"
    assert read_dataset(data / "PetImages").class_names == ("daisy", "rose")


def f08_long_tail(data: Path) -> None:
    rare = [f"species_{number}" for number in range(12, 20)]
    with pytest.raises(ClassTooSmallError) as caught:
        split_dataset(audit_dataset(read_dataset(data)).dataset)
    assert all(f"'{name}'" in caught.value.problem for name in rare)
    assert "--min-per-class 3" in caught.value.hint
    audit = audit_dataset(read_dataset(data), min_per_class=3)
    findings = audit.findings[audit.findings["kind"] == "rare_class"]
    assert [detail.split("'")[1] for detail in findings["detail"]] == rare
    assert split_dataset(audit.dataset).class_names == tuple(f"species_{number:02}" for number in range(12))
