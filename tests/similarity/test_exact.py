"""The exact search is what NumPy would compute, whatever the blocks; the graph finds nearly the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.similarity import exact, nearest_exact
from headstart.similarity.hnsw import nearest_in_graph, write_graph


def reference(queries: np.ndarray, embeddings: np.ndarray) -> np.ndarray:
    """Cosine distances in float64."""
    rows = embeddings.astype(np.float64)
    norms = np.linalg.norm(queries.astype(np.float64), axis=1)[:, None] * np.linalg.norm(rows, axis=1)
    return 1 - queries.astype(np.float64) @ rows.T / norms


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 1000),
    num_rows=st.integers(1, 60),
    top=st.integers(1, 70),
    block=st.sampled_from([64, 640, 10**6]),
)
def test_the_nearest_are_those_of_numpy(seed, num_rows, top, block):
    noise = np.random.default_rng(seed)
    queries = noise.normal(size=(3, 8)).astype(np.float32)
    embeddings = noise.normal(size=(num_rows, 8)).astype(np.float16)
    expected = reference(queries, embeddings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "NUMBERS_PER_BLOCK", block)
        rows, distances = nearest_exact(queries, embeddings, top=top)
    assert rows.shape == distances.shape == (3, min(top, num_rows))
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :top], atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(expected, rows, axis=1), distances, atol=1e-5)
    assert all(len(set(row)) == len(row) for row in rows.tolist())


def test_of_equal_pictures_the_first_comes_first(monkeypatch):
    monkeypatch.setattr(exact, "NUMBERS_PER_BLOCK", 64 * 3)  # copies lie in several blocks
    embeddings = np.tile(np.array([[1.0, 0.0], [0.0, 1.0]], np.float16), (10, 1))
    rows, distances = nearest_exact(np.array([[2.0, 0.0]]), embeddings, top=12)
    assert rows[0].tolist() == [*range(0, 20, 2), 1, 3]
    assert distances[0].tolist() == [0.0] * 10 + [1.0] * 2


def test_rows_without_a_direction_are_at_right_angles_to_all():
    rows, distances = nearest_exact(np.zeros((1, 4)), np.eye(4, dtype=np.float16), top=2)
    assert (rows.tolist(), distances.tolist()) == ([[0, 1]], [[1.0, 1.0]])


def test_many_queries_are_answered_in_blocks():
    embeddings = np.random.default_rng(0).normal(size=(200, 16)).astype(np.float16)
    rows, distances = nearest_exact(embeddings, embeddings, top=1)
    assert rows[:, 0].tolist() == list(range(200))
    np.testing.assert_allclose(distances, 0, atol=1e-6)


@pytest.fixture(scope="module")
def clusters() -> np.ndarray:
    """Like features of pictures: many directions, close to some hundred centres."""
    noise = np.random.default_rng(0)
    centres = noise.normal(size=(100, 64))
    return (centres[noise.integers(100, size=3000)] + 0.7 * noise.normal(size=(3000, 64))).astype(np.float16)


def test_the_graph_finds_nearly_all_of_the_nearest_at_the_same_distances(clusters, tmp_path):
    write_graph(tmp_path / "graph", clusters)
    queries = clusters[:100] + np.random.default_rng(1).normal(0, 0.3, (100, 64))
    found, distances = nearest_in_graph(tmp_path / "graph", queries, clusters, top=12)
    expected, exact_distances = nearest_exact(queries, clusters, top=12)
    recall = np.mean([len(set(ours) & set(theirs)) / 12 for ours, theirs in zip(found, expected, strict=True)])
    assert recall >= 0.97  # measured: 0.99 and more
    same = found[:, 0] == expected[:, 0]
    np.testing.assert_allclose(distances[same, 0], exact_distances[same, 0], atol=1e-5)
    assert (np.diff(distances, axis=1) >= 0).all()


def test_the_graph_is_the_same_every_time(clusters, tmp_path):
    for name in ("one", "two"):
        write_graph(tmp_path / name, clusters[:500])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_graph_of_copies_gives_as_many_as_were_asked_for(tmp_path):
    embeddings = np.ones((300, 8), np.float16)
    write_graph(tmp_path / "graph", embeddings)
    rows, distances = nearest_in_graph(tmp_path / "graph", np.ones((1, 8)), embeddings, top=500)
    assert sorted(rows[0].tolist()) == list(range(300))
    np.testing.assert_allclose(distances, 0, atol=1e-6)
