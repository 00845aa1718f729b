"""A LiteRT file with the network in int8, except for the operations that its predictions need in float32."""

import gc
import logging
import math
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import qtyping, quantizer

from headstart.artifacts.int8_share import LITERT_KINDS
from headstart.artifacts.litert_runtime import LiteRtRuntime
from headstart.artifacts.outputs import PROBABILITIES
from headstart.artifacts.rounding import NUM_PROBES, Rounding, fit_rounding
from headstart.artifacts.serving_model import FLOAT_LAYERS, ServingModel, with_shift
from headstart.artifacts.tensorflow_export import litert_bytes

_KINDS = frozenset(kind.value for kind in qtyping.TFLOperationName)
_INSIDE = rf".*_features_1/(?!({'|'.join(FLOAT_LAYERS)})).*"

Ranges = Mapping[str, object]


def write_litert_int8(serving: ServingModel, path: Path) -> None:
    """Writes a `.tflite` file for one image of the model's size, its ranges measured on the calibration images."""
    pictures = serving.calibration_pictures
    if pictures is None:
        raise ValueError("Expected images to measure ranges on. Received: calibration_pictures=None")
    content = litert_bytes(serving)
    with _silence():
        samples = [{"images": picture[np.newaxis]} for picture in pictures]
        # Every thread has a copy of the model.
        ranges = _quantizer(content, _INSIDE, "*").calibrate(
            {"serving_default": samples}, num_threads=min(4, os.cpu_count() or 1)
        )
        path.write_bytes(_agreeing(serving, content, ranges, pictures))


def _agreeing(serving: ServingModel, content: bytes, ranges: Ranges, pictures: np.ndarray) -> bytes:
    """The model in int8, except for the operations that its predictions need in float32."""
    spared, shift = fit_rounding(
        serving,
        _probabilities(content, pictures),
        lambda: list(_roundings(content, ranges, pictures[:NUM_PROBES])),
        lambda spared: _probabilities(_without(content, ranges, spared), pictures),
    )
    return _without(litert_bytes(with_shift(serving, shift)), ranges, spared)


def _without(content: bytes, ranges: Ranges, spared: Sequence[Rounding]) -> bytes:
    """The model in int8, but for operations in float32, and others whose weights alone are rounded."""
    in_float = {each.name for each in spared if each.is_of_weights}
    weights_only = {each.name for each in spared} - in_float
    # From the first letter on: the quantiser looks for a pattern anywhere in a name.
    others = "".join(f"(?!{re.escape(each.name)};?$)" for each in spared)
    made = _quantizer(content, f"^{others}{_INSIDE}", "*")
    for name in sorted(weights_only):
        _round_weights(made, name)
    return bytes(made.quantize(ranges).quantized_model)


def _roundings(content: bytes, ranges: Ranges, pictures: np.ndarray) -> Iterator[Rounding]:
    """Of what every operation is given, and of its weights."""
    expected = _probabilities(content, pictures)

    def harm(made: quantizer.Quantizer) -> float:
        rounded = bytes(made.quantize(ranges).quantized_model)
        return float(np.abs(_probabilities(rounded, pictures) - expected).mean())

    for kind, name, num_weights in _operations(content):
        whole, weights = harm(_quantizer(content, f"^{re.escape(name)};?$", kind)), 0.0
        if num_weights:
            alone = quantizer.Quantizer(content)
            _round_weights(alone, name)
            weights = harm(alone)
            yield Rounding(name, weights, num_weights, is_of_weights=True)
        yield Rounding(name, max(0.0, whole**2 - weights**2) ** 0.5, num_weights, is_of_weights=False)


def _probabilities(content: bytes, pictures: np.ndarray) -> np.ndarray:
    gc.collect()  # the quantiser leaves copies of the whole model in cycles
    return LiteRtRuntime(content, (PROBABILITIES,)).run(pictures)[0]


def _operations(content: bytes) -> Iterator[tuple[str, str, int]]:
    """Kind, name and number of weights of every operation of the network that can be rounded."""
    interpreter = Interpreter(model_content=content)
    for operation in interpreter._get_ops_details():
        kind = operation["op_name"]
        if kind in _KINDS:
            name = interpreter._get_tensor_details(operation["outputs"][0], 0)["name"]
            if re.match(_INSIDE, name):
                weights = operation["inputs"][1:2] if kind in LITERT_KINDS else []
                shapes = [interpreter._get_tensor_details(each, 0)["shape"].tolist() for each in weights]
                yield kind, name, sum(map(math.prod, shapes))


def _quantizer(content: bytes, names: str, kind: str) -> quantizer.Quantizer:
    """What rounds the operations of a kind (`*`: all) whose names match a pattern."""
    made = quantizer.Quantizer(content)
    made.add_static_config(names, qtyping.TFLOperationName(kind), activation_num_bits=8, weight_num_bits=8)
    return made


def _round_weights(made: quantizer.Quantizer, name: str) -> None:
    """Rounds an operation's weights alone."""
    made.add_weight_only_config(f"^{re.escape(name)};?$", qtyping.TFLOperationName.ALL_SUPPORTED, num_bits=8)


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
