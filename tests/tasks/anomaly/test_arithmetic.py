"""Memory, p-values and metrics, against known numbers and scikit-learn."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import average_precision_score, roc_auc_score

from headstart.data import GOOD
from headstart.errors import PredictionsError, RecipeError
from headstart.tasks.anomaly.conformal import GoodScores, require_promise
from headstart.tasks.anomaly.heat import heat_in_picture
from headstart.tasks.anomaly.memory import choose_memory, greedy_centres, memory_size, stage_scale
from headstart.tasks.anomaly.metrics import evaluate_anomalies
from headstart.tasks.anomaly.places import IGNORED, PlaceScores


def batches_of(features: np.ndarray):
    return lambda: (features[first : first + 2] for first in range(0, len(features), 2))


def test_the_next_centre_is_the_farthest_from_all_before():
    points = np.array([[0.0], [1.0], [4.0], [10.0], [10.5]], np.float32)
    assert greedy_centres(points, 5, first=0).tolist() == [0, 4, 2, 1, 3]
    assert greedy_centres(np.zeros((3, 2), np.float32), 3).tolist() == [0, 1, 2]


def test_centres_leave_no_point_farther_than_twice_the_best_choice():
    points = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    chosen = greedy_centres(points, 2, first=3)
    radius = cdist(points, points[chosen]).min(axis=1).max()
    best = min(cdist(points, points[[i, j]]).min(axis=1).max() for i in range(60) for j in range(i))
    assert best <= radius <= 2 * best


def test_the_same_seed_chooses_the_same_memory_and_another_one_another():
    features = np.random.default_rng(0).normal(size=(5, 4, 4, 150)).astype(np.float32)
    scale = stage_scale(batches_of(features), [100, 50])
    first, second, other = (
        choose_memory(batches_of(features), scale, 20, num_places=80, seed=seed) for seed in (0, 0, 1)
    )
    assert first.shape == (20, 150)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
    members = {row.tobytes() for row in (features * scale).reshape(-1, 150)}
    assert all(row.tobytes() in members for row in first)


def test_stages_count_alike_whatever_the_size_of_their_features():
    features = np.random.default_rng(0).normal(size=(4, 3, 3, 6)) * [100, 100, 100, 100, 0.1, 0.1]
    scaled = features * stage_scale(batches_of(features), [4, 2])
    assert (scaled[..., :4] ** 2).mean() == pytest.approx(1, rel=1e-5)
    assert (scaled[..., 4:] ** 2).mean() == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize(
    ("places", "whole", "size"), [(300, False, 300), (50_000, False, 1_000), (400_000, False, 4_000), (70, True, 70)]
)
def test_a_memory_keeps_one_per_cent_but_enough_of_few_places(places, whole, size):
    assert memory_size(places, is_whole=whole) == size


def test_p_values_count_the_good_images_that_are_not_lower():
    good = GoodScores.from_scores(np.array([3.0, 1.0, 2.0, 2.0]))
    np.testing.assert_allclose(good.p_values(np.array([0.5, 2.0, 2.5, 3.0, 9.0])), [1.0, 4 / 5, 2 / 5, 2 / 5, 1 / 5])
    assert good.lowest_rate == 0.2
    assert good.is_defect(np.array([3.0, 9.0]), 0.2).tolist() == [False, True]
    assert good.is_defect(np.array([2.0, 3.0, 9.0]), 0.4).tolist() == [False, True, True]
    assert (good.threshold(0.2), good.threshold(0.4), good.threshold(0.1)) == (3.0, 2.0, math.inf)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.3])
def test_a_promised_rate_of_false_alarms_holds_on_average(rate):
    draws = np.random.default_rng(0)
    alarms = [
        GoodScores.from_scores(draws.normal(size=19)).is_defect(draws.normal(size=50), rate).mean()
        for _ in range(2_000)
    ]
    assert np.mean(alarms) == pytest.approx(math.floor(rate * 20) / 20, abs=0.01)


def test_a_rate_needs_its_reciprocal_less_one_images_and_the_message_says_what_can_be_promised():
    require_promise(0.01, 99)
    with pytest.raises(RecipeError, match="cannot promise") as caught:
        require_promise(0.01, 41)
    assert "at least 99" in caught.value.expected
    assert "0.0238" in caught.value.received
    assert "--false-alarms 0.0239" in caught.value.hint
    require_promise(0.0239, 41)
    assert GoodScores.from_scores(np.arange(41.0)).rate(None) == 1 / 42
    assert GoodScores.from_scores(np.arange(500.0)).rate(None) == 0.01
    for rate in (0, 1, float("nan")):
        with pytest.raises(RecipeError, match="must be a share"):
            require_promise(rate, 99)


@pytest.fixture(scope="module")
def drawn():
    """40 images: scores in steps, so that many are equal, scores of places, and masks of every second defect."""
    draws = np.random.default_rng(1)
    is_defect = np.arange(40) % 3 == 0
    maps = np.round(draws.normal(size=(40, 4, 4)) + 5, 1)
    masks: list[np.ndarray | None] = [np.zeros((4, 4), np.uint8) for _ in range(40)]
    for row in np.flatnonzero(is_defect).tolist():
        if row % 2:
            masks[row] = None
            continue
        masks[row][1:3, :2] = 1
        masks[row][3, 3] = IGNORED
        maps[row, 1:3, :2] += 1
    return is_defect, maps, masks


def report_of(is_defect, maps, masks, **settings):
    return evaluate_anomalies(
        maps.max(axis=(1, 2)),
        ["crack" if each else GOOD for each in is_defect],
        calibration=GoodScores.from_scores(np.arange(20) / 4 + 3),
        rate=0.1,
        places=PlaceScores.counted(maps, masks),
        num_resamples=50,
        **settings,
    )


def test_metrics_of_images_and_pixels_are_those_of_scikit_learn(drawn):
    is_defect, maps, masks = drawn
    metrics = report_of(*drawn).metrics
    scores = maps.max(axis=(1, 2))
    assert metrics["image_auroc"].value == pytest.approx(roc_auc_score(is_defect, scores))
    assert metrics["image_average_precision"].value == pytest.approx(average_precision_score(is_defect, scores))
    known = [row for row in range(40) if masks[row] is not None]
    truth, places = np.stack([masks[row] for row in known]), maps[known]
    scored = truth != IGNORED
    assert metrics["pixel_auroc"].value == pytest.approx(roc_auc_score(truth[scored], places[scored]))
    assert all(metric.low <= metric.value <= metric.high for metric in metrics.values())


def test_the_overlap_of_areas_is_that_of_a_case_counted_by_hand():
    # Two areas of 1 and 2 pixels among 7 good pixels. From the top: the first area is found at once, then one good
    # pixel, then half of the second area, then the other good pixels.
    maps = np.array([[[9.0, 1.0, 1.0, 1.0, 1.0], [1.0, 8.0, 1.0, 7.0, 0.5]]])
    masks = [np.array([[1, 0, 0, 0, 0], [0, 0, 0, 1, 1]], np.uint8)]
    places = PlaceScores.counted(maps, masks)
    assert places.areas.shape[0] == 2
    # Overlap 1/2 from rate 0 to 1/7, then 3/4 at rate 1/7, which the six equal pixels keep up to rate 1.
    by_hand = (0.5 * (1 / 7) + 0.75 * (0.3 - 1 / 7)) / 0.3
    assert places.pro(np.ones((1, 1)))[0] == pytest.approx(by_hand)
    assert np.isnan(places.pro(np.zeros((1, 1)))[0])


def test_perfect_scores_have_an_overlap_of_1_and_areas_count_alike_whatever_their_size():
    mask = np.zeros((6, 6), np.uint8)
    mask[0, 0] = 1
    mask[2:6, 2:6] = 1
    assert PlaceScores.counted(mask[None].astype(float), [mask]).pro(np.ones((1, 1)))[0] == pytest.approx(1)
    only_small = np.zeros((1, 6, 6))
    only_small[0, 0, 0] = 1
    # Half of the areas at once, then all equal scores together: a straight line from (0, 1/2) to (1, 1).
    assert PlaceScores.counted(only_small, [mask]).pro(np.ones((1, 1)))[0] == pytest.approx(0.5 + 0.15 / 2)


def test_metrics_of_pixels_are_left_out_without_masks(drawn):
    is_defect, maps, _ = drawn
    masks = [None if each else np.zeros((4, 4), np.uint8) for each in is_defect]
    assert list(report_of(is_defect, maps, masks).metrics) == ["image_auroc", "image_average_precision"]


def test_without_defects_only_the_false_alarms_are_known(drawn):
    _, maps, _ = drawn
    report = report_of(np.zeros(40, bool), maps, [np.zeros((4, 4), np.uint8)] * 40)
    assert math.isnan(report.main_metric.value)
    assert report.class_names == (GOOD,)
    assert 0 <= report.tables["promise"]["false_alarms"].iloc[0] <= 1


def test_misses_and_false_alarms_come_first(drawn):
    is_defect, maps, masks = drawn
    table = report_of(is_defect, maps, masks).tables["pictures"].sort_values("score")
    scores = maps.max(axis=(1, 2))
    worst = int(table["example"].iloc[0])
    assert scores[worst] == (scores[is_defect].min() if is_defect[worst] else scores[~is_defect].max())


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(PredictionsError):
        evaluate_anomalies(np.array([1.0, np.nan]), [GOOD, "x"], calibration=GoodScores(np.ones(3)), rate=0.5)


@pytest.mark.parametrize(("mode", "size"), [("stretch", (60, 40)), ("pad", (40, 80))])
def test_a_heat_map_lies_over_the_place_that_it_is_about(mode, size):
    scores = np.zeros((4, 4), np.float32)
    scores[1, 2] = 1
    heat = heat_in_picture(scores, size, (32, 32), mode)
    assert heat.shape == size
    row, column = np.unravel_index(heat.argmax(), size)
    middle = (1.5 * 60 / 4, 2.5 * 40 / 4) if mode == "stretch" else (20 + (1.5 * 8 - 16) * 80 / 32, 2.5 * 80 / 4)
    assert abs(row + 0.5 - middle[0]) <= 2
    assert abs(column + 0.5 - middle[1]) <= 2
