"""Boxes found in an image, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from headstart.files import Number, Schema, UnusableFileError, check, shown
from headstart.prediction import (
    BOXES,
    COUNT,
    MAX_PIXELS,
    TEXT,
    ConsoleTable,
    Prediction,
    Record,
    TaskAnswers,
    plain_number,
)
from headstart.tasks.detection.coco_results import write_coco
from headstart.tasks.detection.predictor import FoundBoxes

_DECIMALS = 2  # of a pixel: finer than anyone can see
_BOXES_IN_A_LINE = 4


class FoundBoxRecord(Schema):
    """One box."""

    name: str
    score: Number
    box: Annotated[list[Number], Field(min_length=4, max_length=4)]


class BoxRecord(Schema):
    """The values of `BoxForm.record`; for a file without a prediction, all except path and error are None."""

    path: str
    error: str | None
    height: Annotated[int, Field(ge=1, le=MAX_PIXELS)] | None
    width: Annotated[int, Field(ge=1, le=MAX_PIXELS)] | None
    boxes: list[FoundBoxRecord] | None


@dataclass
class BoxTally:
    """Counts of the files that were processed so far.

    Attributes:
        num_files: all of them.
        num_unreadable: no images, or damaged ones.
        num_boxes: found in all of them.
        num_empty: images without any predicted box.
    """

    num_files: int = 0
    num_unreadable: int = 0
    num_boxes: int = 0
    num_empty: int = 0

    def counted(self, record: Record) -> Record:
        """The tally with one more record."""
        self.num_files += 1
        self.num_unreadable += record["error"] is not None
        self.num_boxes += len(record["boxes"] or ())
        self.num_empty += record["boxes"] == []
        return record

    @property
    def sentence(self) -> str:
        """The counts in words."""
        answered = self.num_files - self.num_unreadable
        return (
            f"{self.num_files} files: {self.num_boxes} boxes in {answered - self.num_empty} images, "
            f"{self.num_empty} images without boxes, {self.num_unreadable} unreadable"
        )


class BoxForm:
    """See `headstart.prediction.columns.Form`.

    Args:
        class_names: what the classes stand for.
    """

    def __init__(self, class_names: tuple[str, ...]) -> None:
        self.class_names = class_names
        self.columns: Mapping[str, str] = {
            **{"path": TEXT, "error": TEXT, "height": COUNT, "width": COUNT, "num_boxes": COUNT, "boxes": BOXES},
            **{f"count({name})": COUNT for name in class_names},
        }

    def record(self, prediction: Prediction) -> Record:
        """Boxes `xyxy` in pixels of the image, most certain first; an empty list is a prediction as well."""
        answer = prediction.answer
        if answer is None:
            return {"path": prediction.path, "error": prediction.error, "height": None, "width": None, "boxes": None}
        assert isinstance(answer, FoundBoxes)  # that of the task
        found = answer.found
        rows = zip(found.classes.tolist(), found.scores, found.boxes.tolist(), strict=True)
        return {
            "path": prediction.path,
            "error": None,
            "height": answer.size[0],
            "width": answer.size[1],
            "boxes": [
                {
                    "name": self.class_names[number],
                    "score": plain_number(score),
                    "box": [round(side, _DECIMALS) for side in box],
                }
                for number, score, box in rows
            ],
        }

    def row(self, record: Record) -> Record:
        """One row per image, with how many boxes of each class there are."""
        boxes = record["boxes"]
        names = None if boxes is None else [box["name"] for box in boxes]
        counts = {f"count({name})": None if names is None else names.count(name) for name in self.class_names}
        return {
            **{name: record[name] for name in ("path", "error", "height", "width")},
            "num_boxes": None if names is None else len(names),
            "boxes": boxes,
            **counts,
        }

    def checked(self, record: object) -> Record:
        """See `headstart.prediction.columns.Form`."""
        values = check(record, BoxRecord)
        unknown = {box.name for box in values.boxes or ()} - set(self.class_names)
        if unknown or (values.boxes is None) == (values.error is None):
            raise UnusableFileError("an error, or boxes of known classes", shown(sorted(unknown)))
        return {**dict(values), "boxes": None if values.boxes is None else [dict(box) for box in values.boxes]}

    def tally(self) -> BoxTally:
        """A tally with all counts at zero."""
        return BoxTally()


def _box_cells(record: Record) -> tuple[str, str, str]:
    """The number of boxes of each class, the best score, and the corners of the first boxes."""
    boxes = record["boxes"]
    names = [box["name"] for box in boxes]
    counts = ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names))
    best = f"{boxes[0]['score']:.3f}" if boxes else ""
    places = [" ".join(f"{side:.0f}" for side in box["box"]) for box in boxes[:_BOXES_IN_A_LINE]]
    more = [f"and {len(boxes) - _BOXES_IN_A_LINE} more"] if len(boxes) > _BOXES_IN_A_LINE else []
    return counts or "nothing", best, "; ".join([*places, *more])


def _drawn(picture: np.ndarray, answer: object, class_names: Sequence[str]) -> np.ndarray:
    from headstart.report import draw_boxes  # noqa: PLC0415  Matplotlib, which a server does not need

    assert isinstance(answer, FoundBoxes)  # that of the task
    found = answer.found
    labels = [class_names[number] for number in found.classes]
    return draw_boxes(picture, found.boxes, labels, found.scores, classes=found.classes)


ANSWERS = TaskAnswers(
    form=lambda class_names, _: BoxForm(class_names),
    batch_size=16,
    console=ConsoleTable(("path", "objects", "best score", "left top right bottom"), _box_cells),
    draw=_drawn,
    writers={".json": write_coco},
)
