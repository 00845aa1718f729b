from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from headstart.data import Dataset, split_dataset
from headstart.data.annotations import Box, boxes_to_text, numbers_to_text
from headstart.data.dataset import SPLITS, frame_from_rows
from headstart.errors import ClassTooSmallError, SplitError
from headstart.task_spec import DETECTION, REGRESSION


def dataset_of(targets, *, groups=None, copies=None, splits=None, multi_label=False) -> Dataset:
    groups = groups or [""] * len(targets)
    splits = splits or [""] * len(targets)
    rows = [(f"{number:05}.png", *cells) for number, cells in enumerate(zip(targets, groups, splits, strict=True))]
    frame = frame_from_rows(rows)
    if copies is not None:
        frame["duplicate_group"] = np.array(copies, np.int64)
    names = sorted({name for target in targets for name in (target.split(";") if multi_label else [target])})
    return Dataset(frame, tuple(names), Path("/photos"), multi_label)


def part_of(dataset: Dataset) -> dict[str, str]:
    return dict(zip(dataset.frame["path"], dataset.frame["split"], strict=True))


def torn(dataset: Dataset, column: str) -> list:
    parts = dataset.frame[dataset.frame[column] != ""].groupby(column)["split"].nunique()
    return parts[parts > 1].index.tolist()


@st.composite
def tied_datasets(draw):
    """Enough single examples of every class, and more that copies and groups tie together across classes."""
    num_classes = draw(st.integers(2, 4))
    single = [f"class {number}" for number in range(num_classes) for _ in range(draw(st.integers(3, 8)))]
    tied = draw(st.lists(st.sampled_from(sorted(set(single))), max_size=30))
    copies = [1000 + number for number in range(len(single))] + [draw(st.integers(0, 8)) for _ in tied]
    groups = [""] * len(single) + [draw(st.sampled_from(["", "", "a", "b", "c"])) for _ in tied]
    return dataset_of(single + tied, groups=groups, copies=copies)


@settings(max_examples=150, deadline=None)
@given(tied_datasets(), st.integers(0, 5))
def test_copies_and_groups_never_cross_and_every_class_is_everywhere(dataset, seed):
    split = split_dataset(dataset, seed=seed)
    assert torn(split, "duplicate_group") == []
    assert torn(split, "group") == []
    assert split.frame["split"].isin(SPLITS).all()
    assert (split.class_counts().to_numpy() > 0).all()
    assert split.frame.drop(columns="split").equals(dataset.frame.drop(columns="split"))


fractions = st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 20)).map(
    lambda parts: tuple(np.array(parts) / sum(parts))
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(3, 60), min_size=2, max_size=6), fractions, st.integers(0, 5))
def test_single_examples_are_balanced_within_one_of_each_class(counts, fractions, seed):
    targets = [f"class {number}" for number, count in enumerate(counts) for _ in range(count)]
    found = split_dataset(dataset_of(targets), fractions=fractions, seed=seed).class_counts()
    assert (found.to_numpy() >= 1).all()
    ideal = np.array(counts)[:, None] * np.array(fractions)
    # A class too small to give every part its first example by the fractions gives it all the same.
    enough = (ideal >= 1).all(axis=1)
    assert (np.abs(found.to_numpy() - ideal)[enough] <= 1 + 1e-6).all()


@settings(max_examples=60, deadline=None)
@given(tied_datasets(), st.randoms())
def test_order_of_the_rows_does_not_matter(dataset, random):
    order = list(range(len(dataset)))
    random.shuffle(order)
    shuffled = replace(dataset, frame=dataset.frame.iloc[order].reset_index(drop=True))
    assert part_of(split_dataset(shuffled, seed=3)) == part_of(split_dataset(dataset, seed=3))


def test_the_seed_decides():
    dataset = dataset_of(["a", "b"] * 30)
    assert part_of(split_dataset(dataset, seed=1)) == part_of(split_dataset(dataset, seed=1))
    assert part_of(split_dataset(dataset, seed=1)) != part_of(split_dataset(dataset, seed=2))


def test_parts_have_their_fractions_with_many_small_classes():
    targets = [f"{number:03}" for number in range(100) for _ in range(10)]
    totals = split_dataset(dataset_of(targets)).class_counts().sum().to_numpy() / 1000
    assert np.abs(totals - [0.7, 0.15, 0.15]).max() < 0.01


def test_groups_of_a_person_with_every_class_keep_the_fractions():
    rng = np.random.default_rng(0)
    persons = np.repeat(np.arange(60), rng.integers(5, 25, 60))
    targets = [str(number) for number in rng.integers(0, 5, len(persons))]
    split = split_dataset(dataset_of(targets, groups=[f"p{person}" for person in persons]))
    counts = split.class_counts()
    shares = counts.div(counts.sum(axis=1), axis=0)
    assert torn(split, "group") == []
    assert np.abs(shares - [0.7, 0.15, 0.15]).to_numpy().max() < 0.08


def test_several_labels_keep_their_fractions():
    rng = np.random.default_rng(0)
    chosen = [np.flatnonzero(row) for row in rng.random((600, 6)) < [0.5, 0.3, 0.2, 0.1, 0.05, 0.02]]
    targets = [";".join("abcdef"[label] for label in labels) for labels in chosen if len(labels)]
    counts = split_dataset(dataset_of(targets, multi_label=True)).class_counts()
    ideal = counts.sum(axis=1).to_numpy()[:, None] * [0.7, 0.15, 0.15]
    assert np.abs(counts.to_numpy() - ideal).max() <= 4
    assert (counts.to_numpy() > 0).all()


