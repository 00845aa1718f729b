"""A LiteRT file with the network in eight-bit integers, but for the few operations that cannot bear it."""

import gc
import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import qtyping, quantizer

from headstart.artifacts.litert_runtime import LiteRtRuntime
from headstart.artifacts.rounding import MAX_CHANGED, expected_changes
from headstart.artifacts.serving_model import FLOAT_LAYERS, ServingModel
from headstart.artifacts.tensorflow_export import litert_bytes

# An operation whose own rounding moves probabilities so many times as far as that of the median one stays in float32.
# Of MobileNetV2 these are half a dozen narrow convolutions with a few very large weights.
MAX_TIMES_MEDIAN = 3.0
_NUM_PROBES = 32
_NUM_STEPS = 8
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
    num_spared = sum(shift > limit for shift in shifts.values())
    expected = LiteRtRuntime(content).run(pictures)[0]
    while True:
        # From the first letter on: the quantiser looks for a pattern anywhere in a name.
        spared = "".join(f"(?!{re.escape(name)};?$)" for name in order[:num_spared])
        made = _quantized(content, ranges, f"^{spared}{_INSIDE}", "*")
        changes = expected_changes(expected, LiteRtRuntime(made).run(pictures)[0], multi_label=multi_label)
        if changes <= MAX_CHANGED or num_spared == len(order):
            return made
        num_spared = min(len(order), num_spared + max(1, len(order) // _NUM_STEPS))


def _shifts(content: bytes, ranges: Ranges, pictures: np.ndarray) -> dict[str, float]:
    """How far each operation, alone in int8, moves the probabilities on average."""
    expected = LiteRtRuntime(content).run(pictures)[0]
    return {
        name: _mean_shift(_quantized(content, ranges, f"{re.escape(name)};?$", kind), pictures, expected)
        for kind, name in _operations(content)
    }


def _mean_shift(content: bytes, pictures: np.ndarray, expected: np.ndarray) -> float:
    gc.collect()  # the quantiser leaves copies of the whole model in cycles
    return float(np.abs(LiteRtRuntime(content).run(pictures)[0] - expected).mean())


def _operations(content: bytes) -> Iterator[tuple[str, str]]:
    """Kind and name of every operation of the network that can be rounded."""
    interpreter = Interpreter(model_content=content)
    for operation in interpreter._get_ops_details():
        if operation["op_name"] in _KINDS:
            name = interpreter._get_tensor_details(operation["outputs"][0], 0)["name"]
            if re.match(_INSIDE, name):
                yield operation["op_name"], name


def _quantized(content: bytes, ranges: Ranges, names: str, kind: str) -> bytes:
    return bytes(_quantizer(content, names, kind).quantize(ranges).quantized_model)


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
