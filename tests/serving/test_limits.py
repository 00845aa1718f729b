"""What one request may cost, and all together."""

import http.client
import socket
import struct
import threading
import time
import zlib
from contextlib import suppress

import pytest
from PIL import Image

from headstart.errors import RecipeError
from headstart.serving import Limits

RAW = {"Content-Type": "image/png"}
METRICS = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def head(length: int | None = None, *more: str) -> bytes:
    """The lines before a body."""
    lines = ["POST /v1/predict HTTP/1.1", "Host: localhost", "Content-Type: image/png", "Connection: close", *more]
    lines += ["Transfer-Encoding: chunked"] if length is None else [f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(100_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_a_body_that_says_that_it_is_too_large_is_refused_before_it_is_read(running, say):
    with running(Limits(body_bytes=1000)) as address:
        before = time.perf_counter()
        answer = say(address, head(10**12))
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert time.perf_counter() - before < 5


def test_a_body_of_unknown_length_is_refused_as_soon_as_it_is_too_large(running, say):
    piece = b"100\r\n" + bytes(256) + b"\r\n"
    with running(Limits(body_bytes=1000)) as address:
        assert say(address, head(), piece * 4, b"0\r\n\r\n").startswith(b"HTTP/1.1 413 ")


def test_a_body_whose_length_is_a_lie_is_refused(running, say):
    with running() as address:
        assert say(address, head(5), b"12345678").startswith(b"HTTP/1.1 4")
        for line in (b"Content-Length: -5", b"Content-Length: 1e3", b"Content-Length: 5\r\nContent-Length: 6"):
            request = head(0).replace(b"Content-Length: 0", line)
            assert say(address, request).startswith(b"HTTP/1.1 400 ")


def test_a_refused_client_that_sends_its_whole_body_first_still_sees_why(running, say):
    with running(Limits(body_bytes=1 << 20)) as address:
        assert say(address, head((1 << 20) + 1), bytes((1 << 20) + 1)).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (65_000, 65_000), (2**31 - 1, 1)])
def test_a_picture_with_too_many_pixels_is_refused_by_its_header(client, width, height):
    before = time.perf_counter()
    response = client.post("/v1/predict", content=bomb(width, height), headers=RAW)
    assert response.status_code == 422
    assert time.perf_counter() - before < 1


def test_the_limit_of_pixels_holds_to_the_pixel(client_with, encode):
    asking = client_with(Limits(pixels=100 * 100))
    fits, too_large = (encode(Image.new("RGB", size)) for size in ((100, 100), (101, 100)))
    assert asking.post("/v1/predict", content=fits, headers=RAW).status_code == 200
    refused = asking.post("/v1/predict", content=too_large, headers=RAW)
    assert refused.status_code == 422
    assert "at most 0.01" in refused.json()["pictures"][0]["error"]


def test_a_form_with_too_many_pictures_is_refused(client_with, png):
    asking = client_with(Limits(pictures=2))
    files = [("files", ("a.png", png()))]
    assert asking.post("/v1/predict", files=files * 2).status_code == 200
    assert asking.post("/v1/predict", files=files * 3).status_code == 413


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "image/png"),
        (b"--b\r\n", "multipart/form-data"),
        (b"--b\r\n", "multipart/form-data; boundary="),
        (b"no boundary at all", "multipart/form-data; boundary=b"),
        (b'--b\r\nContent-Disposition: form-data; name="files"\r\n\r\ncut off', "multipart/form-data; boundary=b"),
        (b"--b--\r\n", "multipart/form-data; boundary=b"),
        (
            b'--b\r\nContent-Disposition: form-data; name="picture"\r\n\r\nx\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
        (b"--b\r\n" + b"X: y\r\n" * 1000 + b"\r\n--b--\r\n", "multipart/form-data; boundary=b"),
        (b"--b\r\n" + b"X" * 100_000 + b": y\r\n\r\n\r\n--b--\r\n", "multipart/form-data; boundary=b"),
        (b"x", "multipart/form-data; boundary=" + "b" * 5000),
    ],
)
def test_a_malformed_form_is_refused(client, body, kind):
    response = client.post("/v1/predict", content=body, headers={"Content-Type": kind})
    assert response.status_code == 400
    assert response.json()["error"]


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "", "picture", "application/x-www-form-urlencoded"])
def test_a_body_that_is_no_picture_by_its_type_is_refused(client, png, kind):
    response = client.post("/v1/predict", content=png(), headers={"Content-Type": kind})
    assert response.status_code == 415
    assert "image/*" in response.headers["accept"]


def test_a_full_queue_refuses_at_once_and_recovers(held_model, running, say, png):
    served, gate = held_model
    content = png()
    request = head(len(content)) + content
    with running(Limits(waiting_pictures=2, pictures=2), served=served) as address:
        gate.clear()
        answers: list[bytes] = []
        threads = [threading.Thread(target=lambda: answers.append(say(address, request))) for _ in range(2)]
        for thread in threads:
            thread.start()
        until(lambda: say(address, METRICS), lambda text: b"headstart_waiting_pictures 2.0" in text)
        refused = say(address, request)
        assert refused.startswith(b"HTTP/1.1 429 ")
        assert b"retry-after: 1\r\n" in refused.lower()
        gate.set()
        for thread in threads:
            thread.join(10)
        assert [answer[:13] for answer in answers] == [b"HTTP/1.1 200 "] * 2
        assert say(address, request).startswith(b"HTTP/1.1 200 ")


