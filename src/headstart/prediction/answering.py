"""The predictions of a run or an exported file for images that it has never seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Union

from headstart.artifacts import TaskPredictor
from headstart.prediction.columns import BOXES, COUNT, FLAG, NAMES, NUMBER, TEXT, Form, Record, Tallied
from headstart.prediction.file_names import check_place
from headstart.prediction.files import Paths, count_files, expand_paths, path_list
from headstart.prediction.job import Job, check_out, storage_errors, write_answers
from headstart.prediction.picture_files import PictureFiles
from headstart.prediction.settings import Settings
from headstart.prediction.sources import ModelPlace, find_model, kind_of, open_model
from headstart.prediction.stream import Prediction, answer_batches, check_batch_size
from headstart.prediction.tables import joined
from headstart.prediction.task_answers import answers_of, form_of
from headstart.progress import SILENT, Progress

if TYPE_CHECKING:
    import pandas as pd

    from headstart.run import Run

Source = Union["Run", ModelPlace, Path, str]
_FRAME_TYPES = {
    TEXT: "str",
    NUMBER: "float64",
    COUNT: "Int64",
    FLAG: "boolean",
    NAMES: "str",
    BOXES: "object",
}


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions that are computed as they are asked for; can be gone through once.

    Attributes:
        answers: one per file, in order.
        class_names: names of the classes or numbers; of a classifier in the order of the probabilities.
        num_files: how many predictions there will be.
        kind: of task.
    """

    answers: Iterator[Prediction]
    class_names: tuple[str, ...]
    num_files: int
    kind: str

    def __iter__(self) -> Iterator[Prediction]:
        return self.answers

    def __len__(self) -> int:
        return self.num_files


@dataclass(frozen=True, eq=False)
class Records:
    """Predictions as plain values, computed as they are asked for; can be gone through once.

    Attributes:
        records: one per file, in order.
        form: what stands in them.
    """

    records: Iterator[Record]
    form: Form

    def __iter__(self) -> Iterator[Record]:
        return self.records


def predict(  # noqa: PLR0913  one parameter a setting
    source: Source,
    paths: Paths,
    *,
    coverage: float | None = None,
    abstain: bool = False,
    min_score: float | None = None,
    masks: Path | str | None = None,
    draw: Path | str | None = None,
    false_alarms: float | None = None,
    batch_size: int | None = None,
    progress: Progress = SILENT,
) -> "pd.DataFrame":
    """The prediction for every image; a file that is no image gets a row with the error.

    Args:
        source: a finished run, or the path of a run, of a folder of exported files or of one of these files.
        paths: files, folders (searched to the bottom) and patterns such as `"new/*.jpg"`, or a single one of them.
        coverage: how often a classifier's sets and a regressor's intervals hold the truth, above 0 and below 1; None:
            0.9.
        abstain: whether "not sure" stands in place of a classifier's prediction that is not sure.
        min_score: from which on a detector's box is a prediction, 0 to 1; None: as the run chose it.
        masks: folder for a segmenter's masks, PNG files of class numbers in each image's own size.
        draw: folder for images with boxes, masks or heat maps drawn on them.
        false_alarms: promised share of good images that anomaly detection reports, above 0 and below 1; None: as the
            run chose it.
        batch_size: images at a time; the table grows with the number of images, nothing else does.
        progress: notified of every image.

    Returns:
        One row per file, with `path` and `error` (empty if there is a prediction), and by task:
        classification: `prediction`, `probability`, `prediction_set` (names joined by `;`), `is_sure`, `is_foreign`,
        `foreign_score`, a column `p(CLASS)` a class;
        detection: `height`, `width`, `num_boxes`, `boxes` (a list of mappings with `name`, `score`, and `box`, which is
        `xyxy` in pixels of the image), a column `count(CLASS)` a class;
        segmentation: `prediction` (the class that covers most), `height`, `width`, `mask` (path of the file), a column
        `share(CLASS)` a class;
        regression: columns `value(NAME)`, `low(NAME)`, `high(NAME)` a number;
        anomaly detection: `prediction` (`defect` or `good`), `score`, `p_value`, `is_defect`.

    Raises:
        DataNotFoundError: a path or pattern matches nothing.
        RecipeError: a number is out of its range, or a setting means nothing for the task.
        FolderOccupiedError: a folder for masks or drawings is that of the images.
    """
    settings = Settings(coverage, abstain, min_score, _folder(masks), _folder(draw), false_alarms)
    records = predict_records(source, paths, settings, batch_size=batch_size, progress=progress)
    return _frame([records.form.row(record) for record in records], records.form)


