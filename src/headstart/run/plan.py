"""The plan of a run: settings that are not given are chosen from images, network and machine; its time is estimated.

BiT's HyperRule (Kolesnikov et al., arXiv 1912.11370, section 3.3) chooses resolution, schedule length and mixup from
the size of the data set alone; so does this, with constants that `benchmarks/recipe_choices.py` measures.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from headstart.backbones import Backbone, find_backbone
from headstart.data import Dataset
from headstart.errors import RecipeError
from headstart.features import AUTO, pays_int8, row_bytes
from headstart.heads import POOLED, num_pooled_features, stages_read
from headstart.recipe import Recipe
from headstart.run.bank import (
    BankPlace,
    Trunk,
    build_trunk,
    num_stages_read,
    stored_layers,
    taps_of,
    trunk_model,
)
from headstart.run.collages import num_collages
from headstart.run.head_choice import with_num_stages
from headstart.run.rates import with_rates
from headstart.run.speed import Speed
from headstart.task_settings import settings_of
from headstart.task_spec import DEFAULT_TASK
from headstart.training import PROBE_VIEWS, fastest_precision

# With a time limit, epochs are reduced to these numbers before views are reduced.
MIN_EPOCHS, MIN_FROZEN_EPOCHS = 11, 6
# (largest number of training images, views of each training image); MIN_VIEWS for more images.
VIEWS_UP_TO = ((300, 8), (1_000, 5), (10_000, 4))
MIN_VIEWS = 2
INT8 = "openvino-int8"
_COLLAGES_NOTE = "{} of the training images are collages: objects of other images are combined in one image"


@dataclass(frozen=True, eq=False)
class Plan:
    """The choices and the expected seconds of a run.

    Attributes:
        recipe: the recipe with every setting chosen.
        num_training: approximate number of training images, collages included; unusable files are not known yet.
        seconds: step → expected seconds on this machine.
        notes: choices that differ from the given or usual settings, with the reason.
        bank_bytes: size of the rows of the bank on disk.
        bank_layers: layers whose activations the bank holds.
        trunk: the frozen part, built for timing; None without a bank, or if its engine has to see images first.
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
        """The plan as lines of text."""
        recipe = self.recipe
        frozen = recipe.frozen_phase.epochs
        if not settings_of(recipe.task or DEFAULT_TASK).has_phases:
            made = "  head: made from the features, without epochs"
            return [self._first_line(), self._bank_line(), made, *self._note_lines()]
        start = "a linear probe" if recipe.head.start == "probe" else "random weights"
        learning = [f"{frozen} epochs of the head on the frozen network"] if frozen else []
        learning += [
            f"{section.epochs} epochs of the stages from {section.unfreeze_from} upwards, learning rate "
            f"{section.learning_rate:g}"
            f"{', in bfloat16' if section.precision == 'bfloat16' else ''}"
            for section in (recipe.fine_tuning_phase, recipe.deep_phase)
            if section.epochs
        ]
        return [
            self._first_line(),
            self._bank_line(),
            f"  head: starts from {start}{self._stages_text()}",
            f"  training: {', then '.join(learning) or 'none after the start of the head'}",
            *self._note_lines(),
        ]

    def facts(self) -> dict[str, object]:
        """The plan as values for JSON."""
        return {
            "num_training": self.num_training,
            "expected_seconds": {step: round(seconds, 1) for step, seconds in self.seconds.items()},
            "bank_bytes": self.bank_bytes,
            "notes": list(self.notes),
        }

    def _first_line(self) -> str:
        return f"Plan: about {self.num_training} training images, about {_duration(sum(self.seconds.values()))}"

    def _note_lines(self) -> list[str]:
        return [f"  note: {note}" for note in self.notes]

    def _stages_text(self) -> str:
        count = num_stages_read(self.recipe)
        if count == 1:
            return ""
        read = stages_read(find_backbone(self.recipe.backbone.name), count)
        return f", reads {count} stages, {read[0].name} to {read[-1].name}"

    def _bank_line(self) -> str:
        if not self.recipe.bank.num_views:
            return "  feature bank: none; every epoch starts at the pixels"
        engine = self.trunk.engine.name if self.trunk else self.recipe.bank.engine
        return (
            f"  feature bank: {self.recipe.bank.num_views} views per training image at {', '.join(self.bank_layers)}, "
            f"{self.bank_bytes / 1e6:.3g} MB, computed once by {engine}"
        )


