"""Training, from a recipe to a finished run, in steps; finished steps are stored and not repeated by `resume`."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Unpack

import keras

from headstart.backbones import Backbone, build_backbone, find_backbone
from headstart.data import Dataset, audit_dataset, read_dataset, split_dataset
from headstart.errors import HeadstartError
from headstart.files import whole_file, write_json, write_text
from headstart.heads import Task, build_task
from headstart.options import RecipeOptions, recipe_from_options, recipe_with_options
from headstart.progress import SILENT, Progress
from headstart.recipe import Recipe
from headstart.run.bank import (
    BankPlace,
    LearningParts,
    Trunk,
    build_learning_parts,
    build_trunk,
    calibration_pictures,
    head_settings,
    stored_layers,
)
from headstart.run.collages import with_collages
from headstart.run.directory import FORMAT_VERSION, Run
from headstart.run.environment import describe_environment, dtype_policy
from headstart.run.evaluate import evaluate_test_part
from headstart.run.log import logged_to
from headstart.run.phases import fit_head, train_phases
from headstart.run.pictures import check_pictures, missing_data, move_data
from headstart.run.plan import Plan, make_plan
from headstart.run.report import write_report
from headstart.run.storage import sole_training, storage_errors
from headstart.run.task_steps import steps_of
from headstart.run.timed import timed
from headstart.training import (
    without_optimizer,
)

logger = logging.getLogger("headstart")


def train(
    data: Path | str | None = None,
    *,
    out: Path | str | None = None,
    recipe: Path | str | Recipe | None = None,
    minutes: float | None = None,
    bank_dir: Path | str | None = None,
    bank_limit: float | None = None,
    progress: Progress = SILENT,
    **options: Unpack[RecipeOptions],
) -> Run:
    """Train a model on a folder of images, test it and write a report.

    The task is detected automatically: class folders and labels give a classifier, boxes a detector, masks a segmenter,
    numbers a regressor. The option `task` overrides it.

    Args:
        data: folder of class folders or of annotated images, or a CSV, TSV or Parquet table of paths and labels.
            None: the data of the recipe.
        out: new folder of the run; None: `runs/DATA-BACKBONE-NUMBER`.
        recipe: a recipe, or a TOML file with one. Settings that are not given are chosen from the images.
        minutes: approximate time limit of the whole run; None: no limit.
        bank_dir: folder of the feature banks; None: in the cache folder of the system.
        bank_limit: size limit of the run's bank in 10⁹ bytes, 0 for no bank; None: half of the free disk space.
        progress: is called at every step.
        **options: settings by their short names, which override the recipe, see `headstart.options.RecipeOptions`.

    Returns:
        The finished run.

    Raises:
        HeadstartError: the input is wrong; class and text of the error describe how to correct it.

    Example:
        run = headstart.train("photos", backbone="mobilenetv2", epochs=10)
        print(run.report.metrics["accuracy"], run.html_path)
    """
    place = BankPlace.from_options(bank_dir, bank_limit)
    asked = _asked(data, recipe, options)
    # First, so that most mistakes are reported before anything is written.
    plan, dataset, backbone = _planned(asked, place, minutes=minutes, progress=progress)
    for line in plan.lines:
        progress.say(line)
    data_path = Path(plan.recipe.data.path)
    run_path = _new_path(plan.recipe) if out is None else Path(out)
    with storage_errors(run_path):
        run = _claimed(plan.recipe) if out is None else Run.create(run_path, data_path=data_path)
    with storage_errors(run.path), sole_training(run.path):
        Run.create(run.path, data_path=data_path)  # again: another process may have trained here before the lock
        write_text(run.recipe_path, plan.recipe.to_toml())
        write_json(run.environment_path, {"format_version": FORMAT_VERSION, **describe_environment()})
        # Last: what has it can be resumed.
        run.update_state("started", seconds={}, bank_place=place.facts(), plan=plan.facts())
        return _go_on(run, progress, dataset=dataset, backbone=backbone, trunk=plan.trunk)


def plan(
    data: Path | str | None = None,
    *,
    recipe: Path | str | Recipe | None = None,
    minutes: float | None = None,
    bank_dir: Path | str | None = None,
    bank_limit: float | None = None,
    progress: Progress = SILENT,
    **options: Unpack[RecipeOptions],
) -> Plan:
    """The plan of `train` with the same arguments and its expected time; nothing is written.

    Raises:
        HeadstartError: as `train`, for mistakes that are found without opening the images.
    """
    place = BankPlace.from_options(bank_dir, bank_limit)
    return _planned(_asked(data, recipe, options), place, minutes=minutes, progress=progress)[0]


def _asked(data: Path | str | None, recipe: Path | str | Recipe | None, options: RecipeOptions) -> Recipe:
    given = {"data": data, **options}
    if isinstance(recipe, Recipe):
        return recipe_with_options(recipe, given)
    return recipe_from_options(given, recipe_path=None if recipe is None else Path(recipe))


def _planned(
    recipe: Recipe, place: BankPlace, *, minutes: float | None, progress: Progress
) -> tuple[Plan, Dataset, Backbone]:
    recipe.resolved()  # a wrong name is reported before the data is read
    dataset = _read_data(recipe)
    suit = steps_of(dataset.task).suit
    recipe = (suit(recipe, dataset) if suit else recipe).resolved(dataset.task)
    backbone = _build_backbone(recipe, progress)
    return make_plan(recipe, dataset, backbone, place, minutes=minutes), dataset, backbone


def resume(path: Path | str, *, data: Path | str | None = None, progress: Progress = SILENT) -> Run:
    """Continue a run that was interrupted; a finished run is returned unchanged.

    Args:
        path: folder of the run.
        data: new path of the run's own data, if it was moved; stored in the run. None: the path is unchanged.
        progress: is called at every step.

    Raises:
        InUseError: another process trains in this folder.
        RunNotFoundError: there is no run in this folder.
        RunDamagedError: its checkpoints are damaged, or images have changed since.
        DataNotFoundError: the data does not exist.
    """
    run = Run.load(path)
    with storage_errors(run.path), sole_training(run.path):
        if data is not None:
            move_data(run, Path(data))
        return run if run.state["state"] == "finished" else _go_on(run, progress)


def _go_on(
    run: Run,
    progress: Progress,
    *,
    dataset: Dataset | None = None,
    backbone: Backbone | None = None,
    trunk: Trunk | None = None,
) -> Run:
    with logged_to(run.log_path, logger), _state_of(run):
        recipe = run.recipe
        if not run.state.get("is_split"):
            if not Path(recipe.data.path).exists():
                raise missing_data(run, Path(recipe.data.path))
            _prepare_data(run, dataset if dataset is not None else _read_data(recipe), progress)
        else:
            check_pictures(run, run.dataset)
        if not run.model_path.exists():
            _train_model(run, backbone or _build_backbone(recipe, progress), trunk, progress)
        with timed(run, "evaluation"):
            evaluate_test_part(run, progress=progress)
        with timed(run, "report"):
            write_report(run, progress=progress)
        metric = run.report.main_metric
        run.update_state(
            "finished", result={f"test_{metric.name}": metric.value, "interval": [metric.low, metric.high]}
        )
        logger.info(
            "finished: test %s %.4f (95 %% interval %.4f to %.4f)", metric.name, metric.value, metric.low, metric.high
        )
    return run


def _read_data(recipe: Recipe) -> Dataset:
    return read_dataset(Path(recipe.data.path), task=recipe.task, **recipe.data.reading_options())


def _prepare_data(run: Run, dataset: Dataset, progress: Progress) -> None:
    recipe = run.recipe
    with timed(run, "audit"):
        progress.start("checking images", len(dataset))
        audit = audit_dataset(dataset, progress=lambda *_: progress.advance(1), min_per_class=recipe.data.min_per_class)
        audit.write(run.audit_path)
        for path, reason in audit.left_out:
            logger.warning("left out: %s (%s)", path, reason)
    progress.finish()
    for line in audit.warnings():
        progress.say(f"Audit: {line}")
    split_dataset(audit.dataset, fractions=recipe.data.fractions, seed=recipe.seed).write(run.dataset_path)
    run.update_state("started", is_split=True)


def _build_backbone(recipe: Recipe, progress: Progress) -> Backbone:
    section = recipe.backbone
    spec = find_backbone(section.name)
    download = f" ({spec.megabytes:.0f} MB, downloaded once)" if section.weights == "imagenet" else ""
    progress.start(f"loading {spec.name}{download}", 1)
    keras.config.set_dtype_policy(dtype_policy())
    keras.utils.set_random_seed(recipe.seed)
    backbone = build_backbone(section.name, image_size=section.image_size, weights=section.weights or "none")
    progress.advance(1)
    progress.finish()
    progress.say(f"Step 1: load {spec.title} with {spec.num_parameters:,} parameters, weights: {section.weights}")
    return backbone


def _train_model(run: Run, backbone: Backbone, trunk: Trunk | None, progress: Progress) -> None:
    recipe, dataset = run.recipe, run.dataset
    run.update_state("started", weights={"source": backbone.weights.source, "sha256": backbone.weights.sha256})
    task = build_task(backbone, dataset, head_settings(recipe))
    steps = steps_of(dataset.task)
    progress.say("Step 2: freeze it, so that its parameters do not change")
    parts = _learning_parts(run, task, backbone, trunk, progress)
    history = fit_head(run, task, parts, progress) if steps.fit else train_phases(run, task, backbone, parts, progress)
    history.write(run.history_path)
    write_json(run.task_path, {"format_version": FORMAT_VERSION, **task.facts()})
    with timed(run, "calibration"):
        steps.calibrate(run, task, parts, progress)
    _save_model(task.model, run.model_path)  # last: what has it is trained


def _learning_parts(run: Run, task: Task, backbone: Backbone, trunk: Trunk | None, progress: Progress) -> LearningParts:
    recipe, dataset = run.recipe, run.dataset
    place = BankPlace.from_facts(run.fact("bank_place"))
    with timed(run, "feature bank"):
        if trunk is None and recipe.bank.num_views:
            calibration = calibration_pictures(dataset, recipe, backbone.image_size)
            trunk = build_trunk(backbone, recipe, calibration=calibration, place=place)
            if trunk.engine.note:
                progress.say(trunk.engine.note)
        stored = stored_layers(recipe, backbone)
        learned = with_collages(run, task.image_size)
        parts = build_learning_parts(task, recipe, learned, trunk, stored, place=place, progress=progress)
    facts = dict(parts.facts)
    before = run.state.get("bank")
    if facts and before:  # a run that continues finds rows that it computed before
        facts["num_computed"] = parts.num_computed + before.get("num_computed", 0)
    run.update_state("started", bank=facts)
    return parts


def _save_model(model: keras.Model, path: Path) -> None:
    """Write the model without its optimizer, in one step, so that it loads without this package."""
    with whole_file(path) as partial:
        without_optimizer(model).save(partial)


def _claimed(recipe: Recipe) -> Run:
    """A new run folder with a number of its own, even if another process starts at the same moment."""
    while True:
        try:
            return Run.create(_new_path(recipe), data_path=Path(recipe.data.path), is_claimed=True)
        except FileExistsError:
            if not _new_path(recipe).parent.is_dir():  # a file is in the way
                raise


def _new_path(recipe: Recipe) -> Path:
    name = f"{Path(recipe.data.path).stem}-{recipe.backbone.name}"
    return next(path for number in count(1) if not (path := Path("runs") / f"{name}-{number}").exists())


@contextmanager
def _state_of(run: Run) -> Iterator[None]:
    """Store in the run how it ended: finished, interrupted or failed."""
    run.update_state("started")
    try:
        yield
    except KeyboardInterrupt as stop:
        run.update_state("interrupted")
        stop.add_note(f"Everything up to the last finished epoch is stored. Continue with: headstart resume {run.path}")
        raise
    except Exception as error:
        logger.exception("failed")
        run.update_state("failed", error=str(error) if isinstance(error, HeadstartError) else repr(error))
        if not isinstance(error, HeadstartError):
            error.add_note(f"See the log: {run.log_path}")
        raise
