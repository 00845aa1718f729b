"""How well backbones suit some images, without training any of them."""

import gc
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import keras

from headstart.backbones import build_backbone
from headstart.data import Dataset, audit_dataset, read_dataset, split_dataset
from headstart.errors import (
    DataError,
    DataFormatError,
    ExtraMissingError,
    FolderOccupiedError,
    HeadstartError,
    RecipeError,
    StorageFullError,
    StoragePermissionError,
    WeightsNotFoundError,
)
from headstart.features import AUTO, BankPart, FeatureBank, Pictures, Views, fill_bank, score_features, suitable_engine
from headstart.files import is_inside, sole_use
from headstart.options import RANK_OPTIONS, RankOptions, recipe_from_options
from headstart.progress import SILENT, Progress
from headstart.recipe import Recipe
from headstart.run.bank import BankPlace, Trunk, build_trunk, calibration_pictures
from headstart.run.candidates import Candidate, find_candidates
from headstart.run.environment import dtype_policy
from headstart.run.rank_examples import measure_of, require_enough, scored_examples, scored_layer
from headstart.run.ranking import NotRanked, RankedBackbone, RankedData, Ranking
from headstart.run.storage import storage_errors
from headstart.task_settings import settings_of
from headstart.task_spec import TargetForm

logger = logging.getLogger("headstart")

USED_PARTS = ("train", "validation")
_STORAGE_HINT = "Free some room or name another folder with --out."
# These would stop every other backbone as well.
_FATAL = (DataError, RecipeError, StorageFullError, StoragePermissionError, ExtraMissingError)


def rank_backbones(
    data: Path | str,
    *,
    backbones: Sequence[str] | str | None = None,
    weights: Mapping[str, Path | str] | None = None,
    download: bool = False,
    out: Path | str | None = None,
    bank_dir: Path | str | None = None,
    progress: Progress = SILENT,
    **options: Unpack[RankOptions],
) -> Ranking:
    """Compares backbones by what their features tell about some images: classes, numbers, or what is where.

    Test images take no part: those that the data names, or those that `headstart.train` would set aside with the same
    seed. So the choice of a backbone is no peek at what it is tested on later.

    Args:
        data: as `headstart.train` takes it, of any task.
        backbones: names, or `all`; None: a short list and every backbone whose ImageNet weights are on this machine.
        weights: backbone → `imagenet`, `builtin`, `none` (random) or a file. Who is named here is a candidate.
        download: whether Keras may download ImageNet weights that are not on this machine; nothing else ever does.
        out: folder for `rank.json`, `rank.csv` and `rank.png`; None writes nothing but the feature banks.
        bank_dir: where feature banks are kept; None: the platform's folder for caches.
        progress: notified of every step.
        **options: see `RankOptions`; as `headstart.train` takes them.

    Raises:
        InUseError: another process writes a ranking into the folder.
        HeadstartError: any other error that the user can correct. A backbone that fails is listed with its reason; its
            error is raised only if none can be ranked.

    Example:
        ranking = headstart.rank("photos", backbones=["mobilenetv2", "resnet50"])
        run = headstart.train("photos", backbone=ranking.best.name)
    """
    recipe = _recipe(data, options)
    candidates = find_candidates(backbones, weights or {}, download=download)
    folder = None if out is None else _checked_folder(Path(out), Path(recipe.data.path))
    recipe, dataset, num_left_out = _read_data(recipe, progress)
    place = BankPlace.from_options(bank_dir, None)
    with _alone(folder):  # before the work, which would be lost where nothing can be written
        ranked, not_ranked = _rank_all(candidates, recipe, dataset, place, progress)
        ranking = Ranking(
            ranked=tuple(sorted(ranked, key=lambda one: (-one.scores.probe_score, one.num_parameters))),
            not_ranked=tuple(not_ranked),
            data=_data_facts(recipe, dataset, num_left_out),
            settings={"seed": recipe.seed, "engine": _engine_name(recipe), "resize_mode": recipe.images.resize_mode},
        )
        if folder is not None:
            with storage_errors(folder, hint=_STORAGE_HINT):
                ranking.write(folder)
    return ranking


