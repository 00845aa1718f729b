"""oneDNN, the library that computes TensorFlow's layers on a CPU, is switched on (docs/decisions/0029)."""

import os
import sys
import warnings
from importlib import import_module

VARIABLE = "TF_ENABLE_ONEDNN_OPTS"


def switch_on() -> None:
    """Has TensorFlow use oneDNN unless the environment states otherwise; warns where it is too late for that.

    TensorFlow reads the variable when it is imported. Without AVX-512 its default leaves oneDNN out: an epoch of
    fine-tuning takes up to three times as long, and the last bits of features depend on the place in the batch.
    """
    if VARIABLE in os.environ:
        return
    os.environ[VARIABLE] = "1"
    if "tensorflow" in sys.modules and not _is_on():
        message = (
            "TensorFlow or Keras was imported before headstart and computes without oneDNN: training takes up to three "
            "times as long, and other numbers come out. Import headstart first, or set "
            f"{VARIABLE}=1 before Python starts ({VARIABLE}=0 keeps it off without this warning)."
        )
        warnings.warn(message, stacklevel=3)


def _is_on() -> bool:
    """As TensorFlow itself says; a version that cannot be asked counts as on."""
    try:
        return bool(import_module("tensorflow.python.util._pywrap_util_port").IsMklEnabled())
    except (ImportError, AttributeError):
        return True
