"""ResNet: residual blocks in four stacks, versions 1 and 2.

Version 1 strides in the first block of a stack, Keras' version 2 in the last. A stage ends with the last block before
the stride: in version 2 one block earlier than the stack of the same name.
"""

from headstart.backbones.catalogue.downloads import keras_download
from headstart.backbones.catalogue.preprocessings import CAFFE, TF
from headstart.backbones.spec import BackboneSpec, Stage

# Channels where the strides are 4, 8, 16 and 32.
CHANNELS = (256, 512, 1024, 2048)


def _resnet(title: str, *, num_parameters: int, blocks: tuple[int, int, int, int], file_hash: str) -> BackboneSpec:
    stacks = zip((2, 3, 4, 5), blocks, (4, 8, 16, 32), CHANNELS, strict=True)
    return BackboneSpec(
        name=title.lower(),
        title=title,
        family="ResNet",
        num_parameters=num_parameters,
        image_size=(224, 224),
        min_image_size=(32, 32),
        preprocessing=CAFFE,
        stages=(
            Stage("conv1", "conv1_relu", 2, 64),
            *(
                Stage(f"conv{stack}", f"conv{stack}_block{last}_out", stride, channels)
                for stack, last, stride, channels in stacks
            ),
        ),
        weights=keras_download(
            f"resnet/{title.lower()}_weights_tf_dim_ordering_tf_kernels_notop.h5",
            file_hash=file_hash,
            licence="MIT",
            origin="Kaiming He and others",
        ),
        paper="Deep Residual Learning for Image Recognition, arXiv 1512.03385",
        application=f"keras.applications:{title}",
    )


def _resnet_v2(title: str, *, num_parameters: int, blocks: tuple[int, int, int], file_hash: str) -> BackboneSpec:
    stacks = zip((2, 3, 4), blocks, (4, 8, 16), CHANNELS[:3], strict=True)
    return BackboneSpec(
        name=title.lower(),
        title=title,
        family="ResNetV2",
        num_parameters=num_parameters,
        image_size=(224, 224),
        min_image_size=(32, 32),
        preprocessing=TF,
        stages=(
            Stage("conv1", "conv1_conv", 2, 64),
            *(
                Stage(f"conv{stack}", f"conv{stack}_block{last - 1}_out", stride, channels)
                for stack, last, stride, channels in stacks
            ),
            Stage("conv5", "post_relu", 32, CHANNELS[3]),
        ),
        weights=keras_download(
            f"resnet/{title.lower()}_weights_tf_dim_ordering_tf_kernels_notop.h5",
            file_hash=file_hash,
            licence="BSD-3-Clause",
            origin="Facebook, fb.resnet.torch",
        ),
        paper="Identity Mappings in Deep Residual Networks, arXiv 1603.05027",
        application=f"keras.applications:{title}",
    )


SPECS = (
    _resnet("ResNet50", num_parameters=23_587_712, blocks=(3, 4, 6, 3), file_hash="4d473c1dd8becc155b73f8504c6f6626"),
    _resnet("ResNet101", num_parameters=42_658_176, blocks=(3, 4, 23, 3), file_hash="88cf7a10940856eca736dc7b7e228a21"),
    _resnet("ResNet152", num_parameters=58_370_944, blocks=(3, 8, 36, 3), file_hash="ee4c566cf9a93f14d82f913c2dc6dd0c"),
    _resnet_v2("ResNet50V2", num_parameters=23_564_800, blocks=(3, 4, 6), file_hash="fac2f116257151a9d068a22e544a4917"),
    _resnet_v2(
        "ResNet101V2", num_parameters=42_626_560, blocks=(3, 4, 23), file_hash="c0ed64b8031c3730f411d2eb4eea35b5"
    ),
    _resnet_v2(
        "ResNet152V2", num_parameters=58_331_648, blocks=(3, 8, 36), file_hash="ed17cf2e0169df9d443503ef94b23b33"
    ),
)
