"""VGG: sixteen or nineteen layers, every block ends in a pooling that halves the image."""

from headstart.backbones.catalogue.downloads import keras_download
from headstart.backbones.catalogue.preprocessings import CAFFE
from headstart.backbones.spec import BackboneSpec, PretrainedWeights, Stage

PAPER = "Very Deep Convolutional Networks for Large-Scale Image Recognition, arXiv 1409.1556"


def _stages(*channels: int) -> tuple[Stage, ...]:
    return tuple(
        Stage(name=f"block{block}", layer=f"block{block}_pool", stride=2**block, channels=width)
        for block, width in enumerate(channels, start=1)
    )


def _vgg(title: str, *, num_parameters: int, file_hash: str) -> BackboneSpec:
    name = title.lower()
    return BackboneSpec(
        name=name,
        title=title,
        family="VGG",
        num_parameters=num_parameters,
        image_size=(224, 224),
        min_image_size=(32, 32),
        preprocessing=CAFFE,
        stages=_stages(64, 128, 256, 512, 512),
        weights=keras_download(
            f"{name}/{name}_weights_tf_dim_ordering_tf_kernels_notop.h5",
            file_hash=file_hash,
            licence="CC-BY-4.0",
            origin="Visual Geometry Group, Oxford",
        ),
        paper=PAPER,
        application=f"keras.applications:{title}",
    )


_VGG19_MINI = BackboneSpec(
    name="vgg19_mini",
    title="VGG19Mini",
    family="VGG",
    num_parameters=1_252_880,
    image_size=(128, 128),
    min_image_size=(32, 32),
    preprocessing=CAFFE,
    stages=_stages(16, 32, 64, 128, 128),
    weights=PretrainedWeights(
        source="builtin",
        file_name="vgg19_mini_notop.weights.h5",
        url="",
        file_hash=None,
        licence="Apache-2.0",
        origin="Headstart, distilled by tools/pretrain_vgg19_mini.py",
    ),
    paper=PAPER,
    application="headstart.backbones.vgg19_mini:VGG19Mini",
)

SPECS = (
    _vgg("VGG16", num_parameters=14_714_688, file_hash="6d6bbae143d832006294945121d1f1fc"),
    _vgg("VGG19", num_parameters=20_024_384, file_hash="253f8cb515780f3b799900260a226db6"),
    _VGG19_MINI,
)
