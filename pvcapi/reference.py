"""The API's own page: the OpenAPI document as plain HTML, which loads nothing from anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from litestar import Request
from litestar.openapi.plugins import OpenAPIRenderPlugin

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#1c2128;background:#fff}
summary{cursor:pointer;padding:.3em 0}details{border-bottom:1px solid #d5dae0}details>div{padding:0 0 1em 2em}
code,pre{font:13px ui-monospace,monospace}pre{background:#f3f5f7;padding:.7em;overflow:auto}
.verb{display:inline-block;width:5em;font-weight:700}td{padding:.1em 1em .1em 0;vertical-align:top}
@media(prefers-color-scheme:dark){body{background:#16191d;color:#d8dde3}pre{background:#22272e}details{border-color:#3a4048}}
"""
VERBS = ("get", "post", "put", "delete")


class ReferencePage(OpenAPIRenderPlugin):
    """The page under the document's path; no script, no picture, no font from outside."""

    def __init__(self) -> None:
        super().__init__(path="/", favicon="", style="")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The document as a page."""
        document = json.loads(self.render_json(request, openapi_schema))
        return "".join(_page(document)).encode()


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    about = document["info"]
    title = escape(f"{about['title']} {about['version']}")
    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
    yield f"<h1>{title}</h1><p>{escape(about.get('description', ''))}</p>"
    yield "<p>For programs: <a href='openapi.json'>openapi.json</a></p>"
    for path, item in sorted(document["paths"].items()):
        for verb in VERBS:
            if verb in item:
                yield from _operation(path, verb, item[verb], document["components"]["schemas"])
    yield "<h2>Shapes</h2>"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f"<details id='{escape(name)}'><summary><code>{escape(name)}</code> {escape(_first(schema))}</summary>"
        yield f"<div><pre>{escape(json.dumps(schema, indent=1, ensure_ascii=False))}</pre></div></details>"


def examples_of(content: Mapping[str, Any], shapes: Mapping[str, Any]) -> list[Any]:
    """Values that a body or an answer may have, as the document gives them: beside the shape or with it."""
    schema = content.get("schema", {})
    found = [one["value"] for one in content.get("examples", {}).values()]
    if found:
        return found
    if "items" in schema:
        return [[one] for one in examples_of({"schema": schema["items"]}, shapes)]
    return list(shapes[schema["$ref"].rpartition("/")[2]].get("examples", ())) if "$ref" in schema else []


def _operation(path: str, verb: str, operation: Mapping[str, Any], shapes: Mapping[str, Any]) -> Iterator[str]:
    words = operation.get("description", "")
    title = f"<code><span class=verb>{verb.upper()}</span>{escape(path)}</code> — {escape(_line(words))}"
    yield f"<details><summary>{title}</summary><div><p>{escape(words)}</p><table>"
    for one in operation.get("parameters", ()):
        about = escape(one.get("description", ""))
        yield f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}<td>{about}"
    yield "</table>"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body, {escape(kind)}: {_shape(content.get('schema', {}))}</p>"
        yield from _told(content, shapes)
    yield "<table>"
    for status, result in sorted(operation["responses"].items()):
        kinds = " ".join(_shape(one.get("schema", {})) for one in result.get("content", {}).values())
        yield f"<tr><td><code>{escape(status)}</code><td>{kinds}<td>{escape(result.get('description', ''))}"
    yield "</table>"
    for status, result in operation["responses"].items():
        for content in result.get("content", {}).values() if status.startswith("2") else ():
            yield from _told(content, shapes)
    yield "</div></details>"


def _told(content: Mapping[str, Any], shapes: Mapping[str, Any]) -> Iterator[str]:
    """The examples of a body or an answer."""
    for example in examples_of(content, shapes):
        text = example if isinstance(example, str) else json.dumps(example, indent=1, ensure_ascii=False)
        yield f"<pre>{escape(text)}</pre>"


def _shape(schema: Mapping[str, Any]) -> str:
    """A link to a named shape, or what kind of value it is."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f"<a href='#{name}'><code>{name}</code></a>"
    if "allOf" in schema:
        return " ".join(_shape(one) for one in schema["allOf"])
    if "items" in schema:
        return f"list of {_shape(schema['items'])}"
    return escape(str(schema.get("type", "")))


def _first(schema: Mapping[str, Any]) -> str:
    return _line(schema.get("description", ""))


def _line(words: str) -> str:
    return words.partition("\n")[0]
