"""The document of the API for people, at /docs."""

import re
from html.parser import HTMLParser


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def read(client) -> tuple[Elements, dict[str, str]]:
    response = client.get("/docs")
    assert response.status_code == 200
    elements = Elements()
    elements.feed(response.text)
    return elements, response.headers


def test_every_path_status_and_schema_of_the_document_is_shown(client):
    document = client.get("/openapi.json").json()
    text = "\n".join(read(client)[0].words)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert f"{method.upper()} {path}" in text
            assert all(status in text for status in operation["responses"])
            assert all(one["name"] in text for one in operation.get("parameters", ()))
    for name, schema in document["components"]["schemas"].items():
        assert name in text
        assert all(key in text for key in schema.get("properties", ()))


def test_the_page_runs_no_script_and_asks_no_other_server(client):
    elements, headers = read(client)
    assert {tag for tag, _ in elements.found} & {"script", "img", "iframe", "form", "object"} == set()
    places = [
        value for _, attributes in elements.found for name, value in attributes.items() if name in {"href", "src"}
    ]
    assert places
    assert not [place for place in places if re.match(r"(\w+:)?//", place)]
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy


def test_what_schemas_say_is_shown_as_text():
    from headstart.serving.api_page import api_page  # noqa: PLC0415

    evil = "<script>alert(1)</script>"
    responses = {"200": {"description": evil, "content": {evil: {}}}}
    document = {"info": {"title": evil, "version": "1"}, "paths": {f"/{evil}": {"get": {"responses": responses}}}}
    document["components"] = {"schemas": {evil: {"properties": {evil: {"type": evil, "description": evil}}}}}
    assert "<script" not in api_page(document)[0]
