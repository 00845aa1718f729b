"""Who is let in, what browsers may do with an answer, and what is counted."""

import pytest

from headstart.serving import Limits

KEY = "a key that nobody guesses"
LOCKED = [("POST", "/v1/predict"), ("GET", "/v1/metadata"), ("GET", "/metrics")]
OPEN = [("GET", "/"), ("GET", "/docs"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/openapi.json")]


@pytest.mark.parametrize(("method", "path"), LOCKED)
@pytest.mark.parametrize(
    "given", [None, "", KEY, f"Bearer {KEY[:-1]}", f"Bearer {KEY}x", f"Basic {KEY}", "Bearer \u00e9"]
)
def test_whoever_lacks_the_key_is_not_let_in(client_with, method, path, given):
    headers = {} if given is None else {"Authorization": given.encode("utf-8")}
    response = client_with(key=KEY).request(method, path, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert KEY not in response.text


def test_whoever_has_the_key_is_let_in(client_with, png):
    asking = client_with(key=KEY)
    asking.headers["Authorization"] = f"Bearer {KEY}"
    assert asking.post("/v1/predict", content=png(), headers={"Content-Type": "image/png"}).status_code == 200
    assert asking.get("/v1/metadata").status_code == 200
    for given in (f"bearer {KEY}", f"BEARER   {KEY}  "):
        assert asking.get("/v1/metadata", headers={"Authorization": given}).status_code == 200


@pytest.mark.parametrize(("method", "path"), OPEN)
def test_that_the_server_is_there_needs_no_key(client_with, method, path):
    assert client_with(key=KEY).request(method, path).status_code == 200


def test_a_wrong_key_is_not_told_from_a_wrong_path(client_with):
    assert client_with(key=KEY).get("/v1/secrets").status_code == 401


@pytest.mark.parametrize(("method", "path"), [*LOCKED, *OPEN, ("GET", "/nothing"), ("DELETE", "/v1/predict")])
def test_every_answer_tells_browsers_to_be_careful(client, method, path):
    headers = client.request(method, path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "access-control-allow-origin" not in headers


def test_a_mistake_of_the_server_tells_nothing_of_its_inside(client_with, model, png):
    from dataclasses import replace  # noqa: PLC0415

    class Broken:
        def run(self, images):
            raise RuntimeError("secret")

    asking = client_with(served=replace(model, predictor=replace(model.predictor, runtime=Broken())))
    for _ in range(2):  # one broken batch does not end the worker
        response = asking.post("/v1/predict", content=png(), headers={"Content-Type": "image/png"})
        assert (response.status_code, response.json()) == (500, {"error": "The server made a mistake."})
    assert asking.get("/readyz").status_code == 200


def counted(asking) -> dict[str, float]:
    lines = [line for line in asking.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_metrics_count_what_happened(client_with, png):
    asking = client_with()
    assert asking.get("/metrics").headers["content-type"].startswith("text/plain; version=")
    for contents in ([png(), b"none"], [b"none"], [png(), png()]):
        asking.post("/v1/predict", files=[("files", ("a", content)) for content in contents])
    for number in range(50):
        asking.get(f"/somewhere/{number}")
    counts = counted(asking)
    assert counts['headstart_requests_total{path="/v1/predict",status="200"}'] == 2
    assert counts['headstart_requests_total{path="/v1/predict",status="422"}'] == 1
    assert counts['headstart_requests_total{path="other",status="404"}'] == 50
    assert counts['headstart_pictures_total{result="unreadable"}'] == 2
    assert sum(value for name, value in counts.items() if name.startswith("headstart_pictures_total")) == 5
    assert counts["headstart_batch_size_sum"] == 3
    assert counts["headstart_waiting_pictures"] == 0
    assert counts["process_resident_memory_bytes"] > 0


def test_nothing_stays_counted_as_waiting_after_refusals(client_with, png):
    asking = client_with(Limits(pictures=2, body_bytes=2000, waiting_bytes=2000))
    for content in (b"", bytes(3000), b"x"):
        asking.post("/v1/predict", content=content, headers={"Content-Type": "image/png"})
    asking.post("/v1/predict", files=[("files", ("a", png(size=(9, 9))))] * 3)
    assert counted(asking)["headstart_waiting_pictures"] == 0
    assert asking.post("/v1/predict", content=png(size=(9, 9)), headers={"Content-Type": "image/png"}).is_success


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/predict", 405), ("POST", "/", 405), ("GET", "/../etc/passwd", 404), ("GET", "/redoc", 404)],
)
def test_wrong_paths_and_methods_are_refused_as_json(client, method, path, status):
    response = client.request(method, path)
    assert response.status_code == status
    assert set(response.json()) == {"error"}
