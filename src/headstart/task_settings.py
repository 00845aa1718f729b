"""What a task states about the settings of a recipe."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from headstart.task_spec import find_task

Settings = Mapping[tuple[str, str], object]  # section and name → value

# Settings that only the tasks have that list them in `TaskSettings.own`.
OWN_SETTINGS = (("head", "method"), ("head", "false_alarms"))

# Settings that other tasks than classification do not have: the only value they may have there.
WITHOUT_CLASSES: Settings = {
    ("data", "min_per_class"): 1,
    ("head", "label_smoothing"): 0.0,
    ("frozen_phase", "mixup"): 0.0,
    ("fine_tuning_phase", "mixup"): 0.0,
    ("deep_phase", "mixup"): 0.0,
}


@dataclass(frozen=True)
class EpochRule:
    """How many epochs a phase takes if the recipe does not state it.

    Attributes:
        seen: examples that the phase should see in all.
        least, most: bounds on its epochs.
    """

    seen: int
    least: int
    most: int

    def epochs(self, num_training: int) -> int:
        """The number of epochs for a number of training images."""
        return min(max(math.ceil(self.seen / num_training), self.least), self.most)


@dataclass(frozen=True)
class Refusal:
    """A value that a setting cannot have.

    Attributes:
        setting: section and name.
        value: the refused value.
        problem: the reason, as a sentence.
        others: the other values, in words.
        hint: what to do instead.
    """

    setting: tuple[str, str]
    value: object
    problem: str
    others: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class TaskSettings:
    """The part of a task that fills and checks a recipe.

    Attributes:
        defaults: settings whose default differs from that of classification.
        fixed: settings that have only one value; None is allowed as well.
        refused: values that a setting cannot have.
        edges: what augmentation puts beyond the edges of an image, if the task determines it.
        fine_tuning_rate: highest learning rate of the head in fine-tuning, for networks that allow it; decision 0030
            explains what was measured.
        fine_tuning_epochs: number of epochs of fine-tuning.
        frozen_epochs: number of epochs of the frozen phase without a probe; decisions 0022 and 0023 explain what was
            measured.
        own: which of `OWN_SETTINGS` the task has.
        has_phases: whether the model is trained in phases of epochs; else `TaskSteps.fit` makes the head.
        can_pool_stages: whether the head can read several stages, each averaged over positions.
    """

    defaults: Settings = field(default_factory=dict)
    fixed: Settings = field(default_factory=dict)
    refused: Sequence[Refusal] = ()
    edges: Literal["mirror", "grey"] | None = None
    fine_tuning_rate: float
    fine_tuning_epochs: EpochRule
    frozen_epochs: EpochRule
    own: Sequence[tuple[str, str]] = ()
    has_phases: bool = True
    can_pool_stages: bool = False


def settings_of(task: str) -> TaskSettings:
    """The settings of a task."""
    return find_task(task).settings.load(TaskSettings)