@contextmanager
def _alone(folder: Path | None) -> Iterator[None]:
    """Makes the folder, and keeps other processes from writing a ranking into it while the block runs."""
    if folder is None:
        yield
        return
    with storage_errors(folder, hint=_STORAGE_HINT):
        folder.mkdir(parents=True, exist_ok=True)
    hint = "Wait until it ends, or name another folder with --out."
    with sole_use(folder, purpose="writes a ranking in", hint=hint):
        yield


def _data_facts(recipe: Recipe, dataset: Dataset, num_left_out: int) -> RankedData:
    names, path = list(dataset.class_names), recipe.data.path
    counts = {part: len(dataset.part(part)) for part in (*USED_PARTS, "test")}
    if dataset.form is TargetForm.LABELS:
        return {"path": path, "class_names": names, "num_examples": counts, "num_left_out": num_left_out}
    return {
        "path": path,
        "task": dataset.task,
        "class_names": names,
        "num_examples": counts,
        "num_left_out": num_left_out,
    }


def _engine_name(recipe: Recipe) -> str:
    return suitable_engine() if recipe.bank.engine == AUTO else recipe.bank.engine


def _recipe(data: Path | str, options: Mapping[str, object]) -> Recipe:
    """The recipe with which `train` would start, without fine-tuning."""
    if unknown := sorted(set(options) - set(RANK_OPTIONS)):
        raise RecipeError(
            f"A ranking has no option '{unknown[0]}'.",
            expected=f"one of {', '.join(RANK_OPTIONS)}",
            received=unknown[0],
            hint="Leave it out; a ranking does not train.",
        )
    return recipe_from_options({**options, "data": data, "epochs": 0})


def _checked_folder(folder: Path, data_path: Path) -> Path:
    folder = folder.expanduser().absolute()
    in_data = data_path.is_dir() and is_inside(folder, data_path)
    if in_data or (folder.exists() and not folder.is_dir()):
        raise FolderOccupiedError(
            f"The ranking cannot be written to '{folder}'.",
            expected="a new or existing folder outside the data folder",
            received="a folder inside the data folder, which is never written to" if in_data else "a file",
            hint="Choose another folder with --out.",
        )
    return folder


def _read_data(recipe: Recipe, progress: Progress) -> tuple[Recipe, Dataset, int]:
    """The task, every usable image in its part as in training, and the number of images left out."""
    dataset = read_dataset(Path(recipe.data.path), task=recipe.task, **recipe.data.reading_options())
    if not settings_of(dataset.task).has_phases:
        raise _nothing_to_compare(dataset)
    recipe = _for_task(recipe, dataset.task)
    progress.start("checking images", len(dataset))
    audit = audit_dataset(dataset, progress=lambda *_: progress.advance(1), min_per_class=recipe.data.min_per_class)
    progress.finish()
    if audit.left_out:
        progress.say(f"{len(audit.left_out)} files are left out; `headstart audit` lists them")
    dataset = split_dataset(audit.dataset, fractions=recipe.data.fractions, seed=recipe.seed)
    require_enough(_used(dataset))
    return recipe, dataset, len(audit.left_out)


def _nothing_to_compare(dataset: Dataset) -> DataFormatError:
    return DataFormatError(
        f"Networks cannot be ranked for {dataset.task}.",
        expected="labels, boxes, masks or numbers to learn from",
        received=f"data for {dataset.task} in '{dataset.root}', which has no labels to learn from",
        hint="Train with several networks and compare the results of `headstart evaluate RUN`.",
    )


def _for_task(recipe: Recipe, task: str) -> Recipe:
    """With the settings of a task; the image size stays open where every backbone may see its own."""
    size = recipe.backbone.image_size or settings_of(task).defaults.get(("backbone", "image_size"))
    return recipe.resolved(task).with_values("backbone", image_size=size)


def _used(dataset: Dataset) -> Dataset:
    frame = dataset.frame[dataset.frame["split"].isin(USED_PARTS)]
    return replace(dataset, frame=frame.reset_index(drop=True))


