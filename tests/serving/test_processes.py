"""The server as a program: how it starts, what it loads, and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from headstart.task_spec import DETECTION, REGRESSION, SEGMENTATION

PROGRAM = [sys.executable, "-c", "from headstart.cli.app import main; main()", "serve"]
# What a server does without, among it everything that Headstart needs to train.
ABSENT = ("tensorflow", "keras", "pandas", "scipy", "sklearn", "matplotlib", "imagehash", "pyarrow", "jinja2", "h5py")
WITHOUT = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""
START_SECONDS = 20  # where other tests run at the same time; alone it takes one


class Process:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def text(self, path: str) -> str:
        with urllib.request.urlopen(self.address + path, timeout=10) as response:
            return response.read().decode()


@pytest.fixture
def start(artifact) -> Iterator[Callable[..., Process]]:
    """Starts `headstart serve`; what is still running at the end is killed."""
    processes: list[subprocess.Popen[str]] = []

    def go(
        *words: str | Path,
        program: list[str] = PROGRAM,
        env: dict[str, str] | None = None,
        folder: Path = artifact,
    ) -> Process:
        process = subprocess.Popen(
            [*program, str(folder), "--port", "0", *map(str, words)],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )
        processes.append(process)
        said = ""
        for line in process.stderr:  # before it, LiteRT tells of itself
            said += line
            if line.startswith("Serving at http://127.0.0.1:"):
                return Process(process, line.split()[2])
        pytest.fail(said)

    yield go
    for process in processes:
        process.kill()
        process.wait()
        process.stderr.close()


def request(content: bytes) -> bytes:
    head = "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def received(connection: socket.socket) -> bytes:
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
    return answer


@pytest.mark.parametrize("name", ["onnx", "litert", "openvino"])
def test_a_server_loads_nothing_of_what_trains(start, artifact, other_files, png, name):
    """Not by chance: the packages are not to be found."""
    program = [sys.executable, "-c", f"{WITHOUT}\nfrom headstart.cli.app import main; main()", "serve"]
    server = start("--format", name, program=program, folder=artifact if name == "onnx" else other_files)
    assert json.loads(server.text("/readyz")) == {"status": "ready"}
    assert json.loads(server.text("/v1/metadata"))["format"] == name
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request(png()))
        assert received(connection).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("kind", [DETECTION, SEGMENTATION, REGRESSION])
def test_a_server_of_any_task_loads_nothing_of_what_trains(start, served, kind):
    program = [sys.executable, "-c", f"{WITHOUT}\nfrom headstart.cli.app import main; main()", "serve"]
    server = start(program=program, folder=served(kind).folder)
    assert json.loads(server.text("/v1/metadata"))["task"] == kind
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request(served(kind).pictures[0].read_bytes()))
        assert received(connection).startswith(b"HTTP/1.1 200 ")
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(10) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_server_that_is_told_to_end_ends_well(start, number):
    server = start()
    server.text("/healthz")
    server.process.send_signal(number)
    assert server.process.wait(10) == 0
    assert server.process.stderr.read() == ""


def test_a_server_that_is_told_to_end_finishes_what_it_accepted(start, png):
    """A request is accepted once its header arrived, even if its body is still on the way."""
    server = start()
    body = request(png())
    connections = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(8)]
    for connection in connections:
        connection.sendall(body[:-20])
    until_counted(server)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert server.process.poll() is None
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)
    for connection in connections:
        connection.sendall(body[-20:])
    for connection in connections:
        with closing(connection):
            assert received(connection).startswith(b"HTTP/1.1 200 ")
    assert server.process.wait(10) == 0


def until_counted(server: Process) -> None:
    """All eight requests have been let in."""
    for _ in range(200):
        if "headstart_waiting_pictures 8.0" in server.text("/metrics"):
            return
        time.sleep(0.02)
    pytest.fail("the requests were not let in")


def test_a_port_that_is_taken_is_told(start, artifact):
    server = start()
    outcome = subprocess.run(
        [*PROGRAM, str(artifact), "--port", str(server.port)], capture_output=True, text=True, check=False, timeout=60
    )
    assert outcome.returncode == 41
    assert "--port" in outcome.stderr


def test_the_key_comes_from_a_file_or_the_environment(start, tmp_path):
    (tmp_path / "key.txt").write_text("abc\n")
    servers = [start("--key-file", tmp_path / "key.txt"), start(env={"HEADSTART_SERVE_KEY": "abc"})]
    for server in servers:
        asked = urllib.request.Request(server.address + "/v1/metadata", headers={"Authorization": "Bearer abc"})
        with urllib.request.urlopen(asked, timeout=10) as response:
            assert response.status == 200
        with pytest.raises(urllib.error.HTTPError, match="401"):
            server.text("/v1/metadata")
