"""What surrounds every answer: who may ask, headers that keep a browser careful, and what is counted."""

import asyncio
import hmac
from collections.abc import Collection
from time import perf_counter

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headstart.serving.access_log import AccessLog
from headstart.serving.hosts import allowed_names, host_name, is_same_origin
from headstart.serving.limits import Limits
from headstart.serving.measures import Measures
from headstart.serving.refusals import Refusal

# Answers without a key: they tell nothing but that the server is there. The page asks for the key itself.
OPEN_PATHS = ("/", "/docs", "/healthz", "/readyz", "/openapi.json")
_DRAIN_SECONDS = 2.0
_TIMED_OUT = 408
_CLIENT_GONE = 499  # nginx's number; no client sees it
_MAX_TOLD = 100
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_NO_CONTENT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


class Entrance:
    """Decides whether a request is answered at all.

    Args:
        key: that a request must contain; None allows all requests.
        hosts: names that a request may ask for, beside those of this machine; with '*' any.
    """

    def __init__(self, key: str | None, hosts: Collection[str]) -> None:
        self._key = None if key is None else key.encode()
        self._names = allowed_names(hosts)

    def check(self, scope: Scope) -> None:
        """Lets a request in.

        Raises:
            Refusal: it asks for another name, comes from a page of another origin, or lacks the key.
        """
        host = self._check_host(scope)
        if self._key is not None:
            if scope["path"] not in OPEN_PATHS and not self._bears_key(scope):
                raise Refusal(
                    401,
                    "This server wants a key: send the header 'Authorization: Bearer KEY'.",
                    headers={"WWW-Authenticate": "Bearer"},
                )
            return
        for origin in _values(scope, b"origin"):
            if not is_same_origin(origin, host):
                raise Refusal(
                    403,
                    f"Pages of another origin ('{origin[:_MAX_TOLD]}') may not ask this server. "
                    "Start it with --key-file to answer everybody who has the key.",
                )

    def _check_host(self, scope: Scope) -> str:
        hosts = _values(scope, b"host")
        if not hosts and scope["http_version"] == "1.0":  # which knows no such header, and no browser speaks
            return ""
        if len(hosts) != 1:
            raise Refusal(400, f"A request needs one header 'Host'; received {len(hosts)}.")
        (host,) = hosts
        name = host_name(host)
        if not name:
            raise Refusal(400, f"The header 'Host' holds no name of a host: '{host[:_MAX_TOLD]}'.")
        if self._names is not None and name not in self._names:
            raise Refusal(
                421,
                f"This server does not answer for the host '{name[:_MAX_TOLD]}'. "
                f"Start it with --allowed-host {name[:_MAX_TOLD]} if that is one of its names.",
            )
        return host

    def _bears_key(self, scope: Scope) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, key = given.partition(b" ")
        # Takes as long for a wrong key as for a nearly right one.
        is_right = hmac.compare_digest(key.strip(b" \t"), self._key or b"")
        return scheme.lower() == b"bearer" and is_right


def _values(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for name, value in scope["headers"] if name == wanted]


class Guard:
    """An application that lets in who may ask, and whose every answer is careful, counted and logged.

    Args:
        app: answers.
        entrance: decides who may ask.
        known_paths: counted under their names; all others together, so that nobody can fill the memory with names.
        limits: how much of a refused body is still taken from the line.
        measures: notified of every answer.
        log: notified of every answer; None: nothing is.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        entrance: Entrance,
        known_paths: frozenset[str],
        limits: Limits,
        measures: Measures,
        log: AccessLog | None = None,
    ) -> None:
        self._app = app
        self._entrance = entrance
        self._known_paths = known_paths
        self._limits = limits
        self._measures = measures
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        exchange = _Exchange(scope, receive, send, self._limits.body_bytes)
        try:
            await self._answer(scope, exchange)
        except asyncio.CancelledError:
            exchange.status = _CLIENT_GONE
            raise
        finally:
            seconds = perf_counter() - started
            path = scope["path"] if scope["path"] in self._known_paths else "other"
            self._measures.count_request(path, exchange.status, seconds)
            if self._log is not None:
                self._log.answered(scope, exchange.status, exchange.num_bytes, round(seconds, 6))

    async def _answer(self, scope: Scope, exchange: "_Exchange") -> None:
        try:
            self._entrance.check(scope)
        except Refusal as refusal:
            answer = JSONResponse({"error": refusal.reason}, refusal.status, refusal.headers)
            await answer(scope, exchange.receive, exchange.send)
        else:
            await self._app(scope, exchange.receive, exchange.send)


class _Exchange:
    """One request and its answer, with what is done to both on their way."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, max_drained: int) -> None:
        headers = dict(scope["headers"])
        self._receive, self._send = receive, send
        self._max_drained = max_drained
        self._has_more = b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
        # Such a client waits for a word before it sends its body; an answer is word enough.
        self._holds_back = headers.get(b"expect", b"").lower() == b"100-continue"
        self.status = 500
        self.num_bytes = 0

    async def receive(self) -> Message:
        """The next piece of the body."""
        self._holds_back = False
        message = await self._receive()
        self._has_more = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """A piece of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.status != _TIMED_OUT:
                await self._drain()
            names = {name for name, _ in message["headers"]}
            added = [header for header in (*_HEADERS, _NO_CONTENT) if header[0] not in names]
            if self._has_more:
                added.append((b"connection", b"close"))
            message = {**message, "headers": [*message["headers"], *added]}
        else:
            self.num_bytes += len(message.get("body", b""))
        await self._send(message)

    async def _drain(self) -> None:
        """Takes the rest of a body that nobody reads: a client that is still sending would not see the answer."""
        num_bytes = 0
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while self._has_more and not self._holds_back and num_bytes <= self._max_drained:
                    num_bytes += len((await self.receive()).get("body", b""))
        except TimeoutError:
            return
