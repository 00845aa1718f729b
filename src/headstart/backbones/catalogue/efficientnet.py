"""EfficientNet, version 1: seven stacks of blocks, scaled together in width, depth and image size.

The published weights expect a second division that Keras adds for its own download only; see
`headstart.backbones.preprocessing`.
"""

from headstart.backbones.catalogue.downloads import keras_download
from headstart.backbones.catalogue.preprocessings import EFFICIENTNET
from headstart.backbones.spec import BackboneSpec, Stage

STRIDES = (2, 4, 8, 16, 16, 32, 32)


def _block_stage(block: int, last: str, channels: int) -> Stage:
    """A stack of one block has no shortcut, hence no sum, and ends with its projection."""
    end = "project_bn" if last == "a" else "add"
    return Stage(f"block{block}", f"block{block}{last}_{end}", STRIDES[block - 1], channels)


def _efficientnet(
    title: str, *, num_parameters: int, side: int, last_blocks: str, channels: tuple[int, ...], file_hash: str
) -> BackboneSpec:
    *block_channels, top_channels = channels
    return BackboneSpec(
        name=title.lower(),
        title=title,
        family="EfficientNet",
        num_parameters=num_parameters,
        image_size=(side, side),
        min_image_size=(32, 32),
        preprocessing=EFFICIENTNET,
        stages=(
            *(
                _block_stage(block, last, width)
                for block, (last, width) in enumerate(zip(last_blocks, block_channels, strict=True), start=1)
            ),
            Stage("top", "top_activation", 32, top_channels),
        ),
        weights=keras_download(
            f"https://storage.googleapis.com/keras-applications/{title.lower()}_notop.h5",
            file_hash=file_hash,
            licence="Apache-2.0",
            origin="Google, tensorflow/tpu",
        ),
        paper="EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, arXiv 1905.11946",
        application=f"keras.applications:{title}",
    )


SPECS = (
    _efficientnet(
        "EfficientNetB0",
        num_parameters=4_049_571,
        side=224,
        last_blocks="abbccda",
        channels=(16, 24, 40, 80, 112, 192, 320, 1280),
        file_hash="50bc09e76180e00e4465e1a485ddc09d",
    ),
    _efficientnet(
        "EfficientNetB1",
        num_parameters=6_575_239,
        side=240,
        last_blocks="bccddeb",
        channels=(16, 24, 40, 80, 112, 192, 320, 1280),
        file_hash="74c4e6b3e1f6a1eea24c589628592432",
    ),
    _efficientnet(
        "EfficientNetB2",
        num_parameters=7_768_569,
        side=260,
        last_blocks="bccddeb",
        channels=(16, 24, 48, 88, 120, 208, 352, 1408),
        file_hash="111f8e2ac8aa800a7a99e3239f7bfb39",
    ),
    _efficientnet(
        "EfficientNetB3",
        num_parameters=10_783_535,
        side=300,
        last_blocks="bcceefb",
        channels=(24, 32, 48, 96, 136, 232, 384, 1536),
        file_hash="af6d107764bb5b1abb91932881670226",
    ),
    _efficientnet(
        "EfficientNetB4",
        num_parameters=17_673_823,
        side=380,
        last_blocks="bddffhb",
        channels=(24, 32, 56, 112, 160, 272, 448, 1792),
        file_hash="ebc24e6d6c33eaebbd558eafbeedf1ba",
    ),
    _efficientnet(
        "EfficientNetB5",
        num_parameters=28_513_527,
        side=456,
        last_blocks="ceeggic",
        channels=(24, 40, 64, 128, 176, 304, 512, 2048),
        file_hash="38879255a25d3c92d5e44e04ae6cec6f",
    ),
    _efficientnet(
        "EfficientNetB6",
        num_parameters=40_960_143,
        side=528,
        last_blocks="cffhhkc",
        channels=(32, 40, 72, 144, 200, 344, 576, 2304),
        file_hash="9ecce42647a20130c1f39a5d4cb75743",
    ),
    _efficientnet(
        "EfficientNetB7",
        num_parameters=64_097_687,
        side=600,
        last_blocks="dggjjmd",
        channels=(32, 48, 80, 160, 224, 384, 640, 2560),
        file_hash="cbcfe4450ddf6f3ad90b1b398090fe4a",
    ),
)
