"""The chart of a ranking: every name once, none on another."""

import itertools

import pandas as pd
import pytest

from headstart.report import accuracy_by_size


def ranking(points: list[tuple[float, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(points, columns=["megabytes", "probe_accuracy"])
    frame["name"] = [f"network{number}" for number in range(len(frame))]
    frame["weights"] = "imagenet"
    return frame.assign(probe_low=frame["probe_accuracy"] - 0.02, probe_high=frame["probe_accuracy"] + 0.02)


@pytest.mark.parametrize(
    "points",
    [[(9, 0.9)], [(9, 0.9), (9, 0.9)], [(80 + 5 * step, 0.9 - 0.004 * step) for step in range(6)], [(5, 1), (500, 0)]],
    ids=["one", "equal", "close together", "far apart"],
)
def test_names_do_not_cover_each_other(points):
    figure = accuracy_by_size(ranking(points))
    (axes,) = figure.axes
    names = [text for text in axes.texts if text.get_text()]
    assert [text.get_text() for text in names] == [f"network{number}" for number in range(len(points))]
    boxes = [text.get_window_extent() for text in names]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_random_weights_are_explained_where_there_are_some():
    frame = ranking([(9, 0.9), (90, 0.4)])
    (axes,) = accuracy_by_size(frame).axes
    assert "random" not in axes.get_xlabel()
    (axes,) = accuracy_by_size(frame.assign(weights=["imagenet", "none"])).axes
    assert "hollow: random weights" in axes.get_xlabel()