def make_plan(
    recipe: Recipe, dataset: Dataset, backbone: Backbone, place: BankPlace, *, minutes: float | None = None
) -> Plan:
    """Choose every setting that a resolved recipe does not give, and estimate the time.

    Args:
        recipe: resolved. Its settings are kept, unless the bank would exceed its limit.
        dataset: as `read_dataset` returns it; no image has been opened yet.
        backbone: the network.
        place: folder and size limit of the banks.
        minutes: time limit of the run; epochs, then views, are reduced to keep it.

    Raises:
        RecipeError: `minutes` or the limit is not above 0.
    """
    _check(minutes, place)
    num_pictures, num_validation = _counts(recipe, dataset)
    num_drawn = num_collages(recipe, num_pictures)
    num_training = num_pictures + num_drawn
    chosen = with_num_stages(_with_precision(_with_views(_with_epochs(recipe, num_training), num_training)))
    fitted, notes = fit_bank(chosen, backbone, num_training, num_validation, limit_bytes=place.limit_bytes)
    fitted, rate_notes = with_rates(fitted, backbone)
    fitted, engine_notes = _with_engine(fitted, backbone, num_training, num_validation)
    notes += rate_notes + engine_notes
    needs_pictures = fitted.bank.engine == INT8
    trunk = None
    if fitted.bank.num_views and not needs_pictures:
        trunk = build_trunk(backbone, fitted, calibration=None, place=place)
        notes += (trunk.engine.note,) if trunk.engine.note else ()
    speed = Speed.measured(fitted, dataset, backbone, trunk)
    if minutes is not None:
        fitted, more = _within(fitted, minutes * 60, lambda one: speed.seconds(one, num_training, num_validation))
        notes += more
        if recipe.head.num_stages is None:
            fitted = with_num_stages(fitted.with_values("head", num_stages=None))
        if trunk is not None and tuple(trunk.shapes) != stored_layers(fitted, backbone).all:
            trunk = build_trunk(backbone, fitted, calibration=None, place=place)  # no fine-tuning is left: a later cut
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
    """The recipe with fewer views, a later cut or no bank if its bank would exceed the limit, and the reason."""
    if not recipe.bank.num_views:
        return recipe, []
    needed = bank_bytes(recipe, backbone, num_training, num_validation)
    if needed <= limit_bytes:
        return recipe, []
    problem = f"the feature bank would need {needed / 1e9:.3g} GB and has a limit of {limit_bytes / 1e9:.3g} GB"
    fewest = min(MIN_VIEWS, recipe.bank.num_views)
    for candidate in _later_cuts(recipe, backbone):
        row = row_bytes(_shapes(candidate, backbone))
        num_views = min(recipe.bank.num_views, int((limit_bytes / row - num_validation) // num_training))
        if num_views >= fewest:
            stage = candidate.fine_tuning_phase.unfreeze_from
            return candidate.with_values("bank", num_views=num_views), [
                f"{problem}; it is reduced to {num_views} views and cut below {stage}"
            ]
    return recipe.with_values("bank", num_views=0), [f"{problem}; no bank is used, every epoch starts at the pixels"]


def bank_bytes(recipe: Recipe, backbone: Backbone, num_training: int, num_validation: int) -> int:
    """Size in bytes of the bank of a recipe on disk."""
    num_rows = num_training * (recipe.bank.num_views or 0) + (num_validation if recipe.bank.num_views else 0)
    return num_rows * row_bytes(_shapes(recipe, backbone))


def _check(minutes: float | None, place: BankPlace) -> None:
    if minutes is not None and not minutes > 0:
        raise RecipeError(
            f"A run cannot take {minutes:g} minutes.",
            expected="minutes above 0",
            received=f"minutes={minutes:g}",
            hint="Leave out --minutes for no time limit; `--plan` shows how long the run takes.",
        )
    if place.limit_gigabytes is not None and not place.limit_gigabytes >= 0:
        raise RecipeError(
            f"A feature bank cannot have a limit of {place.limit_gigabytes:g} GB.",
            expected="0 (no bank) or a number of gigabytes above 0",
            received=f"bank_limit={place.limit_gigabytes:g}",
            hint="Leave out --bank-limit for the default, half of the free disk space.",
        )


def _counts(recipe: Recipe, dataset: Dataset) -> tuple[int, int]:
    """Approximate numbers of training and validation images."""
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
    most = PROBE_VIEWS if _learns_nothing_but_the_probe(recipe) else num_views
    return recipe.with_values("bank", num_views=min(num_views, most))


def _learns_nothing_but_the_probe(recipe: Recipe) -> bool:
    phases = (recipe.frozen_phase, recipe.fine_tuning_phase, recipe.deep_phase)
    return recipe.head.start == "probe" and all(phase.epochs == 0 for phase in phases)


def _with_epochs(recipe: Recipe, num_training: int) -> Recipe:
    settings = settings_of(recipe.task or DEFAULT_TASK)
    defaults = {
        "frozen_phase": 0 if recipe.head.start == "probe" else settings.frozen_epochs.epochs(num_training),
        "fine_tuning_phase": settings.fine_tuning_epochs.epochs(num_training),
        "deep_phase": 0,
    }
    for name, epochs in defaults.items():
        if getattr(recipe, name).epochs is None:
            recipe = recipe.with_values(name, epochs=epochs)
    return recipe


def _with_engine(
    recipe: Recipe, backbone: Backbone, num_training: int, num_validation: int
) -> tuple[Recipe, list[str]]:
    """The engine `auto` becomes int8 if the bank is large enough; other choices are made when the trunk is built."""
    if recipe.bank.engine != AUTO or not recipe.bank.num_views:
        return recipe, []
    trunk = trunk_model(backbone, stored_layers(recipe, backbone).all, num_stages=num_stages_read(recipe))
    if not pays_int8(trunk, num_training * recipe.bank.num_views + num_validation):
        return recipe, []
    note = "the feature bank is computed in int8, which is fastest; use --engine openvino for float32"
    return recipe.with_values("bank", engine=INT8), [note]


def _with_precision(recipe: Recipe) -> Recipe:
    for name in ("frozen_phase", "fine_tuning_phase", "deep_phase"):
        if getattr(recipe, name).precision == "auto":
            recipe = recipe.with_values(name, precision=fastest_precision())
    return recipe


def _within(
    recipe: Recipe, seconds: float, expected: Callable[[Recipe], Mapping[str, float]]
) -> tuple[Recipe, list[str]]:
    """The recipe with fewer epochs, then fewer views, until the expected time fits."""
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
            return recipe, [f"not possible in {_duration(seconds)}: the shortest run takes about {shortest}"]
    if recipe is wanted:
        return recipe, []
    return recipe, [f"shortened to the time limit of {_duration(seconds)}"]


def _later_cuts(recipe: Recipe, backbone: Backbone) -> list[Recipe]:
    """The recipe itself, then its variants that are fine-tuned from a higher stage."""
    names = [stage.name for stage in backbone.spec.stages]
    first = names.index(recipe.fine_tuning_phase.unfreeze_from or names[0])
    if not recipe.fine_tuning_phase.epochs or taps_of(recipe, backbone):
        return [recipe]
    return [recipe, *(recipe.with_values("fine_tuning_phase", unfreeze_from=name) for name in names[first + 1 :])]


def _shapes(recipe: Recipe, backbone: Backbone) -> list[tuple[int, ...]]:
    channels = (num_pooled_features(backbone, num_stages_read(recipe)),)
    return [
        channels if name == POOLED else tuple(backbone.model.get_layer(name).output.shape[1:])
        for name in stored_layers(recipe, backbone).all
    ]


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.1f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
