"""NASNet: cells found by search.

Every cell reads the two before it, so between the stem and the last cell no single tensor carries everything: there is
no stage at strides 4, 8 and 16, and NASNet can be unfrozen whole or not at all.
"""

from headstart.backbones.catalogue.downloads import keras_download
from headstart.backbones.catalogue.preprocessings import TF
from headstart.backbones.spec import BackboneSpec, Stage


def _nasnet(title: str, *, num_parameters: int, side: int, stages: tuple[Stage, Stage], file_hash: str) -> BackboneSpec:
    variant = title.removeprefix("NASNet").lower()
    return BackboneSpec(
        name=title.lower(),
        title=title,
        family="NASNet",
        num_parameters=num_parameters,
        image_size=(side, side),
        min_image_size=(32, 32),
        preprocessing=TF,
        stages=stages,
        weights=keras_download(
            f"nasnet/NASNet-{variant}-no-top.h5",
            file_name=f"nasnet_{variant}_no_top.h5",
            file_hash=file_hash,
            licence="Apache-2.0",
            origin="Google, TensorFlow-Slim",
        ),
        paper="Learning Transferable Architectures for Scalable Image Recognition, arXiv 1707.07012",
        application=f"keras.applications:{title}",
    )


SPECS = (
    _nasnet(
        "NASNetMobile",
        num_parameters=4_269_716,
        side=224,
        stages=(Stage("stem", "stem_bn1", 2, 32), Stage("cells", "activation_187", 32, 1056)),
        file_hash="1ed92395b5b598bdda52abe5c0dbfd63",
    ),
    _nasnet(
        "NASNetLarge",
        num_parameters=84_916_818,
        side=331,
        stages=(Stage("stem", "stem_bn1", 2, 96), Stage("cells", "activation_259", 32, 4032)),
        file_hash="d81d89dc07e6e56530c4e77faddd61b5",
    ),
)
