"""What exported files of a segmenter return and hold, and what predicts with them."""

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
from headstart.tasks.segmentation.predictor import MaskPredictor

_PRINT_SHARES = """\
for number, name in enumerate(names):  # classes has the size of `image`, which is the model's
    print(name, (prediction["classes"] == number).mean())
"""


def _fits(outputs: Outputs, num_names: int) -> bool:
    classes, probability = outputs
    return classes.ndim == 3 and classes.shape == probability.shape and known_classes(classes, num_names)


def _predictor(
    facts: PredictorFacts, _: Manifest, _file: ExportedFile, _coverage: float, _score: float | None
) -> MaskPredictor:
    return MaskPredictor(**facts)


def _check_promises(_file: FileSchema, _: int) -> None:
    """Predictions of a segmenter follow from the model alone."""


EXPORTED = ExportedTask(fits=_fits, predictor=_predictor, lines=lambda _: _PRINT_SHARES, has_places=True)
PROMISES = Promises(_check_promises)
