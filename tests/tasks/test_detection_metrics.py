"""Boxes are scored as COCO does, resamples included, and every wrong answer is of one kind."""

import contextlib
import io
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from headstart.errors import PredictionsError
from headstart.metrics.ranking import mean_of_defined
from headstart.report import Report
from headstart.tasks import best_score_threshold, evaluate_detection
from headstart.tasks.detection.errors import ERROR_MEANINGS, find_errors
from headstart.tasks.detection.matching import match_boxes
from headstart.tasks.detection.metrics import _scores

NAMES = ("cat", "dog", "$5")
CAT, DOG = 0, 1


def answer(*rows: tuple[float, ...]) -> SimpleNamespace:
    """Rows of x_min, y_min, x_max, y_max, class, score."""
    values = np.array(rows, float).reshape(-1, 6)
    return SimpleNamespace(boxes=values[:, :4], classes=values[:, 4].astype(int), scores=values[:, 5])


def truth(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, float).reshape(-1, 5)


def random_case(seed: int, *, pictures: int = 6, most: int = 7) -> tuple[list, list]:
    """Boxes that often overlap, scores that pictures share, and pictures without any."""
    noise = np.random.default_rng(seed)
    targets, predictions = [], []
    for _ in range(pictures):
        corner = noise.integers(0, 20, (noise.integers(0, most), 2))
        boxes = np.column_stack([corner, corner + noise.integers(4, 12, corner.shape)]).astype(float)
        classes = noise.integers(0, 2, len(boxes))
        targets.append(np.column_stack([boxes, classes]).reshape(-1, 5))
        kept = noise.random(len(boxes)) < 0.8
        found = boxes[kept] + noise.integers(-1, 2, (kept.sum(), 4))
        false = corner[:3] + np.array([3, 1])
        every = np.concatenate([found, np.column_stack([false, false + 7])]).reshape(-1, 4)
        predictions.append(
            SimpleNamespace(
                boxes=every,
                classes=np.concatenate([classes[kept], noise.integers(0, 2, len(false))]).astype(int),
                scores=noise.permutation(24)[: len(every)] / 24,
            )
        )
    return predictions, targets


def with_crowds(targets: list, seed: int) -> tuple[list, list]:
    """Some of the boxes made crowds: those that count, and `(m, 6)` those that are ignored."""
    crowds = [np.random.default_rng([seed, index]).random(len(target)) < 0.4 for index, target in enumerate(targets)]
    counted = [target[~crowd] for target, crowd in zip(targets, crowds, strict=True)]
    ignored = [
        np.column_stack([target[crowd], np.ones(crowd.sum())]) for target, crowd in zip(targets, crowds, strict=True)
    ]
    return counted, ignored


def coco_stats(predictions, targets, *, num_classes: int, crowds=()) -> np.ndarray:
    """mAP50, mAP and AR100 of pycocotools from end to end."""

    def coco(rows):
        annotations = [
            {"id": n, "image_id": i, "category_id": int(c), "bbox": [x, y, x2 - x, y2 - y], "iscrowd": crowd}
            | {"area": (x2 - x) * (y2 - y)}
            | ({"score": s[0]} if s else {})
            for n, (crowd, i, x, y, x2, y2, c, *s) in enumerate(rows, start=1)
        ]
        made = COCO()
        images, categories = ([{"id": i} for i in range(n)] for n in (len(targets), num_classes))
        made.dataset = {"images": images, "categories": categories, "annotations": annotations}
        made.createIndex()
        return made

    true = [(0, i, *row) for i, t in enumerate(targets) for row in t.tolist()]
    true += [(1, i, *row[:5]) for i, t in enumerate(crowds) for row in t.tolist()]
    said = [
        (0, i, *box, c, s)
        for i, p in enumerate(predictions)
        for box, c, s in zip(p.boxes.tolist(), p.classes, p.scores, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(coco(true), coco(said), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return np.where(evaluation.stats[[1, 0, 8]] < 0, np.nan, evaluation.stats[[1, 0, 8]])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 3), min_size=6, max_size=6).filter(any))
