"""A phase: repeatable, interruptible, and it ends with its best weights."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest

from headstart.data import Augmentation
from headstart.progress import SilentProgress
from headstart.training import CheckpointDir, History, Phase, example_weights, fit_phase, keep_start
from headstart.training.recorder import reseed

SIZE = (32, 32)

FROZEN = Phase(name="frozen", epochs=2, learning_rate=1e-2)
FINE_TUNING = Phase(name="fine-tuning", epochs=4, learning_rate=1e-3, unfreeze_from="block4", stage_rate_decay=0.5)


class Killer(SilentProgress):
    """Interrupts after so many steps."""

    def __init__(self, steps):
        self.left = steps

    def advance(self, count=1, note=""):
        self.left -= count
        if self.left == 0:
            raise KeyboardInterrupt


class Listener(SilentProgress):
    """Keeps what is said."""

    def __init__(self):
        self.said = []

    def say(self, text):
        self.said.append(text)


def fit_both(task, examples, folder, *, progress=None):
    checkpoints = CheckpointDir(folder)
    start, result = checkpoints.newest(), None
    for index, phase in enumerate((FROZEN, FINE_TUNING)):
        result = fit_phase(
            task,
            phase,
            examples,
            phase_index=index,
            checkpoints=checkpoints,
            start=start,
            progress=progress or SilentProgress(),
        )
        start = (result.checkpoint, result.history)
    return result


def without_seconds(history):
    return history.frame.drop(columns="seconds")


@pytest.fixture(scope="module")
def reference(small_classifier, examples, tmp_path_factory):
    task = small_classifier()
    result = fit_both(task, examples, tmp_path_factory.mktemp("reference"))
    return result, task.model.get_weights()


def test_two_runs_with_one_seed_give_the_same_history_and_weights(reference, small_classifier, examples, tmp_path):
    result, weights = reference
    task = small_classifier()
    again = fit_both(task, examples, tmp_path)
    pd.testing.assert_frame_equal(without_seconds(result.history), without_seconds(again.history), check_exact=True)
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(weights, task.model.get_weights(), strict=True))


# 20 examples in batches of 8 make 3 steps an epoch: 2 frozen epochs are 6 steps, 4 epochs of fine-tuning 12.
@pytest.mark.parametrize("steps", [4, 6, 10])
def test_a_killed_run_ends_like_one_that_was_not(reference, small_classifier, examples, tmp_path, steps):
    result, weights = reference
    with pytest.raises(KeyboardInterrupt):
        fit_both(small_classifier(), examples, tmp_path, progress=Killer(steps))
    task = small_classifier()
    again = fit_both(task, examples, tmp_path)
    pd.testing.assert_frame_equal(without_seconds(result.history), without_seconds(again.history), check_exact=True)
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(weights, task.model.get_weights(), strict=True))


def test_the_model_is_left_with_the_weights_of_the_lowest_validation_loss(
    reference, small_classifier, examples, tmp_path
):
    task = small_classifier()
    result = fit_both(task, examples, tmp_path)
    loss = task.loss(FINE_TUNING.label_smoothing)
    logits = task.model.predict(examples.validation_source.load_all(), verbose=0)
    assert float(loss(examples.validation_targets, logits)) == pytest.approx(
        result.history.frame["val_loss"].min(), rel=1e-5
    )


def test_a_phase_stops_when_validation_loss_no_longer_falls(small_classifier, examples, tmp_path):
    phase = Phase(name="hot", epochs=30, learning_rate=5.0, warmup=0.0, patience=2)
    listener = Listener()
    result = fit_phase(
        small_classifier(), phase, examples, phase_index=0, checkpoints=CheckpointDir(tmp_path), progress=listener
    )
    losses = result.history.frame["val_loss"]
    assert result.checkpoint.stopped
    assert len(losses) < 30
    assert len(losses) - 1 - losses.argmin() == 2
    stopped, kept = listener.said[-2:]
    assert (
        stopped
        == f"hot: stopped early after epoch {len(losses)} of 30; the validation loss has not fallen for 2 epochs"
    )
    assert kept.startswith(f"Kept weights: hot epoch {losses.argmin() + 1}, with the lowest validation loss")


def test_a_phase_of_no_epochs_changes_nothing(small_classifier, examples, tmp_path):
    task = small_classifier()
    before = task.model.get_weights()
    result = fit_phase(
        task, Phase("none", epochs=0, learning_rate=1.0), examples, phase_index=0, checkpoints=CheckpointDir(tmp_path)
    )
    assert result.history == History()
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(before, task.model.get_weights(), strict=True))


def test_history_survives_its_file(reference, tmp_path):
    history = reference[0].history
    history.write(tmp_path / "history.csv")
    pd.testing.assert_frame_equal(History.read(tmp_path / "history.csv").frame, history.frame, check_exact=True)


def test_dropout_draws_anew_each_epoch_and_the_same_each_time(small_classifier):
    model = small_classifier().model
    images = np.zeros((4, *SIZE, 3), "float32") + 100.0

    def drawn(*key):
        reseed(model, *key)
        return np.asarray(model(images, training=True))

    assert np.array_equal(drawn(0, 0, 1), drawn(0, 0, 1))
    assert not np.array_equal(drawn(0, 0, 1), drawn(0, 0, 2))


def test_weights_let_every_class_count_the_same():
    targets = np.eye(3, dtype="float32")[[0] * 12 + [1] * 3 + [2] * 3]
    weights = example_weights(targets)
    np.testing.assert_allclose(targets.T @ weights, 6.0)


def test_balanced_classes_and_several_labels_are_not_weighted():
    assert example_weights(np.eye(2, dtype="float32")[[0, 0, 1]]) is None
    assert example_weights(np.array([[1, 1], [0, 1], [0, 1], [0, 1], [0, 1]], "float32")) is None


def test_augmentation_changes_what_is_learned(reference, small_classifier, examples, tmp_path):
    plain = fit_both(small_classifier(), replace(examples, augmentation=Augmentation()), tmp_path)
    assert not plain.history.frame["loss"].equals(reference[0].history.frame["loss"])


def start_at(task, examples, folder, *, val_loss):
    """A first checkpoint as a linear probe leaves it."""
    quantities = {"loss": val_loss, "accuracy": 0.5, "val_loss": val_loss, "val_accuracy": 0.5}
    return keep_start(task, quantities, seconds=0.0, checkpoints=CheckpointDir(folder), kept_from=())


def fit_hot(task, examples, folder, *, start, progress=None, limit=0.05):
    phase = replace(FINE_TUNING, epochs=2, learning_rate=0.1, warmup=0.0, max_loss_rise=limit)
    return fit_phase(
        task,
        phase,
        examples,
        phase_index=1,
        checkpoints=CheckpointDir(folder),
        start=start,
        progress=progress or SilentProgress(),
    )


@pytest.fixture(scope="module")
def restarted(small_classifier, examples, tmp_path_factory):
    """A phase that went back once or more: its result, its weights and what it said."""
    task, listener, folder = small_classifier(), Listener(), tmp_path_factory.mktemp("restarted")
    start = start_at(task, examples, folder, val_loss=0.7)
    result = fit_hot(task, examples, folder, start=start, progress=listener)
    return result, task.model.get_weights(), listener.said


def test_an_epoch_that_raises_the_loss_too_far_is_discarded_and_the_rate_lowered(restarted):
    result, _, said = restarted
    rows = [row for row in result.history.rows if row["phase"] == "fine-tuning"]
    assert result.num_restarts >= 1
    assert [row["epoch"] for row in rows] == [1, 2]
    assert all(row["val_loss"] <= 0.7 * 1.05 for row in rows)
    assert sum("from the best weights with learning rate" in line for line in said) == result.num_restarts


def test_without_a_limit_no_epoch_is_discarded(small_classifier, examples, tmp_path):
    task = small_classifier()
    start = start_at(task, examples, tmp_path, val_loss=0.7)
    result = fit_hot(task, examples, tmp_path, start=start, limit=0.0)
    assert result.num_restarts == 0
    assert max(row["val_loss"] for row in result.history.rows) > 0.7 * 1.05


def test_a_phase_that_no_rate_helps_ends_with_the_weights_it_began_with(
    small_classifier, examples, tmp_path, monkeypatch
):
    monkeypatch.setattr("headstart.training.recorder.MAX_RESTARTS", 1)
    task, listener = small_classifier(), Listener()
    before = task.model.get_weights()
    start = start_at(task, examples, tmp_path, val_loss=1e-6)
    result = fit_hot(task, examples, tmp_path, start=start, progress=listener)
    assert (result.checkpoint.stopped, result.num_restarts, len(result.history.rows)) == (True, 2, 1)
    assert "stopped early after epoch 0 of 2; the validation loss rises at every learning rate" in listener.said[-2]
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(before, task.model.get_weights(), strict=True))


@pytest.mark.parametrize("steps", [2, 5])  # 3 steps an epoch: before and after the first epoch was discarded
def test_a_phase_killed_around_a_restart_ends_like_one_that_was_not(
    restarted, small_classifier, examples, tmp_path, steps
):
    def fit(progress=None):
        task = small_classifier()
        start = CheckpointDir(tmp_path).newest() or start_at(task, examples, tmp_path, val_loss=0.7)
        return fit_hot(task, examples, tmp_path, start=start, progress=progress), task.model.get_weights()

    expected, weights, _ = restarted
    with pytest.raises(KeyboardInterrupt):
        fit(Killer(steps))
    result, ours = fit()
    pd.testing.assert_frame_equal(without_seconds(result.history), without_seconds(expected.history), check_exact=True)
    assert result.num_restarts == expected.num_restarts
    assert all(np.array_equal(one, other) for one, other in zip(ours, weights, strict=True))


class OutOfMemoryError(Exception):
    """What a device without memory raises, by its text."""


@pytest.fixture
def small_memory(monkeypatch):
    """A device that fits batches of this size at most."""

    def limit(batch_size):
        fit = keras.Model.fit

        def fit_or_fail(model, batches, **kwargs):
            size = max(len(targets) for _, targets, *_ in batches.take(1))
            if size > batch_size:
                raise OutOfMemoryError("RESOURCE_EXHAUSTED: OOM when allocating tensor")
            return fit(model, batches, **kwargs)

        monkeypatch.setattr(keras.Model, "fit", fit_or_fail)

    return limit


@pytest.mark.parametrize("with_start", [False, True])
def test_batches_are_halved_until_they_fit_into_memory(small_classifier, examples, tmp_path, small_memory, with_start):
    small_memory(2)
    task, listener = small_classifier(), Listener()
    phase = replace(FROZEN, epochs=1)
    start = start_at(task, examples, tmp_path, val_loss=9.0) if with_start else None
    result = fit_phase(
        task, phase, examples, phase_index=1, checkpoints=CheckpointDir(tmp_path), start=start, progress=listener
    )
    assert [line for line in listener.said if "out of memory" in line] == [
        "frozen: out of memory with 8 images per batch; training continues from the best weights with 4",
        "frozen: out of memory with 4 images per batch; training continues from the best weights with 2",
    ]
    assert (result.checkpoint.batch_size, result.history.rows[-1]["epoch"]) == (2, 1)
    newest, _ = CheckpointDir(tmp_path).newest()
    assert newest.batch_size == 2


def test_one_image_that_does_not_fit_is_an_error(small_classifier, examples, tmp_path, small_memory):
    small_memory(0)
    with pytest.raises(OutOfMemoryError):
        fit_phase(small_classifier(), FROZEN, examples, phase_index=0, checkpoints=CheckpointDir(tmp_path))


def test_other_errors_are_not_taken_for_a_lack_of_memory(small_classifier, examples, tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("something else")

    monkeypatch.setattr(keras.Model, "fit", fail)
    with pytest.raises(RuntimeError, match="something else"):
        fit_phase(small_classifier(), FROZEN, examples, phase_index=0, checkpoints=CheckpointDir(tmp_path))
