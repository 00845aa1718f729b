"""The recipe: all settings of a run as typed values, read from and written to a TOML file."""

import difflib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import tomli_w
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from headstart.backbones import find_backbone
from headstart.data import AUGMENTATIONS, Augmentation, known_mask_value
from headstart.errors import RecipeError
from headstart.files import Side, Text, UnusableFileError, read_toml_tables, shown
from headstart.task_settings import OWN_SETTINGS, TaskSettings, settings_of
from headstart.task_spec import DEFAULT_TASK, TaskName

if TYPE_CHECKING:
    from headstart.data import ReadingOptions

Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]
Share = Annotated[float, Field(gt=0.0, lt=1.0)]
Rate = Annotated[float, Field(gt=0.0, le=10.0)]
MaskValue = Annotated[int | str, AfterValidator(known_mask_value)]
ResizeMode = Literal["stretch", "pad", "crop"]
Flips = Literal["none", "horizontal", "vertical", "both"]
Method = Literal["patchcore", "knn"]
EngineName = Literal["auto", "keras", "openvino", "openvino-bfloat16", "openvino-int8"]

# What pydantic says in the words of Python, in the words of TOML.
_MESSAGES = {
    "missing": "is needed",
    "model_type": "should be a table of settings",
    "dataclass_type": "should be a name, a strength or a table of settings",
}
_UNKNOWN_NAME = ("extra_forbidden", "unexpected_keyword_argument")


