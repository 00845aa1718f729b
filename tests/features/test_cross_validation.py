"""Cross-validated accuracy: honest folds, honest choice, honest interval."""

import numpy as np
import pytest

from headstart.features import cross_validation
from headstart.features.cross_validation import probe_accuracy


def examples(num_examples: int, *, num_classes: int = 2, seed: int = 0, distance: float = 2.0):
    rng = np.random.default_rng(seed)
    classes = np.arange(num_examples) % num_classes
    features = rng.normal(size=(num_examples, 8))
    features[:, :num_classes] += distance * np.eye(num_classes)[classes]
    return features, np.eye(num_classes)[classes]


def test_the_accuracy_is_near_the_best_possible_one():
    accuracy = probe_accuracy(*examples(600), seed=0)
    # Two normal distributions 2·√2 apart: the best rule is right with probability Φ(√2) = 0.921.
    assert accuracy.value == pytest.approx(0.921, abs=0.04)
    assert accuracy.low < 0.921 < accuracy.high
    assert accuracy.num_examples == 600
    assert np.mean(accuracy.fold_accuracies) == pytest.approx(accuracy.value)
    assert len(accuracy.strengths) == 5


def test_targets_that_have_nothing_to_do_with_features_are_guessed():
    accuracy = probe_accuracy(*examples(300, distance=0.0), seed=0)
    assert accuracy.low < 0.5 < accuracy.high


def test_the_same_seed_gives_the_same_accuracy():
    features, targets = examples(60)
    assert vars(probe_accuracy(features, targets, seed=3)) == vars(probe_accuracy(features, targets, seed=3))


def test_every_example_is_scored_once_by_a_probe_that_saw_neither_it_nor_its_copies(monkeypatch):
    features, targets = examples(60, num_classes=3)
    features[:, -1] = groups = np.arange(60) // 2 * 1.0
    seen = []

    def recorded(training, *args, validation_features, **keywords):
        seen.append((set(training[:, -1]), set(validation_features[:, -1])))
        return original(training, *args, validation_features=validation_features, **keywords)

    original = cross_validation.fit_probe
    monkeypatch.setattr(cross_validation, "fit_probe", recorded)
    probe_accuracy(features, targets, seed=0, groups=groups)
    scored = []
    for (learnt, chosen), (fitted, _) in zip(seen[::2], seen[1::2], strict=True):
        assert not learnt & chosen
        assert learnt | chosen == fitted
        scored += set(groups) - fitted
    assert sorted(scored) == sorted(set(groups))


def test_copies_do_not_help_where_groups_are_known():
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(40, 60)), np.eye(2)[np.arange(40) % 2]
    copies = np.tile(features, (4, 1)), np.tile(targets, (4, 1))
    assert probe_accuracy(*copies, seed=0).value > 0.95
    assert probe_accuracy(*copies, seed=0, groups=np.tile(np.arange(40), 4)).value < 0.75


@pytest.mark.parametrize("num_examples", [10, 13])
def test_few_examples_are_enough(num_examples):
    accuracy = probe_accuracy(*examples(num_examples, distance=9.0), seed=0)
    assert accuracy.value == 1.0
    assert 0.6 < accuracy.low < accuracy.high == pytest.approx(1.0)


def test_classes_smaller_than_the_number_of_folds_are_scored():
    features, targets = examples(40)
    targets = np.column_stack([targets, np.zeros(40)])
    targets[:2] = [0.0, 0.0, 1.0]
    assert probe_accuracy(features, targets, seed=0).num_examples == 40


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_folds": 1}, "between 2 and 5"),
        ({"num_folds": 6}, "between 2 and 5"),
        ({"groups": np.arange(10) // 3}, "between 2 and 4"),
        ({"groups": np.zeros(3)}, r"groups of shape \(10,\)"),
        ({"targets": np.full((10, 2), 0.5)}, "one-hot"),
    ],
)
def test_wrong_examples_are_refused(changes, message):
    features, targets = examples(10)
    with pytest.raises(ValueError, match=message):
        probe_accuracy(**({"features": features, "targets": targets, "seed": 0} | changes))
