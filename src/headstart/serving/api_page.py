"""The document of the API as a page for people: no script, and nothing from any other server."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from headstart.serving.page import hash_of

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin: 2rem 0 0.25rem; font: 600 1.1rem ui-monospace, monospace; }
table { border-collapse: collapse; margin: 0.5rem 0; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #8884; }
td { overflow-wrap: anywhere; }
pre { overflow: auto; padding: 0.75rem; background: #8882; }
"""

Document = Mapping[str, Any]  # OpenAPI, and parts of it


def api_page(document: Document) -> tuple[str, str]:
    """The page, and its Content-Security-Policy.

    Args:
        document: OpenAPI 3.1, as FastAPI makes it.
    """
    info = document["info"]
    title = f"{info['title']} {info['version']}"
    lines = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">',
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1><p>{escape(info.get('summary', ''))}",
        'The same for programs: <a href="openapi.json">openapi.json</a>. A page to try it: <a href="./">here</a>.</p>',
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            lines += _operation(f"{method.upper()} {path}", operation)
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        lines += _schema(name, schema)
    text = "\n".join([*lines, "</body></html>"])
    policy = (
        f"default-src 'none'; style-src {hash_of('style', text)}; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return text, f"{policy}; frame-ancestors 'none'"


def _operation(name: str, operation: Document) -> Iterator[str]:
    yield f"<h2>{escape(name)}</h2><p>{escape(operation.get('description', ''))}</p>"
    body = operation.get("requestBody")
    if body:
        yield f"<p>Body: {escape(body.get('description', ''))} Types: {escape(', '.join(body['content']))}</p>"
    if operation.get("security"):
        yield "<p>Header: <code>Authorization: Bearer KEY</code></p>"
    yield from _table(
        ("Query", "Type", "Meaning"),
        [
            (one["name"], _type(one["schema"]), one.get("description") or one["schema"].get("description", ""))
            for one in operation.get("parameters", ())
        ],
    )
    yield from _table(
        ("Status", "Content", "Meaning"),
        [(status, _content(answer), answer["description"]) for status, answer in operation["responses"].items()],
    )


def _schema(name: str, schema: Document) -> Iterator[str]:
    yield f'<h2 id="{escape(name)}">{escape(name)}</h2><p>{escape(schema.get("description", ""))}</p>'
    properties = schema.get("properties", {})
    yield from _table(
        ("Field", "Type", "Meaning"),
        [(key, _type(value), value.get("description", "")) for key, value in properties.items()],
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    yield f"<table><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>"
    for row in rows:
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
    yield "</table>"


def _content(answer: Document) -> str:
    return ", ".join(_type(content.get("schema", {})) or kind for kind, content in answer.get("content", {}).items())


def _type(schema: Document) -> str:
    """A few words for a schema: of what others refer to its name, of lists what they hold."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {})) or 'anything'}"
    if isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {_type(schema['additionalProperties'])}"
    usual = f" = {json.dumps(schema['default'])}" if schema.get("default") is not None else ""
    return str(schema.get("type", "")) + usual
