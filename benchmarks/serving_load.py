"""Does the server keep up with ONNX Runtime, survive what is wrong, and lose nothing when it ends?

    python benchmarks/serving_load.py [ARTIFACT]

trains MobileNetV2 shortly and exports it, where no artifact is given, starts `headstart serve` on this machine and
prints: seconds to start and resident memory; ONNX Runtime's own speed with several batch sizes beside the speed of the
server at 32 parallel clients; what 10,000 malformed requests did to it; what requests under way got when it was told to
end; and, where the system lets a process open so many files, what 10,000 parallel connections did. Every loop is
bounded in count and time, and nothing leaves this machine.
"""

import argparse
import asyncio
import io
import json
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import uvloop
from PIL import Image

from http_clients import Outcome, exchange, form, load, post
from malformed import malformed_requests

SHARED = Path(os.environ.get("HEADSTART_SHARED", Path(__file__).parents[2] / "shared"))
NUM_CLIENTS = 32
MAX_SECONDS = 30.0
BATCH_SIZES = (1, 2, 4, 8, 16, 32)
PROGRAM = [sys.executable, "-c", "from headstart.cli.app import main; main()"]
# The exported file alone, in a process of its own, on pictures that are decoded already.
BARE = """
import json, sys, time
import numpy as np
import onnxruntime
from headstart.artifacts import read_manifest
from pathlib import Path

folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
manifest = read_manifest(folder)
session = onnxruntime.InferenceSession(str(folder / manifest.files["onnx"].path), providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
rates = {}
for size in map(int, sys.argv[3:]):
    images = np.random.default_rng(0).integers(0, 256, (size, *manifest.image_size, 3), np.uint8)
    session.run(None, {name: images})
    started, used, count = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - started < seconds:
        session.run(None, {name: images})
        count += size
    passed = time.perf_counter() - started
    rates[size] = (count / passed, 1000 * (time.process_time() - used) / count)
print(json.dumps(rates))
"""


