"""/api/docs: the OpenAPI document as one plain page that needs no script and nothing from elsewhere."""

from __future__ import annotations

import json
from html import escape
from typing import Any

_STYLE = """
body{font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b2733}
h1{font-size:1.6rem}h2{margin-top:2.5rem;border-bottom:1px solid #d5dce4}h3{margin:1.5rem 0 .2rem;font-size:1.05rem}
code,pre{font-family:ui-monospace,Menlo,Consolas,monospace}pre{background:#f4f6f9;padding:.8rem;overflow:auto;border-radius:.4rem;font-size:.85rem}
.m{display:inline-block;min-width:4.2rem;font-weight:700;color:#17395c}table{border-collapse:collapse;width:100%;font-size:.9rem}
td,th{text-align:left;border-bottom:1px solid #e3e8ee;padding:.25rem .5rem;vertical-align:top}details{margin:.3rem 0}p{margin:.2rem 0 .5rem}
"""


def page(document: dict[str, Any]) -> str:
    """The whole reference."""
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["other"])[0]
            by_tag.setdefault(tag, []).append(_operation(document, path, method, operation))
    sections = "".join(f"<h2 id='{escape(tag)}'>{escape(tag)}</h2>{''.join(parts)}" for tag, parts in by_tag.items())
    links = " · ".join(f"<a href='#{escape(tag)}'>{escape(tag)}</a>" for tag in by_tag)
    info = document["info"]
    return (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style></head><body><h1>{escape(info['title'])} {escape(info['version'])}</h1>"
        f"<p>{escape(info.get('description', ''))}</p><p><a href='/api/openapi.json'>OpenAPI document</a> · {links}</p>{sections}</body></html>"
    )


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{escape(_kind(p.get('schema', {})))}</td>"
        f"<td>{escape(p.get('description', ''))}</td></tr>"
        for p in operation.get("parameters", [])
    )
    table = f"<details><summary>Parameters</summary><table>{rows}</table></details>" if rows else ""
    body = _body(document, operation.get("requestBody", {}))
    return (
        f"<h3><span class='m'>{method.upper()}</span> <code>{escape(path)}</code> {escape(operation.get('summary', ''))}</h3>"
        f"<p>{escape(operation.get('description', ''))}</p>{table}{body}{_example(operation)}"
    )


def _kind(schema: dict[str, Any]) -> str:
    kinds = [s.get("type", "") for s in schema.get("anyOf", [schema])]
    return " or ".join(k for k in kinds if k and k != "null")


def _body(document: dict[str, Any], body: dict[str, Any]) -> str:
    parts = []
    for media, content in body.get("content", {}).items():
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        schema = document["components"]["schemas"].get(name, {})
        rows = "".join(
            f"<tr><td><code>{escape(key)}</code></td><td>{escape(_kind(value))}</td><td>{escape(str((value.get('examples') or [''])[0]))}</td></tr>"
            for key, value in schema.get("properties", {}).items()
        )
        parts.append(f"<details><summary>Body ({escape(media)})</summary><table>{rows}</table></details>")
    return "".join(parts)


def _example(operation: dict[str, Any]) -> str:
    for status, response in operation.get("responses", {}).items():
        example = response.get("content", {}).get("application/json", {}).get("example")
        if status.startswith("2") and example is not None:
            told = json.dumps(example, ensure_ascii=False, indent=1)
            return f"<details><summary>Answer {status}</summary><pre>{escape(told)}</pre></details>"
    return ""
