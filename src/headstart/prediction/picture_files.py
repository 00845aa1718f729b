"""Masks, and images with boxes or masks drawn on them."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from headstart.data import decode_image
from headstart.files import whole_file
from headstart.prediction.columns import Record
from headstart.prediction.file_names import FileNames, check_folder
from headstart.prediction.settings import Settings
from headstart.prediction.stream import Prediction
from headstart.prediction.task_answers import answers_of

_JPEG_QUALITY = 90


class PictureFiles:
    """Writes what was asked for beside the table of predictions.

    Args:
        kind: of task.
        class_names: names of the classes or numbers.
        settings: name the folders.
        paths: what is asked about.

    Raises:
        FolderOccupiedError: a folder is that of the images.
    """

    def __init__(
        self, kind: str, class_names: tuple[str, ...], settings: Settings, paths: Sequence[Path | str]
    ) -> None:
        self._answers, self._class_names = answers_of(kind), class_names
        self._masks, self._drawings = settings.masks, settings.draw
        for folder in (self._masks, self._drawings):
            if folder is not None:
                check_folder(folder, paths)
        self._names = FileNames(paths)

    def write(self, prediction: Prediction, record: Record) -> Record:
        """Writes the files of one prediction; gives the record, with the mask's path where there is one."""
        if prediction.answer is None or prediction.file is None or not (self._masks or self._drawings):
            return record
        if self._drawings is not None and self._answers.draw is not None:
            drawn = self._answers.draw(decode_image(prediction.file), prediction.answer, self._class_names)
            path = self._drawings / self._names.name(prediction.file, ".jpg")
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as partial:
                Image.fromarray(drawn).save(partial, quality=_JPEG_QUALITY)
        if self._masks is None or self._answers.mask is None:
            return record
        path = self._masks / self._names.name(prediction.file, ".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            Image.fromarray(self._answers.mask(prediction.answer)).save(partial)
        return {**record, "mask": str(path)}
