"""An artifact → answers over HTTP, without TensorFlow.

Names are imported when first used, so that the help of a command does not wait for a web framework.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headstart.serving.app import build_app
    from headstart.serving.limits import Limits
    from headstart.serving.model import SERVED_FORMATS, ServedModel, load_model
    from headstart.serving.server import build_server, listening, serve

_MODULE_OF = {
    "SERVED_FORMATS": "model",
    "Limits": "limits",
    "ServedModel": "model",
    "build_app": "app",
    "build_server": "server",
    "listening": "server",
    "load_model": "model",
    "serve": "server",
}

__all__ = ["SERVED_FORMATS", "Limits", "ServedModel", "build_app", "build_server", "listening", "load_model", "serve"]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
