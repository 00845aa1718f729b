"""Keras and TensorFlow, loaded without what they say about themselves."""

import importlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from headstart.cli.surroundings import Surroundings

_STDERR = 2
# Real failures come as Python exceptions. One level lower, TensorFlow calls it an error that there is no GPU.
_FATAL_ONLY = "3"


def load_keras(surroundings: Surroundings) -> None:
    """Imports Keras with its backend; what goes wrong is shown, what TensorFlow tells about the machine is not."""
    if "keras" not in sys.modules:
        _import_keras(surroundings)
    import keras  # noqa: PLC0415  takes seconds, and only now it is known to be needed

    keras.config.disable_interactive_logging()  # which would move the cursor in a log and among the bars


def _import_keras(surroundings: Surroundings) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", _FATAL_ONLY)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    surroundings.stderr.print("Starting TensorFlow ...", style="dim")
    with _stderr_held_back():
        importlib.import_module("keras")
    for name in ("absl", "tensorflow"):  # the second complains of several networks in one process
        logging.getLogger(name).setLevel(logging.ERROR)


def _passing_file() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError:  # no folder for temporary files: what TensorFlow tells is lost
        return Path(os.devnull).open("w+b")


@contextmanager
def _stderr_held_back() -> Iterator[None]:
    """Keeps what the block writes to stderr, native code included, and writes it only if the block fails.

    TensorFlow's first lines come before it reads the level that it was given, so that nothing else stops them.
    """
    try:
        kept = os.dup(_STDERR)
    except OSError:  # started without a stderr: nothing to hold back
        yield
        return
    with _passing_file() as held:
        sys.stderr.flush()
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        except Exception:
            held.seek(0)
            with suppress(OSError):
                os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
