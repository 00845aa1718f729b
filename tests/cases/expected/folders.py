"""Cases of class folders and their parts."""

from pathlib import Path

import pytest

from headstart.data import audit_dataset, read_dataset
from headstart.errors import NoClassFoldersError


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
    assert caught.value.hint == f"Name the inner folder: headstart train '{data}/PetImages'"
    assert read_dataset(data / "PetImages").class_names == ("daisy", "rose")
