"""The files that `keras.applications` fetches for `weights="imagenet", include_top=False`."""

from headstart.backbones.spec import PretrainedWeights

KERAS_APPLICATIONS = "https://storage.googleapis.com/tensorflow/keras-applications"


def keras_download(
    url: str, *, file_hash: str | None, licence: str, origin: str, file_name: str = ""
) -> PretrainedWeights:
    """ImageNet weights at an address of Keras.

    Args:
        url: Address of the file, or its path below `KERAS_APPLICATIONS`.
        file_hash: What Keras checks after the download.
        licence: SPDX identifier of the weights.
        origin: Who released them.
        file_name: Name in Keras' folder of models where it differs from the last part of the address.
    """
    return PretrainedWeights(
        source="imagenet",
        file_name=file_name or url.rsplit("/", maxsplit=1)[-1],
        url=url if url.startswith("https://") else f"{KERAS_APPLICATIONS}/{url}",
        file_hash=file_hash,
        licence=licence,
        origin=origin,
    )
