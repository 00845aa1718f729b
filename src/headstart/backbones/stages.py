"""Which layers of a model belong to which stage."""

import keras

from headstart.backbones.graph import ancestors, operation_name, parents
from headstart.backbones.spec import BackboneSpec

# These belong to the image, not to a stage; EfficientNet's normalisation has weights and so must belong to one.
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


def last_map_layer(model: keras.Model, spec: BackboneSpec) -> str:
    """Name of the highest layer that still tells places apart: where Grad-CAM can look.

    For most image sizes that is the output. Small images shrink to one place on their way up; then it is the layer
    just below, or, where several branches meet, the end of the highest stage with more than one place.

    Args:
        model: `Backbone.model`.
        spec: Facts of the backbone.

    Returns:
        A layer whose output everything above depends on; the output's own where no stage has more than one place.
    """
    below = parents(model)
    output = operation_name(model.output)
    name = output
    while _is_one_place(model, name) and len(below[name]) == 1:
        (name,) = below[name]
    if not _is_one_place(model, name):
        return name
    stages = (stage.layer for stage in reversed(spec.stages))
    return next((layer for layer in stages if not _is_one_place(model, layer)), output)


def _is_one_place(model: keras.Model, layer_name: str) -> bool:
    _, height, width, _ = model.get_layer(layer_name).output.shape
    is_one: bool = height * width == 1
    return is_one
