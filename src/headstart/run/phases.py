"""How the head of a run gets its weights: in phases of epochs, or at once for tasks without them."""

import logging
from dataclasses import asdict

from headstart.backbones import Backbone
from headstart.heads import POOLED, Task
from headstart.progress import Progress
from headstart.recipe import FrozenPhaseSection, Recipe
from headstart.run.bank import LearningParts, stored_layers
from headstart.run.directory import Run
from headstart.run.task_steps import steps_of
from headstart.run.timed import timed
from headstart.training import (
    Checkpoint,
    History,
    Phase,
    TrainingExamples,
    fit_phase,
    pooled_examples,
    set_trainable,
)

logger = logging.getLogger("headstart")


def fit_head(run: Run, task: Task, parts: LearningParts, progress: Progress) -> History:
    """Makes the head of a task that has no phases."""
    steps = steps_of(task.kind)
    assert steps.fit is not None
    progress.say(f"Step 3: add new layers for {steps.outputs(task)}")
    with timed(run, "fit"):
        steps.fit(run, task, parts.frozen, progress)
    count = set_trainable(task, unfreeze_from=None)
    run.update_state("started", phases=[{**asdict(phases_of(run.recipe)[0]), **asdict(count)}])
    return History()


def train_phases(run: Run, task: Task, backbone: Backbone, parts: LearningParts, progress: Progress) -> History:
    """Trains in phases, from the newest checkpoint on."""
    recipe, steps = run.recipe, steps_of(task.kind)
    first = "a linear probe" if recipe.head.start == "probe" else "random weights"
    progress.say(f"Step 3: add new layers for {steps.outputs(task)}, which start from {first}")
    start = run.checkpoints.newest()
    frozen = _frozen_examples(recipe, task, parts, start, progress)
    kept_from = _kept_from(recipe, backbone)
    if start is None and recipe.head.start == "probe" and steps.start is not None:
        with timed(run, "linear probe"):
            start = steps.start(run, task, frozen, kept_from, progress)
    phases: list[dict[str, object]] = []
    known = {phase["name"]: phase for phase in run.state.get("phases") or []}
    examples_of = (frozen, parts.upper, parts.pixels)
    for phase_index, (phase, examples) in enumerate(zip(phases_of(recipe), examples_of, strict=True), start=1):
        if phase.unfreeze_from is not None and phase.epochs:
            progress.say(
                f"Step 4: {phase.name} of the stages from {phase.unfreeze_from} upwards; lower stages learn more slowly"
            )
        was_over = start is not None and start[0].phase_index > phase_index
        with timed(run, f"{phase.name} phase"):
            result = fit_phase(
                task,
                phase,
                examples,
                phase_index=phase_index,
                checkpoints=run.checkpoints,
                kept_from=kept_from,
                start=start,
                progress=progress,
            )
        progress.finish()
        start = None if result.checkpoint is None else (result.checkpoint, result.history)
        restarts: dict[str, object] = {
            "num_restarts": result.num_restarts,
            "last_learning_rate": result.last_learning_rate,
        }
        if was_over and phase.name in known:  # the newest checkpoint is that of a later phase
            restarts = {name: known[phase.name].get(name, value) for name, value in restarts.items()}
        phases.append({**asdict(phase), **asdict(result.count), **restarts})
        run.update_state("started", phases=phases)
        logger.info("%s phase: %d parameters learn, %d are frozen", phase.name, *asdict(result.count).values())
    return History() if start is None else start[1]


def _frozen_examples(
    recipe: Recipe,
    task: Task,
    parts: LearningParts,
    start: tuple[Checkpoint, History] | None,
    progress: Progress,
) -> TrainingExamples:
    """The examples of probe and frozen phase; their features are pooled once if the frozen phase still has epochs."""
    newest = None if start is None else start[0]
    is_over = newest is not None and (newest.phase_index > 1 or (newest.phase_index == 1 and newest.stopped))
    if task.tap_layers or parts.frozen.cut in (None, POOLED) or is_over or not recipe.frozen_phase.epochs:
        return parts.frozen
    return pooled_examples(task, parts.frozen, precision=recipe.fine_tuning_phase.precision, progress=progress)


def _kept_from(recipe: Recipe, backbone: Backbone) -> tuple[str, ...]:
    """The layers below which no phase changes anything; empty if the lowest layers learn or no bank is used."""
    if recipe.deep_phase.epochs or not recipe.bank.num_views:
        return ()
    return stored_layers(recipe, backbone).upper


def phases_of(recipe: Recipe) -> tuple[Phase, Phase, Phase]:
    """The frozen, the fine-tuning and the deep phase that a resolved recipe describes."""
    return (
        _phase("frozen", recipe.frozen_phase, recipe),
        _phase("fine-tuning", recipe.fine_tuning_phase, recipe),
        _phase("deep fine-tuning", recipe.deep_phase, recipe),
    )


def _phase(name: str, section: FrozenPhaseSection, recipe: Recipe) -> Phase:
    values = section.model_dump()
    return Phase(name=name, label_smoothing=recipe.head.label_smoothing, **{**values, "epochs": values["epochs"] or 0})
