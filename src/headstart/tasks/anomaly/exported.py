"""What exported files of a detector of anomalies return and hold, and what predicts with them."""

from itertools import pairwise
from typing import Annotated

import numpy as np
from pydantic import Field

from headstart.artifacts import ExportedFile, ExportedTask, FileSchema, Manifest, Outputs, PredictorFacts, Promises
from headstart.files import Number, Schema, check
from headstart.tasks.anomaly.conformal import GoodScores
from headstart.tasks.anomaly.predictor import ScorePredictor

_PRINT_SCORE = """\
files = json.load(open("{manifest}", encoding="utf-8"))["files"].values()
good = next(iter(files))["promises"]["scores"]  # of good validation images
p_value = (1 + sum(score >= answer["score"] for score in good)) / (1 + len(good))
print("score", float(answer["score"]), "p-value", p_value)  # the p-value of a defect is low
"""


class ExportedGoodScores(Schema):
    """What verdicts follow from: the score of each good validation image."""

    scores: Annotated[list[Annotated[Number, Field(ge=0)]], Field(min_length=1, max_length=10_000_000)]


def _fits(outputs: Outputs, _: int) -> bool:
    scores, maps = outputs
    return scores.ndim == 1 and maps.ndim == 3 and len(scores) == len(maps)


def _predictor(
    facts: PredictorFacts, _: Manifest, file: ExportedFile, _coverage: float, _score: float | None
) -> ScorePredictor:
    return ScorePredictor(**facts, good=GoodScores(np.array(file.promises["scores"], np.float64)))


def _check_promises(file: FileSchema, _: int) -> None:
    scores = check(file.promises, ExportedGoodScores).scores
    if any(low > high for low, high in pairwise(scores)):
        raise ValueError("should have scores in ascending order")


EXPORTED = ExportedTask(fits=_fits, predictor=_predictor, lines=lambda _: _PRINT_SCORE)
PROMISES = Promises(_check_promises)
