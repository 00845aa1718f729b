"""The model of an index: given by the user, or stored in the index."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from headstart.backbones import BACKBONES, find_backbone
from headstart.errors import RecipeError, RunNotFoundError
from headstart.similarity.index_schema import EmbedderValues

KINDS_OF_WEIGHTS = ("imagenet", "builtin", "none")  # that are no file


@dataclass(frozen=True)
class ModelSource:
    """The place of a model, before it is loaded.

    Attributes:
        kind: a run's own model, or a backbone as it was pretrained.
        name: of the backbone, also of a run's.
        place: folder of the run; of a backbone `imagenet`, `builtin`, `none` or a file of weights.
        image_size: `(height, width)` in pixels; None: the model's own.
        resize_mode: how images get that size; None: the run's own.
    """

    kind: Literal["run", "backbone"]
    name: str
    place: str
    image_size: tuple[int, int] | None
    resize_mode: str | None

    @classmethod
    def from_facts(cls, facts: EmbedderValues) -> "ModelSource":
        """The model that an index was made with."""
        model = facts["model"]
        height, width = facts["image_size"]
        return cls(model["kind"], model["name"], model["place"], (height, width), facts["resize_mode"])

    def moved(self, model: Path | str | None, weights: Path | str | None) -> "ModelSource":
        """The source of the model with a new path, if the model was moved; None keeps the path.

        Raises:
            RecipeError: a place was named that a model of this kind has not.
        """
        if (model if self.kind == "backbone" else weights) is not None:
            right, wrong = ("weights", "model") if self.kind == "backbone" else ("model", "weights")
            raise RecipeError(
                f"The index was made with a {self.kind}.",
                expected=f"--{right} with its new path",
                received=f"--{wrong} {model if self.kind == 'backbone' else weights}",
                hint="Leave out both options if nothing was moved.",
            )
        place = model if self.kind == "run" else weights
        return self if place is None else replace(self, place=_absolute(str(place)))


def find_source(
    model: Path | str,
    *,
    weights: Path | str | None = None,
    image_size: int | tuple[int, int] | None = None,
    resize_mode: str | None = None,
) -> ModelSource:
    """The model source for a text: the folder of a run, or the name of a backbone.

    Raises:
        RunNotFoundError: neither.
        UnknownBackboneError: no backbone is called so, and nothing of the name exists.
        RecipeError: a setting that the run has decided already.
    """
    folder = Path(model).expanduser().absolute()
    if (folder / "run.json").is_file():
        _refuse_settings({"weights": weights, "image_size": image_size, "resize_mode": resize_mode})
        return ModelSource("run", "", str(folder), None, None)
    if str(model) not in BACKBONES and (folder.exists() or os.sep in str(model)):
        raise RunNotFoundError(
            f"There is no run in '{folder}'.",
            expected="a folder written by `headstart train`, or the name of a network",
            received="a folder without run.json" if folder.is_dir() else "something else",
            hint="See the names of the networks with `headstart backbones`.",
        )
    spec = find_backbone(str(model))
    size = (image_size, image_size) if isinstance(image_size, int) else image_size
    place = spec.weights.source if weights is None else _absolute(str(weights))
    return ModelSource("backbone", spec.name, place, size, resize_mode or "stretch")


def _refuse_settings(settings: Mapping[str, object]) -> None:
    given = {name: value for name, value in settings.items() if value is not None}
    if given:
        name, value = next(iter(given.items()))
        raise RecipeError(
            f"The option {name} cannot be used with a run.",
            expected=f"a run without {name}, or the name of a network",
            received=f"{name}={value}",
            hint="Leave it out; the value of the training is used.",
        )


def _absolute(place: str) -> str:
    """The absolute path, so that the index finds the file from any folder."""
    return place if place in KINDS_OF_WEIGHTS else str(Path(place).expanduser().absolute())
