"""A LiteRT file with the network in eight-bit integers, but for the few operations that cannot bear it."""

import gc
import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import qtyping, quantizer

from headstart.artifacts.litert_runtime import LiteRtRuntime
from headstart.artifacts.rounding import expected_changes, fewest_spared
from headstart.artifacts.serving_model import FLOAT_LAYERS, ServingModel
from headstart.artifacts.tensorflow_export import litert_bytes

# An operation whose own rounding moves probabilities so many times as far as that of the median one stays in float32.
# Of MobileNetV2 these are half a dozen narrow convolutions with a few very large weights.
MAX_TIMES_MEDIAN = 3.0
_NUM_PROBES = 32
_KINDS = frozenset(kind.value for kind in qtyping.TFLOperationName)
_INSIDE = rf".*_features_1/(?!({'|'.join(FLOAT_LAYERS)})).*"

Ranges = Mapping[str, Any]


def write_litert_int8(serving: ServingModel, path: Path) -> None:
    """Writes a `.tflite` file for one picture of the model's size, its ranges measured on the calibration pictures."""
    pictures = serving.calibration_pictures
    if pictures is None:
        raise ValueError("Expected pictures to measure ranges on. Received: calibration_pictures=None")
    content = litert_bytes(serving)
    with _silence():
        samples = [{"images": picture[np.newaxis]} for picture in pictures]
        # Every thread has a copy of the model.
        ranges = _quantizer(content, _INSIDE, "*").calibrate(
            {"serving_default": samples}, num_threads=min(4, os.cpu_count() or 1)
        )
        path.write_bytes(_agreeing(content, ranges, pictures, multi_label=serving.multi_label))


def _agreeing(content: bytes, ranges: Ranges, pictures: np.ndarray, *, multi_label: bool) -> bytes:
    """The model in int8, but for as few of the most sensitive operations as its answers allow."""
    shifts = _shifts(content, ranges, pictures[:_NUM_PROBES])
    order = sorted(shifts, key=lambda name: -shifts[name])
    limit = MAX_TIMES_MEDIAN * float(np.median(list(shifts.values())))
    in_float = [name for name in order if shifts[name] > limit]
    others = order[len(in_float) :]
    expected = _probabilities(content, pictures)

    def made(num_spared: int) -> bytes:
        return _with_spared(content, ranges, in_float, others[:num_spared])

    def changes(num_spared: int) -> float:
        return expected_changes(expected, _probabilities(made(num_spared), pictures), multi_label=multi_label)

    return made(fewest_spared(len(others), changes))


def _with_spared(content: bytes, ranges: Ranges, in_float: Sequence[str], weights_only: Sequence[str]) -> bytes:
    """The model in int8, but for operations in float32, and others whose weights alone are rounded."""
    # From the first letter on: the quantiser looks for a pattern anywhere in a name.
    spared = "".join(f"(?!{re.escape(name)};?$)" for name in (*in_float, *weights_only))
    made = _quantizer(content, f"^{spared}{_INSIDE}", "*")
    for name in weights_only:
        made.add_weight_only_config(f"^{re.escape(name)};?$", qtyping.TFLOperationName.ALL_SUPPORTED, num_bits=8)
    return bytes(made.quantize(ranges).quantized_model)


def _shifts(content: bytes, ranges: Ranges, pictures: np.ndarray) -> dict[str, float]:
    """How far each operation, alone in int8, moves the probabilities on average."""
    expected = _probabilities(content, pictures)

    def shift(kind: str, name: str) -> float:
        alone = bytes(_quantizer(content, f"{re.escape(name)};?$", kind).quantize(ranges).quantized_model)
        return float(np.abs(_probabilities(alone, pictures) - expected).mean())

    return {name: shift(kind, name) for kind, name in _operations(content)}


def _probabilities(content: bytes, pictures: np.ndarray) -> np.ndarray:
    gc.collect()  # the quantiser leaves copies of the whole model in cycles
    return LiteRtRuntime(content).run(pictures)[0]


def _operations(content: bytes) -> Iterator[tuple[str, str]]:
    """Kind and name of every operation of the network that can be rounded."""
    interpreter = Interpreter(model_content=content)
    for operation in interpreter._get_ops_details():
        if operation["op_name"] in _KINDS:
            name = interpreter._get_tensor_details(operation["outputs"][0], 0)["name"]
            if re.match(_INSIDE, name):
                yield operation["op_name"], name


def _quantizer(content: bytes, names: str, kind: str) -> quantizer.Quantizer:
    """What rounds the operations of a kind (`*`: all) whose names match a pattern."""
    made = quantizer.Quantizer(content)
    made.add_static_config(names, qtyping.TFLOperationName(kind), activation_num_bits=8, weight_num_bits=8)
    return made


@contextmanager
def _silence() -> Iterator[None]:
    """Without progress bars, sizes and warnings about what is done here on purpose."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        level = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(level)
