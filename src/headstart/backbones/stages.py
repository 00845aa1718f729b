"""Which layers of a model belong to which stage."""

import keras

from headstart.backbones.graph import ancestors, parents
from headstart.backbones.spec import BackboneSpec

# These belong to the picture, not to a stage; EfficientNet's normalisation has weights and so must belong to one.
_PREPROCESSING = (keras.layers.InputLayer, keras.layers.Rescaling, keras.layers.Normalization)


def stage_layers(model: keras.Model, spec: BackboneSpec) -> dict[str, tuple[str, ...]]:
    """Names of the layers of each stage: those its output depends on and the stage before does not.

    Args:
        model: Functional model that contains the backbone's layers by name, such as `Backbone.model`, a classifier
            built on it, or the same loaded from a file. What stands on top of the last stage belongs to none.
        spec: Facts of the backbone.

    Returns:
        Layer names in the order of `model.layers`, by stage name, in the order of `spec.stages`.
        The input and preprocessing without weights belong to no stage; a stem belongs to the first.
    """
    below = parents(model)
    order = [layer.name for layer in model.layers if layer.weights or not isinstance(layer, _PREPROCESSING)]
    seen: set[str] = set()
    members: dict[str, tuple[str, ...]] = {}
    for stage in spec.stages:
        reached = ancestors(below, stage.layer)
        members[stage.name] = tuple(name for name in order if name in reached - seen)
        seen |= reached
    return members