def until(act, is_done):
    """What `act` gives once it is as expected."""
    for _ in range(100):
        result = act()
        if is_done(result):
            return result
        time.sleep(0.02)
    pytest.fail(f"it stays {result!r}")


def test_bodies_in_memory_are_limited_together(running, say):
    with running(Limits(body_bytes=1000, waiting_bytes=1000)) as address, socket.create_connection(address) as slow:
        slow.sendall(head(900) + bytes(800))
        time.sleep(0.3)
        assert say(address, head(900) + bytes(900)).startswith(b"HTTP/1.1 429 ")


def test_an_answer_that_takes_too_long_is_given_up(held_model, running, say, png):
    served, gate = held_model
    content = png()
    with running(Limits(answer_seconds=0.3), served=served) as address:
        gate.clear()
        answer = say(address, head(len(content)) + content)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after" in answer.lower()
        gate.set()
        assert until(lambda: say(address, head(len(content)) + content), lambda text: b" 200 " in text[:20])


def test_a_client_that_sends_its_body_too_slowly_is_given_up(running, say):
    with running(Limits(body_seconds=0.3)) as address:
        assert say(address, head(100), b"12").startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("start", [b"", b"POST /v1/pre", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_a_connection_that_never_asks_is_closed(running, say, start):
    with running(Limits(header_seconds=0.3)) as address:
        before = time.perf_counter()
        answer = say(address, start)
        assert time.perf_counter() - before < 3
        assert answer.startswith(b"HTTP/1.1 408 ") if start else answer == b""


@pytest.mark.parametrize(
    "start",
    [
        b"GET /" + b"x" * 2_000_000,
        b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 2_000_000,
        b"GET / HTTP/1.1\r\n" + b"x" * 2_000_000,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 400_000,
    ],
)
def test_lines_before_a_body_are_limited(running, say, start):
    with running() as address:
        assert say(address, *(start[i : i + 10_000] for i in range(0, len(start), 10_000))).startswith(b"HTTP/1.1 431 ")


def test_lines_after_a_body_are_limited(running, say, png):
    content = png()
    body = b"%x\r\n" % len(content) + content + b"\r\n0\r\n"
    lines = [b"X: y\r\n" * 1000] * 400
    with running() as address:
        assert say(address, head(), body, *lines[:5], b"\r\n").startswith(b"HTTP/1.1 200 ")
        with suppress(ConnectionError):
            assert say(address, head(), body, *lines, b"\r\n") == b""


def test_a_body_may_come_in_pieces_as_small_as_what_announces_them(running, say, encode):
    content = encode(Image.effect_noise((300, 300), 90).convert("RGB"))
    pieces = [b"8\r\n" + content[i : i + 8] + b"\r\n" for i in range(0, len(content) // 8 * 8, 8)]
    rest = content[len(content) // 8 * 8 :]
    last = (b"%x\r\n" % len(rest) + rest + b"\r\n" if rest else b"") + b"0\r\n\r\n"
    assert len(content) > 2 * Limits().header_bytes
    with running() as address:
        assert say(address, head(), b"".join(pieces), last).startswith(b"HTTP/1.1 200 ")


def test_a_connection_that_goes_on_asking_stays_open(running):
    with running(Limits(header_seconds=0.4)) as address:
        connection = http.client.HTTPConnection(*address, timeout=5)
        for _ in range(4):
            connection.request("GET", "/healthz")
            assert connection.getresponse().read() == b'{"status":"ok"}'
            first = connection.sock
            time.sleep(0.2)
        assert connection.sock is first
        connection.close()


def test_silent_connections_do_not_shut_out_others(running, say):
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with running(Limits(connections=20, header_seconds=1.5)) as address:
        silent = [socket.create_connection(address) for _ in range(30)]
        try:
            assert until(lambda: answer_or_reset(say, address, request), lambda answer: b" 503 " in answer[:20])
            assert until(lambda: answer_or_reset(say, address, request), lambda answer: b" 200 " in answer[:20])
        finally:
            for connection in silent:
                connection.close()


def answer_or_reset(say, address, request):
    try:
        return say(address, request)
    except ConnectionError:
        return b""


@pytest.mark.parametrize(
    "values",
    [
        {"body_bytes": 0},
        {"pixels": -1},
        {"pictures": 300},
        {"answer_seconds": 0.0},
        {"waiting_bytes": 5},
        {"batch_wait_seconds": -0.1},
    ],
)
def test_impossible_limits_are_refused(values):
    with pytest.raises(RecipeError, match=next(iter(values)) if "pictures" not in values else "waiting_pictures"):
        Limits(**values)
