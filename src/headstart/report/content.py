"""What a report page shows: the content that a run fills in, and the part of the page that a task states."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

import numpy as np
import pandas as pd

from headstart.report.kind import kind_of_report
from headstart.report.report import Report

PROBE = "linear probe"


@dataclass(frozen=True, eq=False)
class Mistake:
    """One wrongly predicted image.

    Attributes:
        picture: `(h, w, 3)` RGB 0-255.
        true: name of the right class.
        predicted: name of the class the model gave.
        probability: of the predicted class, 0 to 1.
        name: where the image lies, such as its file name; empty to show none.
        overlay: `(h, w, 3)` RGB 0-255, the image under its Grad-CAM heat; None to show none.
    """

    picture: np.ndarray
    true: str
    predicted: str
    probability: float
    name: str = ""
    overlay: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class AnnotatedPicture:
    """An image with the true and the predicted targets drawn on it.

    Attributes:
        picture: `(h, w, 3)` RGB 0-255.
        true: the same size and range, with what is true drawn on it; None where words say it.
        predicted: the same with the prediction.
        name: where the image lies, such as its file name; empty to show none.
        caption: what to see in it, such as "2 missed".
    """

    picture: np.ndarray
    true: np.ndarray | None
    predicted: np.ndarray | None
    name: str = ""
    caption: str = ""


class PhaseState(TypedDict):
    """One phase of training as run.json has it: its settings and what learned."""

    name: str
    epochs: int
    unfreeze_from: str | None
    learning_rate: float
    num_trainable: int
    num_frozen: int
    num_restarts: NotRequired[int]
    last_learning_rate: NotRequired[float | None]


class PhaseValues(PhaseState):
    """One phase of training, and how long it took."""

    seconds: float


@dataclass(frozen=True, eq=False)
class ReportContent:
    """Everything on the page.

    Attributes:
        report: the numbers.
        title: of the page, such as the data set's name.
        facts: heading → name → value. The headings `"backbone"`, `"bank"` and `"head"` stand in the steps "loaded",
            "froze" and "added"; any others get a table each.
        history: one row per epoch: phase, epoch, learning_rate, loss, val_loss, seconds, and for each further quantity,
            such as accuracy, a column of its name, one of `val_` + its name, or both; before them one of the phase
            `PROBE`, where a linear probe gave the head its first weights. May be empty.
        class_counts: index class names, one column of counts a split.
        audit_summary: what the audit left out or warned of, one row a finding, any columns. May be empty.
        mistakes: the most confident first. Only of tasks whose predictions are classes of images.
        recipe_text: the run's recipe as TOML.
        commands: what to type to get the same numbers again.
        environment: name → value: versions, seed, hash of the data.
        phases: one mapping per phase: name, epochs, unfreeze_from (None while the backbone is frozen), learning_rate,
            num_trainable, num_frozen (parameters), seconds; where the phase went back to its best weights, also
            num_restarts and last_learning_rate. One of no epochs is shown only as what stood frozen.
        samples: class name → one `(h, w, 3)` image of it, RGB 0-255. May be empty.
        warnings: further limits to state, each a sentence; those that follow from the numbers are found without them.
        examples: images with boxes, masks or numbers, the worst first. May be empty.
    """

    report: Report
    title: str
    facts: Mapping[str, Mapping[str, object]]
    history: pd.DataFrame
    class_counts: pd.DataFrame
    audit_summary: pd.DataFrame
    mistakes: Sequence[Mistake]
    recipe_text: str
    commands: Sequence[str]
    environment: Mapping[str, object]
    phases: Sequence[PhaseValues]
    samples: Mapping[str, np.ndarray] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    examples: Sequence[AnnotatedPicture] = ()


@dataclass(frozen=True, kw_only=True)
class ReportPage:
    """The part of a task that writes the page of a report.

    Attributes:
        added: a sentence about the new head.
        headline: function from a report to the result in two or three short sentences with few technical terms.
        limits: function from a report to reasons for caution; empty sentences are left out.
        promises: function from a report to what was promised and what the test images show, name → value.
        template: name of the template of the sections of this kind.
        values: function from the content of the page to the values that the template names.
        has_wilson_intervals: whether the metrics of single classes have Wilson intervals.
    """

    added: str
    headline: Callable[[Report], str]
    limits: Callable[[Report], Sequence[str]]
    promises: Callable[[Report], Mapping[str, str]] = lambda _: {}
    template: str
    values: Callable[[ReportContent], dict[str, object]]
    has_wilson_intervals: bool = False


def page_of_report(kind: str) -> ReportPage:
    """The page of a kind of report."""
    return kind_of_report(kind).page.load(ReportPage)
