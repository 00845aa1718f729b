"""Which file the weights come from."""

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import keras

from headstart.backbones.spec import BackboneSpec
from headstart.errors import WeightsDownloadError, WeightsNotFoundError
from headstart.files import file_sha256

BUILTIN_DIR = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class WeightsRecord:
    """Where weights came from, for the record of a run.

    Args:
        source: `imagenet`, `builtin`, `none` or the path as it was given.
        path: The file they were read from; None for random weights.
        sha256: Its checksum; None for random weights.
    """

    source: str
    path: Path | None
    sha256: str | None


def find_weights(spec: BackboneSpec, weights: str | Path) -> WeightsRecord:
    """The file with the weights asked for, downloaded when that is what was asked.

    Args:
        spec: Facts of the backbone.
        weights: `imagenet`, `builtin`, `none` or the path of a file.

    Raises:
        WeightsNotFoundError: The file does not exist, or the backbone has no weights of that kind.
        WeightsDownloadError: The download failed.
    """
    if str(weights) == "none":
        return WeightsRecord(source="none", path=None, sha256=None)
    path = _KINDS[str(weights)](spec) if str(weights) in _KINDS else _local_file(Path(weights))
    return WeightsRecord(source=str(weights), path=path, sha256=file_sha256(path))


def _local_file(path: Path) -> Path:
    if path.is_file():
        return path
    raise WeightsNotFoundError(
        f"There is no weights file {str(path)!r}.",
        expected="imagenet, builtin, none or the path of a .weights.h5, .h5 or .keras file",
        received="a folder" if path.is_dir() else "a path that does not exist",
        hint="Check the path; a relative path starts at the working directory.",
    )


def _builtin(spec: BackboneSpec) -> Path:
    path = BUILTIN_DIR / spec.weights.file_name
    if spec.weights.source == "builtin" and path.is_file():
        return path
    raise WeightsNotFoundError(
        f"{spec.title} has no built-in weights.",
        expected="imagenet, none or the path of a weights file",
        received="builtin",
        hint="Use the backbone with built-in weights: --backbone vgg19_mini --weights builtin.",
    )


def _imagenet(spec: BackboneSpec) -> Path:
    if spec.weights.source != "imagenet":
        raise WeightsNotFoundError(
            f"There are no ImageNet weights for {spec.title}.",
            expected="builtin, none or the path of a weights file",
            received="imagenet",
            hint=f"Use --backbone {spec.name} --weights builtin.",
        )
    try:
        # Keras reports progress on stdout, which belongs to results.
        with contextlib.redirect_stdout(sys.stderr):
            path = keras.utils.get_file(
                spec.weights.file_name, spec.weights.url, cache_subdir="models", file_hash=spec.weights.file_hash
            )
    except Exception as error:  # Keras raises bare Exception when the address cannot be reached.
        raise _download_error(spec, error) from error
    return Path(path)


def imagenet_path(spec: BackboneSpec) -> Path:
    """Where Keras keeps the ImageNet weights of a backbone once they were downloaded."""
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models" / spec.weights.file_name


def _download_error(spec: BackboneSpec, error: Exception) -> WeightsDownloadError:
    return WeightsDownloadError(
        f"The ImageNet weights of {spec.title} could not be downloaded.",
        expected=f"{spec.weights.url} (about {spec.megabytes:.0f} MB)",
        received=str(error),
        hint=(
            "Download that file on a machine with a connection, then copy it to "
            f"{imagenet_path(spec)} or pass it with --weights FILE. "
            "Without a download, use --backbone vgg19_mini --weights builtin."
        ),
    )


_KINDS = {"imagenet": _imagenet, "builtin": _builtin}
