"""DenseNet: each layer reads all before it. A transition between two blocks halves channels and image.

The activation before a transition is the richest map of its stride; the pooling after it is the smallest place to cut,
with an eighth of the numbers. Both end a stage.
"""

from headstart.backbones.catalogue.downloads import keras_download
from headstart.backbones.catalogue.preprocessings import TORCH
from headstart.backbones.spec import BackboneSpec, Stage


def _densenet(title: str, *, num_parameters: int, channels: tuple[int, int, int, int], file_hash: str) -> BackboneSpec:
    conv2, conv3, conv4, conv5 = channels
    return BackboneSpec(
        name=title.lower(),
        title=title,
        family="DenseNet",
        num_parameters=num_parameters,
        image_size=(224, 224),
        min_image_size=(32, 32),
        preprocessing=TORCH,
        stages=(
            Stage("conv1", "conv1_relu", 2, 64),
            Stage("conv2", "pool2_relu", 4, conv2),
            Stage("pool2", "pool2_pool", 8, conv2 // 2),
            Stage("conv3", "pool3_relu", 8, conv3),
            Stage("pool3", "pool3_pool", 16, conv3 // 2),
            Stage("conv4", "pool4_relu", 16, conv4),
            Stage("pool4", "pool4_pool", 32, conv4 // 2),
            Stage("conv5", "relu", 32, conv5),
        ),
        weights=keras_download(
            f"densenet/{title.lower()}_weights_tf_dim_ordering_tf_kernels_notop.h5",
            file_hash=file_hash,
            licence="BSD-3-Clause",
            origin="Zhuang Liu and Gao Huang",
        ),
        paper="Densely Connected Convolutional Networks, arXiv 1608.06993",
        application=f"keras.applications:{title}",
    )


SPECS = (
    _densenet(
        "DenseNet121",
        num_parameters=7_037_504,
        channels=(256, 512, 1024, 1024),
        file_hash="30ee3e1110167f948a6b9946edeeb738",
    ),
    _densenet(
        "DenseNet169",
        num_parameters=12_642_880,
        channels=(256, 512, 1280, 1664),
        file_hash="b8c4d4c20dd625c148057b9ff1c1176b",
    ),
    _densenet(
        "DenseNet201",
        num_parameters=18_321_984,
        channels=(256, 512, 1792, 1920),
        file_hash="c13680b51ded0fb44dff2d8f86ac8bb1",
    ),
)
