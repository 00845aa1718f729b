"""What a calibration promises is held against other examples, and the file keeps it."""

import json
import math
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn.metrics import log_loss

from headstart.errors import RunDamagedError
from headstart.metrics import Proportion
from headstart.report import Report, limits, trust_facts
from headstart.tasks import evaluate_classification, measure_trust
from headstart.trust import Calibration, fit_calibration

K, D = 4, 20


def examples(num, *, seed, sure=1.0):
    """Logits that claim `sure` times as much as they know, classes as a matrix, and features in a few directions."""
    noise = np.random.default_rng(seed)
    knowledge = noise.normal(scale=1.5, size=(num, K))
    classes = (noise.random((num, 1)) > softmax(knowledge, axis=1).cumsum(axis=1)[:, :-1]).sum(axis=1)
    features = noise.normal(size=(num, 5)) @ np.random.default_rng(9).normal(size=(5, D))
    return sure * knowledge, np.eye(K)[classes], features + 0.1 * noise.normal(size=(num, D))


def calibrated(*, seed=0, num=400, sure=1.0):
    logits, targets, features = examples(num, seed=seed, sure=sure)
    _, _, training_features = examples(500, seed=99)
    return fit_calibration(logits, targets, features=features, training_features=training_features)


def measured(calibration, *, seed=1, num=400, sure=1.0, **options):
    logits, targets, features = examples(num, seed=seed, sure=sure)
    return measure_trust(calibration, logits, targets, features=features, **options)


@pytest.mark.parametrize("sure", [0.4, 3.0])
def test_calibration_makes_confidence_honest_on_other_examples(sure):
    trust = measured(calibrated(sure=sure), sure=sure, num=2000)
    assert trust.temperature == pytest.approx([sure] * K, rel=0.15)
    assert trust.error_after < trust.error_before / 2
    assert trust.loss_after < trust.loss_before


def test_losses_are_those_of_scikit_learn():
    calibration = calibrated(sure=2.0)
    trust = measured(calibration, sure=2.0)
    logits, targets, _ = examples(400, seed=1, sure=2.0)
    for temperature, loss in ((1.0, trust.loss_before), (calibration.temperature[0], trust.loss_after)):
        assert loss == pytest.approx(log_loss(targets.argmax(axis=1), softmax(logits / temperature, axis=1)))


def test_promises_are_kept_on_average_over_many_draws():
    kept = [measured(calibrated(seed=seed), seed=1000 + seed, num=200) for seed in range(40)]
    assert np.mean([trust.covered.value for trust in kept]) == pytest.approx(0.9, abs=0.015)
    assert np.mean([trust.flagged.value for trust in kept]) == pytest.approx(0.05, abs=0.015)
    everything = np.mean([trust.mean_set_size for trust in kept])
    assert 1 < everything < K


def test_more_coverage_takes_larger_sets():
    calibration = calibrated()
    sizes = [measured(calibration, coverage=coverage).mean_set_size for coverage in (0.5, 0.8, 0.9, 0.99)]
    assert sizes == sorted(sizes)
    assert measured(calibration, coverage=0.9999).mean_set_size == K  # 400 examples cannot promise that otherwise


def test_the_least_certain_tenth_is_left_out():
    calibration = calibrated()
    logits, targets, features = examples(95, seed=3)
    probabilities = softmax(logits / calibration.temperature, axis=1)
    kept = np.argsort(probabilities.max(axis=1))[9:]
    right = (probabilities.argmax(axis=1) == targets.argmax(axis=1))[kept]
    trust = measure_trust(calibration, logits, targets, features=features)
    assert (trust.kept_accuracy.value, trust.kept_accuracy.count) == (right.mean(), 86)


