"""A small network of every family, with random weights of the sizes that trained ones have."""

from dataclasses import replace

import keras
import numpy as np

from headstart.backbones import BACKBONES, Backbone, Stage, build_backbone, cut_model

# Family → the backbone whose lower part holds what is special about it, and the layer where that part ends.
LOWER_PARTS = {
    "ConvNeXt": ("convnexttiny", "convnext_tiny_stage_0_block_0_add"),
    "DenseNet": ("densenet121", "conv2_block2_concat"),
    "EfficientNet": ("efficientnetb0", "block2a_project_bn"),
    "EfficientNetV2": ("efficientnetv2b0", "block2a_project_bn"),
    "Inception": ("inceptionv3", "mixed0"),
    "InceptionResNet": ("inceptionresnetv2", "block35_1_ac"),
    "MobileNet": ("mobilenet", "conv_pw_2_relu"),
    "MobileNetV2": ("mobilenetv2", "block_1_project_BN"),
    "MobileNetV3": ("mobilenetv3small", "expanded_conv_1_project_bn"),
    "ResNet": ("resnet50", "conv2_block1_out"),
    "ResNetV2": ("resnet50v2", "conv2_block1_out"),
    "VGG": ("vgg19_mini", "block2_pool"),
    "Xception": ("xception", "add"),
}
FAMILIES = sorted({spec.family for spec in BACKBONES.values()})


def _lower_part(name: str, layer: str) -> Backbone:
    spec = BACKBONES[name]
    size = (max(32, spec.min_image_size[0]),) * 2
    whole = build_backbone(spec, image_size=size, weights="none")
    return _backbone(spec, cut_model(whole.model, layer).lower, layer, size)


def _first_nasnet_cell() -> Backbone:
    """Every cell takes two inputs, so that the network cannot be cut between them: all below the end of the first."""
    spec, size, layer = BACKBONES["nasnetmobile"], (32, 32), "reduction_concat_stem_1"
    model = build_backbone(spec, image_size=size, weights="none").model
    return _backbone(spec, keras.Model(model.input, model.get_layer(layer).output), layer, size)


def _backbone(spec, model: keras.Model, layer: str, size: tuple[int, int]) -> Backbone:
    stride = size[0] // model.output.shape[1]
    part = replace(spec, stages=(Stage("part", layer, stride, model.output.shape[-1]),))
    return Backbone(part, model, size, build_backbone("vgg19_mini", image_size=(32, 32), weights="none").weights)


def _with_trained_scales(backbone: Backbone) -> Backbone:
    """Moving statistics like trained ones, and no block switched off by a layer scale of a millionth."""
    noise = np.random.default_rng(0)
    for layer in backbone.model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([noise.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
        elif type(layer).__name__ == "LayerScale":
            layer.set_weights([noise.uniform(0.5, 1.0, weight.shape) for weight in layer.get_weights()])
    return backbone


def family_backbone(family: str) -> Backbone:
    """The lowest part of a network of the family, the same one each time; its one stage is called `part`."""
    keras.utils.set_random_seed(0)
    backbone = _first_nasnet_cell() if family == "NASNet" else _lower_part(*LOWER_PARTS[family])
    return _with_trained_scales(backbone)
