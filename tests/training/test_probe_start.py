"""The head starts from the solution of a linear probe, measured like every epoch after it."""

import keras
import numpy as np
import pytest

from headstart.tasks import solve_probe, start_from_probe
from headstart.training import CheckpointDir, Phase, fit_phase

SMOOTHING = 0.1


@pytest.fixture(scope="module")
def started(small_classifier, examples, tmp_path_factory):
    """A classifier that starts from its probe, the solved probe, and its checkpoint and history."""
    task, checkpoints = small_classifier(), CheckpointDir(tmp_path_factory.mktemp("checkpoints"))
    solved = solve_probe(task, examples, label_smoothing=SMOOTHING)
    start = start_from_probe(task, solved, checkpoints=checkpoints)
    return task, solved, checkpoints, start


def loss_and_accuracy(task, source, targets):
    logits = task.model.predict(source.load_all(), verbose=0)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=SMOOTHING)
    return float(loss(targets, logits)), float(np.mean(logits.argmax(1) == targets.argmax(1)))


def test_the_model_answers_what_the_probe_answers(started, examples):
    task, solved, _, _ = started
    pooled = keras.Model(task.model.input, task.model.get_layer("head_pool").output)
    features = pooled.predict(examples.source.load_all(), verbose=0)
    logits = task.model.predict(examples.source.load_all(), verbose=0)
    np.testing.assert_allclose(logits, solved.probe.logits(features), atol=1e-3)


def test_its_row_of_the_history_holds_losses_with_the_smoothing_of_the_phases(started, examples):
    task, _, _, (_, history) = started
    (row,) = history.rows
    assert (row["phase"], row["epoch"], row["learning_rate"]) == ("linear probe", 1, 0.0)
    for prefix, source, targets in (
        ("", examples.source, examples.targets),
        ("val_", examples.validation_source, examples.validation_targets),
    ):
        loss, accuracy = loss_and_accuracy(task, source, targets)
        assert row[f"{prefix}loss"] == pytest.approx(loss, rel=1e-3)
        assert row[f"{prefix}accuracy"] == pytest.approx(accuracy)


def test_it_is_the_first_checkpoint_which_a_phase_that_is_worse_does_not_replace(started, examples):
    task, _, checkpoints, start = started
    assert checkpoints.newest() == start
    assert (start[0].phase_index, start[0].stopped, start[0].best_loss) == (0, True, start[1].rows[0]["val_loss"])
    before = task.model.get_weights()
    ruinous = Phase("ruinous", epochs=1, learning_rate=10.0, warmup=0.0, label_smoothing=SMOOTHING)
    result = fit_phase(task, ruinous, examples, phase_index=1, checkpoints=checkpoints, start=start)
    assert result.history.rows[-1]["val_loss"] > start[0].best_loss
    assert [row["phase"] for row in result.history.rows] == ["linear probe", "ruinous"]
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(before, task.model.get_weights(), strict=True))
