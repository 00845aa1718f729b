"""Requests that are wrong in many ways: no server may fail over any of them."""

import random
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

NAMES = (
    "../../etc/passwd",
    "C:\\con",
    "<script>alert(1)</script>",
    "a" * 3000,
    "",
    "\r\nX-Evil: 1",
    "ü\u202e.png",
    '"; name="x',
)
TYPES = (
    "image/png",
    "image/jpeg",
    "image/svg+xml",
    "application/octet-stream",
    "application/json",
    "text/html",
    "",
    "image/",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=b",
    "multipart/mixed; boundary=b",
)
QUERIES = (
    "",
    "?coverage=nan",
    "?coverage=-1",
    "?coverage=1e999",
    "?coverage=0.5&coverage=x",
    "?abstain=maybe",
    "?%00=%ff",
    "?" + "x" * 2000,
)
PATHS = ("/v1/predict",) * 12 + (
    "/",
    "/v1",
    "/v1/predict/",
    "/v2/predict",
    "/..%2f..%2fetc/passwd",
    "/metrics",
    "/healthz",
)
METHODS = ("POST",) * 12 + ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")


@dataclass(frozen=True)
class MalformedRequest:
    """One request; all parts are ASCII but the body."""

    method: str
    path: str
    content_type: str
    body: bytes

    @property
    def wire(self) -> bytes:
        """The whole request as it goes over the line."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(self.body)}"]
        if self.content_type:
            lines.append(f"Content-Type: {self.content_type}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def malformed_requests(generator: random.Random, pictures: Sequence[bytes], count: int) -> Iterator[MalformedRequest]:
    """So many requests, made from real pictures by damaging them, their form and what surrounds them."""
    for _ in range(count):
        content = _damaged(generator, generator.choice(pictures))
        kind = generator.choice(TYPES)
        if "boundary=b" in kind or generator.random() < 0.3:
            kind, content = "multipart/form-data; boundary=b", _form(generator, content)
        query = generator.choice(QUERIES) if generator.random() < 0.3 else ""
        yield MalformedRequest(generator.choice(METHODS), generator.choice(PATHS) + query, kind, content)


def _damaged(generator: random.Random, content: bytes) -> bytes:
    damage = generator.choice((_cut, _flipped, _padded, _noise, _bomb, _text, _empty, _swapped))
    return damage(generator, content)


def _cut(generator: random.Random, content: bytes) -> bytes:
    return content[: generator.randrange(len(content))]


def _flipped(generator: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(generator.randint(1, 50)):
        changed[generator.randrange(len(changed))] = generator.randrange(256)
    return bytes(changed)


def _padded(generator: random.Random, content: bytes) -> bytes:
    return content + generator.randbytes(generator.randrange(2000))


def _noise(generator: random.Random, content: bytes) -> bytes:  # noqa: ARG001
    magic = generator.choice(
        (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"II*\0", b"BM", b"RIFF\0\0\0\0WEBP", b"P6 9 9 255\n")
    )
    return magic + generator.randbytes(generator.randrange(3000))


def _bomb(generator: random.Random, content: bytes) -> bytes:  # noqa: ARG001
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    width, height = generator.choice(
        ((10_000, 10_000), (65_535, 65_535), (2**31 - 1, 2**31 - 1), (0, 0), (1, 60_000_000))
    )
    header = struct.pack(">IIBBBBB", width, height, 8, generator.choice((0, 2, 3, 6)), 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(50_000)))
        + chunk(b"IEND", b"")
    )


def _text(generator: random.Random, content: bytes) -> bytes:  # noqa: ARG001
    return generator.choice(
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%!PS-Adobe", b"hello", b'{"a": 1}', b"\0" * 100)
    )


def _empty(generator: random.Random, content: bytes) -> bytes:  # noqa: ARG001
    return b""


def _swapped(generator: random.Random, content: bytes) -> bytes:
    middle = generator.randrange(len(content))
    return content[middle:] + content[:middle]


def _form(generator: random.Random, content: bytes) -> bytes:
    parts = []
    for _ in range(generator.choice((0, 1, 1, 2, 3, 70))):
        name = generator.choice(("files", "files", "files", "file", "", quote("<x>")))
        filename = generator.choice(NAMES)
        head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
        parts.append(head.encode() + content[:3000] + b"\r\n")
    whole = b"".join(parts) + b"--b--\r\n"
    return whole if generator.random() < 0.7 else _damaged(generator, whole)
