"""How the answers of each task become plain values: one row a task."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from headstart.prediction.box_records import BoxForm
from headstart.prediction.columns import Form
from headstart.prediction.mask_records import MaskForm
from headstart.prediction.number_records import NumberForm
from headstart.prediction.records import ClassForm
from headstart.prediction.settings import Settings
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

# Task → its form, from class names and settings.
FORMS: Mapping[str, Callable[[tuple[str, ...], Settings], Form]] = MappingProxyType(
    {
        CLASSIFICATION: lambda class_names, settings: ClassForm(class_names, abstain=settings.abstain),
        DETECTION: lambda class_names, _: BoxForm(class_names),
        SEGMENTATION: lambda class_names, _: MaskForm(class_names),
        REGRESSION: lambda class_names, _: NumberForm(class_names),
    }
)
# Pictures at a time: of maps of logits in full size fewer fit into memory.
BATCH_SIZES: Mapping[str, int] = MappingProxyType({CLASSIFICATION: 32, DETECTION: 16, SEGMENTATION: 8, REGRESSION: 32})
