"""The answers of a run or an exported file for pictures that it has never seen."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Union

from headstart.artifacts import Predictor
from headstart.evaluation import DEFAULT_COVERAGE
from headstart.prediction.files import Paths, count_files, expand_paths, path_list
from headstart.prediction.job import Job, check_out, write_answers
from headstart.prediction.records import Tally, column_names, flat_record, joined_set, record_of
from headstart.prediction.sources import ModelPlace, check_coverage, find_model, open_model
from headstart.prediction.stream import DEFAULT_BATCH_SIZE, Prediction, answer_batches, check_batch_size
from headstart.progress import SILENT, Progress

if TYPE_CHECKING:
    import pandas as pd

    from headstart.run import Run

Source = Union["Run", ModelPlace, Path, str]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Answers that are computed as they are asked for; can be gone through once.

    Attributes:
        answers: one a file, in order.
        class_names: in the order of the probabilities.
        num_files: how many answers there will be.
    """

    answers: Iterator[Prediction]
    class_names: tuple[str, ...]
    num_files: int

    def __iter__(self) -> Iterator[Prediction]:
        return self.answers

    def __len__(self) -> int:
        return self.num_files


def predict(
    source: Source,
    paths: Paths,
    *,
    coverage: float = DEFAULT_COVERAGE,
    abstain: bool = False,
    batch_size: int = DEFAULT_BATCH_SIZE,
    progress: Progress = SILENT,
) -> "pd.DataFrame":
    """The answer for every picture; a file that is no picture gets a row that says so.

    Args:
        source: a finished run, or the path of a run, of a folder of exported files or of one of these files.
        paths: files, folders (searched to the bottom) and patterns such as `"new/*.jpg"`, or a single one of them.
        coverage: how often prediction sets hold the truth, above 0 and below 1.
        abstain: whether "not sure" stands in place of a prediction that is not sure.
        batch_size: pictures at a time; the table grows with the number of pictures, nothing else does.
        progress: told of every picture.

    Returns:
        One row a file: `path`, `prediction`, `probability`, `error` (empty when there is an answer), `prediction_set`
        (names joined by `;`), `is_sure`, `is_foreign`, `foreign_score`, then one column `p(CLASS)` a class.

    Raises:
        DataNotFoundError: a path or pattern matches nothing.
        RecipeError: `batch_size` is below 1, or `coverage` is no share.
    """
    predictions = predict_each(source, paths, coverage=coverage, batch_size=batch_size, progress=progress)
    class_names = predictions.class_names
    records = (record_of(prediction, class_names, abstain=abstain) for prediction in predictions)
    rows = [
        {**flat_record(record, class_names), "prediction_set": joined_set(record["prediction_set"])}
        for record in records
    ]
    return _frame(rows, column_names(class_names))


def predict_each(
    source: Source,
    paths: Paths,
    *,
    coverage: float = DEFAULT_COVERAGE,
    batch_size: int = DEFAULT_BATCH_SIZE,
    progress: Progress = SILENT,
) -> Predictions:
    """The answers one by one, for folders of any size: memory does not grow with the number of pictures.

    Arguments and errors are those of `predict`; mistakes in them are told before the first answer is asked for.
    """
    check_coverage(coverage)
    check_batch_size(batch_size)
    place = _place(source)
    asked = path_list(paths)
    num_files = count_files(asked)  # mistakes in typing are told before the model is loaded
    predictor = open_model(place, coverage=coverage).predictor
    _say_what_cannot_be_promised(predictor, progress)

    def answers() -> Iterator[Prediction]:
        progress.start("predicting", num_files)
        for batch in answer_batches(predictor, expand_paths(asked), batch_size=batch_size):
            yield from batch
            progress.advance(len(batch))
        progress.finish()

    return Predictions(answers(), predictor.class_names, num_files)


def write_predictions(
    source: Source,
    paths: Paths,
    out: Path | str,
    *,
    coverage: float = DEFAULT_COVERAGE,
    abstain: bool = False,
    batch_size: int = DEFAULT_BATCH_SIZE,
    progress: Progress = SILENT,
) -> Tally:
    """Writes the answers to a file and gives what became of the pictures; called again after a kill, it goes on.

    Args:
        source: as in `predict`.
        paths: as in `predict`.
        out: a file that ends in .csv, .jsonl or .parquet. Its folder is made where it is missing.
        coverage: as in `predict`.
        abstain: as in `predict`.
        batch_size: pictures at a time; a kill loses at most so many answers.
        progress: told of every picture.

    Raises:
        AnswersExistError: the file is there already, finished.
        AnswersMismatchError: the model, the files or a setting changed since the file was begun.
        DataNotFoundError, RecipeError: as `predict`.
    """
    check_coverage(coverage)
    check_batch_size(batch_size)
    out = Path(out).expanduser().absolute()
    check_out(out)
    place = _place(source)
    asked = tuple(path_list(paths))
    job = Job(out, asked, count_files(asked), batch_size, abstain)
    model = open_model(place, coverage=coverage)
    _say_what_cannot_be_promised(model.predictor, progress)
    return write_answers(job, model, progress)


def _place(source: Source) -> "Run | ModelPlace":
    return find_model(source) if isinstance(source, str | Path) else source


def _say_what_cannot_be_promised(predictor: Predictor, progress: Progress) -> None:
    """Says it where the validation pictures are too few for the coverage: no answer is sure then."""
    if math.isinf(predictor.thresholds.lowest_probability(predictor.coverage)):
        num_scores = len(predictor.thresholds.nonconformity)
        progress.say(
            f"Note: {num_scores} validation pictures are too few to promise a coverage of {predictor.coverage:g}; "
            "every set holds all classes, and no answer is sure"
        )


def _frame(rows: list[dict[str, object]], columns: list[str]) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415  a second that only this function needs

    frame = pd.DataFrame(rows, columns=columns)
    texts = ["path", "prediction", "error", "prediction_set"]
    types = {
        name: "str" if name in texts else "boolean" if name in ("is_sure", "is_foreign") else "float64"
        for name in columns
    }
    frame[texts] = frame[texts].fillna("")
    return frame.astype(types)
