"""Masks are scored as scikit-learn's confusion matrix says, outlines within their tolerance, picture by picture."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt
from sklearn import metrics as sk

from headstart.errors import PredictionsError
from headstart.report import Report
from headstart.tasks import evaluate_segmentation
from headstart.tasks.segmentation.boundaries import boundary_scores
from headstart.tasks.segmentation.metrics import IGNORED

NAMES = ("wall", "window", "door", "never")


def blobs(count: int, *, side: int = 24, seed: int = 0, wrong: float = 0.2) -> tuple[list, list]:
    """Masks of squares, some pixels ignored, and answers with some pixels wrong."""
    noise = np.random.default_rng(seed)
    targets = []
    for _ in range(count):
        mask = np.zeros((side, side), np.uint8)
        for value in (1, 2):
            top, left = noise.integers(0, side - 8, 2)
            mask[top : top + 8, left : left + 8] = value
        mask[0] = IGNORED
        targets.append(mask)
    predictions = [np.where(noise.random(t.shape) < wrong, noise.integers(0, 3, t.shape), t % 255) for t in targets]
    return predictions, targets


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4), st.floats(0, 1))
def test_metrics_follow_from_the_confusion_matrix_of_scikit_learn(seed, count, wrong):
    predictions, targets = blobs(count, seed=seed, wrong=wrong)
    report = evaluate_segmentation(predictions, targets, NAMES, num_resamples=3)
    true, predicted = np.concatenate(targets).ravel(), np.concatenate(predictions).ravel()
    true, predicted = true[true != IGNORED], predicted[true != IGNORED]
    matrix = sk.confusion_matrix(true, predicted, labels=range(4))
    np.testing.assert_array_equal(report.confusion, matrix)
    known = np.union1d(true, predicted)
    expected = {
        "mean_iou": sk.jaccard_score(true, predicted, labels=known, average="macro"),
        "dice": sk.f1_score(true, predicted, labels=known, average="macro"),
        "pixel_accuracy": sk.accuracy_score(true, predicted),
    }
    values = {name: metric.value for name, metric in report.metrics.items() if name in expected}
    assert values == pytest.approx(expected, abs=1e-6)


def test_a_resample_scores_what_its_pictures_score():
    predictions, targets = blobs(3)
    one = evaluate_segmentation(predictions[:1], targets[:1], NAMES, num_resamples=5)
    assert all(m.low == pytest.approx(m.value) == pytest.approx(m.high) for m in one.metrics.values())
    many = evaluate_segmentation(predictions, targets, NAMES, num_resamples=200)
    assert all(m.low < m.value < m.high for m in many.metrics.values())


def test_the_report_has_a_row_a_class_and_a_baseline_of_one_class(tmp_path):
    predictions, targets = blobs(6)
    report = evaluate_segmentation(predictions, targets, NAMES, baseline_counts=[0, 9, 0, 0], num_resamples=50)
    scored = np.concatenate(targets) != IGNORED
    assert report.metrics["pixel_accuracy"].baseline == (np.concatenate(targets)[scored] == 1).mean()
    assert report.metrics["boundary_f"].baseline == 0
    assert report.main_metric.name == "mean_iou"
    assert report.per_class["support"].tolist()[0] == 6
    assert np.isnan(report.per_class["iou"][3])
    assert report.per_class["pixels"].sum() == pytest.approx(1)
    assert set(report.tables["mixups"].columns) == {"true", "predicted", "pixels", "share"}
    report.write(tmp_path / "report.json")
    assert Report.read(tmp_path / "report.json").to_json() == report.to_json()


def test_pictures_may_have_many_sizes_and_are_taken_one_by_one():
    taken = []

    def masks(name: str) -> Iterator[np.ndarray]:
        for side in (5, 9, 7):
            taken.append(name)
            yield np.zeros((side, side + 1), np.uint8)

    report = evaluate_segmentation(masks("predicted"), masks("true"), NAMES, num_resamples=3)
    assert taken == ["predicted", "true"] * 3
    assert report.metrics["mean_iou"].value == 1
    assert np.isnan(report.metrics["boundary_f"].value)  # one class all over has no outline


@pytest.mark.parametrize("shift", [0, 1, 2, 5])
def test_outlines_count_within_the_tolerance(shift):
    true = np.zeros((200, 200), np.uint8)
    true[50:150, 50:150] = 1
    predicted = np.roll(true, shift, axis=1)
    score = boundary_scores(predicted, true, num_classes=2, ignored=IGNORED)
    assert (score == 1).all() == (shift <= 0.0075 * np.hypot(200, 200))  # 2.1 pixels
    assert (score > 0.49).all()  # the upper and lower edges stay where they are


def test_outlines_agree_with_distances():
    predictions, targets = blobs(4, side=64, seed=5, wrong=0.01)
    for predicted, true in zip(predictions, targets, strict=True):
        predicted[0] = 0
        true[0] = 0
        ours = boundary_scores(predicted, true, num_classes=3, ignored=IGNORED)
        for index, score in enumerate(ours):
            answer, truth = (outline_by_distance(mask == index) for mask in (predicted, true))
            reach = max(1.0, 0.0075 * np.hypot(64, 64))
            precision = (distance_transform_edt(~truth)[answer] <= reach).mean()
            recall = (distance_transform_edt(~answer)[truth] <= reach).mean()
            assert score == pytest.approx(2 * precision * recall / (precision + recall))


def outline_by_distance(mask: np.ndarray) -> np.ndarray:
    """Pixels of the mask at a distance of 1 from what is not in it."""
    return mask & (distance_transform_edt(mask) == 1)


@pytest.mark.parametrize(
    ("predictions", "targets"),
    [
        ([], []),
        ([np.zeros((2, 2), int)], []),
        ([np.zeros((2, 2), int)], [np.zeros((2, 3), int)]),
        ([np.full((2, 2), 4)], [np.zeros((2, 2), int)]),
        ([np.zeros((2, 2), int)], [np.full((2, 2), 9)]),
    ],
)
def test_what_cannot_be_scored_is_refused(predictions, targets):
    with pytest.raises(PredictionsError):
        evaluate_segmentation(predictions, targets, NAMES)
