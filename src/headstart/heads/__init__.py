"""Heads: the new layers on a backbone, and what the models of all tasks have in common.

Names are imported when first used, so that what a prediction means can be known without Keras.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.heads.model_file import load_stock_model
    from headstart.heads.pooling import POOLED, num_pooled_features, pooled_maps, stages_read
    from headstart.heads.saved import from_saved, plain_facts
    from headstart.heads.taps import resized, taps_at
    from headstart.heads.task import Task, task_as
    from headstart.heads.task_model import HeadSettings, TaskModel, build_task, exported_outputs, read_task, tap_layers

_MODULE_OF = {
    "POOLED": "pooling",
    "HeadSettings": "task_model",
    "Task": "task",
    "TaskModel": "task_model",
    "build_task": "task_model",
    "exported_outputs": "task_model",
    "from_saved": "saved",
    "load_stock_model": "model_file",
    "num_pooled_features": "pooling",
    "plain_facts": "saved",
    "pooled_maps": "pooling",
    "read_task": "task_model",
    "resized": "taps",
    "stages_read": "pooling",
    "tap_layers": "task_model",
    "taps_at": "taps",
    "task_as": "task",
}

__all__ = [
    "POOLED",
    "HeadSettings",
    "Task",
    "TaskModel",
    "build_task",
    "exported_outputs",
    "from_saved",
    "load_stock_model",
    "num_pooled_features",
    "plain_facts",
    "pooled_maps",
    "read_task",
    "resized",
    "stages_read",
    "tap_layers",
    "taps_at",
    "task_as",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
