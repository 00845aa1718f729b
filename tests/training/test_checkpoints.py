"""A checkpoint is whole or it is not used."""

import keras
import pytest

from headstart.cli.exit_codes import ExitCode, exit_code_of
from headstart.errors import RunDamagedError
from headstart.training import Checkpoint, CheckpointDir, History


@pytest.fixture
def model():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


def write_epochs(folder, model, *, epochs, first=1):
    checkpoints = CheckpointDir(folder)
    history = History()
    for epoch in range(first, epochs + 1):
        history = history.with_row(
            {"phase": "test", "epoch": epoch, "learning_rate": 0.1, "loss": 1 / epoch, "val_loss": 1.0, "seconds": 1.0}
        )
        last, best = (checkpoints.write_weights(model, f"0-{epoch:04d}-{name}") for name in ("last", "best"))
        hashes = {name: checkpoints.hash_of(name) for name in (last, best)}
        checkpoint = Checkpoint(
            phase_index=0,
            epoch=epoch,
            best_loss=1 / epoch,
            phase_best_loss=0.5,
            epochs_since_best=0,
            stopped=False,
            last_file=last,
            best_file=best,
            hashes=hashes,
        )
        checkpoints.write(checkpoint, history)
    return checkpoints


def test_there_is_none_before_the_first_epoch(tmp_path):
    assert CheckpointDir(tmp_path / "checkpoints").newest() is None


def test_the_newest_comes_back_with_its_history(tmp_path, model):
    checkpoint, history = write_epochs(tmp_path, model, epochs=3).newest()
    assert checkpoint.epoch == 3
    assert checkpoint.best_loss == 1 / 3
    assert [row["epoch"] for row in history.rows] == [1, 2, 3]


def test_only_the_last_two_are_kept(tmp_path, model):
    write_epochs(tmp_path, model, epochs=12)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"0-{epoch}{suffix}"
        for epoch in ("0011", "0012")
        for suffix in (".json", "-last.weights.npy", "-best.weights.npy")
    )


def test_weights_of_another_form_of_the_network_say_to_train_again(tmp_path):
    """Earlier versions built ConvNeXt of grouped convolutions, whose kernels have another shape than depthwise ones."""
    grouped = keras.Sequential([keras.Input((8, 8, 4)), keras.layers.Conv2D(4, 3, groups=4)])
    depthwise = keras.Sequential([keras.Input((8, 8, 4)), keras.layers.DepthwiseConv2D(3)])
    checkpoints = write_epochs(tmp_path / "checkpoints", grouped, epochs=1)
    checkpoint, _ = checkpoints.newest()
    with pytest.raises(RunDamagedError, match="earlier version of Headstart") as caught:
        checkpoints.read_weights(depthwise, checkpoint.last_file)
    assert exit_code_of(caught.value) is ExitCode.RUN_DAMAGED
    assert "(3, 3, 4, 1)" in caught.value.expected
    assert "(3, 3, 1, 4)" in caught.value.received
    assert f"Train again with `headstart train --recipe {tmp_path / 'recipe.toml'}`" in caught.value.hint


@pytest.mark.parametrize("damage", ["torn", "tampered", "missing", "no json"])
def test_a_damaged_one_is_refused_and_the_one_before_is_used(tmp_path, model, damage):
    checkpoints = write_epochs(tmp_path, model, epochs=3)
    weights, index = tmp_path / "0-0003-last.weights.npy", tmp_path / "0-0003.json"
    content = weights.read_bytes()
    if damage == "torn":
        weights.write_bytes(content[: len(content) // 2])
    elif damage == "tampered":
        weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "missing":
        weights.unlink()
    else:
        index.write_text("{")
    checkpoint, history = checkpoints.newest()
    assert checkpoint.epoch == 2
    assert len(history.rows) == 2


def test_when_every_one_is_damaged_it_says_so(tmp_path, model):
    checkpoints = write_epochs(tmp_path, model, epochs=2)
    for path in tmp_path.glob("*-last.weights.npy"):
        path.write_bytes(b"")
    with pytest.raises(RunDamagedError, match="2 checkpoints with other hashes"):
        checkpoints.newest()


def test_a_file_that_was_being_written_when_the_process_died_is_ignored(tmp_path, model):
    checkpoints = write_epochs(tmp_path, model, epochs=1)
    (tmp_path / "partial-0-0002.json").write_text('{"checkpoint": {}}')
    (tmp_path / "partial-0-0002-last.weights.npy").write_bytes(b"half")
    assert checkpoints.newest()[0].epoch == 1


def test_a_torn_one_does_not_stop_the_training_that_goes_on(tmp_path, model):
    write_epochs(tmp_path, model, epochs=3)
    (tmp_path / "0-0003.json").write_text('{"checkpoint"')
    assert write_epochs(tmp_path, model, epochs=4, first=4).newest()[0].epoch == 4
