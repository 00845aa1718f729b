"""What a run's phases learn from: rows of a feature bank, or images where there is none."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

import keras
import numpy as np
import PIL

from headstart.backbones import Backbone, cut_model, find_backbone
from headstart.data import Dataset, ImageSource, SideBySide, view_matrices
from headstart.features import (
    ENGINES_FOLDER,
    Engine,
    FeatureBank,
    Pictures,
    Views,
    as_numbers,
    build_engine,
    default_bank_dir,
    fill_bank,
    trunk_hash,
)
from headstart.heads import POOLED, HeadSettings, Task, pooled_maps, tap_layers
from headstart.progress import Progress
from headstart.recipe import Recipe
from headstart.run.schemas import BankPlaceValues
from headstart.task_spec import DEFAULT_TASK
from headstart.training import TrainingExamples, example_weights

CALIBRATION_PICTURES = 32
# A bank that fills the disk helps nobody: where no limit is given, half of what is free.
DEFAULT_SHARE_OF_FREE_DISK = 0.5


@dataclass(frozen=True)
class BankPlace:
    """The folder and the size limit of this run's bank: facts of the machine, not of the recipe.

    Attributes:
        path: the folder of all banks.
        limit_gigabytes: 10⁹ bytes that this run's rows may take; None: half of what is free on the disk.
    """

    path: Path
    limit_gigabytes: float | None = None

    @classmethod
    def from_options(cls, bank_dir: Path | str | None, bank_limit: float | None) -> "BankPlace":
        """The place from the options `bank_dir` and `bank_limit`; None selects the default."""
        path = default_bank_dir() if bank_dir is None else Path(bank_dir).expanduser().absolute()
        return cls(path, bank_limit)

    @classmethod
    def from_facts(cls, facts: BankPlaceValues) -> "BankPlace":
        """The place from the values that `facts` returned."""
        return cls(Path(facts["path"]), facts["limit_gigabytes"])

    def facts(self) -> BankPlaceValues:
        """Folder and limit as values for JSON, which `from_facts` reads back."""
        return {"path": str(self.path), "limit_gigabytes": self.limit_gigabytes}

    @property
    def limit_bytes(self) -> float:
        """Bytes that this run's rows may take."""
        if self.limit_gigabytes is not None:
            return self.limit_gigabytes * 1e9
        existing = next(path for path in (self.path, *self.path.parents) if path.exists())
        return shutil.disk_usage(existing).free * DEFAULT_SHARE_OF_FREE_DISK


@dataclass(frozen=True, eq=False)
class LearningParts:
    """The examples that each phase learns from.

    Attributes:
        frozen: examples for the probe and the frozen phase: rows of the bank where there is one.
        upper: examples for the fine-tuning phase.
        pixels: examples for the deep phase.
        num_computed: rows of the bank that were computed for this run; 0 when all were there, or without a bank.
        facts: the bank's, as plain values; empty without one.
    """

    frozen: TrainingExamples
    upper: TrainingExamples
    pixels: TrainingExamples
    num_computed: int
    facts: Mapping[str, object]


def cut_layer(recipe: Recipe) -> str | None:
    """Name of the layer below what the fine-tuning phase changes; None where that is the pixels."""
    section = recipe.fine_tuning_phase
    if section.epochs == 0 or section.unfreeze_from is None:
        return POOLED
    below = find_backbone(recipe.backbone.name).stage_below(section.unfreeze_from)
    return None if below is None else below.layer


def head_settings(recipe: Recipe) -> HeadSettings:
    """The settings of a recipe for the new layers."""
    return HeadSettings(
        resize_mode=recipe.images.resize_mode,
        dropout=recipe.head.dropout,
        num_stages=num_stages_read(recipe),
        seed=recipe.seed,
        method=recipe.head.method,
    )


def num_stages_read(recipe: Recipe) -> int:
    """The number of stages that the head reads pooled; 1 if an earlier version wrote the recipe."""
    return recipe.head.num_stages or 1


