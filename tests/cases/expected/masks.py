"""Masks as files."""

import re
from pathlib import Path

import numpy as np
import pytest

from headstart.data import audit_dataset, read_dataset, read_mask
from headstart.errors import AnnotationsError
from headstart.task_spec import SEGMENTATION


def _audited(data: Path, **asked):
    dataset = read_dataset(data, **asked)
    assert dataset.task == SEGMENTATION
    audit = audit_dataset(dataset)
    return audit.dataset, dict(zip(audit.findings["kind"], audit.findings["detail"], strict=True))


def _shares(dataset) -> dict[str, float]:
    counts = sum(np.bincount(read_mask(dataset, row).ravel(), minlength=256) for row in range(len(dataset)))
    return {name: counts[number] / counts.sum() for number, name in enumerate(dataset.class_names)}


def s01b_voc_full_layout(data: Path) -> None:
    dataset, findings = _audited(data, task=SEGMENTATION)
    for name, part in (("train", "train"), ("val", "validation")):
        listed = (data / "ImageSets" / "Segmentation" / f"{name}.txt").read_text().split()
        assert [Path(path).stem for path in dataset.part(part).frame["path"]] == sorted(listed)
    assert dataset.class_names == ("background", "1", "2")
    assert "255 covers 2.4% of the pixels" in findings["ignored_value"]


def s02_rgb_colour_masks(data: Path) -> None:
    dataset, findings = _audited(data)
    assert len(dataset) == 14
    assert set(dataset.class_names) == {"background", "red", "blue"}
    assert dataset.labels()[13] == ("background", "red", "blue")
    assert not findings.keys() & {"broken_mask", "unknown_mask_value", "colours_unnamed"}


def s04_jpeg_masks(data: Path) -> None:
    dataset, findings = _audited(data)
    assert re.search(r"14 masks.*are JPEG files, which change values", findings["jpeg_masks"])
    assert dataset.class_names == ("background", "object")
    assert 0.05 < _shares(dataset)["object"] < 0.3


def s05_alpha_masks(data: Path) -> None:
    dataset, findings = _audited(data)
    assert dataset.class_names == ("background", "object")
    assert _shares(dataset)["object"] == pytest.approx(0.12, abs=0.06)
    assert "transparent" in findings["transparent_masks"]


def s07_size_mismatch(data: Path) -> None:
    with pytest.raises(AnnotationsError, match=r"None of the 14 masks has the size.*all are 1/2 of it.*48 x 36"):
        read_dataset(data)


def s08_labels_folder(data: Path) -> None:
    dataset, _ = _audited(data)
    assert len(dataset) == 14
    assert dataset.class_names == ("background", "1", "2")


def s08b_ade_layout(data: Path) -> None:
    given = read_dataset(data).frame
    assert given["split"].value_counts().to_dict() == {"train": 14, "validation": 5}
    dataset, findings = _audited(data)
    assert dataset.frame["split"].value_counts().to_dict() == {"train": 9, "validation": 5}
    assert "duplicate_across_splits" in findings  # five images lie in both parts


def s08f_same_folder(data: Path) -> None:
    dataset, _ = _audited(data)
    assert len(dataset) == 14
    assert all("_mask" not in path for path in dataset.frame["path"])
    assert dataset.class_names == ("background", "object")


def s11_values_1_to_n_gap(data: Path) -> None:
    dataset, findings = _audited(data)
    assert dataset.class_names == ("background", "127", "255")
    assert "255 covers 8.4% of the pixels and was read as a class" in findings["value_255"]
    without, _ = _audited(data, ignore_value=255)
    assert without.class_names == ("background", "127")