def test_several_labels_promise_every_true_label():
    noise = np.random.default_rng(4)
    logits = noise.normal(scale=2.0, size=(600, 3))
    targets = (noise.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(int)
    features = examples(600, seed=5)[2]
    calibration = fit_calibration(
        logits[:300], targets[:300], features=features[:300], training_features=features, multi_label=True
    )
    assert len(calibration.nonconformity) == targets[:300].sum()
    trust = measure_trust(calibration, logits[300:], targets[300:], features=features[300:], multi_label=True)
    assert trust.covered.count == targets[300:].sum()
    assert trust.covered.low <= 0.9 <= trust.covered.high
    assert trust.kept_accuracy.count == 270


def test_pictures_without_any_label_leave_coverage_open():
    calibration = replace(calibrated(), temperature=np.ones(K))
    trust = measure_trust(
        calibration, np.full((3, K), -2.0), np.zeros((3, K)), features=np.ones((3, D)), multi_label=True
    )
    assert math.isnan(trust.covered.value)
    assert trust.covered.count == 0


@given(st.integers(0, 200), st.integers(1, 200))
def test_a_share_has_wilsons_interval(yes, more):
    share = Proportion.of(np.arange(yes + more) < yes)
    expected = binomtest(yes, yes + more).proportion_ci(method="wilson")
    assert (share.low, share.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert share.low <= share.value <= share.high


@pytest.mark.parametrize("num", [1, 2, 5])
def test_a_handful_of_examples_is_enough_to_go_on(num):
    calibration = calibrated(num=num)
    trust = measured(calibration, num=1)
    assert trust.mean_set_size == K  # so few promise only what is always true
    assert trust.flagged.value == 0.0


def report_with(trust):
    logits, targets, _ = examples(400, seed=1)
    classes = targets.argmax(axis=1)
    report = evaluate_classification(
        softmax(logits, axis=1), classes, "abcd", baseline_targets=classes, num_resamples=50
    )
    return replace(report, trust=trust)


def test_a_report_keeps_its_honesty(tmp_path):
    trust = measured(calibrated())
    for value in (trust, replace(trust, covered=Proportion(math.nan, math.nan, math.nan, 0)), None):
        report_with(value).write(tmp_path / "report.json")
        read = Report.read(tmp_path / "report.json").trust
        if value is None:
            assert read is None
            continue
        pd.testing.assert_frame_equal(read.calibration_before, value.calibration_before)
        for field in fields(value):
            if field.name != "calibration_before":
                assert str(getattr(read, field.name)) == str(getattr(value, field.name))


def test_a_report_of_an_earlier_version_promised_nothing(tmp_path):
    content = report_with(None).to_json()
    del content["honesty"]
    (tmp_path / "report.json").write_text(json.dumps(content))
    report = Report.read(tmp_path / "report.json")
    assert report.trust is None
    assert trust_facts(report) == {}


def test_promises_are_told_in_words():
    facts = trust_facts(report_with(measured(calibrated())))
    assert facts["temperature"].startswith("1.0") or facts["temperature"].startswith("0.9")
    assert facts["conformal sets"].startswith("contain the true class with a promised probability of 90 %; measured ")
    assert facts["images flagged as out-of-distribution (unfamiliar)"].endswith("; 5 % expected")
    assert "before" in facts["calibration error"]


def test_a_promise_that_was_broken_stands_among_the_limits():
    calibration = calibrated()
    assert not [
        text for text in limits(report_with(measured(calibration))) if "promised" in text or "of-distribution" in text
    ]
    logits, targets, _ = examples(400, seed=6)
    strange = np.random.default_rng(7).normal(size=(400, D))
    broken = measure_trust(calibration, -logits, targets, features=strange)
    texts = " ".join(limits(report_with(broken)))
    assert "90 % was promised" in texts
    assert "are out-of-distribution" in texts


def test_a_calibration_is_read_as_it_was_written(tmp_path):
    calibration = calibrated()
    calibration.write(tmp_path / "calibration.npz")
    read = Calibration.read(tmp_path / "calibration.npz")
    for field in fields(Calibration):
        np.testing.assert_array_equal(getattr(read, field.name), getattr(calibration, field.name))
    assert [path.name for path in tmp_path.iterdir()] == ["calibration.npz"]
    assert read.thresholds.lowest_probability() == calibration.thresholds.lowest_probability()


@pytest.mark.parametrize("content", [{}, {"format_version": 99}, {"format_version": 1, "temperature": np.ones(3)}])
def test_another_archive_is_no_calibration(tmp_path, content):
    np.savez(tmp_path / "calibration.npz", **content)
    with pytest.raises(RunDamagedError, match="format_version 1"):
        Calibration.read(tmp_path / "calibration.npz")


def test_an_archive_that_would_run_code_is_refused(tmp_path):
    np.savez(tmp_path / "calibration.npz", format_version=1, temperature=np.array([object()], dtype=object))
    with pytest.raises(RunDamagedError, match="format_version 1"):
        Calibration.read(tmp_path / "calibration.npz")
