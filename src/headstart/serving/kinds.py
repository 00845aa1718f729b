"""The tasks that a server answers for: one row a task."""

from collections.abc import Mapping
from types import MappingProxyType

from headstart.serving.box_answers import BOXES
from headstart.serving.class_answers import CLASSES
from headstart.serving.kind import Kind
from headstart.serving.mask_answers import MASKS
from headstart.serving.number_answers import NUMBERS
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

KINDS: Mapping[str, Kind] = MappingProxyType(
    {CLASSIFICATION: CLASSES, DETECTION: BOXES, SEGMENTATION: MASKS, REGRESSION: NUMBERS}
)
