"""The tasks, one folder each. `headstart.task_spec` finds the parts of a task by the file `spec.py` of its folder.

Names are imported at their first use; no room below imports them.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.tasks.classification.parity import Answers
    from headstart.tasks.classification.predictor import NOT_SURE, Answer, ClassPredictor
    from headstart.tasks.classification.serving_model import build_serving_model
    from headstart.tasks.detection.predictor import BoxPredictor, FoundBoxes
    from headstart.tasks.regression.predictor import NumberPredictor, Numbers
    from headstart.tasks.segmentation.parity import NamedPixels
    from headstart.tasks.segmentation.predictor import MaskPredictor, PictureMask

_MODULE_OF = {
    "NOT_SURE": "classification.predictor",
    "Answer": "classification.predictor",
    "Answers": "classification.parity",
    "BoxPredictor": "detection.predictor",
    "ClassPredictor": "classification.predictor",
    "FoundBoxes": "detection.predictor",
    "MaskPredictor": "segmentation.predictor",
    "NamedPixels": "segmentation.parity",
    "NumberPredictor": "regression.predictor",
    "Numbers": "regression.predictor",
    "PictureMask": "segmentation.predictor",
    "build_serving_model": "classification.serving_model",
}

__all__ = [
    "NOT_SURE",
    "Answer",
    "Answers",
    "BoxPredictor",
    "ClassPredictor",
    "FoundBoxes",
    "MaskPredictor",
    "NamedPixels",
    "NumberPredictor",
    "Numbers",
    "PictureMask",
    "build_serving_model",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
