"""The options of a prediction, and the tasks that have them."""

from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path

from headstart.artifacts import TaskPredictor
from headstart.errors import RecipeError
from headstart.task_spec import find_task
from headstart.trust import DEFAULT_COVERAGE


@dataclass(frozen=True)
class Settings:
    """The options of a prediction; those that are not given are None or false.

    Attributes:
        coverage: how often prediction sets and intervals hold the truth, above 0 and below 1.
        abstain: whether "not sure" stands in place of a prediction that is not sure.
        min_score: from which on a box is a prediction, 0 to 1.
        masks: folder for masks.
        draw: folder for images with boxes, masks or heat maps drawn on them.
        false_alarms: promised share of good images that are reported as defects, above 0 and below 1.
    """

    coverage: float | None = None
    abstain: bool = False
    min_score: float | None = None
    masks: Path | None = None
    draw: Path | None = None
    false_alarms: float | None = None

    def check(self, kind: str | None = None) -> None:
        """Refuses numbers out of their range, and what means nothing for a task.

        Args:
            kind: of task; None: not known yet.

        Raises:
            RecipeError: a number is out of its range, or nothing could be done with a setting.
        """
        _check_coverage(self.coverage)
        _check_score(self.min_score)
        _check_rate(self.false_alarms)
        if kind is None:
            return
        asked = [each.name for each in fields(self) if getattr(self, each.name) != each.default]
        known_names = find_task(kind).prediction_settings
        needless = [name for name in asked if name not in known_names]
        if needless:
            known = [_OPTIONS[name] for name in known_names]
            raise RecipeError(
                f"{_OPTIONS[needless[0]]} does not apply to {kind}.",
                expected=f"{' or '.join(known)}, or none of these options",
                received=", ".join(_OPTIONS[name] for name in needless),
                hint=f"Leave it out. {_MEANINGS[needless[0]]}",
            )

    @property
    def chosen_coverage(self) -> float:
        """The coverage asked for, or what holds without."""
        return DEFAULT_COVERAGE if self.coverage is None else self.coverage


_NAMES = ("coverage", "abstain", "min_score", "masks", "draw", "false_alarms")
_OPTIONS = {name: f"--{name.replace('_', '-')}" for name in _NAMES}
_MEANINGS = {
    "coverage": "It belongs to the sets of a classifier and the intervals of a regressor.",
    "abstain": "Only classifiers can predict 'not sure'.",
    "min_score": "It belongs to the boxes of a detector.",
    "masks": "Only a segmenter has masks.",
    "draw": "Only boxes, masks and heat maps can be drawn.",
    "false_alarms": "It belongs to anomaly detection.",
}


def _check_coverage(coverage: float | None) -> None:
    if coverage is not None and not 0 < coverage < 1:
        raise RecipeError(
            "The coverage must be a probability.",
            expected="coverage: a number above 0 and below 1",
            received=f"coverage={coverage!r}",
            hint=f"Use {DEFAULT_COVERAGE}, the default; a higher coverage gives larger sets and wider intervals.",
        )


def _check_score(min_score: float | None) -> None:
    if min_score is not None and not 0 <= min_score <= 1:
        raise RecipeError(
            "The lowest score of a box must be a number from 0 to 1.",
            expected="min_score: 0 to 1",
            received=f"min_score={min_score!r}",
            hint="Leave it out for the best value on the validation images.",
        )


def _check_rate(false_alarms: float | None) -> None:
    if false_alarms is not None and not 0 < false_alarms < 1:
        raise RecipeError(
            "The rate of false alarms must be a share.",
            expected="false_alarms: a number above 0 and below 1",
            received=f"false_alarms={false_alarms!r}",
            hint="Leave it out for the rate of the run.",
        )


def with_asked(predictor: TaskPredictor, settings: Settings) -> TaskPredictor:
    """The predictor with the settings that are fields of its class and of nothing else.

    Raises:
        RecipeError: it cannot keep one of them.
    """
    if settings.false_alarms is None or not is_dataclass(predictor):
        return predictor
    changed: TaskPredictor = replace(predictor, false_alarms=settings.false_alarms)
    return changed
