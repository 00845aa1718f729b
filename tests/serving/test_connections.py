"""Clients that let a server wait, or send what it must not keep."""

import http.client
import json
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from headstart.serving import Limits
from headstart.serving.framing import Framing, MalformedError

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
PAGE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def post(content: bytes, *lines: str, kind: str = "image/png") -> bytes:
    head = ["POST /v1/predict HTTP/1.1", "Host: localhost", f"Content-Type: {kind}", *lines]
    return "\r\n".join([*head, "", ""]).encode() + content


@contextmanager
def unread(address: tuple[str, int], request: bytes, *, count: int) -> Iterator[list[socket.socket]]:
    """Connections that ask and read nothing."""
    opened = []
    try:
        for _ in range(count):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.connect(address)
            connection.setblocking(False)
            with suppress(BlockingIOError):
                connection.send(request)
            opened.append(connection)
        yield opened
    finally:
        for connection in opened:
            connection.close()


def seconds_of(ask: Callable[[], object]) -> float:
    before = time.perf_counter()
    ask()
    return time.perf_counter() - before


def is_cut(connection: socket.socket, seconds: float = 5.0) -> bool:
    """Whether the server ends a connection from which nothing is read."""
    for _ in range(int(seconds / 0.05)):
        try:
            connection.send(b" ")
        except BlockingIOError:
            pass
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_a_client_that_reads_nothing_is_cut_and_keeps_nobody_waiting(running, say):
    with running(Limits(write_seconds=0.5)) as address, unread(address, PAGE * 400, count=20) as attackers:
        assert seconds_of(lambda: say(address, LAST)) < 2
        assert all(is_cut(one) for one in attackers)
        assert say(address, LAST).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_reads_slowly_gets_everything(running):
    """More in each second than would count as reading nothing, and less than the whole."""
    with running(Limits(write_seconds=0.6)) as address, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        connection.settimeout(10)
        connection.connect(address)
        connection.sendall(PAGE * 39 + PAGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = bytearray()
        while piece := connection.recv(32 * 1024):
            received += piece
            time.sleep(0.05)
        assert received.count(b"HTTP/1.1 200 OK") == 40
        assert received.count(b"</html>") == 40


@pytest.mark.parametrize("count", [2, 16, 1000])
def test_requests_sent_without_waiting_are_answered_in_order(running, say, png, count):
    content = png()
    picture = post(content, f"Content-Length: {len(content)}")
    with running() as address:
        answers = say(address, (GET + picture) * (count // 2 - 1) + GET + LAST if count < 100 else GET * 999 + LAST)
    statuses = answers.split(b"HTTP/1.1 ")[1:]
    assert len(statuses) == count
    assert all(status.startswith(b"200 ") for status in statuses)
    if count < 100:
        assert [b'"pictures"' in status for status in statuses] == [False, True] * (count // 2 - 1) + [False] * 2


def test_what_a_client_asked_is_dropped_when_it_is_gone(held_model, running, say, png):
    served, gate = held_model
    content = png()
    with running(served=served) as address:
        gate.clear()
        with socket.create_connection(address) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # a reset
            connection.sendall(post(content, f"Content-Length: {len(content)}") * 50)
            until(lambda: b"waiting_pictures 1.0" in say(address, METRICS))
        until(lambda: b"waiting_pictures 0.0" in say(address, METRICS))
        gate.set()
        assert b'path="/v1/predict",status="499"} 1.0' in say(address, METRICS)


METRICS = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(200):
        if is_so():
            return
        time.sleep(0.02)
    pytest.fail("it did not come about")


def test_a_client_that_ends_its_side_after_asking_is_answered(running, png):
    content = png()
    with running() as address:
        for request in (GET, GET * 3, post(content, f"Content-Length: {len(content)}")):
            with socket.create_connection(address, timeout=5) as connection:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
            assert answer.count(b"HTTP/1.1 200 OK") == request.count(b" HTTP/1.1")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS
        (b"SSH-2.0-OpenSSH_9.6\r\n", 400),
        (b"GET / HTTP/1.1\n\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"CONNECT other:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX Y: z\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: local\x00host\r\n\r\n", 400),
        (post(b"", "Content-Length: 5", "Transfer-Encoding: chunked"), 400),
        (post(b"", "Transfer-Encoding: gzip"), 400),
        (post(b"", "Content-Length: 99999999999999999999999999"), 400),
        (b"GET /v1/nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
        (b"GET /v1/predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
        (post(b"x", "Content-Length: 1", "Connection: close", kind="text/plain"), 415),
        (post(b"x", "Content-Length: 1", "Connection: close"), 422),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", 431),
    ],
)
def test_every_refusal_is_json_of_one_shape(running, say, request_, status):
    with running() as address:
        head, _, content = say(address, request_).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"content-type: application/json" in head.lower()
    assert isinstance(json.loads(content)["error"], str)


@pytest.mark.parametrize("wish", ["websocket", "h2c", "TLS/1.0"])
def test_a_wish_for_another_protocol_is_ignored(running, say, png, wish):
    """As `curl --http2` sends it with every request, with or without a body."""
    content = png()
    lines = ("Connection: Upgrade, close", f"Upgrade: {wish}", "Sec-WebSocket-Key: AAAA", "HTTP2-Settings: AA")
    with running() as address:
        assert say(address, post(content, f"Content-Length: {len(content)}", *lines)).startswith(b"HTTP/1.1 200 ")
        assert say(address, LAST.replace(b"close", f"Upgrade, close\r\nUpgrade: {wish}".encode())).endswith(b'"ok"}')


def test_a_chunked_body_without_end_is_given_up(running, say):
    with running(Limits(body_seconds=0.4)) as address:
        assert b" 408 " in say(address, post(b"1\r\nx\r\n", "Transfer-Encoding: chunked"))[:20]


def test_what_follows_a_chunked_body_is_not_taken_for_a_part_of_it(running, say, png):
    content = png()
    body = b"%x;note=1\r\n%b\r\n0\r\nTrailer: x\r\n\r\n" % (len(content), content)
    with running() as address:
        answer = say(address, post(body, "Transfer-Encoding: chunked") + GET * 500)
        assert answer.count(b"HTTP/1.1 200 ") == 1
        assert b'"pictures"' in answer


def test_a_body_is_asked_for_where_the_client_waits_for_that(running, png):
    content = png()
    with running() as address, socket.create_connection(address, timeout=5) as connection:
        head = post(b"", f"Content-Length: {len(content)}", "Expect: 100-continue", "Connection: close")
        connection.sendall(head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(content)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_an_idle_connection_gives_way_where_all_are_taken(running):
    with running(Limits(connections=5, header_seconds=30)) as (host, port):
        idle = [http.client.HTTPConnection(host, port, timeout=5) for _ in range(5)]
        for one in idle:
            one.request("GET", "/healthz")
            one.getresponse().read()
        time.sleep(1.1)
        with urllib.request.urlopen(f"http://{host}:{port}/healthz", timeout=5) as response:
            assert response.status == 200
        for one in idle:
            one.close()


def test_many_clients_at_once_are_all_answered(running, png):
    content, statuses = png(), []
    with running() as address:

        def ask() -> None:
            connection = http.client.HTTPConnection(*address, timeout=20)
            for _ in range(5):
                connection.request("POST", "/v1/predict", content, {"Content-Type": "image/png"})
                response = connection.getresponse()
                response.read()
                statuses.append(response.status)
            connection.close()

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 80


def test_a_body_in_any_pieces_is_the_same_body():
    content = bytes(range(256)) * 3
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (content[:5], content[5:600], content[600:]))
    for size in (1, 2, 3, 7, 50, 10_000):
        request = Framing(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        passed = b""
        wire = chunks + b"0\r\n\r\n"
        for start in range(0, len(wire), size):
            piece, used = request.body(wire[start : start + size])
            assert used == len(wire[start : start + size])
            passed += piece
        assert request.is_whole
        assert not request.has_surplus
        assert read_chunks(passed) == content


def read_chunks(data: bytes) -> bytes:
    content = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        if size == b"0":
            assert data == b"\r\n"
            return content
        content += data[: int(size, 16)]
        assert data[int(size, 16) :][:2] == b"\r\n"
        data = data[int(size, 16) + 2 :]


@pytest.mark.parametrize("body", [b"x\r\n", b"5\r\nhellox", b"-1\r\n", b"\r\n"])
def test_a_body_that_is_not_chunked_as_it_says_is_malformed(body):
    request = Framing(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    with pytest.raises(MalformedError):
        request.body(body)
