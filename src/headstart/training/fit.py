"""One phase of training, from its first epoch or from where it was interrupted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import keras

from headstart.backbones import model_above
from headstart.data import Tensor, evaluation_batches, original_errors, training_batches
from headstart.features import is_out_of_memory
from headstart.heads import Task
from headstart.progress import SILENT, Progress
from headstart.training.checkpoints import Checkpoint, CheckpointDir
from headstart.training.examples import TrainingExamples
from headstart.training.freezing import TrainableCount, set_trainable
from headstart.training.history import History
from headstart.training.optimizers import LayerwiseAdamW, build_optimizer, restart
from headstart.training.phases import Phase
from headstart.training.precision import computing_in
from headstart.training.recorder import EpochRecorder, without_optimizer


@dataclass(frozen=True)
class FitResult:
    """The result of a phase; the model has the weights with the lowest validation loss of the run so far.

    Attributes:
        history: of the run up to here.
        checkpoint: the newest.
        count: of parameters that learned.
        num_restarts: how often the phase went back to the best weights.
        last_learning_rate: peak rate after the last restart.
    """

    history: History
    checkpoint: Checkpoint | None
    count: TrainableCount
    num_restarts: int
    last_learning_rate: float


def fit_phase(  # noqa: PLR0913 (what a phase is a function of, each by its name)
    task: Task,
    phase: Phase,
    examples: TrainingExamples,
    *,
    phase_index: int,
    checkpoints: CheckpointDir,
    kept_from: Sequence[str] = (),
    start: tuple[Checkpoint, History] | None = None,
    progress: Progress = SILENT,
) -> FitResult:
    """Fits the unfrozen part of the task's model; the weights with the lowest validation loss stay.

    Best weights are those of the whole run: a fine-tuning phase that never gets better than the frozen phase before it
    leaves the model as it was.

    Args:
        task: its model is changed in place.
        phase: what learns, for how long and how fast.
        examples: what it learns from and is watched on.
        phase_index: place of the phase in the run, from 0; a part of every random draw.
        checkpoints: where every epoch's end is kept.
        kept_from: layers above which best weights are kept: the lowest cut of all phases of the run. Without any: all.
        start: the newest checkpoint and the history so far: of the phase before, or of this one when it was
            interrupted.
        progress: notified of every step.
    """
    count = set_trainable(task, unfreeze_from=phase.unfreeze_from, unfreeze_batch_norm=phase.unfreeze_batch_norm)
    kept = learning_part(task, kept_from)
    recorder = EpochRecorder(
        phase, phase_index, seed=examples.seed, checkpoints=checkpoints, kept=kept, start=start, progress=progress
    )
    _load_best(kept, recorder, checkpoints)
    if phase.epochs > 0 and not recorder.is_over:
        recorder.keep_beginning()
        model, is_traced = learning_part(task, examples.cuts), False
        while not recorder.is_over:  # again after each epoch that is discarded, and with smaller batches
            sized = replace(examples, batch_size=recorder.batch_size or examples.batch_size)
            try:
                _fit_from_checkpoint(task, model, phase, sized, recorder, is_traced=is_traced)
                is_traced = isinstance(model.optimizer, LayerwiseAdamW)  # the scaler of half precision starts anew
            except Exception as error:
                if sized.batch_size == 1 or not is_out_of_memory(error):
                    raise
                recorder.halve_batch(sized.batch_size)
                model, is_traced = learning_part(task, examples.cuts), False  # the interrupted one holds batches
            _load_best(kept, recorder, checkpoints)
        for line in recorder.endings():
            progress.say(line)
    return FitResult(recorder.history, recorder.checkpoint, count, recorder.num_restarts, recorder.learning_rate)


def _fit_from_checkpoint(
    task: Task,
    model: keras.Model,
    phase: Phase,
    examples: TrainingExamples,
    recorder: EpochRecorder,
    *,
    is_traced: bool,
) -> None:
    """Fits until the phase ends or goes back; the schedule of the rate spans the epochs since it last went back."""
    done = recorder.epochs_done
    num_steps = (phase.epochs - recorder.restarted_at) * examples.steps_per_epoch
    lowered = replace(phase, learning_rate=recorder.learning_rate)
    if is_traced:
        restart(model.optimizer, lowered, num_steps=num_steps)
    else:
        _compile(model, task, lowered, num_steps=num_steps)
    if recorder.checkpoint is not None and done > recorder.restarted_at:
        recorder.checkpoints.read_weights(model, recorder.checkpoint.last_file)
    recorder.progress.start(f"{phase.name} phase", (phase.epochs - done) * examples.steps_per_epoch)
    with computing_in(task, model, phase.precision):
        _fit(model, phase, examples, recorder=recorder)


def learning_part(task: Task, cuts: Sequence[str]) -> keras.Model:
    """The part of a model above some layers, never compiled; the whole model, from the pixels, if there are none."""
    return model_above(task.model, cuts) if cuts else without_optimizer(task.model)


def _validation_batches(examples: TrainingExamples) -> Iterable[tuple[Tensor, ...]]:
    """The validation part in order, once: a `tf.data.Dataset` of examples and targets."""
    batches: Iterable[tuple[Tensor, ...]] = evaluation_batches(
        examples.validation_source, batch_size=examples.batch_size, targets=examples.validation_targets
    )
    return batches


def _load_best(kept: keras.Model, recorder: EpochRecorder, checkpoints: CheckpointDir) -> None:
    if recorder.checkpoint is not None:
        checkpoints.read_weights(kept, recorder.checkpoint.best_file)


def _compile(model: keras.Model, task: Task, phase: Phase, *, num_steps: int) -> None:
    optimizer = build_optimizer(task, phase, num_steps=num_steps)
    model.compile(
        optimizer=optimizer,
        loss=task.loss(phase.label_smoothing),
        weighted_metrics=[],
        metrics=task.metrics(),
    )
    optimizer.build(model.trainable_variables)


def _fit(model: keras.Model, phase: Phase, examples: TrainingExamples, *, recorder: EpochRecorder) -> None:
    batches = training_batches(
        examples.source,
        examples.targets,
        batch_size=examples.batch_size,
        seed=examples.seed,
        phase=recorder.phase_index,
        first_epoch=recorder.epochs_done,
        augmentation=examples.augmentation,
        view_matrices=examples.view_matrices,
        weights=examples.weights,
        mixup=phase.mixup,
    )
    with original_errors(examples.source):
        model.fit(
            batches.dataset,
            validation_data=_validation_batches(examples),
            initial_epoch=recorder.epochs_done,
            epochs=phase.epochs,
            steps_per_epoch=batches.steps_per_epoch,
            callbacks=[recorder],
            shuffle=False,  # the batches bring their order
            verbose=0,
        )
