"""An artifact → predictions over HTTP, without TensorFlow.

Names are imported when first used, so that the help of a command does not wait for a web framework.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.serving.app import build_app
    from headstart.serving.hosts import is_host_name
    from headstart.serving.kind import Kind
    from headstart.serving.limits import Limits
    from headstart.serving.model import SERVED_FORMATS, ServedModel, load_model
    from headstart.serving.schemas import Answers, Entry, Metadata, Plain, Question, Size
    from headstart.serving.server import ServerOptions, build_server, listening, serve

_MODULE_OF = {
    "SERVED_FORMATS": "model",
    "Answers": "schemas",
    "Entry": "schemas",
    "Kind": "kind",
    "Limits": "limits",
    "Metadata": "schemas",
    "Plain": "schemas",
    "Question": "schemas",
    "ServedModel": "model",
    "ServerOptions": "server",
    "Size": "schemas",
    "build_app": "app",
    "build_server": "server",
    "is_host_name": "hosts",
    "listening": "server",
    "load_model": "model",
    "serve": "server",
}

__all__ = [
    "SERVED_FORMATS",
    "Answers",
    "Entry",
    "Kind",
    "Limits",
    "Metadata",
    "Plain",
    "Question",
    "ServedModel",
    "ServerOptions",
    "Size",
    "build_app",
    "build_server",
    "is_host_name",
    "listening",
    "load_model",
    "serve",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
