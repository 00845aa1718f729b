"""The automatic recipe: what is left open is chosen from pictures, network and machine, and its time is foretold.

BiT's HyperRule (Kolesnikov et al., arXiv 1912.11370, section 3.3) chooses resolution, schedule length and mixup from
the size of the data set alone; so does this, with constants that `benchmarks/recipe_choices.py` measures.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from headstart.backbones import Backbone, cut_model, model_above
from headstart.data import (
    CLASSIFICATION,
    Augmentation,
    Dataset,
    ImageSource,
    augment_views,
)
from headstart.errors import RecipeError
from headstart.features import row_bytes
from headstart.recipe import Recipe
from headstart.run.bank import POOLED, BankPlace, Trunk, build_trunk, cut_layer, head_settings, stored_layers, taps_of
from headstart.run.box_choices import num_collages
from headstart.run.epochs import FINE_TUNING_EPOCHS, FROZEN_EPOCHS
from headstart.tasks import build_task
from headstart.training import fastest_precision

# What a shorter time may bring epochs down to before views are given up.
MIN_EPOCHS, MIN_FROZEN_EPOCHS = 11, 6
# Views of each training picture: so many up to that number of pictures, and so many beyond all of them.
VIEWS_UP_TO = ((300, 8), (1_000, 5), (10_000, 4))
MIN_VIEWS = 2
BACKWARD_COST = 3.0  # a training step in forward passes: forward, gradients of activations, gradients of weights
TIMED_PICTURES, TIMED_VIEWS = 8, 8
_COLLAGES_NOTE = "{} of the training pictures are collages of objects from others, so that several lie side by side"


@dataclass(frozen=True, eq=False)
class Plan:
    """What a run will do.

    Attributes:
        recipe: with every choice made.
        num_training: pictures to learn from, collages included, about: files that cannot be used are not known yet.
        seconds: step → expected seconds on this machine.
        notes: what had to be chosen otherwise than asked for or than usual, and why.
        bank_bytes: that the bank's rows will take on disk.
        bank_layers: whose activations the bank holds.
        trunk: the frozen part, built to be timed; None without a bank, or with an engine that needs pictures first.
    """

    recipe: Recipe
    num_training: int
    seconds: Mapping[str, float]
    notes: tuple[str, ...]
    bank_bytes: int
    bank_layers: tuple[str, ...] = (POOLED,)
    trunk: Trunk | None = field(default=None, repr=False)

    @property
    def minutes(self) -> float:
        """Expected minutes of all steps."""
        return sum(self.seconds.values()) / 60

    @property
    def lines(self) -> list[str]:
        """The plan to read."""
        recipe = self.recipe
        frozen = recipe.frozen_phase.epochs
        head = "a linear probe" if recipe.head.start == "probe" else "random weights"
        learning = [f"{frozen} frozen epochs"] if frozen else []
        learning += [
            f"{section.epochs} epochs from {section.unfreeze_from} up, rate {section.learning_rate:g}"
            f"{', in bfloat16' if section.precision == 'bfloat16' else ''}"
            for section in (recipe.fine_tuning_phase, recipe.deep_phase)
            if section.epochs
        ]
        return [
            f"Plan: about {self.num_training} training pictures, about {_duration(sum(self.seconds.values()))}",
            self._bank_line(),
            f"  head: starts from {head}",
            f"  learning: {', then '.join(learning) or 'nothing more'}",
            *(f"  note: {note}" for note in self.notes),
        ]

    def facts(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "num_training": self.num_training,
            "expected_seconds": {step: round(seconds, 1) for step, seconds in self.seconds.items()},
            "bank_bytes": self.bank_bytes,
            "notes": list(self.notes),
        }

    def _bank_line(self) -> str:
        if not self.recipe.bank.num_views:
            return "  feature bank: none, every epoch starts at the pixels"
        engine = self.trunk.engine.name if self.trunk else self.recipe.bank.engine
        return (
            f"  feature bank: {self.recipe.bank.num_views} views of each picture at {', '.join(self.bank_layers)}, "
            f"{self.bank_bytes / 1e6:.3g} MB, computed once by {engine}"
        )


def make_plan(
    recipe: Recipe, dataset: Dataset, backbone: Backbone, place: BankPlace, *, minutes: float | None = None
) -> Plan:
    """Makes every open choice of a resolved recipe.

    Args:
        recipe: resolved. What it fixes stays, unless the bank would outgrow its limit.
        dataset: as read; nothing was opened yet.
        backbone: the network.
        place: where banks are kept and how large they may become.
        minutes: time that the run may take; epochs, then views, are reduced to fit it.

    Raises:
        RecipeError: `minutes` or the limit is not above 0.
    """
    _check(minutes, place)
    num_pictures, num_validation = _counts(recipe, dataset)
    num_drawn = num_collages(recipe, num_pictures)
    num_training = num_pictures + num_drawn
    chosen = _with_precision(_with_epochs(_with_views(recipe, num_training), num_training))
    fitted, notes = fit_bank(chosen, backbone, num_training, num_validation, limit_bytes=place.limit_bytes)
    needs_pictures = fitted.bank.engine == "openvino-int8"
    trunk = None
    if fitted.bank.num_views and not needs_pictures:
        trunk = build_trunk(backbone, fitted, calibration=None, place=place)
        notes += (trunk.engine.note,) if trunk.engine.note else ()
    speed = Speed.measured(fitted, dataset, backbone, trunk)
    if minutes is not None:
        fitted, more = _within(fitted, minutes * 60, lambda one: speed.seconds(one, num_training, num_validation))
        notes += more
    return Plan(
        recipe=fitted,
        num_training=num_training,
        seconds=speed.seconds(fitted, num_training, num_validation),
        notes=(*([_COLLAGES_NOTE.format(num_drawn)] if num_drawn else []), *notes),
        bank_bytes=bank_bytes(fitted, backbone, num_training, num_validation),
        bank_layers=stored_layers(fitted, backbone).all,
        trunk=trunk,
    )


def fit_bank(
    recipe: Recipe, backbone: Backbone, num_training: int, num_validation: int, *, limit_bytes: float
) -> tuple[Recipe, list[str]]:
    """The recipe with fewer views, a later cut or no bank, where its bank would be larger than the limit; and why."""
    if not recipe.bank.num_views:
        return recipe, []
    needed = bank_bytes(recipe, backbone, num_training, num_validation)
    if needed <= limit_bytes:
        return recipe, []
    problem = f"the bank would take {needed / 1e9:.3g} GB, more than its limit of {limit_bytes / 1e9:.3g} GB"
    fewest = min(MIN_VIEWS, recipe.bank.num_views)
    for candidate in _later_cuts(recipe, backbone):
        row = row_bytes(_shapes(candidate, backbone))
        num_views = min(recipe.bank.num_views, int((limit_bytes / row - num_validation) // num_training))
        if num_views >= fewest:
            stage = candidate.fine_tuning_phase.unfreeze_from
            return candidate.with_values("bank", num_views=num_views), [
                f"{problem}: {num_views} views, cut below {stage}"
            ]
    return recipe.with_values("bank", num_views=0), [f"{problem}: no bank, every epoch starts at the pixels"]


def bank_bytes(recipe: Recipe, backbone: Backbone, num_training: int, num_validation: int) -> int:
    """Bytes that the bank of a recipe takes on disk."""
    num_rows = num_training * (recipe.bank.num_views or 0) + (num_validation if recipe.bank.num_views else 0)
    return num_rows * row_bytes(_shapes(recipe, backbone))


@dataclass(frozen=True)
class Speed:
    """Seconds that one picture takes, measured on a few.

    Attributes:
        read: decoding and resizing.
        vary: augmenting.
        trunk: the trunk, by the engine of the bank.
        below: the layers below the cut in Keras, forward.
        above: the layers above the cut in Keras, forward.
        head: what learns in the frozen phase, forward, where it is more than a layer on pooled features.
    """

    read: float
    vary: float
    trunk: float
    below: float
    above: float
    head: float = 0.0

    @classmethod
    def measured(cls, recipe: Recipe, dataset: Dataset, backbone: Backbone, trunk: Trunk | None) -> "Speed":
        """Times a few pictures of the data set on this machine."""
        paths = dataset.paths()[:: max(1, len(dataset) // TIMED_PICTURES)][:TIMED_PICTURES]
        source = ImageSource(paths, image_size=backbone.image_size, resize_mode=recipe.images.resize_mode)
        images, read = _read(source)
        vary = _vary_seconds(images, recipe.images.augmentation)
        count = recipe.images.batch_size
        batch = np.resize(images, (count, *images.shape[1:])).astype("float32")
        cut = cut_layer(recipe)
        layer = backbone.model.output._keras_history.operation.name if cut == POOLED else cut
        halves = cut_model(backbone.model, layer) if layer else None
        lower = halves.lower if halves else None
        learning, on_top = _learning_parts(recipe, dataset, backbone)
        above = _predict_seconds(learning, count) / count
        head = 0.0 if on_top is None else _predict_seconds(on_top, count) / count
        below = 0.0 if lower is None or trunk is not None else _predict_seconds(lower, TIMED_PICTURES) / TIMED_PICTURES
        if trunk is None:
            return cls(read, vary, below or above, below, above, head)
        rows = batch[: trunk.engine.batch_size]
        trunk.engine.run(rows)
        return cls(read, vary, _seconds(lambda: trunk.engine.run(rows)) / len(rows), below, above, head)

    def seconds(self, recipe: Recipe, num_training: int, num_validation: int) -> dict[str, float]:
        """Step → expected seconds."""
        num_examples = num_training + num_validation
        views = recipe.bank.num_views or 0
        whole = self.below + self.above
        epoch = num_training * BACKWARD_COST * self.above + num_validation * self.above
        from_pixels = epoch + num_examples * (0.0 if views else self.below) + num_training * self.vary
        deep = num_training * BACKWARD_COST * (whole or self.trunk) + num_validation * whole
        steps = {
            "audit": num_examples * self.read * 1.5,
            "feature bank": views * num_training * (self.trunk + self.vary) + num_examples * self.read * bool(views),
            "frozen phase": self._frozen_seconds(recipe, num_examples, num_training),
            "fine-tuning phase": (recipe.fine_tuning_phase.epochs or 0) * (epoch if views else from_pixels),
            "deep phase": (recipe.deep_phase.epochs or 0) * deep,
            "evaluation and report": num_validation * (self.read + self.trunk + self.above) + 3.0,
        }
        return {step: seconds for step, seconds in steps.items() if seconds}

    def _frozen_seconds(self, recipe: Recipe, num_examples: int, num_training: int) -> float:
        """From a bank, features are pooled once in every view; a head alone hardly takes time."""
        epochs = recipe.frozen_phase.epochs or 0
        if self.head and recipe.bank.num_views:
            return epochs * (num_training * BACKWARD_COST + num_examples - num_training) * self.head
        if recipe.bank.num_views and epochs:
            return recipe.bank.num_views * num_training * self.above
        return epochs * num_examples * (self.below + self.above)


def _check(minutes: float | None, place: BankPlace) -> None:
    if minutes is not None and not minutes > 0:
        raise RecipeError(
            f"A run cannot take {minutes:g} minutes.",
            expected="minutes above 0",
            received=f"minutes={minutes:g}",
            hint="Leave --minutes out to let the recipe take what it needs; `--plan` says how long that is.",
        )
    if place.limit_gigabytes is not None and not place.limit_gigabytes >= 0:
        raise RecipeError(
            f"A feature bank cannot have a limit of {place.limit_gigabytes:g} GB.",
            expected="gigabytes from 0, which is no bank",
            received=f"bank_limit={place.limit_gigabytes:g}",
            hint="Leave --bank-limit out for half of what is free on the disk.",
        )


def _counts(recipe: Recipe, dataset: Dataset) -> tuple[int, int]:
    """Training and validation pictures, about."""
    given = list(dataset.frame["split"]) if "split" in dataset.frame else []
    if num_training := given.count("train"):
        return num_training, max(1, given.count("validation"))
    training, validation, _ = recipe.data.fractions
    return max(1, round(training * len(dataset))), max(1, round(validation * len(dataset)))


def _with_views(recipe: Recipe, num_training: int) -> Recipe:
    if recipe.images.augmentation.is_none and recipe.bank.num_views != 0:
        return recipe.with_values("bank", num_views=1)  # all views would be equal
    if recipe.bank.num_views is not None:
        return recipe
    num_views = next((views for limit, views in VIEWS_UP_TO if num_training <= limit), MIN_VIEWS)
    return recipe.with_values("bank", num_views=num_views)


def _with_epochs(recipe: Recipe, num_training: int) -> Recipe:
    task = recipe.task or CLASSIFICATION
    defaults = {
        "frozen_phase": 0 if recipe.head.start == "probe" else FROZEN_EPOCHS[task].epochs(num_training),
        "fine_tuning_phase": FINE_TUNING_EPOCHS[task].epochs(num_training),
        "deep_phase": 0,
    }
    for name, epochs in defaults.items():
        if getattr(recipe, name).epochs is None:
            recipe = recipe.with_values(name, epochs=epochs)
    return recipe


def _with_precision(recipe: Recipe) -> Recipe:
    for name in ("frozen_phase", "fine_tuning_phase", "deep_phase"):
        if getattr(recipe, name).precision == "auto":
            recipe = recipe.with_values(name, precision=fastest_precision())
    return recipe


def _within(
    recipe: Recipe, seconds: float, expected: Callable[[Recipe], Mapping[str, float]]
) -> tuple[Recipe, list[str]]:
    """Fewer epochs, then fewer views, until the expected seconds fit."""
    wanted = recipe
    while sum(expected(recipe).values()) > seconds:
        fine, views = recipe.fine_tuning_phase.epochs or 0, recipe.bank.num_views or 0
        if recipe.deep_phase.epochs:
            recipe = recipe.with_values("deep_phase", epochs=recipe.deep_phase.epochs - 1)
        elif fine > MIN_EPOCHS:
            recipe = recipe.with_values("fine_tuning_phase", epochs=fine - 1)
        elif (frozen := recipe.frozen_phase.epochs or 0) > MIN_FROZEN_EPOCHS:
            recipe = recipe.with_values("frozen_phase", epochs=frozen - 1)
        elif views > 1:
            recipe = recipe.with_values("bank", num_views=views - 1)
        elif fine:
            recipe = recipe.with_values("fine_tuning_phase", epochs=fine - 1)
        else:
            shortest = _duration(sum(expected(recipe).values()))
            return recipe, [f"not possible in {_duration(seconds)}: the least takes about {shortest}"]
    if recipe is wanted:
        return recipe, []
    return recipe, [f"shortened to fit {_duration(seconds)}"]


def _later_cuts(recipe: Recipe, backbone: Backbone) -> list[Recipe]:
    """The recipe, then the same fine-tuned from each higher stage."""
    names = [stage.name for stage in backbone.spec.stages]
    first = names.index(recipe.fine_tuning_phase.unfreeze_from or names[0])
    if not recipe.fine_tuning_phase.epochs or taps_of(recipe, backbone):
        return [recipe]
    return [recipe, *(recipe.with_values("fine_tuning_phase", unfreeze_from=name) for name in names[first + 1 :])]


def _shapes(recipe: Recipe, backbone: Backbone) -> list[tuple[int, ...]]:
    channels = (backbone.model.output.shape[-1],)
    return [
        channels if name == POOLED else tuple(backbone.model.get_layer(name).output.shape[1:])
        for name in stored_layers(recipe, backbone).all
    ]


def _learning_parts(recipe: Recipe, dataset: Dataset, backbone: Backbone) -> tuple[keras.Model, keras.Model | None]:
    """What learns in the fine-tuning phase, and in the frozen one where that is more than one layer."""
    cut = cut_layer(recipe)
    if not taps_of(recipe, backbone):
        layer = backbone.model.output._keras_history.operation.name if cut == POOLED else cut
        return (cut_model(backbone.model, layer).upper if layer else backbone.model), None
    model, stored = build_task(backbone, dataset, head_settings(recipe)).model, stored_layers(recipe, backbone)
    return (model_above(model, stored.upper) if stored.upper else model), model_above(model, stored.frozen)


def _read(source: ImageSource) -> tuple[np.ndarray, float]:
    """The pictures that can be read, and seconds a picture."""
    images = []
    started = time.perf_counter()
    for index in range(len(source)):
        try:
            images.append(source.load(index))
        except Exception:
            continue
    seconds = (time.perf_counter() - started) / max(1, len(source))
    return (np.stack(images) if images else np.zeros((1, *source.shape), np.uint8)), seconds


def _vary_seconds(images: np.ndarray, augmentation: Augmentation) -> float:
    """Seconds to vary one picture."""

    def vary(count: int) -> None:
        augment_views(images[:1], augmentation, seed=0, num_views=count)

    if augmentation.is_none:
        return 0.0
    vary(1)  # builds its graph
    return _seconds(lambda: vary(TIMED_VIEWS)) / TIMED_VIEWS


def _predict_seconds(model: keras.Model, count: int) -> float:
    rows = [np.zeros((count, *tensor.shape[1:]), "float32") for tensor in model.inputs]
    batch = rows if len(rows) > 1 else rows[0]
    model(batch)  # the first call prepares kernels; a graph is not built, which would take longer than it is worth
    return _seconds(lambda: model(batch))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.1f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
