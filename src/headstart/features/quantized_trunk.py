"""A trunk in eight-bit integers, made once and kept."""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

import keras
import numpy as np

from headstart.features.openvino_engine import converted, load_extra, load_openvino, read_model
from headstart.features.trunk_key import trunk_hash
from headstart.files import Hashes, Schema, UnusableFileError, file_sha256, read_json, whole_folder, write_json

if TYPE_CHECKING:
    import openvino

FORMAT_VERSION = 1
FACTS_FILE, MODEL_FILE, WEIGHTS_FILE = "facts.json", "model.xml", "model.bin"


class _Facts(Schema):
    """The facts that a kept model is compared with."""

    format_version: Literal[1]
    sha256: Hashes


# Between 16 and 300 images the error of MobileNetV2 and VGG19Mini moved by a tenth of itself; the time grows with
# them.
NUM_CALIBRATION_PICTURES = 32


def quantized_model(
    trunk: keras.Model, calibration: Callable[[], np.ndarray], cache_dir: Path | None
) -> "tuple[openvino.Model, dict[str, object]]":
    """The trunk with weights and activations in int8, and what decides its numbers.

    What is in the trunk but no layer with weights, such as the normalisation of the image, stays in float32.

    Args:
        trunk: functional model.
        calibration: gives images `(n, height, width, 3)` RGB 0-255.
        cache_dir: where the model is kept. One whose files were changed is made anew.

    Returns:
        An `openvino.Model` for one image at a time, and plain values for `Engine.facts`.

    Raises:
        ExtraMissingError: OpenVINO or NNCF is not installed.
    """
    openvino, nncf = load_openvino(), load_extra("nncf")
    pictures = np.asarray(calibration()[:NUM_CALIBRATION_PICTURES], "float32")
    facts = {
        "openvino": openvino.__version__,
        "nncf": nncf.__version__,
        "precision": "int8",
        "calibration_sha256": hashlib.sha256(str(pictures.shape).encode() + pictures.tobytes()).hexdigest(),
    }
    with TemporaryDirectory() as passing:
        folder = (cache_dir or Path(passing)) / f"int8-{_key(trunk, facts)}"
        if not _is_whole(folder):
            shutil.rmtree(folder, ignore_errors=True)
            model = _quantize(trunk, pictures)
            with suppress(FileExistsError):  # another process was faster
                _write(folder, model, facts)
        return read_model(folder / MODEL_FILE), facts


def _key(trunk: keras.Model, facts: dict[str, object]) -> str:
    everything = {"format_version": FORMAT_VERSION, "trunk": trunk_hash(trunk), **facts}
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()[:20]


def _quantize(trunk: keras.Model, pictures: np.ndarray) -> "openvino.Model":
    nncf = load_extra("nncf")
    nncf.set_log_level(logging.ERROR)
    dataset = nncf.Dataset([picture[np.newaxis] for picture in pictures])
    with redirect_stdout(StringIO()):  # progress bars, which nothing else turns off
        return nncf.quantize(
            converted(trunk),
            dataset,
            subset_size=len(pictures),
            target_device=nncf.TargetDevice.CPU,
            # The thorough correction halved the error of VGG19Mini for half a second more; MobileNetV2 did not mind.
            fast_bias_correction=False,
        )


def _write(folder: Path, model: "openvino.Model", facts: dict[str, object]) -> None:
    """Puts the model into a folder that is complete or absent."""
    with whole_folder(folder) as partial:
        load_openvino().serialize(model, str(partial / MODEL_FILE), str(partial / WEIGHTS_FILE))
        hashes = {name: file_sha256(partial / name) for name in (MODEL_FILE, WEIGHTS_FILE)}
        content = {"format_version": FORMAT_VERSION, **facts, "sha256": hashes}
        write_json(partial / FACTS_FILE, content)


def _is_whole(folder: Path) -> bool:
    try:
        hashes = read_json(folder / FACTS_FILE, _Facts).sha256
        return all(file_sha256(folder / name) == hashes.get(name) for name in (MODEL_FILE, WEIGHTS_FILE))
    except (OSError, UnusableFileError):
        return False
