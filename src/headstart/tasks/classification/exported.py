"""What exported files of a classifier return and hold, and what predicts with them."""

from headstart.artifacts import ExportedFile, ExportedTask, FileSchema, Manifest, Outputs, PredictorFacts, Promises
from headstart.tasks.classification.predictor import ClassPredictor

_PRINT_CLASSES = {
    False: 'print(names[prediction["probabilities"].argmax()], prediction["probabilities"].max(), '
    'prediction["foreign_score"])\n',
    True: 'print([n for n, p in zip(names, prediction["probabilities"]) if p >= 0.5], prediction["foreign_score"])\n',
}


def _fits(outputs: Outputs, num_names: int) -> bool:
    probabilities, foreign_scores = outputs
    return probabilities.shape[1:] == (num_names,) and foreign_scores.ndim == 1


def _predictor(
    facts: PredictorFacts, manifest: Manifest, file: ExportedFile, coverage: float, _: float | None
) -> ClassPredictor:
    assert file.thresholds is not None  # as `read_manifest` saw to
    return ClassPredictor(**facts, multi_label=manifest.multi_label, thresholds=file.thresholds, coverage=coverage)


def _check_promises(file: FileSchema, _: int) -> None:
    if file.thresholds is None:
        raise ValueError("should have thresholds for every file of a classifier")


EXPORTED = ExportedTask(
    fits=_fits,
    predictor=_predictor,
    lines=lambda manifest: _PRINT_CLASSES[manifest.multi_label],
)
PROMISES = Promises(_check_promises)
