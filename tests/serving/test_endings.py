"""How a server ends, whatever its clients do, and what it writes of them."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

PROGRAM = [sys.executable, "-c", "from headstart.cli.app import main; main()", "serve"]
STOP_SECONDS = 1.5
PAGE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEAD = b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


class Server:
    """`headstart serve` in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    @property
    def megabytes(self) -> float:
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    def connect(self) -> socket.socket:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", self.port))
        return connection

    def say(self, request: bytes) -> bytes:
        with self.connect() as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def seconds_to_end(self, *signals: signal.Signals) -> float:
        before = time.perf_counter()
        for number in signals:
            self.process.send_signal(number)
            time.sleep(0.1)
        assert self.process.wait(20) == 0
        return time.perf_counter() - before


@pytest.fixture
def start(artifact) -> Iterator[Callable[..., Server]]:
    processes: list[subprocess.Popen[str]] = []

    def go(*words: str) -> Server:
        process = subprocess.Popen([*PROGRAM, str(artifact), "--port", "0", *words], stderr=subprocess.PIPE, text=True)
        processes.append(process)
        line = process.stderr.readline()
        assert line.startswith("Serving at"), line + process.stderr.read()
        return Server(process, int(line.split()[2].rpartition(":")[2]))

    yield go
    for process in processes:
        process.kill()
        process.wait()
        process.stderr.close()


def is_answered(server: Server) -> bool:
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    before = time.perf_counter()
    return server.say(request).startswith(b"HTTP/1.1 200 ") and time.perf_counter() - before < 2


def test_clients_that_ask_much_and_read_nothing_cost_others_nothing(start):
    server = start("--stop-timeout", str(STOP_SECONDS))
    assert is_answered(server)
    before = server.megabytes
    attackers = [server.connect() for _ in range(20)]
    for one in attackers:
        one.setblocking(False)
        one.send(PAGE * 400)
    time.sleep(1)
    assert is_answered(server)
    assert server.megabytes - before < 50
    assert server.seconds_to_end(signal.SIGTERM) < STOP_SECONDS + 2
    for one in attackers:
        one.close()


# What a connection has sent when the server is told to end.
STATES = {
    "nothing": b"",
    "a part of a head": b"POST /v1/predict HT",
    "a head": HEAD + b"Content-Length: 100\r\n\r\n",
    "a head that waits": HEAD + b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n",
    "a part of a body": HEAD + b"Content-Length: 100\r\n\r\n" + bytes(50),
    "a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "answered requests": PAGE * 3,
    "a wish for another protocol": PAGE[:-2] + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "no HTTP": b"\x16\x03\x01",
    "requests without reading": PAGE * 100,
}


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGTERM] * 2, [signal.SIGINT] * 2], ids=str)
def test_a_server_ends_in_time_whatever_its_clients_are_at(start, signals):
    server = start("--stop-timeout", str(STOP_SECONDS))
    connections = [server.connect() for _ in STATES]
    for one, sent in zip(connections, STATES.values(), strict=True):
        one.setblocking(False)
        if sent:
            one.send(sent)
    time.sleep(0.5)
    seconds = server.seconds_to_end(*signals)
    assert seconds < STOP_SECONDS + 2
    if signals == [signal.SIGTERM]:  # bodies that never come are waited for
        assert seconds > STOP_SECONDS / 2
        assert "connections were still open" in server.process.stderr.read()
    for one in connections:
        one.close()


def test_told_twice_to_end_a_server_still_answers_what_it_accepted(start, png):
    server, content = start(), png()
    with server.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(content) + content[:-5])
        time.sleep(0.3)
        ending = threading.Thread(target=server.seconds_to_end, args=[signal.SIGTERM, signal.SIGTERM])
        ending.start()
        time.sleep(0.4)
        connection.sendall(content[-5:])
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    ending.join()
    assert server.process.returncode == 0


def test_every_request_has_a_line_in_the_access_log(start):
    server = start("--access-log")
    lines = (b"GET /v1/%0Anothing?x=%1b[31m&y=1 HTTP/1.1", b"Host: localhost", b"Authorization: Bearer abc")
    answer = server.say(b"\r\n".join((*lines, b"Connection: close", b"", b"")))
    server.say(b"\x16\x03\x01")
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(10) == 0
    text = server.process.stderr.read()
    first, second = (json.loads(line) for line in text.splitlines())
    assert (first["client"], first["method"], first["status"]) == ("127.0.0.1", "GET", 404)
    assert first["path"] == "/v1/\nnothing?x=%1b[31m&y=1"
    assert first["bytes"] == len(answer.partition(b"\r\n\r\n")[2])
    assert 0 <= first["seconds"] < 5
    assert (second["method"], second["path"], second["status"]) == (None, None, 400)
    assert "abc" not in text
    assert text.isascii()


def test_nothing_is_logged_unless_it_is_asked_for(start):
    server = start()
    assert is_answered(server)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(10) == 0
    assert server.process.stderr.read() == ""
