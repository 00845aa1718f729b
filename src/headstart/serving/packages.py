"""The packages that a server needs besides Headstart's own: those of the extra `serve`."""

import sys
from importlib.util import find_spec

from headstart.errors import ExtraMissingError

# Module → its package.
NEEDED = {
    "fastapi": "fastapi",
    "httptools": "httptools",
    "onnxruntime": "onnxruntime",
    "prometheus_client": "prometheus-client",
    "python_multipart": "python-multipart",
    "starlette": "starlette",
    "uvicorn": "uvicorn",
    **({} if sys.platform == "win32" else {"uvloop": "uvloop"}),  # a faster event loop, not made for Windows
}


def check_packages() -> None:
    """Raises an error if a required package is missing.

    Raises:
        ExtraMissingError: one is missing; the hint says how to get it.
    """
    missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if missing:
        raise ExtraMissingError(
            "`headstart serve` requires packages that are not installed.",
            expected=", ".join(NEEDED.values()),
            received=f"no {', no '.join(missing)}",
            hint="Run `pip install 'headstart[serve]'`.",
        )
