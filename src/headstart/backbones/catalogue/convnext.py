"""ConvNeXt: four stages of depthwise blocks behind a stem of stride 4. It normalises inside."""

from headstart.backbones.catalogue.downloads import keras_download
from headstart.backbones.catalogue.preprocessings import INSIDE
from headstart.backbones.spec import BackboneSpec, Stage


def _convnext(
    size: str, *, num_parameters: int, depths: tuple[int, int, int, int], width: int, file_hash: str
) -> BackboneSpec:
    title = f"ConvNeXt{size}"
    name = f"convnext_{size.lower()}"
    lower_ends = [f"{name}_stage_{stage}_block_{depth - 1}_add" for stage, depth in enumerate(depths[:3])]
    return BackboneSpec(
        name=title.lower(),
        title=title,
        family="ConvNeXt",
        num_parameters=num_parameters,
        image_size=(224, 224),
        min_image_size=(32, 32),
        preprocessing=INSIDE,
        stages=(
            Stage("stem", f"{name}_stem_layernorm", 4, width),
            *(
                Stage(f"stage_{stage}", layer, 4 * 2**stage, width * 2**stage)
                for stage, layer in enumerate([*lower_ends, "layer_normalization"])
            ),
        ),
        weights=keras_download(
            f"convnext/{name}_notop.h5", file_hash=file_hash, licence="MIT", origin="Meta, facebookresearch/ConvNeXt"
        ),
        paper="A ConvNet for the 2020s, arXiv 2201.03545",
        application=f"keras.applications:{title}",
    )


SPECS = (
    _convnext(
        "Tiny",
        num_parameters=27_820_128,
        depths=(3, 3, 9, 3),
        width=96,
        file_hash="d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
    ),
    _convnext(
        "Small",
        num_parameters=49_454_688,
        depths=(3, 3, 27, 3),
        width=96,
        file_hash="6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
    ),
    _convnext(
        "Base",
        num_parameters=87_566_464,
        depths=(3, 3, 27, 3),
        width=128,
        file_hash="40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
    ),
    _convnext(
        "Large",
        num_parameters=196_230_336,
        depths=(3, 3, 27, 3),
        width=192,
        file_hash="96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
    ),
    _convnext(
        "XLarge",
        num_parameters=348_147_968,
        depths=(3, 3, 27, 3),
        width=256,
        file_hash="de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
    ),
)
