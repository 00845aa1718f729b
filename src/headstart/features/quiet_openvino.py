"""OpenVINO and NNCF, kept from reporting their use over the network."""

import sys
from importlib import import_module
from typing import Any, cast


def import_quietly(name: str) -> Any:
    """The module `openvino` or `nncf`.

    Both report every import and every conversion to a server, unless their package for that cannot be found.

    Raises:
        ImportError: it is not installed.
    """
    sys.modules.setdefault("openvino_telemetry", cast(Any, None))
    return import_module(name)
