"""Classes with too few images are refused, or left out on demand."""

import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset, split_dataset
from headstart.errors import ClassTooSmallError


@pytest.fixture
def long_tail(tmp_path):
    seed = 0
    for name, count in {"fox": 8, "owl": 8, "lynx": 2, "wolf": 1}.items():
        (tmp_path / name).mkdir()
        for number in range(count):
            seed += 1
            pixels = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
            Image.fromarray(pixels).resize((40, 40)).save(tmp_path / name / f"{number}.png")
    (tmp_path / "lynx" / "copy.png").write_bytes((tmp_path / "lynx" / "0.png").read_bytes())
    return tmp_path


def test_the_refusal_lists_the_rare_classes_and_the_option(long_tail):
    with pytest.raises(ClassTooSmallError) as caught:
        split_dataset(audit_dataset(read_dataset(long_tail)).dataset)
    assert "'lynx' has 3, of which only 2" in caught.value.problem
    assert "'wolf' has 1" in caught.value.problem
    assert "--min-per-class 3" in caught.value.hint


def test_rare_classes_are_left_out_and_named(long_tail):
    audit = audit_dataset(read_dataset(long_tail), min_per_class=3)
    rare = audit.findings[audit.findings["kind"] == "rare_class"]
    assert audit.dataset.class_names == ("fox", "owl")
    assert len(audit.dataset) == 16
    assert rare["severity"].tolist() == ["warning", "warning"]
    assert rare["detail"].tolist() == [
        "'lynx' has 2 training images, fewer than 3",
        "'wolf' has 1 training images, fewer than 3",
    ]
    assert set(split_dataset(audit.dataset).frame["split"]) == {"train", "validation", "test"}


def test_nothing_left_to_tell_apart_is_an_error(long_tail):
    with pytest.raises(ClassTooSmallError, match="0 of 4 classes have 9 training images"):
        audit_dataset(read_dataset(long_tail), min_per_class=9)


def test_a_rare_label_beside_others_goes_alone(tmp_path):
    rows = ["path,label"]
    for number in range(9):
        pixels = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((40, 40)).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{'red' if number % 2 else 'blue'}{';rare' if number == 4 else ''}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    audit = audit_dataset(read_dataset(tmp_path / "labels.csv"), min_per_class=2)
    assert audit.dataset.class_names == ("blue", "red")
    assert dict(zip(audit.dataset.frame["path"], audit.dataset.frame["target"], strict=True))["4.png"] == "blue"
    assert len(audit.dataset) == 9


def test_images_given_to_a_measuring_part_are_not_counted(long_tail):
    for part, names in {"train": ("fox", "owl", "wolf"), "test": ("lynx",)}.items():
        (long_tail / part).mkdir()
        for name in names:
            (long_tail / name).rename(long_tail / part / name)
    audit = audit_dataset(read_dataset(long_tail), min_per_class=1)
    assert audit.dataset.class_names == ("fox", "lynx", "owl", "wolf")
    audit = audit_dataset(read_dataset(long_tail), min_per_class=2)
    assert audit.dataset.class_names == ("fox", "owl")
