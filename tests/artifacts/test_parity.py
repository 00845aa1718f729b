"""The gate that every exported file has to pass."""

import numpy as np
import pytest

from headstart.artifacts import Parity
from headstart.artifacts.int8_share import Int8Share
from headstart.tasks import Answers
from headstart.tasks.classification.parity import compare_classes

NAMES = ("cat", "dog", "owl")


def answers(*rows: tuple[float, ...], scores: float = 0.1) -> Answers:
    return Answers(np.array(rows), np.full(len(rows), scores))


def checked(model: Answers, file: Answers, *, is_int8: bool = False, multi_label: bool = False) -> Parity:
    count = len(model.probabilities)
    return compare_classes(
        model,
        file,
        np.tile([1, 0, 0], (count, 1)),
        paths=[f"{row}.png" for row in range(count)],
        class_names=NAMES,
        multi_label=multi_label,
        is_int8=is_int8,
    )


def test_a_float_file_may_differ_by_a_ten_thousandth():
    assert checked(answers((0.7, 0.2, 0.1)), answers((0.69991, 0.20009, 0.1))).is_passed
    parity = checked(answers((0.7, 0.2, 0.1)), answers((0.6998, 0.2002, 0.1)))
    assert not parity.is_passed
    assert parity.agreement == 1.0
    assert [each.path for each in parity.differences] == ["0.png"]


def test_where_the_model_is_undecided_either_answer_counts():
    assert checked(answers((0.45, 0.44995, 0.10005)), answers((0.44996, 0.44999, 0.10005))).is_passed


def test_a_foreign_score_that_moved_fails_a_float_file():
    assert not checked(answers((0.7, 0.2, 0.1)), answers((0.7, 0.2, 0.1), scores=0.11)).is_passed


@pytest.mark.parametrize("is_int8", [False, True])
def test_an_answer_that_is_no_number_fails(is_int8):
    assert not checked(answers((0.7, 0.2, 0.1)), answers((np.nan, 0.2, 0.1)), is_int8=is_int8).is_passed


def test_an_int8_file_passes_with_98_of_100_same_answers_and_a_point_of_accuracy_less():
    sure, wrong, right = (0.9, 0.1, 0.0), (0.4, 0.6, 0.0), (0.6, 0.4, 0.0)
    model = answers(*[sure] * 98, wrong, right)
    assert checked(model, answers(*[sure] * 98, right, wrong), is_int8=True).is_passed
    assert checked(model, answers(*[sure] * 98, wrong, wrong), is_int8=True).is_passed
    assert not checked(model, answers(*[sure] * 97, wrong, right, wrong), is_int8=True).is_passed
    assert not checked(model, answers(*[sure] * 97, wrong, wrong, wrong), is_int8=True).is_passed


def test_an_int8_file_that_holds_next_to_no_int8_does_not_pass():
    parity = checked(answers((0.7, 0.2, 0.1)), answers((0.7, 0.2, 0.1)), is_int8=True)
    honest, hollow = (parity.with_int8_share(Int8Share(stored, stored / 2)) for stored in (0.2, 0.19))
    assert honest.is_passed
    assert honest.summary().endswith("int8: 20% of weights stored, 10% computed")
    assert honest.facts()["int8_share"] == {"stored": 0.2, "computed": 0.1}
    assert not hollow.is_passed
    assert "19% of weights" in hollow.summary()


def test_a_float_file_says_nothing_of_int8():
    assert "int8_share" not in checked(answers((0.7, 0.2, 0.1)), answers((0.7, 0.2, 0.1))).facts()


def test_how_much_is_int8_mends_no_other_failure():
    parity = checked(answers((0.7, 0.2, 0.1)), answers((0.1, 0.8, 0.1)), is_int8=True)
    assert not parity.with_int8_share(Int8Share(1.0, 1.0)).is_passed


def test_with_several_labels_every_yes_and_no_counts():
    model = answers((0.9, 0.4, 0.50004), (0.8, 0.2, 0.1))
    near = answers((0.9, 0.4, 0.49996), (0.8, 0.2, 0.1))
    assert checked(model, near, multi_label=True).is_passed
    far = checked(model, answers((0.9, 0.6, 0.50004), (0.8, 0.2, 0.1)), multi_label=True)
    assert not far.is_passed
    assert far.agreement == pytest.approx(5 / 6)
    assert far.differences[0].model == "cat;owl 0.5000"
    assert far.differences[0].file == "cat;dog;owl 0.5000"


def test_the_table_names_the_worst_pictures_first_and_counts_the_rest():
    model = answers(*[(0.9, 0.1, 0.0)] * 3)
    parity = checked(model, answers((0.8, 0.2, 0.0), (0.1, 0.9, 0.0), (0.7, 0.3, 0.0)))
    lines = parity.table(2)
    assert lines[0] == "  1.png: model cat 0.9000, file dog 0.9000"
    assert lines[-1] == "  and 1 more"
