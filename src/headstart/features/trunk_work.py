"""How much a trunk computes, and whether rounding it to int8 saves more time than it costs."""

import importlib.util

import keras
import numpy as np

from headstart.features.processor import BFLOAT16_MATRICES, INT8_MATRICES, INT8_VECTORS, instructions

# Multiplications and additions of all rows from which int8 finishes first, the calibration included. Calibrating took
# as long as float32 takes for about 1,000 images of VGG16 at 224 pixels; AMX computes bfloat16 fast as well.
LEAST_WORK = 3e13
LEAST_WORK_WITH_BFLOAT16 = 4e14


def pays_int8(trunk: keras.Model, num_rows: int) -> bool:
    """Whether `openvino-int8` fills a bank of this size first on this machine, by rule.

    Only processors with instructions for int8 products (VNNI or AMX) qualify. There it was 4 to 12 times as fast as
    float32, and the trained models were 0.0 to 0.2 points less accurate (benchmarks/README.md).

    Args:
        trunk: from images to the activations of the bank.
        num_rows: images in all their views.
    """
    has = instructions()
    if INT8_MATRICES not in has and not INT8_VECTORS & has:
        return False
    if keras.distribution.list_devices("gpu") or not all(map(importlib.util.find_spec, ("openvino", "nncf"))):
        return False
    least = LEAST_WORK_WITH_BFLOAT16 if BFLOAT16_MATRICES in has else LEAST_WORK
    return num_rows * operations(trunk) >= least


def operations(model: keras.Model) -> float:
    """Multiplications and additions of all convolutions and dense layers for one image."""
    return float(sum(_operations(layer) for layer in model.layers))


def _operations(layer: keras.Layer) -> int:
    kernels = [variable for variable in layer.weights if variable.name.endswith("kernel")]
    if not kernels:
        return 0
    positions = int(np.prod(layer.output.shape[1:-1], dtype=np.int64))
    return 2 * positions * sum(int(np.prod(kernel.shape, dtype=np.int64)) for kernel in kernels)
