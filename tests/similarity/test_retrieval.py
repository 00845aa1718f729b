"""Recall and MAP@R are what a plain loop computes, and a random order scores what the baseline says."""

import numpy as np
import pytest

from headstart.similarity import measure_retrieval, retrieval


def by_hand(embeddings: np.ndarray, targets: np.ndarray, groups: np.ndarray) -> dict[str, float]:
    """The definitions, one picture after the other."""
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    scores: dict[str, list[float]] = {name: [] for name in ("1", "5", "10", "map")}
    for query in range(len(unit)):
        others = [row for row in range(len(unit)) if groups[row] != groups[query]]
        others.sort(key=lambda row: -unit[row] @ unit[query])
        hits = [bool((targets[row] & targets[query]).any()) for row in others]
        num_relevant = sum(hits)
        if not num_relevant:
            continue
        for k in (1, 5, 10):
            scores[str(k)].append(any(hits[:k]))
        precisions = [sum(hits[: place + 1]) / (place + 1) for place in range(num_relevant) if hits[place]]
        scores["map"].append(sum(precisions) / num_relevant)
    return {name: float(np.mean(values)) for name, values in scores.items()}


@pytest.fixture
def labelled() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    noise = np.random.default_rng(0)
    classes = noise.integers(6, size=80)
    targets = np.eye(7, dtype=np.int64)[np.append(classes, 6)]  # the last picture is alone in its class
    targets[:5, 0] = 1  # some have two classes
    embeddings = noise.normal(size=(81, 12)) + 0.8 * targets @ noise.normal(size=(7, 12))
    return embeddings, targets, np.append(np.arange(40), np.arange(41))  # each picture but one has a copy


@pytest.mark.parametrize("numbers_per_block", [100, 16_000_000])
def test_the_measures_are_those_of_their_definitions(labelled, numbers_per_block, monkeypatch):
    monkeypatch.setattr(retrieval, "NUMBERS_PER_BLOCK", numbers_per_block)
    metrics = measure_retrieval(*labelled)
    expected = by_hand(*labelled)
    assert [metric.value for metric in metrics.values()] == pytest.approx(list(expected.values()))
    for metric in metrics.values():
        assert 0 <= metric.low <= metric.value <= metric.high <= 1
        assert metric.num_examples == 80


def test_a_random_order_scores_the_baseline():
    noise = np.random.default_rng(0)
    targets = np.eye(4, dtype=np.int64)[noise.choice(4, size=1500, p=[0.1, 0.2, 0.3, 0.4])]
    metrics = measure_retrieval(noise.normal(size=(1500, 30)), targets, np.arange(1500))
    for metric in metrics.values():
        assert metric.value == pytest.approx(metric.baseline, abs=0.03)


def test_copies_are_neither_found_nor_expected():
    embeddings = np.repeat(np.eye(3), 2, axis=0)
    targets = np.eye(3, dtype=np.int64)[[0, 0, 1, 1, 2, 2]]
    assert measure_retrieval(embeddings, targets, np.arange(6))["recall_at_1"].value == 1
    assert measure_retrieval(embeddings, targets, np.array([0, 0, 1, 1, 2, 2])) == {}


def test_where_all_have_the_same_class_there_is_nothing_to_measure():
    assert measure_retrieval(np.eye(6), np.ones((6, 1), np.int64), np.arange(6)) == {}


def test_of_many_pictures_some_are_searched_for(monkeypatch):
    monkeypatch.setattr(retrieval, "MAX_QUERIES", 50)
    noise = np.random.default_rng(0)
    arguments = noise.normal(size=(300, 4)), np.eye(2, dtype=np.int64)[np.arange(300) % 2], np.arange(300)
    metrics = measure_retrieval(*arguments)
    assert metrics["recall_at_1"].num_examples == 50
    assert metrics == measure_retrieval(*arguments)
