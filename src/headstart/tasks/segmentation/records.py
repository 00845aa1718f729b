"""How much of an image each class covers, as plain values."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from PIL import Image
from pydantic import Field

from headstart.files import Number, Schema, UnusableFileError, check, shown
from headstart.prediction import (
    COUNT,
    MAX_PIXELS,
    NUMBER,
    TEXT,
    ConsoleTable,
    FileTally,
    Prediction,
    Record,
    TaskAnswers,
    plain_number,
)
from headstart.tasks.segmentation.predictor import PictureMask


class MaskRecord(Schema):
    """The values of `MaskForm.record`; for a file without a prediction, all except path and error are None."""

    path: str
    prediction: str | None
    error: str | None
    height: Annotated[int, Field(ge=1, le=MAX_PIXELS)] | None
    width: Annotated[int, Field(ge=1, le=MAX_PIXELS)] | None
    mask: str | None
    shares: dict[str, Number] | None


class MaskForm:
    """See `headstart.prediction.columns.Form`.

    Args:
        class_names: what the classes stand for.
    """

    def __init__(self, class_names: tuple[str, ...]) -> None:
        self.class_names = class_names
        self.columns: Mapping[str, str] = {
            **{"path": TEXT, "prediction": TEXT, "error": TEXT, "height": COUNT, "width": COUNT, "mask": TEXT},
            **{f"share({name})": NUMBER for name in class_names},
        }

    def record(self, prediction: Prediction) -> Record:
        """The shares of the classes, and the class that covers most; the mask itself is written separately."""
        answer = prediction.answer
        record: Record = dict.fromkeys(("path", "prediction", "error", "height", "width", "mask", "shares"))
        if answer is None:
            return {**record, "path": prediction.path, "error": prediction.error}
        assert isinstance(answer, PictureMask)  # that of the task
        # Not by NumPy, which would count in 64 bits per pixel.
        counts = Image.fromarray(answer.in_picture()).histogram()[: len(self.class_names)]
        shares = [count / sum(counts) for count in counts]
        return {
            **record,
            "path": prediction.path,
            "prediction": self.class_names[counts.index(max(counts))],
            "height": answer.size[0],
            "width": answer.size[1],
            "shares": {name: plain_number(share) for name, share in zip(self.class_names, shares, strict=True)},
        }

    def row(self, record: Record) -> Record:
        """One row per image, a column per class."""
        shares = record["shares"] or {}
        return {
            **{name: record[name] for name in ("path", "prediction", "error", "height", "width", "mask")},
            **{f"share({name})": shares.get(name) for name in self.class_names},
        }

    def checked(self, record: object) -> Record:
        """See `headstart.prediction.columns.Form`."""
        values = check(record, MaskRecord)
        if values.error is None and tuple(values.shares or ()) != self.class_names:
            raise UnusableFileError("a share of each class", shown(values.shares))
        return dict(values)

    def tally(self) -> FileTally:
        """A tally with all counts at zero."""
        return FileTally()


def _mask_cells(record: Record) -> tuple[str, str, str]:
    """The class with most pixels, its share, and the shares of the others."""
    shares = sorted(record["shares"].items(), key=lambda item: -item[1])
    others = ", ".join(f"{name} {share:.1%}" for name, share in shares[1:] if share)
    return record["prediction"], f"{record['shares'][record['prediction']]:.1%}", others


def _in_picture(answer: object) -> np.ndarray:
    assert isinstance(answer, PictureMask)  # that of the task
    return answer.in_picture()


def _drawn(picture: np.ndarray, answer: object, class_names: Sequence[str]) -> np.ndarray:
    from headstart.report import draw_mask  # noqa: PLC0415  Matplotlib, which a server does not need

    return draw_mask(picture, _in_picture(answer), len(class_names))


ANSWERS = TaskAnswers(
    form=lambda class_names, _: MaskForm(class_names),
    batch_size=8,
    console=ConsoleTable(("path", "largest class", "share", "others"), _mask_cells),
    draw=_drawn,
    mask=_in_picture,
)
