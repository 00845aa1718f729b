"""One connection: what it may send, keep unread and keep waiting."""

import asyncio
import select
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from headstart.serving.connections import MAX_READ, MAX_REFUSED, Connections
from headstart.serving.framing import END_OF_HEAD, Framing, MalformedError, check_beginning
from headstart.serving.line import Line
from headstart.serving.refusals import raw_refusal

# Under this name a request's state holds its connection, which the application tells when it has answered.
STATE = "headstart_connection"
# Of requests that arrive before the one before is answered: the rest stays in the system's buffers.
_MAX_READ_AHEAD = 16 * 1024
# More is never sent before the client has taken what was.
_MAX_UNSENT = 16 * 1024
# A client that takes less within `Limits.write_seconds` counts as one that does not read.
_LEAST_TAKEN = 16 * 1024
# A connection that is cut while its client is still sending loses the answer; so it stays open a little.
_LINGER_SECONDS = 0.5


class BoundedConnection(asyncio.BufferedProtocol):
    """Passes requests to uvicorn's protocol one by one, and ends a connection that lets the server wait.

    uvicorn waits for the first line of a request for ever, keeps lines of any length, begins every request that a
    client sends without waiting for answers, and keeps answers for a client that never reads them. All this is decided
    here, around its protocol, of which nothing but `asyncio.Protocol` is used.

    Args:
        connections: all of the server.
        options: that uvicorn makes a protocol with.
    """

    def __init__(self, connections: Connections, **options: Any) -> None:
        self._connections = connections
        self._limits = connections.limits
        options["app_state"] = {**options["app_state"], STATE: self}
        self._inner = HttpToolsProtocol(**options)
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._held = bytearray()  # what arrived and was not passed on
        self._num_searched = 0  # of it, without the end of a head
        self._request: Framing | None = None
        self._bytes_beside_body = 0
        self._is_busy = False  # a request was passed on and not answered
        self._is_queued = False  # its next request waits for its turn
        self._is_last = False  # no further request is taken
        self._has_ended = False  # the client sends no more
        self._is_refused = False
        self._is_write_paused = False
        self._is_reading = True
        self._waits_since: float | None = self._loop.time()
        self._unsent_since: float | None = None
        self._num_taken = 0

    # What the event loop calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Lets a connection in, or turns it away."""
        self._transport = transport
        self._line = Line(transport, self._balance_reading)
        transport.set_write_buffer_limits(high=_MAX_UNSENT)
        if len(self._connections.served) < self._limits.connections or self._connections.make_room():
            self._connections.served.add(self)
            self._inner.connection_made(self._line)
        elif len(self._connections.refused) < MAX_REFUSED:
            self._refuse(503, "Too many connections are open.", "Retry-After: 1")
        else:
            transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  asyncio's own name and meaning
        """The buffer to read into, limited to what is accepted now."""
        room = _MAX_READ_AHEAD
        if self._request is not None and not self._request.is_whole:
            missing = self._request.num_missing
            room = MAX_READ if missing is None else min(missing + _MAX_READ_AHEAD, MAX_READ)
        return self._connections.buffer[:room]

    def buffer_updated(self, nbytes: int) -> None:
        """Processes the bytes that arrived."""
        if self._is_refused or self._transport.is_closing():
            return
        if not self._held and not self._is_busy:
            self._waits_since = self._loop.time()
        self._held += self._connections.buffer[:nbytes]
        self._advance()

    def eof_received(self) -> bool:
        """The client sends no more; what it asked is still answered."""
        self._has_ended = True
        if self._is_busy and self._request is not None:
            return self._request.is_whole
        return self._is_write_paused and bool(self._held)

    def pause_writing(self) -> None:
        """The client does not take what was sent."""
        self._is_write_paused = True
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """The client has taken what was sent."""
        self._is_write_paused = False
        self._inner.resume_writing()
        if not self._is_busy:
            self._waits_since = self._loop.time()
        self._queue()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection, and what was asked over it."""
        self._connections.refused.discard(self)
        self._forget(exc)

    # What the application tells.

    @property
    def is_lost(self) -> bool:
        """Whether nobody is there to take an answer."""
        return self not in self._connections.served

    def begin_answer(self, task: "asyncio.Task[None] | None") -> None:
        """A task answers; it is cancelled when the connection is lost."""
        self._task = task

    def end_answer(self) -> None:
        """The task has answered, or failed."""
        self._task = None
        self._loop.call_soon(self._answered)  # when uvicorn has done its part as well

    # What the server tells.

    def seconds_wasted(self) -> float:
        """How long the server has waited for this client, to ask or to take its answer; 0 while it is the other way."""
        waits = [self._unsent_since] if self._unsent_since is not None else []
        if self._waits_since is not None:
            waits.append(self._waits_since)
        return self._loop.time() - min(waits) if waits else 0.0

    def take_turn(self) -> None:
        """Begins the next request, which arrived before the last was answered."""
        self._is_queued = False
        self._advance()

    def check(self) -> None:
        """Ends the connection if it let the server wait for too long."""
        now = self._loop.time()
        if not self._is_reading and self._is_reset():
            self._transport.abort()
            return
        self._check_unsent(now)
        if self._waits_since is None or self._is_write_paused:
            return
        if now - self._waits_since > self._limits.header_seconds:
            self._waits_since = None
            if self._held:
                seconds = self._limits.header_seconds
                self._refuse(408, f"The lines before the body did not arrive within {seconds:g} seconds.")
            else:
                self._transport.close()

    def _is_reset(self) -> bool:
        """Whether the client has cut the connection, which the event loop does not see while it reads nothing."""
        if not hasattr(select, "poll"):  # on Windows
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), 0)  # errors are told unasked
        return bool(poll.poll(0))

    def _check_unsent(self, now: float) -> None:
        num_unsent = self._transport.get_write_buffer_size()
        num_taken = self._line.num_written - num_unsent
        if num_unsent == 0:
            self._unsent_since = None
        elif self._unsent_since is None or num_taken - self._num_taken >= _LEAST_TAKEN:
            self._unsent_since, self._num_taken = now, num_taken
        elif now - self._unsent_since > self._limits.write_seconds:
            self._transport.abort()

    def stop(self) -> None:
        """Takes no further request; what is being answered is."""
        self._is_last = True
        if self._request is None or self._request.is_whole:
            self._held.clear()

    def abort(self) -> None:
        """Ends at once."""
        self._transport.abort()

    def give_way(self) -> None:
        """Ends at once, and counts no more."""
        self._forget(ConnectionAbortedError())
        self._transport.abort()

    # The way of a request.

    def _advance(self) -> None:
        try:
            while self._held and not self._is_refused and not self._transport.is_closing():
                if self._request is not None and not self._request.is_whole:
                    self._pass_body(self._request)
                elif self._is_waiting or not self._pass_head():
                    break
        except MalformedError as error:
            if self._is_busy:  # some application waits for the rest
                self._transport.abort()
            else:
                self._refuse(400, f"The request is malformed: {error}.")
        if (self._is_last or self._has_ended) and not (self._is_waiting or self._is_refused):
            self._transport.close()
        self._balance_reading()

    def _pass_head(self) -> bool:
        """Passes the lines before a body on, once they are complete: whether they are."""
        while self._held[:2] == b"\r\n":  # some clients end a body so; RFC 9112, section 2.2
            del self._held[:2]
        end = self._held.find(END_OF_HEAD, max(0, self._num_searched - len(END_OF_HEAD)))
        is_first_look, self._num_searched = self._num_searched == 0, len(self._held)
        if max(end, 0) > self._limits.header_bytes or (end < 0 and len(self._held) > self._limits.header_bytes):
            self._refuse(431, "The lines before the body are too long.")
            return False
        if self._is_last:
            self._held.clear()
        elif end >= 0:
            self._begin(end + len(END_OF_HEAD))
            return True
        elif is_first_look and self._held:
            check_beginning(bytes(self._held))
        return False

    def _begin(self, length: int) -> None:
        self._request = Framing(bytes(self._held[:length]))
        del self._held[:length]
        self._num_searched = self._bytes_beside_body = 0
        self._waits_since = None
        self._is_busy = True
        self._inner.data_received(self._request.head)

    def _pass_body(self, request: Framing) -> None:
        piece, used = request.body(bytes(self._held))
        del self._held[:used]
        self._is_last |= request.has_surplus
        # What says how long chunks are may be as long as they.
        self._bytes_beside_body += used - 2 * len(piece)
        if self._bytes_beside_body > self._limits.header_bytes:
            self._transport.abort()
        elif piece:
            self._inner.data_received(piece)

    def _answered(self) -> None:
        if self.is_lost:
            return
        self._is_busy = False
        self._waits_since = self._loop.time()
        self._queue()

    @property
    def _is_waiting(self) -> bool:
        """Whether the next request has to wait."""
        return self._is_busy or self._is_write_paused or self._is_queued

    def _queue(self) -> None:
        if not self._held:
            self._advance()
        elif not self._is_waiting:
            self._is_queued = True
            self._connections.queue(self)

    def _balance_reading(self) -> None:
        """Reads on, unless what was read already has to wait."""
        is_inside = self._request is not None and not self._request.is_whole
        has_to_wait = bool(self._held) and not is_inside and self._is_waiting
        reads = self._is_refused or not (has_to_wait or self._line.is_paused)
        if reads != self._is_reading and not self._transport.is_closing():
            self._is_reading = reads
            (self._transport.resume_reading if reads else self._transport.pause_reading)()

    def _forget(self, reason: Exception | None) -> None:
        self._is_last = True
        self._held.clear()
        if self in self._connections.served:
            self._connections.served.remove(self)
            self._inner.connection_lost(reason)
        if self._task is not None:
            self._task.cancel()

    def _refuse(self, status: int, reason: str, *headers: str) -> None:
        """Answers without an application, and closes a little later."""
        if self._transport.is_closing():
            return
        self._is_refused = True
        self._waits_since = None
        self._connections.log(status, self._transport.get_extra_info("peername"))
        self._forget(ConnectionAbortedError())  # without an error uvicorn would close the connection
        self._connections.refused.add(self)
        self._transport.write(raw_refusal(status, reason, *headers))
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._loop.call_later(_LINGER_SECONDS, self._transport.abort)
        self._balance_reading()


def bounded_connection(connections: Connections) -> Any:
    """The factory with which uvicorn makes a connection."""
    return partial(BoundedConnection, connections)
