"""The end of every epoch: a row of history, the best weights, a checkpoint, and whether to stop."""

import math
import time
from dataclasses import replace

import keras
import numpy as np

from headstart.progress import Progress
from headstart.training.checkpoints import Checkpoint, CheckpointDir
from headstart.training.history import History, Row
from headstart.training.optimizers import own_optimizer
from headstart.training.phases import Phase

# Factor on the rate of a phase each time that it goes back, and how often it may; the last rate is 0.4 % of the first.
RATE_FACTOR = 1 / 3
MAX_RESTARTS = 5


class EpochRecorder(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Keeps history, best weights and checkpoints, and stops the phase when validation loss no longer falls.

    An epoch whose validation loss is too high (`Phase.max_loss_rise`) is not kept: training stops, and the next call of
    `fit` starts from the best weights at a lower rate.

    Args:
        phase: what is being fitted.
        phase_index: its place in the run, from 0.
        seed: of the run; with phase and epoch it decides every draw of dropout and its like.
        checkpoints: where every epoch's end is kept.
        kept: the part of the model that best weights are kept of.
        start: the newest checkpoint and the history up to it, None at the start of a run.
        progress: notified of every step.
    """

    def __init__(
        self,
        phase: Phase,
        phase_index: int,
        *,
        seed: int,
        checkpoints: CheckpointDir,
        kept: keras.Model,
        start: tuple[Checkpoint, History] | None,
        progress: Progress,
    ) -> None:
        super().__init__()
        self._phase = phase
        self.phase_index = phase_index
        self._seed = seed
        self.checkpoints = checkpoints
        self._kept = kept
        self.progress = progress
        self._started = 0.0
        self.checkpoint: Checkpoint | None = None
        self.history = History()
        if start is not None:
            self.checkpoint, self.history = start

    @property
    def epochs_done(self) -> int:
        """Epochs of this phase that are done."""
        within = self._checkpoint_of_phase()
        return 0 if within is None else within.epoch

    @property
    def is_over(self) -> bool:
        """Whether this phase has nothing left to do."""
        if self.checkpoint is None or self.checkpoint.phase_index < self.phase_index:
            return False
        return self.checkpoint.stopped or self.checkpoint.phase_index > self.phase_index

    @property
    def learning_rate(self) -> float:
        """Peak rate of the phase after its restarts."""
        rate: float = self._phase.learning_rate * RATE_FACTOR**self.num_restarts
        return rate

    @property
    def num_restarts(self) -> int:
        """How often this phase went back to the best weights."""
        within = self._checkpoint_of_phase()
        return 0 if within is None else within.num_restarts

    @property
    def batch_size(self) -> int | None:
        """Images per batch after memory ran out in this phase; None: as the examples say."""
        within = self._checkpoint_of_phase()
        return None if within is None else within.batch_size

    @property
    def restarted_at(self) -> int:
        """Epochs of this phase that were done when it last went back, 0 where it never did."""
        within = self._checkpoint_of_phase()
        return 0 if within is None else within.restarted_at

    def endings(self) -> list[str]:
        """Sentences on why the phase ended before its last epoch, if it did, and which epoch's weights are kept."""
        within, best = self._checkpoint_of_phase(), self.history.best
        lines = []
        if within is not None and within.epoch < self._phase.epochs:
            reason = f"the validation loss has not fallen for {within.epochs_since_best} epochs"
            if within.num_restarts > MAX_RESTARTS:
                reason = "the validation loss rises at every learning rate"
            lines.append(
                f"{self._phase.name}: stopped early after epoch {within.epoch} of {self._phase.epochs}; {reason}"
            )
        if best is not None:
            lines.append(
                f"Kept weights: {best['phase']} epoch {best['epoch']}, with the lowest validation loss, "
                f"{best['val_loss']:.3f}"
            )
        return lines

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Starts the clock and the epoch's own random numbers."""
        reseed(self.model, self._seed, self.phase_index, epoch)
        self._started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Reports the progress of the phase."""
        self.progress.advance(1)

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Validates the averaged weights, where there are such; they stay until the epoch is kept."""
        own_optimizer(self.model).swap_averages()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keeps the epoch, whole, before the next begins."""
        row = self._row(epoch, logs or {})
        if self._is_too_high(row["val_loss"]):
            self._go_back(row)
            return
        self.history = self.history.with_row(row)
        self.checkpoint = self._next_checkpoint(epoch, row["val_loss"])
        self.checkpoints.write(self.checkpoint, self.history)
        self.progress.say(_line(row))
        self.model.stop_training = self.checkpoint.stopped

    def _checkpoint_of_phase(self) -> Checkpoint | None:
        newest = self.checkpoint
        return newest if newest is not None and newest.phase_index == self.phase_index else None

    def keep_beginning(self) -> None:
        """Keeps the weights that the first phase begins with, where nothing before it was kept."""
        if self.checkpoint is not None:
            return
        file = self.checkpoints.write_weights(self._kept, f"{self.phase_index}-0000-best")
        self.checkpoint = Checkpoint(
            phase_index=self.phase_index,
            epoch=0,
            best_loss=math.inf,
            phase_best_loss=math.inf,
            epochs_since_best=0,
            stopped=False,
            last_file=file,
            best_file=file,
            hashes={file: self.checkpoints.hash_of(file)},
        )

    def halve_batch(self, batch_size: int) -> None:
        """Goes back to the best weights with batches of half the size, after memory ran out."""
        self.checkpoint = replace(self._restarted(), batch_size=batch_size // 2)
        self.checkpoints.write(self.checkpoint, self.history)
        self.progress.say(
            f"{self._phase.name}: out of memory with {batch_size} images per batch; training continues from the best "
            f"weights with {batch_size // 2}"
        )

    def _restarted(self) -> Checkpoint:
        """The checkpoint from which this phase continues with the best weights and a new optimizer."""
        before, within = self.checkpoint, self._checkpoint_of_phase()
        assert before is not None  # a phase has a checkpoint from its beginning
        return replace(
            before,
            phase_index=self.phase_index,
            epoch=self.epochs_done,
            phase_best_loss=within.phase_best_loss if within else math.inf,
            epochs_since_best=within.epochs_since_best if within else 0,
            stopped=False,
            last_file=before.best_file,
            hashes={before.best_file: before.hashes[before.best_file]},
            num_restarts=self.num_restarts,
            restarted_at=self.epochs_done,
            batch_size=self.batch_size,
        )

    def _highest_loss(self) -> float:
        """The highest validation loss that an epoch may have."""
        before = [row["val_loss"] for row in self.history.rows if row["phase"] != self._phase.name]
        lowest = min(filter(math.isfinite, before), default=math.inf)
        return lowest + self._phase.max_loss_rise * abs(lowest) if self._phase.max_loss_rise else math.inf

    def _is_too_high(self, val_loss: float) -> bool:
        highest = self._highest_loss()
        return math.isfinite(highest) and not val_loss <= highest  # NaN is too high as well

    def _go_back(self, row: Row) -> None:
        """Discards an epoch: stores that the phase continues from the best weights at a lower rate."""
        rate, num_restarts = self.learning_rate, self.num_restarts + 1
        self.checkpoint = replace(self._restarted(), num_restarts=num_restarts, stopped=num_restarts > MAX_RESTARTS)
        self.checkpoints.write(self.checkpoint, self.history)
        self.progress.say(
            f"{row['phase']} epoch {row['epoch']}: validation loss {row['val_loss']:.3f} is above the limit of "
            f"{self._highest_loss():.3f}; the epoch is discarded, and training continues from the best weights"
            + ("" if self.checkpoint.stopped else f" with learning rate {self.learning_rate:.2g} instead of {rate:.2g}")
        )
        self.model.stop_training = True

    def _row(self, epoch: int, logs: dict[str, float]) -> Row:
        return {
            "phase": self._phase.name,
            "epoch": epoch + 1,
            "learning_rate": float(self.model.optimizer.learning_rate),
            **{name: float(logs[name]) for name in sorted(logs, key=_quantity_order)},
            "seconds": round(time.perf_counter() - self._started, 3),
        }

    def _next_checkpoint(self, epoch: int, val_loss: float) -> Checkpoint:
        before, within = self.checkpoint, self._checkpoint_of_phase()
        name = f"{self.phase_index}-{epoch + 1:04d}"
        if before is None or val_loss < before.best_loss:
            best_loss = val_loss
            best_file = self.checkpoints.write_weights(self._kept, f"{name}-best")
        else:
            best_loss, best_file = before.best_loss, before.best_file
        # A phase that starts worse than the one before it ended is given its time to catch up.
        if within is None or val_loss < within.phase_best_loss:
            phase_best_loss, waited = val_loss, 0
        else:
            phase_best_loss, waited = within.phase_best_loss, within.epochs_since_best + 1
        own_optimizer(self.model).swap_averages()  # back to the weights that learn
        last_file = self.checkpoints.write_weights(self.model, f"{name}-last")
        known = before.hashes if before is not None and before.best_file == best_file else {}
        return Checkpoint(
            phase_index=self.phase_index,
            epoch=epoch + 1,
            best_loss=best_loss,
            phase_best_loss=phase_best_loss,
            epochs_since_best=waited,
            stopped=waited >= self._phase.patience or epoch + 1 == self._phase.epochs or not math.isfinite(val_loss),
            last_file=last_file,
            best_file=best_file,
            hashes={file: known.get(file) or self.checkpoints.hash_of(file) for file in (last_file, best_file)},
            num_restarts=self.num_restarts,
            restarted_at=self.restarted_at,
            batch_size=self.batch_size,
        )


def reseed(model: keras.Model, *key: int) -> None:
    """Sets every random layer's generator to a pure function of `key` and of the layer's place.

    Keras counts draws in these generators and saves them nowhere: an interrupted run could not continue with the same
    draws.
    """
    states = [variable for variable in model.variables if variable.path.endswith("seed_generator_state")]
    for place, state in enumerate(states):
        state.assign(np.random.SeedSequence([*key, place]).generate_state(2, "uint32"))


def without_optimizer(model: keras.Model) -> keras.Model:
    """The layers as a model that was never compiled, so that its weight files contain weights only."""
    return keras.Model(model.input, model.output, name=model.name)


def _quantity_order(name: str) -> tuple[bool, bool]:
    """Training before validation, the loss before the metrics."""
    return name.startswith("val_"), not name.endswith("loss")


def _line(row: Row) -> str:
    names = [name for name in row if f"val_{name}" in row]
    training = ", ".join(f"{name.replace('_', ' ')} {row[name]:.3f}" for name in names)
    validation = ", ".join(f"{row[f'val_{name}']:.3f}" for name in names)
    return f"{row['phase']} epoch {row['epoch']}: {training}; validation {validation} ({row['seconds']:.0f} s)"
