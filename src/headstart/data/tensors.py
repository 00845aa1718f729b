"""The name for tensors in annotations."""

from typing import TypeAlias

import keras

# A tensor of Keras' backend while a model runs, a symbolic tensor while it is built. Keras has no types.
Tensor: TypeAlias = keras.KerasTensor
