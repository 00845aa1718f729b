"""Inception and its relatives by Google: InceptionV3, InceptionResNetV2 and Xception.

Their first convolutions are not padded, so feature maps are a few steps smaller than the image divided by the stride.
"""

from headstart.backbones.catalogue.downloads import keras_download
from headstart.backbones.catalogue.preprocessings import TF
from headstart.backbones.spec import BackboneSpec, Stage

_INCEPTION_V3 = BackboneSpec(
    name="inceptionv3",
    title="InceptionV3",
    family="Inception",
    num_parameters=21_802_784,
    image_size=(299, 299),
    min_image_size=(75, 75),
    preprocessing=TF,
    stages=(
        Stage("stem_1", "activation_2", 2, 64),
        Stage("stem_2", "activation_4", 4, 192),
        Stage("mixed_0_2", "mixed2", 8, 288),
        Stage("mixed_3_7", "mixed7", 16, 768),
        Stage("mixed_8_10", "mixed10", 32, 2048),
    ),
    weights=keras_download(
        "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        file_hash="bcbd6486424b2319ff4ef7d526e38f63",
        licence="Apache-2.0",
        origin="Google, TensorFlow-Slim",
    ),
    paper="Rethinking the Inception Architecture for Computer Vision, arXiv 1512.00567",
    application="keras.applications:InceptionV3",
)

_INCEPTION_RESNET_V2 = BackboneSpec(
    name="inceptionresnetv2",
    title="InceptionResNetV2",
    family="InceptionResNet",
    num_parameters=54_336_736,
    image_size=(299, 299),
    min_image_size=(75, 75),
    preprocessing=TF,
    stages=(
        Stage("stem_1", "activation_2", 2, 64),
        Stage("stem_2", "activation_4", 4, 192),
        Stage("block35", "block35_10_ac", 8, 320),
        Stage("block17", "block17_20_ac", 16, 1088),
        Stage("block8", "conv_7b_ac", 32, 1536),
    ),
    weights=keras_download(
        "inception_resnet_v2/inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        file_hash="d19885ff4a710c122648d3b5c3b684e4",
        licence="Apache-2.0",
        origin="Google, TensorFlow-Slim",
    ),
    paper="Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning, arXiv 1602.07261",
    application="keras.applications:InceptionResNetV2",
)

_XCEPTION = BackboneSpec(
    name="xception",
    title="Xception",
    family="Xception",
    num_parameters=20_861_480,
    image_size=(299, 299),
    min_image_size=(71, 71),
    preprocessing=TF,
    stages=(
        Stage("block1", "block1_conv2_act", 2, 64),
        Stage("block2", "add", 4, 128),
        Stage("block3", "add_1", 8, 256),
        Stage("block4", "add_2", 16, 728),
        Stage("blocks_5_8", "add_6", 16, 728),
        Stage("blocks_9_12", "add_10", 16, 728),
        Stage("block13", "add_11", 32, 1024),
        Stage("block14", "block14_sepconv2_act", 32, 2048),
    ),
    weights=keras_download(
        "xception/xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
        file_hash="b0042744bf5b25fce3cb969f33bebb97",
        licence="MIT",
        origin="François Chollet",
    ),
    paper="Xception: Deep Learning with Depthwise Separable Convolutions, arXiv 1610.02357",
    application="keras.applications:Xception",
)

SPECS = (_INCEPTION_V3, _INCEPTION_RESNET_V2, _XCEPTION)
