"""Masks, and pictures with boxes or masks drawn on them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from headstart.artifacts import FoundBoxes, PictureMask
from headstart.data import decode_image
from headstart.evaluation import draw_boxes, draw_mask
from headstart.prediction.columns import Record
from headstart.prediction.file_names import FileNames, check_folder
from headstart.prediction.settings import Settings
from headstart.prediction.stream import Prediction
from headstart.task_spec import DETECTION, SEGMENTATION
from headstart.writing import whole_file

_JPEG_QUALITY = 90


class PictureFiles:
    """Writes what was asked for beside the table of answers.

    Args:
        kind: of task.
        class_names: what the answers speak of.
        settings: name the folders.
        paths: what is asked about.

    Raises:
        FolderOccupiedError: a folder is that of the pictures.
    """

    def __init__(
        self, kind: str, class_names: tuple[str, ...], settings: Settings, paths: Sequence[Path | str]
    ) -> None:
        self._kind, self._class_names = kind, class_names
        self._masks, self._drawings = settings.masks, settings.draw
        for folder in (self._masks, self._drawings):
            if folder is not None:
                check_folder(folder, paths)
        self._names = FileNames(paths)

    def write(self, prediction: Prediction, record: Record) -> Record:
        """Writes the files of one answer; gives the record, with the mask's path where there is one."""
        if prediction.answer is None or prediction.file is None or not (self._masks or self._drawings):
            return record
        if self._drawings is not None:
            drawn = _DRAWN[self._kind](decode_image(prediction.file), prediction.answer, self._class_names)
            path = self._drawings / self._names.name(prediction.file, ".jpg")
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as partial:
                Image.fromarray(drawn).save(partial, quality=_JPEG_QUALITY)
        if self._masks is None:
            return record
        assert isinstance(prediction.answer, PictureMask)  # no other task has masks
        path = self._masks / self._names.name(prediction.file, ".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            Image.fromarray(prediction.answer.in_picture()).save(partial)
        return {**record, "mask": str(path)}


def _with_boxes(picture: np.ndarray, answer: object, class_names: Sequence[str]) -> np.ndarray:
    assert isinstance(answer, FoundBoxes)  # that of the task
    found = answer.found
    labels = [class_names[number] for number in found.classes]
    return draw_boxes(picture, found.boxes, labels, found.scores, classes=found.classes)


def _with_mask(picture: np.ndarray, answer: object, class_names: Sequence[str]) -> np.ndarray:
    assert isinstance(answer, PictureMask)  # that of the task
    return draw_mask(picture, answer.in_picture(), len(class_names))


_DRAWN: Mapping[str, Callable[[np.ndarray, object, Sequence[str]], np.ndarray]] = MappingProxyType(
    {DETECTION: _with_boxes, SEGMENTATION: _with_mask}
)