def taps_of(recipe: Recipe, backbone: Backbone) -> tuple[str, ...]:
    """Layers of the backbone that the head of the recipe's task reads; none where it reads the top, pooled."""
    return tap_layers(recipe.task or DEFAULT_TASK, backbone)


@dataclass(frozen=True)
class StoredLayers:
    """Layers of the backbone whose activations a run's bank holds, for each phase.

    Attributes:
        frozen: what the frozen phase learns from.
        upper: what the fine-tuning phase learns from; empty where that is the pixels.
    """

    frozen: tuple[str, ...]
    upper: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Each layer once."""
        return tuple(dict.fromkeys((*self.frozen, *self.upper)))


def stored_layers(recipe: Recipe, backbone: Backbone) -> StoredLayers:
    """The layers that the bank of a run stores: the cut, or pooled features if nothing or everything is below it.

    A head that reads several layers wants them all while nothing below it learns, and afterwards the cut with those
    that lie below it. Whatever starts the head does not count: other heads, rates and epochs find the bank as it is.
    """
    taps, cut = taps_of(recipe, backbone), cut_layer(recipe)
    if not taps:
        return StoredLayers((cut or POOLED,), (cut,) if cut else ())
    if cut == POOLED:
        return StoredLayers(taps, taps)
    if cut is None:
        return StoredLayers(taps, ())
    below = {layer.name for layer in cut_model(backbone.model, cut).lower.layers}
    return StoredLayers(taps, tuple(dict.fromkeys((*(tap for tap in taps if tap in below), cut))))


class TrunkFacts(TypedDict):
    """Everything that decides the numbers of a trunk but the images."""

    backbone: str
    trunk: str
    image_size: list[int]
    resize_mode: str
    reader: str
    engine: dict[str, object]


@dataclass(frozen=True, eq=False)
class Trunk:
    """The frozen part of a network, ready to run.

    Attributes:
        engine: runs it.
        shapes: layer → shape of one image's activation there.
        facts: everything that decides its numbers but the images, as plain values.
    """

    engine: Engine
    shapes: Mapping[str, tuple[int, ...]]
    facts: TrunkFacts


def trunk_model(backbone: Backbone, layers: tuple[str, ...], *, num_stages: int = 1) -> keras.Model:
    """The model from the image to these layers; `POOLED` is the input of a head that reads `num_stages` stages."""
    pooled = pooled_maps(backbone, num_stages)
    outputs = [pooled if name == POOLED else backbone.model.get_layer(name).output for name in layers]
    return keras.Model(backbone.model.input, outputs, name=f"{backbone.spec.name}_trunk")


def build_trunk(
    backbone: Backbone,
    recipe: Recipe,
    *,
    calibration: Callable[[], np.ndarray] | None,
    place: BankPlace,
    layers: tuple[str, ...] | None = None,
) -> Trunk:
    """The model from the image to the activations that the bank stores; it does not learn while the bank is used.

    Args:
        backbone: the network, its weights not trained yet.
        recipe: resolved.
        calibration: gives images for a quantised engine; None where the recipe asks for none.
        place: where a quantised model is kept.
        layers: other activations than those of the recipe's bank: names of layers, or `POOLED`.
    """
    stages = layers or stored_layers(recipe, backbone).all
    model = trunk_model(backbone, stages, num_stages=num_stages_read(recipe))
    engine = build_engine(recipe.bank.engine, model, calibration=calibration, cache_dir=place.path / ENGINES_FOLDER)
    facts: TrunkFacts = {
        "backbone": backbone.spec.name,
        "trunk": trunk_hash(model),
        "image_size": list(backbone.image_size),
        "resize_mode": recipe.images.resize_mode,
        "reader": f"pillow {PIL.__version__}",
        "engine": dict(engine.facts),
    }
    return Trunk(
        engine, {name: tuple(tensor.shape[1:]) for name, tensor in zip(stages, model.outputs, strict=True)}, facts
    )


def build_learning_parts(
    task: Task,
    recipe: Recipe,
    dataset: Dataset,
    trunk: Trunk | None,
    stored: StoredLayers,
    *,
    place: BankPlace,
    progress: Progress,
) -> LearningParts:
    """Computes what is missing in the bank and gives what each phase learns from.

    Args:
        task: the new head on its backbone.
        recipe: resolved.
        dataset: every example with its part.
        trunk: what the bank holds the activations of; None without a bank.
        stored: which of them each phase learns from.
        place: where banks are kept.
        progress: notified of every batch.
    """
    pixels = pixel_examples(task, recipe, dataset)
    if trunk is None or not recipe.bank.num_views:
        return LearningParts(pixels, pixels, pixels, 0, {})
    views = Views(recipe.images.augmentation, recipe.seed, recipe.bank.num_views)
    parts = [_pictures(dataset.part("train"), views.count), _pictures(dataset.part("validation"), 1)]
    bank = FeatureBank(place.path, trunk.facts, trunk.shapes)
    num_computed = fill_bank(
        bank,
        trunk.engine,
        parts,
        views,
        image_size=task.image_size,
        resize_mode=task.resize_mode,
        progress=progress,
    )
    matrices = _matrices(pixels, parts[0], views, task.image_size)
    frozen = _bank_examples(pixels, bank, parts, views, stored.frozen, matrices)
    upper = (
        frozen if stored.upper == stored.frozen else _bank_examples(pixels, bank, parts, views, stored.upper, matrices)
    )
    return LearningParts(
        frozen=frozen,
        upper=upper,
        pixels=pixels,
        num_computed=num_computed,
        facts={"name": bank.path.name, "num_views": views.count, "num_computed": num_computed, **bank.facts},
    )


def pixel_examples(task: Task, recipe: Recipe, dataset: Dataset) -> TrainingExamples:
    """Images of the training and the validation part, read when asked for."""
    training, validation = dataset.part("train"), dataset.part("validation")
    targets = task.encode(training)
    return TrainingExamples(
        source=ImageSource(training.paths(), image_size=task.image_size, resize_mode=task.resize_mode),
        targets=targets,
        validation_source=ImageSource(validation.paths(), image_size=task.image_size, resize_mode=task.resize_mode),
        validation_targets=task.encode(validation),
        weights=example_weights(targets) if isinstance(targets, np.ndarray) else None,
        batch_size=recipe.images.batch_size,
        seed=recipe.seed,
        augmentation=recipe.images.augmentation,
    )


def _pictures(part: Dataset, num_views: int) -> Pictures:
    return Pictures(part.paths(), list(part.frame["sha256"]), num_views)


def _matrices(
    pixels: TrainingExamples, training: Pictures, views: Views, image_size: tuple[int, int]
) -> np.ndarray | None:
    """The matrices by which boxes or masks move, for every view; None for targets without a place in the image."""
    if isinstance(pixels.targets, np.ndarray):
        return None
    return view_matrices(
        as_numbers(training.hashes),
        augmentation=views.augmentation,
        seed=views.seed,
        num_views=views.count,
        image_size=image_size,
    )


def _bank_examples(
    pixels: TrainingExamples,
    bank: FeatureBank,
    parts: list[Pictures],
    views: Views,
    stages: tuple[str, ...],
    matrices: np.ndarray | None,
) -> TrainingExamples:
    if not stages:
        return pixels
    training, validation = ([bank.part(pictures, views, stage=stage) for stage in stages] for pictures in parts)
    return replace(
        pixels,
        source=training[0] if len(stages) == 1 else SideBySide(training),
        validation_source=validation[0] if len(stages) == 1 else SideBySide(validation),
        augmentation=None,
        cuts=stages,
        view_matrices=matrices,
    )


def calibration_pictures(dataset: Dataset, recipe: Recipe, image_size: tuple[int, int]) -> Callable[[], np.ndarray]:
    """Reads training images for a quantised engine: those with the smallest hashes, whatever their order."""
    training = dataset.part("train")

    def read() -> np.ndarray:
        paths = training.paths()
        chosen = [paths[index] for index in training.frame["sha256"].sort_values().index[:CALIBRATION_PICTURES]]
        source = ImageSource(chosen, image_size=image_size, resize_mode=recipe.images.resize_mode, cache_bytes=0)
        return source.load_all()

    return read
