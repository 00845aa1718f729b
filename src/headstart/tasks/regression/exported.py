"""What exported files of a regressor return and hold, and what predicts with them."""

from itertools import pairwise
from typing import Annotated

import numpy as np
from pydantic import Field

from headstart.artifacts import ExportedFile, ExportedTask, FileSchema, Manifest, Outputs, PredictorFacts, Promises
from headstart.files import Number, Schema, check
from headstart.tasks.regression.intervals import RegressionIntervals
from headstart.tasks.regression.predictor import NumberPredictor

_PRINT_NUMBERS = 'print(dict(zip(names, prediction["numbers"].tolist())))\n'


class ExportedNumberPromises(Schema):
    """The promises of an exported regressor: the errors of one row per validation image."""

    residuals: Annotated[list[list[Annotated[Number, Field(ge=0)]]], Field(max_length=10_000_000)]


def _fits(outputs: Outputs, num_names: int) -> bool:
    (numbers,) = outputs
    return numbers.shape[1:] == (num_names,)


def _predictor(
    facts: PredictorFacts, _: Manifest, file: ExportedFile, coverage: float, _score: float | None
) -> NumberPredictor:
    residuals = np.array(file.promises["residuals"], np.float64)
    return NumberPredictor(**facts, intervals=RegressionIntervals(residuals), coverage=coverage)


def _check_promises(file: FileSchema, num_numbers: int) -> None:
    rows = check(file.promises, ExportedNumberPromises).residuals
    if any(len(row) != num_numbers for row in rows):
        raise ValueError("should have as many residuals in each row as there are names")
    if any(low > high for before, after in pairwise(rows) for low, high in zip(before, after, strict=True)):
        raise ValueError("should have residuals in ascending order")


EXPORTED = ExportedTask(fits=_fits, predictor=_predictor, lines=lambda _: _PRINT_NUMBERS)
PROMISES = Promises(_check_promises)
