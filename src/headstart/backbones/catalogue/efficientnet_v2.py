"""EfficientNet, version 2: plain convolutions in the lower stacks. It normalises inside."""

from headstart.backbones.catalogue.downloads import keras_download
from headstart.backbones.catalogue.preprocessings import INSIDE
from headstart.backbones.spec import BackboneSpec, Stage

STRIDES = (2, 4, 8, 16, 16, 32, 32)


def _block_stage(block: int, last: str, channels: int) -> Stage:
    """A stack of one block has no shortcut, hence no sum, and ends with its activation."""
    end = "project_activation" if last == "a" else "add"
    return Stage(f"block{block}", f"block{block}{last}_{end}", STRIDES[block - 1], channels)


def _efficientnet_v2(
    title: str, *, num_parameters: int, side: int, last_blocks: str, channels: tuple[int, ...], file_hash: str
) -> BackboneSpec:
    *block_channels, top_channels = channels
    variant = title.removeprefix("EfficientNetV2").lower()
    return BackboneSpec(
        name=title.lower(),
        title=title,
        family="EfficientNetV2",
        num_parameters=num_parameters,
        image_size=(side, side),
        min_image_size=(32, 32),
        preprocessing=INSIDE,
        stages=(
            *(
                _block_stage(block, last, width)
                for block, (last, width) in enumerate(zip(last_blocks, block_channels, strict=True), start=1)
            ),
            Stage("top", "top_activation", 32, top_channels),
        ),
        weights=keras_download(
            f"efficientnet_v2/efficientnetv2-{variant}_notop.h5",
            file_hash=file_hash,
            licence="Apache-2.0",
            origin="Google, google/automl",
        ),
        paper="EfficientNetV2: Smaller Models and Faster Training, arXiv 2104.00298",
        application=f"keras.applications:{title}",
    )


SPECS = (
    _efficientnet_v2(
        "EfficientNetV2B0",
        num_parameters=5_919_312,
        side=224,
        last_blocks="abbceh",
        channels=(16, 32, 48, 96, 112, 192, 1280),
        file_hash="893217f2bb855e2983157299931e43ff",
    ),
    _efficientnet_v2(
        "EfficientNetV2B1",
        num_parameters=6_931_124,
        side=240,
        last_blocks="bccdfi",
        channels=(16, 32, 48, 96, 112, 192, 1280),
        file_hash="0e80663031ca32d657f9caa404b6ec37",
    ),
    _efficientnet_v2(
        "EfficientNetV2B2",
        num_parameters=8_769_374,
        side=260,
        last_blocks="bccdfj",
        channels=(16, 32, 56, 104, 120, 208, 1408),
        file_hash="1dfe2e7a5d45b6632553a8961ea609eb",
    ),
    _efficientnet_v2(
        "EfficientNetV2B3",
        num_parameters=12_930_622,
        side=300,
        last_blocks="bccegl",
        channels=(16, 40, 56, 112, 136, 232, 1536),
        file_hash="f6abf7b5849ac99a89b50dd3fd532856",
    ),
    _efficientnet_v2(
        "EfficientNetV2S",
        num_parameters=20_331_360,
        side=384,
        last_blocks="bddfio",
        channels=(24, 48, 64, 128, 160, 256, 1280),
        file_hash="af0682fb74e8c54910f2d4393339c070",
    ),
    _efficientnet_v2(
        "EfficientNetV2M",
        num_parameters=53_150_388,
        side=480,
        last_blocks="ceegnre",
        channels=(24, 48, 80, 160, 176, 304, 512, 1280),
        file_hash="1b8dc055df72dde80d614482840fe342",
    ),
    _efficientnet_v2(
        "EfficientNetV2L",
        num_parameters=117_746_848,
        side=480,
        last_blocks="dggjsyg",
        channels=(32, 64, 96, 192, 224, 384, 640, 1280),
        file_hash="b0b66b5c863aef5b46e8608fe1711615",
    ),
)
