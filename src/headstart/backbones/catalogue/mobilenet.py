"""MobileNet: networks for telephones. Versions 1 and 2 take -1 to 1, version 3 normalises inside."""

from headstart.backbones.catalogue.downloads import keras_download
from headstart.backbones.catalogue.preprocessings import INSIDE, TF
from headstart.backbones.spec import BackboneSpec, Stage

ORIGIN = "Google, TensorFlow-Slim"

_MOBILENET = BackboneSpec(
    name="mobilenet",
    title="MobileNet",
    family="MobileNet",
    num_parameters=3_228_864,
    image_size=(224, 224),
    min_image_size=(32, 32),
    preprocessing=TF,
    stages=(
        Stage("block_1", "conv_pw_1_relu", 2, 64),
        Stage("blocks_2_3", "conv_pw_3_relu", 4, 128),
        Stage("blocks_4_5", "conv_pw_5_relu", 8, 256),
        Stage("blocks_6_11", "conv_pw_11_relu", 16, 512),
        Stage("blocks_12_13", "conv_pw_13_relu", 32, 1024),
    ),
    weights=keras_download(
        "mobilenet/mobilenet_1_0_224_tf_no_top.h5", file_hash=None, licence="Apache-2.0", origin=ORIGIN
    ),
    paper="MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications, arXiv 1704.04861",
    application="keras.applications:MobileNet",
)

_MOBILENET_V2 = BackboneSpec(
    name="mobilenetv2",
    title="MobileNetV2",
    family="MobileNetV2",
    num_parameters=2_257_984,
    image_size=(224, 224),
    min_image_size=(32, 32),
    preprocessing=TF,
    stages=(
        Stage("stem", "expanded_conv_project_BN", 2, 16),
        Stage("blocks_1_2", "block_2_add", 4, 24),
        Stage("blocks_3_5", "block_5_add", 8, 32),
        Stage("blocks_6_9", "block_9_add", 16, 64),
        Stage("blocks_10_12", "block_12_add", 16, 96),
        Stage("blocks_13_15", "block_15_add", 32, 160),
        Stage("top", "out_relu", 32, 1280),
    ),
    weights=keras_download(
        "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        file_hash=None,
        licence="Apache-2.0",
        origin=ORIGIN,
    ),
    paper="MobileNetV2: Inverted Residuals and Linear Bottlenecks, arXiv 1801.04381",
    application="keras.applications:MobileNetV2",
)


def _mobilenet_v3(title: str, *, num_parameters: int, stages: tuple[Stage, ...], file_hash: str) -> BackboneSpec:
    size = title.removeprefix("MobileNetV3").lower()
    return BackboneSpec(
        name=title.lower(),
        title=title,
        family="MobileNetV3",
        num_parameters=num_parameters,
        image_size=(224, 224),
        min_image_size=(32, 32),
        preprocessing=INSIDE,
        stages=stages,
        weights=keras_download(
            f"mobilenet_v3/weights_mobilenet_v3_{size}_224_1.0_float_no_top_v2.h5",
            file_hash=file_hash,
            licence="Apache-2.0",
            origin=ORIGIN,
        ),
        paper="Searching for MobileNetV3, arXiv 1905.02244",
        application=f"keras.applications:{title}",
    )


_MOBILENET_V3_SMALL = _mobilenet_v3(
    "MobileNetV3Small",
    num_parameters=939_120,
    stages=(
        Stage("stem", "activation", 2, 16),
        Stage("block_0", "expanded_conv_project_bn", 4, 16),
        Stage("blocks_1_2", "expanded_conv_2_add", 8, 24),
        Stage("blocks_3_5", "expanded_conv_5_add", 16, 40),
        Stage("blocks_6_7", "expanded_conv_7_add", 16, 48),
        Stage("blocks_8_10", "expanded_conv_10_add", 32, 96),
        Stage("top", "activation_17", 32, 576),
    ),
    file_hash="d3e8ec802a04aa4fc771ee12a9a9b836",
)

_MOBILENET_V3_LARGE = _mobilenet_v3(
    "MobileNetV3Large",
    num_parameters=2_996_352,
    stages=(
        Stage("stem", "expanded_conv_add", 2, 16),
        Stage("blocks_1_2", "expanded_conv_2_add", 4, 24),
        Stage("blocks_3_5", "expanded_conv_5_add", 8, 40),
        Stage("blocks_6_9", "expanded_conv_9_add", 16, 80),
        Stage("blocks_10_11", "expanded_conv_11_add", 16, 112),
        Stage("blocks_12_14", "expanded_conv_14_add", 32, 160),
        Stage("top", "activation_19", 32, 960),
    ),
    file_hash="07fb09a5933dd0c8eaafa16978110389",
)

SPECS = (_MOBILENET, _MOBILENET_V2, _MOBILENET_V3_SMALL, _MOBILENET_V3_LARGE)
