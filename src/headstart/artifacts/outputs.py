"""What exported files of each task take and give, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

INPUT = "images"
PROBABILITIES, FOREIGN_SCORE = "probabilities", "foreign_score"
BOXES, SCORES, CLASSES = "boxes", "scores", "classes"
PROBABILITY = "probability"
NUMBERS = "numbers"

# Task → outputs, in the order in which a runtime gives them.
OUTPUTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        CLASSIFICATION: (PROBABILITIES, FOREIGN_SCORE),
        DETECTION: (BOXES, SCORES, CLASSES),
        SEGMENTATION: (CLASSES, PROBABILITY),
        REGRESSION: (NUMBERS,),
    }
)
