"""What a run ran on."""

import os
import platform
from importlib.metadata import version

import keras

PACKAGES = ("headstart", "tensorflow", "keras", "numpy", "pandas", "pillow", "scikit-learn", "imagehash")


def describe_environment() -> dict[str, object]:
    """Versions, machine and devices, as plain values."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "num_cpus": os.cpu_count(),
        "gpus": keras.distribution.list_devices("gpu"),
        "backend": keras.backend.backend(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def dtype_policy() -> str:
    """`mixed_float16` where a GPU is present, else `float32`."""
    return "mixed_float16" if keras.distribution.list_devices("gpu") else "float32"