def test_every_resample_scores_what_pycocotools_gives_for_its_pictures(seed, counts):
    predictions, targets = random_case(seed)
    matching = match_boxes(predictions, targets, num_classes=2)
    scores = _scores(matching, np.array([[1] * 6, counts], float), num_classes=2)
    for index, drawn in enumerate(([1] * 6, counts)):
        repeated = np.repeat(np.arange(6), drawn)
        expected = coco_stats([predictions[i] for i in repeated], [targets[i] for i in repeated], num_classes=2)
        np.testing.assert_allclose(mean_of_defined(scores[..., index]), expected, atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 3), min_size=6, max_size=6).filter(any))
def test_crowds_are_ignored_as_pycocotools_ignores_them(seed, counts):
    predictions, targets = random_case(seed)
    targets, crowds = with_crowds(targets, seed)
    matching = match_boxes(predictions, targets, num_classes=2, ignored=crowds)
    scores = _scores(matching, np.array([[1] * 6, counts], float), num_classes=2)
    for index, drawn in enumerate(([1] * 6, counts)):
        rows = np.repeat(np.arange(6), drawn)
        expected = coco_stats(
            *([some[i] for i in rows] for some in (predictions, targets)),
            num_classes=2,
            crowds=[crowds[i] for i in rows],
        )
        np.testing.assert_allclose(mean_of_defined(scores[..., index]), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        (1, (50, 50, 60, 60), ""),
        (1, (52, 52, 55, 55), ""),  # inside the crowd: any part of it
        (2, (50, 50, 60, 60), ""),
        (2, (52, 52, 55, 55), "background"),  # a difficult object is one object: the box has to fit
        (2, (80, 80, 90, 90), "background"),
    ],
)
def test_an_answer_on_an_ignored_object_is_neither_hit_nor_error(code, said, kind):
    targets, ignored = [truth((0, 0, 10, 10, CAT))], [np.array([(50, 50, 60, 60, CAT, code)], float)]
    predictions = [answer((0, 0, 10, 10, CAT, 0.9), (*said, CAT, 0.8), (*said, CAT, 0.7))]
    report = evaluate_detection(predictions, targets, NAMES, ignored=ignored, num_resamples=5)
    point = report.tables["operating_point"].iloc[0]
    wrong = 2 if kind else 0
    assert report.main_metric.value == pytest.approx(1)
    assert (point["boxes"], point["answers"], point["recall"]) == (1, 1 + wrong, 1)
    assert report.tables["errors"].set_index("kind")["count"].sum() == wrong
    assert best_score_threshold(predictions, targets, ignored) == pytest.approx(0.85 if kind else 0.9)


def test_an_ignored_object_that_nothing_answers_is_not_missed():
    ignored = [np.array([(50, 50, 60, 60, CAT, 2)], float)]
    report = evaluate_detection(
        [answer((0, 0, 10, 10, CAT, 0.9))], [truth((0, 0, 10, 10, CAT))], NAMES, ignored=ignored, num_resamples=5
    )
    assert report.tables["errors"]["count"].sum() == 0
    assert report.tables["pictures"]["score"].tolist() == [1]


def test_points_of_recall_that_rounding_decides_are_those_of_pycocotools():
    side = np.arange(100) * 20.0
    boxes = np.column_stack([side, side, side + 10, side + 10])
    targets = [np.column_stack([boxes, np.zeros(100)])]
    noise = np.random.default_rng(0)
    moved = boxes + np.where(noise.random(100) < 0.5, 50.0, 0.0)[:, None]
    predictions = [SimpleNamespace(boxes=moved, classes=np.zeros(100, int), scores=noise.random(100))]
    report = evaluate_detection(predictions, targets, ["x"], num_resamples=5)
    expected = coco_stats(predictions, targets, num_classes=1)
    assert [metric.value for metric in report.metrics.values()] == pytest.approx(expected.tolist(), abs=1e-9)


def test_a_report_has_a_row_a_class_and_intervals_around_its_numbers(tmp_path):
    predictions, targets = random_case(1, pictures=30)
    report = evaluate_detection(predictions, targets, NAMES, score_threshold=0.4, num_resamples=100)
    assert report.main_metric.name == "map50"
    assert all(0 < m.low < m.value < m.high for m in report.metrics.values())
    assert report.per_class["class"].tolist() == list(NAMES)
    assert np.isnan(report.per_class["ap50"][2])  # no picture shows it
    assert report.per_class["ap50"][:2].mean() == pytest.approx(report.main_metric.value)
    assert report.per_class["support"].sum() == sum(map(len, targets))
    curve = report.tables["precision_recall"].query("`class` == 'cat'")
    assert curve["precision"].mean() == pytest.approx(report.per_class["ap50"][0], abs=1e-4)
    report.write(tmp_path / "report.json")
    again = Report.read(tmp_path / "report.json")
    assert again.to_json() == report.to_json()


