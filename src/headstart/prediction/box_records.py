"""Boxes found in a picture, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from headstart.artifacts import FoundBoxes
from headstart.prediction.columns import BOXES, COUNT, MAX_PIXELS, TEXT, Record, plain_number
from headstart.prediction.stream import Prediction
from headstart.stored import Number, Schema, UnusableFileError, check, shown

_DECIMALS = 2  # of a pixel: finer than anyone can see


class FoundBoxRecord(Schema):
    """One box."""

    name: str
    score: Number
    box: Annotated[list[Number], Field(min_length=4, max_length=4)]


class BoxRecord(Schema):
    """What `BoxForm.record` gives; of a file without an answer everything but its path and the error is None."""

    path: str
    error: str | None
    height: Annotated[int, Field(ge=1, le=MAX_PIXELS)] | None
    width: Annotated[int, Field(ge=1, le=MAX_PIXELS)] | None
    boxes: list[FoundBoxRecord] | None


@dataclass
class BoxTally:
    """What became of the files so far.

    Attributes:
        num_files: all of them.
        num_unreadable: no pictures, or damaged ones.
        num_boxes: found in all of them.
        num_empty: answered, without any box.
    """

    num_files: int = 0
    num_unreadable: int = 0
    num_boxes: int = 0
    num_empty: int = 0

    def counted(self, record: Record) -> Record:
        """The same record, after it was counted."""
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
        """Boxes `xyxy` in pixels of the picture, most certain first; none is an answer as well."""
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
        """One row a picture, with how many boxes of each class there are."""
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
        """Nothing counted yet."""
        return BoxTally()
