"""What exported files of a detector return and hold, and what predicts with them."""

from headstart.artifacts import (
    ExportedFile,
    ExportedTask,
    FileSchema,
    Manifest,
    Outputs,
    PredictorFacts,
    Promises,
    known_classes,
)
from headstart.files import Schema, Share, check
from headstart.tasks.detection.predictor import BoxPredictor

_PRINT_BOXES = """\
for box, score, number in zip(*(prediction[name] for name in ("boxes", "scores", "classes"))):
    if score >= {score_threshold:.3g}:  # boxes that overlap by more than a half may be one object twice
        print(names[number], score, box)  # in pixels of `image`, which has the model's size
"""


class ExportedBoxPromises(Schema):
    """The promises of an exported detector: its score threshold."""

    score_threshold: Share


def _fits(outputs: Outputs, num_names: int) -> bool:
    boxes, scores, classes = outputs
    return (
        boxes.shape[1:] == (*scores.shape[1:], 4)
        and scores.shape == classes.shape
        and known_classes(classes, num_names)
    )


def _predictor(
    facts: PredictorFacts, _: Manifest, file: ExportedFile, _coverage: float, min_score: float | None
) -> BoxPredictor:
    return BoxPredictor(**facts, min_score=file.promises["score_threshold"] if min_score is None else min_score)


def _check_promises(file: FileSchema, _: int) -> None:
    check(file.promises, ExportedBoxPromises)


EXPORTED = ExportedTask(fits=_fits, predictor=_predictor, lines=lambda _: _PRINT_BOXES, has_places=True)
PROMISES = Promises(_check_promises)