def test_nothing_found_scores_nothing_and_nothing_to_find_is_undefined():
    nothing = evaluate_detection([answer()], [truth((0, 0, 9, 9, CAT))], NAMES, num_resamples=5)
    assert [m.value for m in nothing.metrics.values()] == [0, 0, 0]
    assert nothing.tables["errors"].set_index("kind")["count"]["missed"] == 1
    empty = evaluate_detection([answer((0, 0, 9, 9, CAT, 0.9))], [truth()], NAMES, num_resamples=5)
    assert all(np.isnan(m.value) for m in empty.metrics.values())


@pytest.mark.parametrize(
    ("kind", "wrong", "missed"),
    [
        ("duplicate", (1, 0, 10, 10, CAT, 0.5), 0),
        ("wrong class", (50, 50, 60, 60, DOG, 0.5), 0),
        ("poor box", (50, 50, 60, 54, CAT, 0.5), 0),
        ("background", (90, 90, 99, 99, CAT, 0.5), 1),
        ("wrong class and poor box", (50, 50, 60, 54, DOG, 0.5), 1),
        ("", (50, 50, 60, 60, CAT, 0.5), 0),
    ],
)
def test_every_wrong_answer_is_of_one_kind(kind, wrong, missed):
    targets = [truth((0, 0, 10, 10, CAT), (50, 50, 60, 60, CAT))]
    predictions = [answer((0, 0, 10, 10, CAT, 0.9), wrong, (70, 0, 80, 10, CAT, 0.1))]
    errors = find_errors(match_boxes(predictions, targets, num_classes=2), score_threshold=0.3)
    expected_missed = 1 if kind == "duplicate" else missed
    assert errors.kinds.tolist() == ["", kind]
    assert errors.missed.sum() == expected_missed
    assert set(errors.kinds) - {""} <= set(ERROR_MEANINGS)


def test_wrong_names_are_listed_and_pictures_are_ranked_by_what_is_wrong():
    targets = [truth((0, 0, 10, 10, CAT)), truth((0, 0, 10, 10, DOG)), truth()]
    predictions = [answer((0, 0, 10, 10, DOG, 0.9)), answer((0, 0, 10, 10, DOG, 0.9)), answer()]
    report = evaluate_detection(predictions, targets, NAMES, num_resamples=5)
    assert report.tables["mixups"].to_dict("records") == [{"true": "cat", "predicted": "dog", "count": 1}]
    assert report.tables["pictures"]["score"].tolist() == [0, 1, 1]
    assert report.tables["operating_point"].to_dict("records") == [
        {"score_threshold": 0.5, "recall": 0.5, "precision": 0.5, "f1": 0.5, "boxes": 2, "answers": 2}
    ]


def test_the_best_threshold_keeps_what_is_right():
    targets = [truth((0, 0, 10, 10, CAT), (20, 20, 30, 30, DOG))]
    right = ((0, 0, 10, 10, CAT, 0.8), (20, 20, 30, 30, DOG, 0.6))
    assert best_score_threshold([answer(*right, (50, 50, 60, 60, CAT, 0.4))], targets) == pytest.approx(0.5)
    assert best_score_threshold([answer(*right)], targets) == 0.6
    assert best_score_threshold([answer()], targets) == 0.5
    assert best_score_threshold([answer()], [truth()]) == 0.5


@pytest.mark.parametrize(
    ("predictions", "targets"),
    [
        ([], []),
        ([answer()], [truth(), truth()]),
        ([answer((0, 0, 1, 1, 7, 0.5))], [truth()]),
        ([answer()], [truth((5, 0, 1, 1, CAT))]),
        ([answer((0, 0, np.nan, 1, CAT, 0.5))], [truth()]),
    ],
)
def test_what_cannot_be_scored_is_refused(predictions, targets):
    with pytest.raises(PredictionsError):
        evaluate_detection(predictions, targets, NAMES)
