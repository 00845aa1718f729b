"""The export of a detector, and predictions with its own model."""

from headstart.artifacts import PredictorFacts, build_task_serving
from headstart.run import Batches, ExportSteps, Run, model_outputs
from headstart.tasks.detection.detections import Detections
from headstart.tasks.detection.detector import ObjectDetector
from headstart.tasks.detection.predictor import BoxPredictor
from headstart.tasks.detection.steps import score_threshold


def _predictor(run: Run, facts: PredictorFacts, _: float, min_score: float | None) -> BoxPredictor:
    return BoxPredictor(**facts, min_score=score_threshold(run) if min_score is None else min_score)


def _answers(run: Run, batches: Batches) -> list[Detections]:
    return [found for logits in model_outputs(run, batches) for found in run.task_as(ObjectDetector).decode(logits)]


def _promises(run: Run) -> dict[str, object]:
    """The promises of a run for its exported files."""
    return {"score_threshold": score_threshold(run)}


EXPORT = ExportSteps(
    serving_model=lambda run: build_task_serving(run.task),
    predictor=_predictor,
    answers=_answers,
    promises=_promises,
)
