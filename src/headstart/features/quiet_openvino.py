"""OpenVINO and NNCF, kept from reporting their use over the network, and able to convert on every Python."""

import sys
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import openvino


def import_quietly(name: str) -> ModuleType:
    """The module `openvino` or `nncf`.

    Both report every import and every conversion to a server, unless their package for that cannot be found.

    Raises:
        ImportError: it is not installed.
    """
    sys.modules.setdefault("openvino_telemetry", cast(Any, None))
    return import_module(name)


def convert_graph(function: object) -> "openvino.Model":
    """An `openvino.Model` of a traced TensorFlow function (`tf.types.experimental.ConcreteFunction`).

    OpenVINO 2026.4 learns TensorFlow's version by `exec("import tensorflow")` and `exec("del tensorflow")` inside a
    function. Since Python 3.13 each `exec` there has variables of its own (PEP 667), and the second one fails. What it
    wants to know is given to it in another way.
    """
    openvino = import_quietly("openvino")
    reader: Any = import_quietly("openvino.frontend.tensorflow.utils")
    reader.get_environment_setup = lambda *_: {"tensorflow": version("tensorflow")}
    return openvino.convert_model(function)