def test_given_parts_stay_and_the_missing_one_comes_from_train():
    splits = ["train"] * 40 + ["test"] * 10
    dataset = dataset_of(["a", "b"] * 25, splits=splits)
    split = split_dataset(dataset)
    assert (split.frame["split"][40:] == "test").all()
    # 0.15 / (0.7 + 0.15) of 40
    assert split.class_counts()["validation"].sum() == pytest.approx(40 * 0.15 / 0.85, abs=2)
    assert split.class_counts()["train"].sum() == 50 - 10 - split.class_counts()["validation"].sum()


def test_train_alone_gives_validation_and_test():
    split = split_dataset(dataset_of(["a", "b"] * 50, splits=["train"] * 100))
    assert split.class_counts().sum().tolist() == pytest.approx([70, 15, 15], abs=2)


def test_complete_given_parts_are_not_touched():
    splits = ["train", "train", "validation", "test"] * 5
    split = split_dataset(dataset_of(["a", "b"] * 10, splits=splits))
    assert split.frame["split"].tolist() == splits


def test_open_rows_follow_their_mates():
    splits = ["train", "train", "validation", "validation", "test", "test", "", "", ""]
    groups = ["", "", "v", "", "t", "", "t", "v", ""]
    split = split_dataset(dataset_of(["a", "b", "a", "b", "a", "b", "a", "b", "b"], splits=splits, groups=groups))
    assert split.frame["split"].tolist()[6:] == ["test", "validation", "train"]


@pytest.mark.parametrize(
    "wrong", [(0.7, 0.3, 0.0), (0.7, 0.2, 0.2), (1.2, -0.1, -0.1), (0.5, 0.5), (float("nan"), 0.5, 0.5)]
)
def test_impossible_fractions_are_refused(wrong):
    with pytest.raises(SplitError):
        split_dataset(dataset_of(["a", "b"] * 10), fractions=wrong)


def test_nothing_to_train_on_is_refused():
    with pytest.raises(SplitError, match="training"):
        split_dataset(dataset_of(["a", "b"] * 4, splits=["test"] * 8))


def test_a_class_with_two_pictures_is_named_with_its_count():
    with pytest.raises(ClassTooSmallError, match="class 'rare' has 2") as caught:
        split_dataset(dataset_of(["a"] * 10 + ["rare"] * 2))
    assert "'a'" not in str(caught.value)


def test_copies_count_once_towards_the_size_of_a_class():
    copies = [*range(10), 20, 20, 20, 21]
    with pytest.raises(ClassTooSmallError, match="has 4, of which only 2"):
        split_dataset(dataset_of(["a"] * 10 + ["rare"] * 4, copies=copies))


def test_a_class_missing_from_given_training_is_refused():
    with pytest.raises(ClassTooSmallError, match="'b' has 0"):
        split_dataset(dataset_of(["a", "a", "b"], splits=["train", "validation", "test"]))


def test_classes_tied_together_are_refused_with_their_names():
    # Three groups hold a and b; a third part of c only ever comes with the same group.
    targets = ["a"] * 9 + ["b"] * 3
    groups = ["x", "y", "z"] * 3 + ["x", "x", "y"]
    with pytest.raises(ClassTooSmallError, match="'b'"):
        split_dataset(dataset_of(targets, groups=groups))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "a;b", "b;c", "c"]), min_size=15, max_size=60), st.integers(0, 3))
def test_every_label_reaches_every_part(targets, seed):
    numbers = [sum(name in target.split(";") for target in targets) for name in "abc"]
    assume(min(numbers) >= 5)
    split = split_dataset(dataset_of(targets, multi_label=True), seed=seed)
    assert (split.class_counts().to_numpy() > 0).all()


def located_set(shown: list[tuple[str, ...]], class_names=("a", "b", "c")) -> Dataset:
    """A data set for detection: the classes of the objects in each picture."""
    targets = [boxes_to_text([Box(name, 0, 0, 5, 5) for name in names]) for names in shown]
    rows = [(f"{number:03}.png", target, "", "") for number, target in enumerate(targets)]
    return Dataset(frame_from_rows(rows), class_names, Path("/photos"), task=DETECTION)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abc"), max_size=3, unique=True).map(tuple), min_size=3, max_size=30),
    st.integers(0, 3),
)
def test_any_three_pictures_with_objects_can_be_split(shown, seed):
    parts = split_dataset(located_set(shown), seed=seed).frame["split"]
    assert set(parts) == {"train", "validation", "test"}


def test_background_and_every_class_get_their_shares():
    shown = [("a",)] * 40 + [("a", "b")] * 20 + [()] * 20
    frame = split_dataset(located_set(shown, ("a", "b"))).frame
    sizes = frame.groupby([frame["target"].str.contains("b"), frame["target"] == "[]"])["split"].value_counts()
    assert sizes.loc[(False, True)].to_dict() == {"train": 14, "validation": 3, "test": 3}
    assert sizes.loc[(True, False)].to_dict() == {"train": 14, "validation": 3, "test": 3}


def test_a_class_in_one_picture_is_learned_and_no_error():
    split = split_dataset(located_set([("a",)] * 20 + [("b",)], ("a", "b")))
    assert split.class_counts().loc["b"].tolist() == [1, 0, 0]


def test_two_pictures_cannot_be_three_parts():
    with pytest.raises(SplitError, match="too few"):
        split_dataset(located_set([("a",), ("b",)]))


def test_every_part_gets_its_share_of_small_and_large_numbers():
    rows = [(f"{number:03}.png", numbers_to_text([number]), "", "") for number in range(100)]
    dataset = Dataset(frame_from_rows(rows), ("age",), Path("/photos"), task=REGRESSION)
    split = split_dataset(dataset)
    means = [split.part(part).numbers().mean() for part in ("train", "validation", "test")]
    assert max(means) - min(means) < 8
    assert [len(split.part(part)) for part in ("train", "validation", "test")] == [70, 15, 15]
