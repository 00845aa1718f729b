"""Pretrained networks: what is known about them, and how a name becomes a Keras model.

The table can be read without TensorFlow; building needs it.
"""

import importlib
from typing import TYPE_CHECKING

from headstart.backbones.catalogue import BACKBONES, backbone_names, find_backbone
from headstart.backbones.spec import BackboneSpec, Preprocessing, PretrainedWeights, Stage

if TYPE_CHECKING:
    from headstart.backbones.build import Backbone, build_backbone
    from headstart.backbones.cut import CutModel, cut_model, model_above, separating_layers
    from headstart.backbones.stages import last_map_layer, stage_layers
    from headstart.backbones.weights import WeightsRecord, find_weights, imagenet_path

__all__ = [
    "BACKBONES",
    "Backbone",
    "BackboneSpec",
    "CutModel",
    "Preprocessing",
    "PretrainedWeights",
    "Stage",
    "WeightsRecord",
    "backbone_names",
    "build_backbone",
    "cut_model",
    "find_backbone",
    "find_weights",
    "imagenet_path",
    "last_map_layer",
    "model_above",
    "separating_layers",
    "stage_layers",
]

_NEEDS_KERAS = {
    "Backbone": "headstart.backbones.build",
    "CutModel": "headstart.backbones.cut",
    "WeightsRecord": "headstart.backbones.weights",
    "build_backbone": "headstart.backbones.build",
    "cut_model": "headstart.backbones.cut",
    "find_weights": "headstart.backbones.weights",
    "imagenet_path": "headstart.backbones.weights",
    "last_map_layer": "headstart.backbones.stages",
    "model_above": "headstart.backbones.cut",
    "separating_layers": "headstart.backbones.cut",
    "stage_layers": "headstart.backbones.stages",
}


def __getattr__(name: str) -> object:
    if name not in _NEEDS_KERAS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_NEEDS_KERAS[name]), name)