class Section(BaseModel):
    """Values that are checked when they are made and never change afterwards; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DataSection(Section):
    """The images, and how they are split.

    Attributes:
        path: folder of class folders or of annotated images, or a CSV, TSV or Parquet table.
        format: format of the annotations, such as `voc` or `coco`; None: detected automatically.
        ignore_value: mask value, or colour as "#rrggbb", of pixels that are neither learned nor scored; "none": 255 is
            a class; None: 255, and values for which the format has no name.
        path_column, label_column: of a table; several columns of numbers are joined by a comma.
        split_column, group_column: of a table; None: columns named `split` and `group` where there are such.
        fractions: shares of training, validation and test where the data brings no split of its own; each above 0,
            together 1.
        min_per_class: classes with fewer images to learn from are left out; copies and groups count once. For
            classification alone.
    """

    path: Text
    format: Text | None = None
    ignore_value: MaskValue | None = None
    path_column: Text = "path"
    label_column: Text = "label"
    split_column: Text | None = None
    group_column: Text | None = None
    fractions: tuple[Share, Share, Share] = (0.7, 0.15, 0.15)
    min_per_class: int = Field(default=1, ge=1, le=1_000_000)

    @field_validator("fractions")
    @classmethod
    def _add_up_to_1(cls, value: tuple[float, float, float]) -> tuple[float, float, float]:
        if abs(sum(value) - 1) >= 1e-6:
            raise ValueError("should add up to 1, such as 0.7, 0.15, 0.15")
        return value

    def reading_options(self) -> "ReadingOptions":
        """The arguments of `read_dataset` that say how the data is to be read."""
        return {
            "format": self.format,
            "ignore_value": self.ignore_value,
            "path_column": self.path_column,
            "label_column": self.label_column,
            "split_column": self.split_column,
            "group_column": self.group_column,
        }


class BackboneSection(Section):
    """The pretrained network.

    Attributes:
        name: see `headstart backbones`.
        weights: `imagenet`, `builtin`, `none`, or a file; None: `builtin` for a backbone that brings its weights, else
            `imagenet`.
        image_size: height and width in pixels; None: the backbone's own.
    """

    name: Text = "vgg19"
    weights: Text | None = None
    image_size: tuple[Side, Side] | None = None

    @field_validator("image_size", mode="before")
    @classmethod
    def _square(cls, value: object) -> object:
        return (value, value) if isinstance(value, int) else value


class ImagesSection(Section):
    """How images are resized, batched and augmented.

    Attributes:
        resize_mode: `stretch` resizes the whole image and distorts it, `pad` keeps the proportions and adds bars,
            `crop` keeps the proportions and cuts off the edges.
        batch_size: images per training step.
        augmentation: random changes of training images; a name such as `medium` stands for its fields.
        flips: `none`, `horizontal`, `vertical` or `both`, whatever the augmentation says; None: as it says.
        collages: training images composed of objects of other images, as a number per training image; None:
            chosen from the number of objects in an image. For boxes alone.
    """

    resize_mode: ResizeMode = "stretch"
    batch_size: int = Field(default=32, ge=1, le=4096)
    augmentation: Augmentation = AUGMENTATIONS["medium"]
    flips: Flips | None = None
    collages: float | None = Field(default=None, ge=0.0, le=1.0)

    @field_validator("augmentation", mode="wrap")
    @classmethod
    def _named(cls, value: object, from_fields: ValidatorFunctionWrapHandler) -> Augmentation:
        try:
            return Augmentation.from_name(str(value)) if isinstance(value, str | int | float) else from_fields(value)
        except RecipeError as error:
            raise ValueError(f"needs {error.expected}") from None


class BankSection(Section):
    """The feature bank: the activations of the frozen trunk, computed once.

    Attributes:
        num_views: views of each training image, the first one not augmented; None: chosen from the number of images.
            0: no bank, every epoch starts at the pixels.
        engine: what runs the trunk: `auto`, `keras`, `openvino`, `openvino-bfloat16` or `openvino-int8`. `auto` is
            `keras` on a GPU or without OpenVINO; else `openvino-int8` for large banks and `openvino-bfloat16` where
            the processor has instructions for them; else `openvino`.
    """

    num_views: int | None = Field(default=None, ge=0, le=1000)
    engine: EngineName = "auto"


class HeadSection(Section):
    """The new layers and their loss.

    Attributes:
        start: first weights: `probe`, the solution of a linear probe on the frozen features, or `random`.
        dropout: share of features left out while training.
        num_stages: how many stages of a frozen backbone the head of a classifier reads, from the highest down; None:
            chosen, 1 where anything is fine-tuned.
        label_smoothing: share of certainty taken from the right class, in every phase, so that their losses compare.
        method: for anomaly detection: `patchcore` compares every place of an image with a memory of good places, `knn`
            the image as a whole with good images; None: `patchcore`.
        false_alarms: for anomaly detection, the promised share of good images that are reported, above 0 and below 1;
            None: 0.01, or the lowest share that the validation images can promise.
    """

    start: Literal["probe", "random"] = "probe"
    dropout: Fraction = 0.2
    num_stages: int | None = Field(default=None, ge=1, le=100)
    label_smoothing: Fraction = 0.1
    method: Method | None = None
    false_alarms: Share | None = None


class FrozenPhaseSection(Section):
    """The first phase: the head learns on a frozen backbone. Fields are those of `headstart.training.Phase`.

    `epochs` None: none where a probe has solved the head already, else 10, or for boxes and masks as many as suit the
    number of images. `precision` `auto`: `bfloat16` where the processor has instructions for it, else `float32`.
    """

    epochs: int | None = Field(default=None, ge=0, le=10_000)
    learning_rate: Rate = 2e-3
    warmup: Fraction = 0.1
    weight_decay: Fraction = 1e-4
    mixup: Fraction = 0.0
    ema: Fraction = 0.0
    patience: int = Field(default=5, ge=1, le=10_000)
    max_loss_rise: float = Field(default=0.05, ge=0.0, le=1000.0)
    precision: Literal["auto", "float32", "bfloat16"] = "auto"


class FineTuningPhaseSection(FrozenPhaseSection):
    """The second phase: upper stages learn too.

    `epochs` None: chosen from the number of images. `learning_rate` None: chosen for task and network.
    `unfreeze_from` None: the last block.
    """

    learning_rate: Rate | None = None  # type: ignore[assignment]
    ema: Fraction = 0.98
    patience: int = Field(default=8, ge=1, le=10_000)
    unfreeze_from: Text | None = None
    stage_rate_decay: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5
    unfreeze_batch_norm: bool = False
    l2_sp: Fraction = 0.0


class DeepPhaseSection(FineTuningPhaseSection):
    """The third phase, off unless asked for: the whole network learns, from the pixels.

    `epochs` None: none. `unfreeze_from` None: the lowest stage.
    """

    stage_rate_decay: Annotated[float, Field(gt=0.0, le=1.0)] = 0.7


class Recipe(Section):
    """All settings of a run; with the same images and machine, they determine its result.

    Attributes:
        task: the task, such as `object-detection`; None: detected automatically from the data.
        seed: of every random draw.
    """

    format_version: Literal[1] = 1
    task: TaskName | None = None
    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    data: DataSection
    backbone: BackboneSection = BackboneSection()
    images: ImagesSection = ImagesSection()
    bank: BankSection = BankSection()
    head: HeadSection = HeadSection()
    frozen_phase: FrozenPhaseSection = FrozenPhaseSection()
    fine_tuning_phase: FineTuningPhaseSection = FineTuningPhaseSection()
    deep_phase: DeepPhaseSection = DeepPhaseSection()

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> Self:
        """The recipe of nested tables of plain values, as TOML gives them.

        Raises:
            RecipeError: a name is unknown, a value has the wrong type or lies outside its range; all of them are named.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _recipe_error(error) from None

    @classmethod
    def read(cls, path: Path) -> Self:
        """The recipe in a TOML file.

        Raises:
            RecipeError: there is no such file, it is no TOML, or a value is wrong.
        """
        return cls.from_values(read_toml(path))

    def write(self, path: Path) -> None:
        """Writes a TOML file that `read` gives back equal."""
        path.write_text(self.to_toml(), encoding="utf-8")

    def to_toml(self) -> str:
        """The recipe as TOML text."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    def _for_task(self, settings: TaskSettings, task: str) -> Self:
        """The recipe with the defaults of its task for settings that it does not contain."""
        updated = self.model_copy(update={"task": task})
        for (section, name), value in settings.defaults.items():
            if name not in getattr(self, section).model_fields_set:
                updated = updated.with_values(section, **{name: value})
        augmentation, flips = updated.images.augmentation, updated.images.flips
        changed = augmentation if flips is None else augmentation.with_flips(flips)
        if settings.edges is not None:
            changed = replace(changed, edges=settings.edges)
        return updated if changed is augmentation else updated.with_values("images", augmentation=changed)

    def with_values(self, section: str, **values: object) -> Self:
        """The recipe with other values in one section, which are not checked."""
        return self.model_copy(update={section: getattr(self, section).model_copy(update=values)})

    def _check_settings(self, settings: TaskSettings) -> None:
        for refusal in settings.refused:
            section, name = refusal.setting
            if getattr(getattr(self, section), name) == refusal.value:
                raise RecipeError(
                    refusal.problem,
                    expected=f"{section}.{name} = {refusal.others}",
                    received=f"{section}.{name} = {refusal.value}",
                    hint=refusal.hint,
                )
        not_own = dict.fromkeys(set(OWN_SETTINGS) - set(settings.own))
        for (section, name), value in {**settings.fixed, **not_own}.items():
            asked = getattr(getattr(self, section), name)
            if asked is not None and asked != value:
                raise RecipeError(
                    f"There is no {section}.{name} = {asked} for {self.task}.",
                    expected=f"no {section}.{name}" if value is None else f"{section}.{name} = {value}",
                    received=f"{section}.{name} = {asked}",
                    hint="Leave it out: it belongs to other tasks.",
                )

    def resolved(self, task: str | None = None) -> Self:
        """The recipe with all open choices made that need no images: task, image size, weights, stages.

        Args:
            task: that of the data, where the recipe names none; None: not known yet, taken for classification.

        Raises:
            UnknownBackboneError, UnknownStageError: a name is not in the table.
            RecipeError: a setting is asked for that this task has not.
        """
        known = self.task or task
        settings = settings_of(known or DEFAULT_TASK)
        updated = self._for_task(settings, known or DEFAULT_TASK)
        if known:
            updated._check_settings(settings)
        return updated._with_names()

    def _with_names(self) -> Self:
        spec = find_backbone(self.backbone.name)
        unfreeze_from = self.fine_tuning_phase.unfreeze_from or spec.default_unfreeze_from
        backbone = BackboneSection(
            name=spec.name,
            weights=self.backbone.weights or spec.weights.source,
            image_size=self.backbone.image_size or spec.image_size,
        )
        deep_from = self.deep_phase.unfreeze_from or spec.stages[0].name
        named = self.with_values("fine_tuning_phase", unfreeze_from=spec.stage(unfreeze_from).name)
        named = named.with_values("deep_phase", unfreeze_from=spec.stage(deep_from).name)
        return named.model_copy(update={"backbone": backbone})


def read_toml(path: Path) -> dict[str, object]:
    """Nested tables of a TOML file.

    Raises:
        RecipeError: there is no such file, or it is no TOML.
    """
    try:
        return read_toml_tables(path)
    except UnusableFileError as error:
        raise RecipeError(
            f"The recipe '{path}' cannot be read.",
            expected="a TOML file such as the recipe.toml of a run",
            received=error.received,
            hint="`headstart train DATA` writes a complete recipe into its run directory; start from that one.",
        ) from None


def _recipe_error(error: ValidationError) -> RecipeError:
    problems = [
        _problem(".".join(map(str, detail["loc"]))[:100], detail["type"], detail["msg"], detail["input"])
        for detail in error.errors(include_url=False)[:20]
    ]
    expected, received = zip(*problems, strict=True)
    return RecipeError(
        f"The recipe has {error.error_count()} mistake{'s' if error.error_count() > 1 else ''}.",
        expected="; ".join(expected),
        received="; ".join(received),
        hint="Correct the named settings; `headstart train --help` and docs/recipe.md explain them.",
    )


def _problem(name: str, kind: str, message: str, value: object) -> tuple[str, str]:
    """What was expected of a setting and what was received, for one mistake as pydantic states it."""
    if kind not in _UNKNOWN_NAME:
        message = message.removeprefix("Value error, ").removeprefix("Input ")
        received = f"no {name}" if kind == "missing" else f"{name} = {shown(value)}"
        return f"{name} {_MESSAGES.get(kind, message)}", received
    nearest = difflib.get_close_matches(name, _setting_names(Recipe), n=1, cutoff=0.4)
    return f"a known setting{f' such as {nearest[0]}' if nearest else ''}", f"{name}"


def _setting_names(section: type[BaseModel], prefix: str = "") -> list[str]:
    names = [f"{prefix}augmentation.{field.name}" for field in fields(Augmentation)] if section is ImagesSection else []
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            names += _setting_names(inner, f"{prefix}{name}.")
        else:
            names.append(prefix + name)
    return names