class Server:
    """`headstart serve` in a process of its own."""

    def __init__(self, artifact: Path, *words: str) -> None:
        started = time.perf_counter()
        self._process = subprocess.Popen(
            [*PROGRAM, "serve", str(artifact), "--port", "0", *words], stderr=subprocess.PIPE, text=True
        )
        said = self._process.stderr.readline() if self._process.stderr else ""
        self._is_told = False
        self.start_seconds = time.perf_counter() - started
        if not said.startswith("Serving at"):
            raise SystemExit(said + self._process.stderr.read())
        self.address = said.split()[2]
        self.port = int(self.address.rpartition(":")[2])

    @property
    def megabytes(self) -> float:
        """Resident memory."""
        return float(psutil.Process(self._process.pid).memory_info().rss) / 1e6

    @property
    def processor_seconds(self) -> float:
        """That it has used so far, on all cores."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def is_ready(self) -> bool:
        """Whether it says so."""
        with urllib.request.urlopen(self.address + "/readyz", timeout=10) as answer:
            return bool(answer.status == 200)

    def tell_to_end(self) -> None:
        """As Docker and systemd do."""
        self._is_told = True
        self._process.send_signal(signal.SIGTERM)

    def end(self) -> int:
        """Its exit code."""
        if not self._is_told:
            self.tell_to_end()
        return self._process.wait(90)


@contextmanager
def server(artifact: Path, *words: str) -> Iterator[Server]:
    """A server that ends with the block."""
    running = Server(artifact, *words)
    try:
        yield running
    finally:
        running.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifact", type=Path, nargs="?", help="Left out: MobileNetV2, trained for one epoch.")
    parser.add_argument("--pictures", type=Path, default=SHARED / "data" / "trashnet")
    parser.add_argument("--num-requests", type=int, default=3000)
    parser.add_argument("--num-malformed", type=int, default=10_000)
    parser.add_argument("--num-connections", type=int, default=10_000)
    parser.add_argument("--bare-seconds", type=float, default=3.0)
    options = parser.parse_args()
    files = [path.read_bytes() for path in sorted(options.pictures.rglob("*.jpg"))[::13][:64]]
    with tempfile.TemporaryDirectory() as folder:
        artifact = options.artifact or exported(options.pictures, Path(folder) / "run")
        starting(artifact)
        speed(artifact, files, options.num_requests, options.bare_seconds)
        malformed(artifact, files, options.num_malformed)
        ending(artifact, files)
        connections(artifact, options.num_connections)


def exported(pictures: Path, run: Path) -> Path:
    """An ONNX file of MobileNetV2 at 224 pixels; how well it was trained does not matter here."""
    weights = SHARED / "weights" / "mobilenet_v2_notop.weights.h5"
    words = ["--backbone", "mobilenetv2", "--weights", str(weights), "--image-size", "224", "--views", "1"]
    for command in (
        ["train", str(pictures), *words, "--frozen-epochs", "1", "--epochs", "0", "--out", str(run)],
        ["export", str(run), "--to", "onnx"],
    ):
        subprocess.run([*PROGRAM, *command], check=True, stdout=subprocess.DEVNULL)
    return run / "artifact"


def starting(artifact: Path) -> None:
    seconds, megabytes = [], []
    for _ in range(5):
        with server(artifact) as running:
            seconds.append(running.start_seconds)
            megabytes.append(running.megabytes)
    print(
        f"Start: {statistics.median(seconds):.2f} s (limit 2), then {statistics.median(megabytes):.0f} MB (limit 400)\n"
    )


def speed(artifact: Path, files: Sequence[bytes], num_requests: int, bare_seconds: float) -> None:
    with server(artifact) as running:
        size = json.loads(urllib.request.urlopen(running.address + "/v1/metadata").read())["image_size"]
    small = [resized(content, (size[1], size[0])) for content in files]
    forms = [post("/v1/predict", *form([("a.jpg", content) for content in small[i : i + 8]])) for i in range(0, 64, 8)]
    cases = {
        "1 picture a request, of the model's size": ([post("/v1/predict", one, "image/jpeg") for one in small], 1),
        "8 pictures a request, of the model's size": (forms, 8),
        "1 picture a request, as it is on disk": ([post("/v1/predict", one, "image/jpeg") for one in files], 1),
    }
    before = bare(artifact, bare_seconds)
    rows = []
    for name, (requests, pictures) in cases.items():
        with server(artifact) as running:
            send(running.port, requests, 2 * NUM_CLIENTS)
            used = running.processor_seconds
            outcome = send(running.port, requests, num_requests // pictures)
            count = len(outcome.seconds) * pictures
            cost = 1000 * (running.processor_seconds - used) / count
            rows.append((name, outcome, count / outcome.wall_seconds, cost, running.megabytes))
    after = bare(artifact, bare_seconds)
    speeds = {size: max(before[size][0], after[size][0]) for size in before}
    costs = {size: min(before[size][1], after[size][1]) for size in before}
    best = max(speeds, key=lambda size: speeds[size])
    print("| ONNX Runtime as it comes, pictures at a time | pictures a second | processor ms |\n|---|---|---|")
    for number, rate in speeds.items():
        print(f"| {number} | {rate:.0f} | {costs[number]:.1f} |")
    print("\n| 32 clients | pictures a second | of the fastest alone | processor ms | p50 | p99 | not 200 | MB |")
    print("|---|---|---|---|---|---|---|---|")
    for name, outcome, rate, cost, megabytes in rows:
        failed = sum(outcome.statuses.values()) - outcome.statuses[200]
        p50, p99 = (1000 * outcome.percentile(share) for share in (0.5, 0.99))
        print(
            f"| {name} | {rate:.0f} | {100 * rate / speeds[best]:.0f} % | {cost:.1f} "
            f"| {p50:.0f} ms | {p99:.0f} ms | {failed} | {megabytes:.0f} |"
        )
    print(flush=True)


def send(port: int, requests: Sequence[bytes], count: int) -> Outcome:
    clients = load(port, requests, num_clients=NUM_CLIENTS, num_requests=count, max_seconds=MAX_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the loop that costs least
        return runner.run(clients)


def bare(artifact: Path, seconds: float) -> dict[int, tuple[float, float]]:
    """Batch size → pictures a second, and milliseconds of processor time a picture."""
    command = [sys.executable, "-c", BARE, str(artifact), str(seconds), *map(str, BATCH_SIZES)]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    return {int(size): (rate, cost) for size, (rate, cost) in json.loads(finished.stdout).items()}


def resized(content: bytes, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(content)).convert("RGB").resize(size).save(file, "JPEG", quality=90)
    return file.getvalue()


def malformed(artifact: Path, files: Sequence[bytes], count: int) -> None:
    requests = [request.wire for request in malformed_requests(random.Random(0), files[:16], count + count // 10)]
    with server(artifact) as running:
        asyncio.run(send_all(running.port, requests[count:]))  # what it needs once for every kind of mistake
        before = running.megabytes
        statuses = asyncio.run(send_all(running.port, requests[:count]))
        growth = running.megabytes - before
        schemathesis = run_schemathesis(running.address)
        total = running.megabytes - before
        print(f"{sum(statuses.values())} malformed requests: {dict(sorted(statuses.items(), key=str))}")
        print(f"5xx: {sum(n for status, n in statuses.items() if isinstance(status, int) and status >= 500)} (limit 0)")
        print(f"Memory: {growth:+.1f} MB, with schemathesis {total:+.1f} MB (limit 50); ready: {running.is_ready()}")
        print(f"Schemathesis: {schemathesis}\n", flush=True)


async def send_all(port: int, requests: Sequence[bytes]) -> Counter[int | str]:
    """Each request once, over 16 connections that are opened again where the server closes them."""
    statuses: Counter[int | str] = Counter()
    numbers = iter(requests)

    async def client() -> None:
        connection = None
        for request in numbers:
            connection = connection or await asyncio.open_connection("127.0.0.1", port)
            try:
                async with asyncio.timeout(20):
                    status, _ = await exchange(*connection, request)
                statuses[status] += 1
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                statuses[type(error).__name__] += 1
                connection[1].close()
                connection = None

    await asyncio.gather(*(client() for _ in range(16)))
    return statuses


def run_schemathesis(address: str) -> str:
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json", "--seed", "1"]
    command += ["--max-examples", "200", "--phases", "examples,coverage,fuzzing", "--checks", "not_a_server_error"]
    environment = {**os.environ, "NO_COLOR": "1"}
    try:
        with tempfile.TemporaryDirectory() as folder:
            outcome = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=300, cwd=folder, env=environment
            )
    except subprocess.TimeoutExpired:
        return "gave up after 300 s"
    lines = [line.strip() for line in outcome.stdout.splitlines() if "generated" in line]
    return f"exit code {outcome.returncode}, {' '.join(lines)}"


def ending(artifact: Path, files: Sequence[bytes]) -> None:
    """Tells the server to end while 32 clients wait for answers, twenty times: is there one without an answer?"""
    answered, cut, codes = 0, 0, Counter[int]()
    requests = [post("/v1/predict", content, "image/jpeg") for content in files]
    for _ in range(20):
        running = Server(artifact)
        statuses = asyncio.run(end_under_load(running, requests))
        answered += statuses[200]
        cut += sum(statuses.values()) - statuses[200]
        codes[running.end()] += 1
    print(f"Told to end 20 times with {NUM_CLIENTS} requests accepted: {answered} answered, {cut} lost", end="; ")
    print(f"exit codes {dict(codes)}\n", flush=True)


async def end_under_load(running: Server, requests: Sequence[bytes]) -> Counter[int | str]:
    """All requests are sent but for their last byte, so that the server has accepted them when it is told to end."""
    connections = [await asyncio.open_connection("127.0.0.1", running.port) for _ in range(NUM_CLIENTS)]
    for number, (_, writer) in enumerate(connections):
        writer.write(requests[number % len(requests)][:-1])
    for _ in range(200):
        with urllib.request.urlopen(running.address + "/metrics", timeout=10) as answer:
            if f"headstart_waiting_pictures {NUM_CLIENTS}.0" in answer.read().decode():
                break
        await asyncio.sleep(0.02)
    running.tell_to_end()
    statuses: Counter[int | str] = Counter()

    async def finish(number: int) -> None:
        try:
            async with asyncio.timeout(30):
                status, _ = await exchange(*connections[number], requests[number % len(requests)][-1:])
            statuses[status] += 1
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            statuses[type(error).__name__] += 1

    await asyncio.gather(*(finish(number) for number in range(NUM_CLIENTS)))
    return statuses


def connections(artifact: Path, count: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < count + 100:
        print(f"{count} parallel connections: not tried, a process may open {hard} files here")
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with server(artifact) as running:
        before = running.megabytes
        outcomes = asyncio.run(connect_all(running.port, count))
        growth = running.megabytes - before
        time.sleep(1)
        print(
            f"{count} parallel connections: {dict(outcomes)}; {growth:+.1f} MB; afterwards ready: {running.is_ready()}"
        )


async def connect_all(port: int, count: int) -> Counter[str]:
    """Every connection stays open until all have asked for the server's health."""
    outcomes: Counter[str] = Counter()
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    opened: list[asyncio.StreamWriter] = []

    async def client() -> None:
        try:
            async with asyncio.timeout(30):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                opened.append(writer)
                status, _ = await exchange(reader, writer, request)
            outcomes[str(status)] += 1
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            outcomes[type(error).__name__] += 1

    await asyncio.gather(*(client() for _ in range(count)))
    for writer in opened:
        writer.close()
    return outcomes


if __name__ == "__main__":
    main()
