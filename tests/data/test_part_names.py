"""One vocabulary of part names for folders, files and tables."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.data.part_names import part_like, part_named, parts_named

TRAIN = [
    "train",
    "training",
    "trainset",
    "training_set",
    "train_set",
    "Train",
    "Training",
    "TRAIN",
    "train2017",
    "TrainingSet",
    "train-set",
    "train_data",
    "train_images",
    "images_train",
    "trainval",
    "data_train",
    "Train2014",
    "train_dataset",
]
VALIDATION = [
    "val",
    "valid",
    "validate",
    "validation",
    "Val",
    "VALID",
    "val2017",
    "validation_set",
    "valset",
    "dev",
    "devset",
    "Dev",
    "validation-images",
    "development",
]
TEST = [
    "test",
    "testing",
    "test_set",
    "testset",
    "Test",
    "TEST",
    "test2017",
    "TestSet",
    "testing_data",
    "holdout",
    "hold_out",
    "hold-out",
    "tests",
]
NOT_PARTS = [
    "cat",
    "station",
    "trainer",
    "trained",
    "contest",
    "latest",
    "value",
    "invalid",
    "device",
    "detest",
    "train1",
    "test_2",
    "my_train",
    "dogs_test",
    "train_labels",
    "train_masks",
    "trainA",
    "evaluated",
    "testosterone",
]


@pytest.mark.parametrize(
    ("names", "part"),
    [([*TRAIN, "Training Set", " train "], "train"), (VALIDATION, "validation"), (TEST, "test"), (NOT_PARTS, "")],
)
def test_names_that_people_use_mean_their_part(names, part):
    assert {name: part_named(name) for name in names} == dict.fromkeys(names, part)


@pytest.mark.parametrize(
    ("beside", "part"),
    [((), "test"), (("train",), "test"), (("training", "validation"), "test"), (("train", "test_set"), "validation")],
)
@pytest.mark.parametrize("name", ["eval", "evaluation", "Evaluation", "eval_set", "evaluate"])
def test_evaluation_is_the_part_that_is_missing(name, beside, part):
    assert part_named(name, beside=beside) == part


def test_public_and_private_tests_are_told_apart():
    assert parts_named(["Training", "PublicTest", "PrivateTest"]) == {
        "Training": "train",
        "PublicTest": "validation",
        "PrivateTest": "test",
    }


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("my_train", "train"),
        ("train1", "train"),
        ("test_2", "test"),
        ("trainA", "train"),
        ("seg_test", "test"),
        ("trainer", ""),
        ("train_and_test", ""),
        ("cat", ""),
        ("training_set", "train"),
        ("val (1)", "validation"),
    ],
)
def test_a_name_that_only_mentions_a_part_is_part_like(name, part):
    assert part_like(name) == part


@given(st.sampled_from([*TRAIN, *VALIDATION, *TEST]), st.sampled_from(["-", "_", " ", ""]), st.booleans())
def test_case_and_separators_do_not_matter(name, separator, is_upper):
    varied = name.replace("_", separator).replace("-", separator)
    assert part_named(varied.upper() if is_upper else varied) == part_named(name) != ""


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    assert part_named(text) in {"train", "validation", "test", ""}
    assert part_like(text) in {"train", "validation", "test", ""}


@given(st.text(alphabet=string.digits, max_size=6))
def test_only_a_year_may_follow(digits):
    is_year = len(digits) % 4 == 0 and all(digits[at : at + 2] in {"19", "20"} for at in range(0, len(digits), 4))
    assert bool(part_named(f"train{digits}")) == is_year
