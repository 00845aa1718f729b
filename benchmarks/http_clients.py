"""Clients that cost little themselves, so that a measurement on one machine is about the server."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What some clients saw together.

    Attributes:
        statuses: HTTP status, or the name of an exception, → how often.
        seconds: of each request that was answered.
        wall_seconds: of all of them.
    """

    statuses: Counter[int | str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wall_seconds: float = 0.0

    def percentile(self, share: float) -> float:
        """Seconds that this share of the requests stayed below."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def post(path: str, body: bytes, content_type: str) -> bytes:
    """A whole request."""
    lines = ("Host: localhost", f"Content-Type: {content_type}", f"Content-Length: {len(body)}")
    return "\r\n".join((f"POST {path} HTTP/1.1", *lines, "", "")).encode() + body


def form(files: Sequence[tuple[str, bytes]]) -> tuple[bytes, str]:
    """A form with files, and its content type."""
    boundary = "boundary-of-the-form"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, content in files
    ]
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> tuple[int, bytes]:
    """Sends a request and gives the answer's status and body."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
    return int(head[9:12]), await reader.readexactly(length)


async def load(
    port: int, requests: Sequence[bytes], *, num_clients: int, num_requests: int, max_seconds: float
) -> Outcome:
    """Clients that each send the next request as soon as the last is answered.

    Args:
        port: on this machine.
        requests: sent in turn.
        num_clients: at the same time, each on a connection of its own.
        num_requests: of all clients together, at most.
        max_seconds: after which no further request is sent.
    """
    outcome = Outcome()
    started = time.perf_counter()
    numbers = iter(range(num_requests))

    async def client(numbers: Iterator[int]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            if time.perf_counter() - started > max_seconds:
                break
            before = time.perf_counter()
            try:
                status, _ = await exchange(reader, writer, requests[number % len(requests)])
            except (OSError, asyncio.IncompleteReadError) as error:
                outcome.statuses[type(error).__name__] += 1
                break
            outcome.statuses[status] += 1
            outcome.seconds.append(time.perf_counter() - before)
        writer.close()

    await asyncio.gather(*(client(numbers) for _ in range(num_clients)))
    outcome.wall_seconds = time.perf_counter() - started
    return outcome
