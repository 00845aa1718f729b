"""Pretrained networks: what is known about them, and how a name becomes a Keras model.

The table can be read without TensorFlow; building needs it.
"""

from typing import TYPE_CHECKING

from headstart.backbones.catalogue import BACKBONES, backbone_names, find_backbone
from headstart.backbones.spec import BackboneSpec, Preprocessing, PretrainedWeights, Stage
from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.backbones.build import Backbone, build_backbone
    from headstart.backbones.cut import CutModel, cut_model, model_above, separating_layers
    from headstart.backbones.graph import operation_name
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
    "operation_name",
    "separating_layers",
    "stage_layers",
]

_MODULE_OF = {
    "Backbone": "build",
    "CutModel": "cut",
    "WeightsRecord": "weights",
    "build_backbone": "build",
    "cut_model": "cut",
    "find_weights": "weights",
    "imagenet_path": "weights",
    "last_map_layer": "stages",
    "model_above": "cut",
    "operation_name": "graph",
    "separating_layers": "cut",
    "stage_layers": "stages",
}

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