def _rank_all(
    candidates: Sequence[Candidate], recipe: Recipe, dataset: Dataset, place: BankPlace, progress: Progress
) -> tuple[list[RankedBackbone], list[NotRanked]]:
    """The backbones that can be ranked, and the others with their reasons.

    Raises:
        HeadstartError: none can be ranked.
    """
    ranked, not_ranked, failures = [], [], []
    for candidate in candidates:
        name = candidate.spec.name
        if candidate.source is None:
            not_ranked.append(NotRanked(name, candidate.missing))
            continue
        try:
            ranked.append(_rank_one(candidate, candidate.source, recipe, dataset, place, progress))
        except _FATAL:
            raise
        except Exception as error:  # whatever one network dies of, the others are not lost
            logger.info("%s cannot be ranked", name, exc_info=error)
            progress.finish()
            failures.append(error)
            not_ranked.append(NotRanked(name, _reason(error)))
            progress.say(f"{name} cannot be ranked: {_reason(error)}")
        gc.collect()  # models hold themselves in cycles, and several large ones need not fit at once
    if not ranked:
        raise failures[0] if failures else _no_weights(not_ranked)
    return ranked, not_ranked


def _reason(error: Exception) -> str:
    if isinstance(error, HeadstartError):
        return f"{error.problem} {error.hint}"
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def _no_weights(not_ranked: Sequence[NotRanked]) -> WeightsNotFoundError:
    names = ", ".join(one.name for one in not_ranked[:5])
    return WeightsNotFoundError(
        "There is no network to rank, because no weights of the candidates are on this machine.",
        expected="a file in the models folder of Keras, or --weights NAME=FILE",
        received=f"neither for {names}{' and others' if len(not_ranked) > 5 else ''}",
        hint="Use --download, or download the file that `headstart backbones NAME` shows. vgg19_mini needs none.",
    )


def _rank_one(
    candidate: Candidate, source: str, recipe: Recipe, dataset: Dataset, place: BankPlace, progress: Progress
) -> RankedBackbone:
    spec, used = candidate.spec, _used(dataset)
    progress.start(f"loading {spec.name}", 1)
    started = time.perf_counter()
    keras.config.set_dtype_policy(dtype_policy())
    keras.utils.set_random_seed(recipe.seed)
    backbone = build_backbone(spec, image_size=recipe.backbone.image_size, weights=source)
    calibration = calibration_pictures(dataset, recipe, backbone.image_size)
    layer = scored_layer(recipe, backbone)
    trunk = build_trunk(backbone, recipe, calibration=calibration, place=place, layers=(layer,))
    if trunk.engine.note:
        progress.say(trunk.engine.note)
    progress.finish()
    built = time.perf_counter()
    part, num_computed = _filled_part(trunk, recipe, used, place, progress)
    filled = time.perf_counter()
    progress.start(f"scoring {spec.name}", 1)
    examples = scored_examples(part, used, backbone.image_size, recipe)
    scores = score_features(
        examples.features, examples.targets, groups=examples.groups, seed=recipe.seed, measure=measure_of(used)
    )
    progress.finish()
    scored = time.perf_counter()
    measured = scores.measure.replace("_", " ")
    progress.say(f"{spec.name}: probe {measured} {scores.probe_score:.3f}, {scored - started:.1f} s")
    return RankedBackbone(
        name=spec.name,
        weights=candidate.weights,
        image_size=backbone.image_size,
        num_parameters=spec.num_parameters,
        megabytes=spec.megabytes,
        scores=scores,
        num_examples=len(used),
        num_computed=num_computed,
        build_seconds=built - started,
        bank_seconds=filled - built,
        scoring_seconds=scored - filled,
        num_places=examples.num_places,
    )


def _filled_part(
    trunk: Trunk, recipe: Recipe, used: Dataset, place: BankPlace, progress: Progress
) -> tuple[BankPart, int]:
    """Features of the plain view of every image, and how many of them had to be computed."""
    bank = FeatureBank(place.path, trunk.facts, trunk.shapes)
    pictures = Pictures(used.paths(), list(used.frame["sha256"]))
    views = Views(recipe.images.augmentation, recipe.seed, count=1)
    height, width = trunk.facts["image_size"]
    num_computed = fill_bank(
        bank,
        trunk.engine,
        [pictures],
        views,
        image_size=(height, width),
        resize_mode=recipe.images.resize_mode,
        progress=progress,
    )
    (layer,) = trunk.shapes
    return bank.part(pictures, views, stage=layer), num_computed