def predict_records(
    source: Source,
    paths: Paths,
    settings: Settings,
    *,
    batch_size: int | None = None,
    progress: Progress = SILENT,
) -> Records:
    """The predictions one by one as plain values; masks and drawings that are asked for are written on the way.

    Arguments and errors are those of `predict`.
    """
    kind, paths = kind_of(_place(source)), path_list(paths)
    settings.check(kind)
    predictions = _predictions(source, paths, settings, batch_size, progress)
    form = form_of(predictions.kind, predictions.class_names, settings)
    files = PictureFiles(predictions.kind, predictions.class_names, settings, paths)

    def records() -> Iterator[Record]:
        for prediction in predictions:
            with storage_errors(settings.masks or settings.draw or Path()):
                record = files.write(prediction, form.record(prediction))
            yield record

    return Records(records(), form)


def predict_each(
    source: Source,
    paths: Paths,
    *,
    coverage: float | None = None,
    min_score: float | None = None,
    batch_size: int | None = None,
    progress: Progress = SILENT,
) -> Predictions:
    """The predictions one by one, for folders of any size: memory does not grow with the number of images.

    Arguments and errors are those of `predict`; mistakes in them are reported before the first prediction is asked for.
    """
    return _predictions(source, path_list(paths), Settings(coverage, min_score=min_score), batch_size, progress)


def _predictions(
    source: Source, asked: list[Path | str], settings: Settings, batch_size: int | None, progress: Progress
) -> Predictions:
    settings.check()
    _check_batch_size(batch_size)
    place = _place(source)
    num_files = count_files(asked)  # mistakes in typing are reported before the model is loaded
    predictor = open_model(place, settings).predictor
    _say_what_cannot_be_promised(predictor, progress)

    def answers() -> Iterator[Prediction]:
        progress.start("predicting", num_files)
        size = batch_size or answers_of(predictor.kind).batch_size
        for batch in answer_batches(predictor, expand_paths(asked), batch_size=size):
            yield from batch
            progress.advance(len(batch))
        progress.finish()

    return Predictions(answers(), predictor.class_names, num_files, predictor.kind)


def write_predictions(  # noqa: PLR0913  one parameter a setting
    source: Source,
    paths: Paths,
    out: Path | str,
    *,
    coverage: float | None = None,
    abstain: bool = False,
    min_score: float | None = None,
    masks: Path | str | None = None,
    draw: Path | str | None = None,
    false_alarms: float | None = None,
    batch_size: int | None = None,
    progress: Progress = SILENT,
) -> Tallied:
    """Writes the predictions to a file and returns the counts of images; called again after a kill, it continues.

    Args:
        source: as in `predict`.
        paths: as in `predict`.
        out: a file that ends in .csv, .jsonl or .parquet, or for boxes in COCO's form in .json. Its folder is made
            where it is missing.
        coverage: as in `predict`.
        abstain: as in `predict`.
        min_score: as in `predict`.
        masks: as in `predict`.
        draw: as in `predict`.
        false_alarms: as in `predict`.
        batch_size: images at a time; a kill loses at most one batch.
        progress: notified of every image.

    Raises:
        AnswersExistError: the file is there already, finished.
        AnswersMismatchError: the model, the files or a setting changed since the file was begun.
        DataNotFoundError, RecipeError, FolderOccupiedError: as `predict`.
    """
    settings = Settings(coverage, abstain, min_score, _folder(masks), _folder(draw), false_alarms)
    settings.check()
    _check_batch_size(batch_size)
    out = Path(out).expanduser().absolute()
    place = _place(source)
    kind = kind_of(place)
    check_out(out, kind)
    settings.check(kind)
    asked = tuple(path_list(paths))
    check_place(out, asked)
    job = Job(out, asked, count_files(asked), batch_size or answers_of(kind).batch_size, settings)
    model = open_model(place, settings)
    _say_what_cannot_be_promised(model.predictor, progress)
    return write_answers(job, model, progress)


def _place(source: Source) -> "Run | ModelPlace":
    return find_model(source) if isinstance(source, str | Path) else source


def _folder(path: Path | str | None) -> Path | None:
    return None if path is None else Path(path).expanduser()


def _check_batch_size(batch_size: int | None) -> None:
    if batch_size is not None:
        check_batch_size(batch_size)


def _say_what_cannot_be_promised(predictor: TaskPredictor, progress: Progress) -> None:
    """Note that there are too few validation images for the coverage; no prediction counts as sure then."""
    if predictor.missing_promise:
        progress.say(f"Note: {predictor.missing_promise}")


def _frame(rows: list[Record], form: Form) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415  a second that only this function needs

    names = [name for name, content in form.columns.items() if content == NAMES]
    frame = pd.DataFrame(
        [{**row, **{name: joined(row[name] or ()) for name in names}} for row in rows], columns=list(form.columns)
    )
    texts = [name for name, content in form.columns.items() if content in (TEXT, NAMES)]
    frame[texts] = frame[texts].fillna("")
    return frame.astype({name: _FRAME_TYPES[content] for name, content in form.columns.items()})
