"""What the head of a classifier reads: the feature maps of the highest stages, each averaged over positions."""

import math

import keras

from headstart.backbones import Backbone, BackboneSpec, Stage

POOLED = "head_pool"


def pooled_maps(backbone: Backbone, num_stages: int = 1) -> keras.KerasTensor:
    """The output of the layer `head_pool`, `(batch, num_features)`.

    Of one stage this is the average of the last feature map. The averages of several stages may differ in size by
    orders of magnitude, and the linear probe has one strength of regularisation for all of them. Before they are
    concatenated, the averages of each stage are therefore divided by their root mean square, image by image. No number
    comes from the training images, so that the feature bank of a network serves every data set.

    Args:
        backbone: the pretrained network.
        num_stages: how many stages are read, from the highest down; 1 to the number of stages of the backbone.
    """
    if num_stages == 1:
        return keras.layers.GlobalAveragePooling2D(name=POOLED)(backbone.model.output)
    return keras.layers.Concatenate(dtype="float32", name=POOLED)(
        [_pooled_map(backbone, stage) for stage in stages_read(backbone.spec, num_stages)]
    )


def stages_read(spec: BackboneSpec, num_stages: int) -> tuple[Stage, ...]:
    """The stages whose feature maps are read, the lowest first."""
    return spec.stages[-num_stages:]


def num_pooled_features(backbone: Backbone, num_stages: int = 1) -> int:
    """How many numbers `pooled_maps` gives per image."""
    if num_stages == 1:
        return int(backbone.model.output.shape[-1])
    layers = (backbone.model.get_layer(stage.layer) for stage in stages_read(backbone.spec, num_stages))
    return sum(int(layer.output.shape[-1]) for layer in layers)


def _pooled_map(backbone: Backbone, stage: Stage) -> keras.KerasTensor:
    """The averages of one feature map, `(batch, channels)` with a root mean square of 1; 0 where all of them are."""
    features = backbone.model.get_layer(stage.layer).output
    averages = keras.layers.GlobalAveragePooling2D(name=f"{POOLED}_{stage.name}")(features)
    unit = keras.layers.UnitNormalization(dtype="float32", name=f"{POOLED}_{stage.name}_unit")(averages)
    length = math.sqrt(features.shape[-1])
    return keras.layers.Rescaling(length, dtype="float32", name=f"{POOLED}_{stage.name}_scaled")(unit)
