"""Under which names a server answers, and for pages of which origin."""

import pytest

from headstart.serving.hosts import host_name, is_same_origin

EVERY_PATH = ("/", "/docs", "/v1/metadata", "/healthz", "/readyz", "/metrics", "/openapi.json", "/nothing")
RAW = {"Content-Type": "image/png"}


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "localhost.", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8000"]
)
def test_names_of_this_machine_are_answered(client, host):
    assert client.get("/v1/metadata", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.7", "[::2]"],
)
@pytest.mark.parametrize("path", EVERY_PATH)
def test_another_name_is_refused_with_the_option_that_allows_it(client, path, host):
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 421
    assert set(response.json()) == {"error"}
    assert "--allowed-host" in response.json()["error"]


def test_a_picture_for_another_name_is_refused_even_with_the_key(client_with, png):
    headers = {**RAW, "Host": "evil.example", "Authorization": "Bearer abc"}
    assert client_with(key="abc").post("/v1/predict", content=png(), headers=headers).status_code == 421


@pytest.mark.parametrize(
    "host",
    ["", ":80", "a b", "localhost/x", "user@localhost", "localhost:x", "[::1", "evil.example\\@localhost", "a#b"],
)
def test_a_host_that_is_no_name_is_refused(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 400


def test_several_hosts_are_refused(running, say):
    with running() as address:
        for hosts, status in ((b"", b"400"), (b"Host: localhost\r\nHost: localhost\r\n", b"400")):
            answer = say(address, b"GET /healthz HTTP/1.1\r\nConnection: close\r\n" + hosts + b"\r\n")
            assert answer.split()[1] == status
            assert b'{"error":' in answer
        assert say(address, b"GET /healthz HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        (("photos.example",), "Photos.Example:8443", 200),
        (("photos.example",), "localhost", 200),
        (("photos.example",), "www.photos.example", 421),
        (("photos.example:8000", "192.168.1.5"), "photos.example", 200),
        (("0.0.0.0",), "0.0.0.0:8000", 200),
        (("::",), "[::]:8000", 200),
        (("fe80::1",), "[fe80::1]", 200),
        (("*",), "whatever.example", 200),
    ],
)
def test_names_can_be_allowed(client_with, allowed, host, status):
    asking = client_with(allowed_hosts=allowed)
    assert asking.get("/v1/metadata", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1:8000", "x", ""],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/predict"), ("GET", "/v1/metadata")])
def test_pages_of_another_origin_get_no_answer(client, png, method, path, origin):
    response = client.request(method, path, content=png(), headers={**RAW, "Origin": origin})
    assert response.status_code == 403
    assert "--key-file" in response.json()["error"]


def test_the_own_page_gets_its_answers(client, png):
    headers = {**RAW, "Host": "localhost:8000", "Origin": "http://localhost:8000"}
    assert client.post("/v1/predict", content=png(), headers=headers).status_code == 200


def test_whoever_has_the_key_may_come_from_any_page(client_with):
    headers = {"Origin": "https://other.example", "Authorization": "Bearer abc"}
    response = client_with(key="abc").get("/v1/metadata", headers=headers)
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("origin", "host", "is_same"),
    [
        ("https://photos.example", "photos.example", True),  # behind a proxy that speaks TLS
        ("https://photos.example", "photos.example:443", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("http://photos.example:80", "PHOTOS.example", True),
        ("https://photos.example", "photos.example:80", False),
        ("file://", "localhost", False),
        ("http://localhost:x", "localhost", False),
    ],
)
def test_an_origin_is_compared_with_the_host(origin, host, is_same):
    assert is_same_origin(origin, host) == is_same


def test_control_characters_are_no_part_of_a_name():
    assert [host_name(f"local{one}host") for one in "\n\r\t\x00 /?"] == [""] * 7
