"""Starting and ending a server."""

import gc
import math
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headstart.errors import AddressError
from headstart.serving.limits import Limits
from headstart.serving.model import ServedModel
from headstart.serving.packages import check_packages

if TYPE_CHECKING:
    from headstart.serving.graceful import GracefulServer

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8000
_FILES_BESIDE_CONNECTIONS = 64  # what a process has open besides, with room to spare
_LAST_PORT = 65535
# Of answers on their way to a client. Left to itself, Linux keeps up to 4 MB for each client that does not read.
_SEND_BUFFER_BYTES = 128 * 1024


@dataclass(frozen=True)
class ServerOptions:
    """Further options of a server.

    Attributes:
        allowed_hosts: names that requests may ask for, beside localhost, 127.0.0.1 and [::1]; with '*' any name.
        access_log: whether every request is written to stderr, as a line of JSON.
    """

    allowed_hosts: tuple[str, ...] = ()
    access_log: bool = False


def serve(
    model: ServedModel,
    *,
    host: str = LOOPBACK,
    port: int = DEFAULT_PORT,
    key: str | None = None,
    limits: Limits | None = None,
    options: ServerOptions = ServerOptions(),
    on_start: Callable[[str], None] = lambda _: None,
) -> None:
    """Serves HTTP until the process is stopped (Ctrl-C, SIGTERM), and then finishes the accepted requests.

    Args:
        model: from `load_model`.
        host: address to listen at. On the usual one only programs on this machine can ask. Requests may ask for it too.
        port: 0 for any that is free.
        key: that requests must contain as `Authorization: Bearer KEY`; None for no key.
        limits: what requests may cost; None for the usual ones.
        options: names of the server, access log.
        on_start: called with the server's address as soon as it accepts requests.

    Raises:
        ExtraMissingError: the packages of `headstart[serve]` are not installed.
        AddressError: the server cannot listen at this address.
    """
    with listening(host, port) as listener:
        options = replace(options, allowed_hosts=(*options.allowed_hosts, host))
        server = build_server(model, listener, key=key, limits=limits, options=options, on_start=on_start)
        gc.freeze()  # what is there now stays: it need not be looked through for garbage again and again
        server.run([listener])


def build_server(
    model: ServedModel,
    listener: socket.socket,
    *,
    key: str | None = None,
    limits: Limits | None = None,
    options: ServerOptions = ServerOptions(),
    on_start: Callable[[str], None] = lambda _: None,
) -> "GracefulServer":
    """A server that is ready to run on a socket; arguments and errors are those of `serve`."""
    check_packages()
    import uvicorn  # noqa: PLC0415  known to be there only now

    from headstart.serving.access_log import AccessLog  # noqa: PLC0415
    from headstart.serving.answered import Answered  # noqa: PLC0415
    from headstart.serving.app import build_app  # noqa: PLC0415
    from headstart.serving.connection import bounded_connection  # noqa: PLC0415
    from headstart.serving.connections import Connections  # noqa: PLC0415
    from headstart.serving.graceful import GracefulServer  # noqa: PLC0415

    limits = _affordable(limits or Limits())
    log = AccessLog() if options.access_log else None
    connections = Connections(limits, log.refused if log else lambda *_: None)
    config = uvicorn.Config(
        Answered(build_app(model, limits, key=key, allowed_hosts=options.allowed_hosts, log=log)),
        http=bounded_connection(connections),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=math.ceil(limits.header_seconds) + 1,  # `Connections` is faster
        timeout_graceful_shutdown=math.ceil(limits.stop_seconds) + 1,  # `GracefulServer` is faster
    )
    return GracefulServer(config, connections, lambda: on_start(_url(listener)))


def _affordable(limits: Limits) -> Limits:
    """No more connections than the system lets this process have open."""
    try:
        import resource  # noqa: PLC0415  not on Windows
    except ImportError:
        return limits
    from headstart.serving.connections import MAX_REFUSED  # noqa: PLC0415

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _FILES_BESIDE_CONNECTIONS - MAX_REFUSED
    return replace(limits, connections=max(1, min(limits.connections, most)))


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket at an address, closed with the block.

    Raises:
        AddressError: as `serve`.
    """
    try:
        if not 0 <= port <= _LAST_PORT:  # which the system would take for another one
            raise OverflowError("there is no such port")
        (family, _, _, _, address), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listener = socket.create_server(address[:2], family=family, backlog=2048)
    except (OSError, OverflowError, UnicodeError) as error:
        raise AddressError(
            f"The server cannot listen on {host}, port {port}.",
            expected="an address of this machine, and a port that no other program uses",
            received=getattr(error, "strerror", None) or str(error),
            hint="Choose another port with --port; 0 selects any free port.",
        ) from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)  # accepted ones have it as well
        yield listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
