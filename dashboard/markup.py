"""Component trees as HTML: what Dash would draw in the browser, written on the server so that the first answer shows it.

Two steps. `plain(tree)` turns components into dicts and lists of plain values, once: they are both what is sent to
Dash as JSON and what `markup(plain)` writes as HTML. Every text and every value is escaped; names of tags and
attributes are checked, so that no data can end an attribute or begin a tag.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from typing import Any

from dash.development.base_component import Component
from plotly.io.json import to_json_plotly

HTML = "dash_html_components"
CORE = "dash_core_components"
VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
#: Tags whose Dash name is not the tag's own.
TAGS = {"MapEl": "map", "ObjectEl": "object"}
#: Tags that are never written: what stands in them would be read as something else than text.
NEVER = frozenset(
    ["script", "style", "iframe", "object", "embed", "base", "meta", "link", "noscript", "template", "plaintext", "xmp"]
)
#: Attributes whose React name is more than the attribute's own in capitals.
NAMES = {"className": "class", "htmlFor": "for", "acceptCharset": "accept-charset", "httpEquiv": "http-equiv"}
#: What Dash keeps beside the attributes.
OWN = frozenset(
    [
        "children",
        "key",
        "n_clicks",
        "n_clicks_timestamp",
        "disable_n_clicks",
        "loading_state",
        "setProps",
        "style",
        "dangerously_allow_html",
        "persistence",
        "persisted_props",
        "persistence_type",
        "debounce",
        "n_blur",
        "n_submit",
        "n_blur_timestamp",
        "n_submit_timestamp",
        "srcDoc",
    ]
)
#: Attributes that say yes by standing there.
BOOLEAN = frozenset(
    [
        "allowfullscreen",
        "async",
        "autofocus",
        "autoplay",
        "checked",
        "controls",
        "default",
        "defer",
        "disabled",
        "formnovalidate",
        "hidden",
        "loop",
        "multiple",
        "muted",
        "novalidate",
        "open",
        "readonly",
        "required",
        "reversed",
        "selected",
    ]
)
ADDRESSES = frozenset(("href", "src", "action", "formaction", "cite", "poster", "data"))
UNITLESS = frozenset(
    [
        "columnCount",
        "fillOpacity",
        "flex",
        "flexGrow",
        "flexShrink",
        "fontWeight",
        "gridColumn",
        "gridRow",
        "lineHeight",
        "opacity",
        "order",
        "orphans",
        "strokeOpacity",
        "tabSize",
        "widows",
        "zIndex",
        "zoom",
    ]
)
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*\Z")
_PROPERTY = re.compile(r"(--)?[a-zA-Z][a-zA-Z0-9-]*\Z")
_CAPITAL = re.compile(r"[A-Z]")
_BLANK = re.compile(r"[\x00-\x20]")


def plain(node: Any) -> Any:
    """The tree as JSON can hold it: each component a dict of type, namespace and props. Charts go through plotly."""
    if node is None or isinstance(node, str | int | float):
        return node
    if isinstance(node, list | tuple):
        return [plain(child) for child in node]
    if isinstance(node, Component):
        if node._namespace != HTML:
            return json.loads(to_json_plotly(node))
        # What was given to the component lies in its __dict__ beside Dash's own: several times faster than asking it
        # for each of the props that it could have.
        given = node.__dict__
        names = [name for name in _props(type(node)) if name in given]  # type: ignore[arg-type]
        names += [name for name in given if name.startswith(("data-", "aria-"))]
        kept = {
            name: plain(given[name]) if name == "children" else given[name]
            for name in names
            if name == "children" or given[name] is not None
        }
        return {"props": kept, "type": node._type, "namespace": HTML}
    return json.loads(to_json_plotly(node))


@cache
def _props(kind: Any) -> tuple[str, ...]:
    """The names of all props that components of this kind know, in their order."""
    return tuple(kind()._prop_names)


def markup(node: Any) -> str:
    """The HTML of a plain tree."""
    parts: list[str] = []
    _write(node, parts.append, None)
    return "".join(parts)


def script_json(value: Any) -> str:
    """JSON that may stand inside a <script type="application/json">: nothing in it can end the script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return (
        text.replace("<", "\\u003c").replace(">", "\\u003e").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    )


def _write(node: Any, put: Any, chosen: str | None) -> None:
    if node is None or node is True or node is False:
        return
    if isinstance(node, str):
        put(escape(node, quote=False))
    elif isinstance(node, list | tuple):
        for child in node:
            _write(child, put, chosen)
    elif isinstance(node, Mapping):
        if "namespace" in node:
            _component(node, put, chosen)
    else:
        put(escape(str(node), quote=False))


def _component(node: Mapping[str, Any], put: Any, chosen: str | None) -> None:
    kind, props = str(node.get("type", "")), node.get("props") or {}
    if node["namespace"] == CORE:
        _core(kind, props, put)
        return
    tag = tag_of(node)
    if not tag:
        return
    if tag == "option" and chosen is not None:
        props = {**props, "selected": str(props.get("value", "")) == chosen}
    put(f"<{tag}{_attributes(props)}>")
    if tag in VOID:
        return
    if tag == "select":  # which option stands chosen is said on the list, as shell.js sets it
        chosen = None if props.get("data-value") is None else str(props["data-value"])
    children = props.get("children")
    if tag in ("textarea", "pre") and isinstance(children, str) and children.startswith("\n"):
        put("\n")  # the first line break after these tags does not count
    if tag == "textarea" and children is None:
        children = props.get("value")
    _write(children, put, chosen)
    put(f"</{tag}>")


def tag_of(node: Mapping[str, Any]) -> str:
    """The tag of an HTML component; "" where it must not be written."""
    kind = str(node.get("type", ""))
    tag = TAGS.get(kind) or kind.lower()
    return tag if node["namespace"] == HTML and _NAME.match(tag) and tag not in NEVER else ""


def is_unsafe(name: str, value: Any) -> bool:
    """Whether the attribute would run as a script: an address that is code, or a handler."""
    own = name.lower()
    if own not in ADDRESSES:
        return own.startswith("on") or own in ("srcdoc", "dangerouslysetinnerhtml", "ref")
    return _BLANK.sub("", str(value)).lower().startswith(("javascript:", "vbscript:"))


def input_frame(props: Mapping[str, Any]) -> str:
    """The classes of what Dash draws around a line to type in."""
    classes = f"dash-input-container dash-input {props.get('className') or ''}".rstrip()
    return f"{classes} dash-input-hidden" if props.get("type") == "hidden" else classes


def _attributes(props: Mapping[str, Any]) -> str:
    written = []
    for name, value in props.items():
        if value is None or name in OWN:
            continue
        written.append(_attribute(name, value))
    if style := props.get("style"):
        written.append(_style(style))
    return "".join(written)


def _attribute(name: str, value: Any) -> str:
    own = NAMES.get(name) or name.lower()
    if not _NAME.match(own) or own.startswith("on"):
        return ""
    if own in BOOLEAN:
        return f' {own}=""' if value else ""
    if isinstance(value, bool):
        if not value and not own.startswith(("aria-", "data-")) and own not in ("draggable", "spellcheck"):
            return ""
        value = "true" if value else "false"
    elif isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    return "" if is_unsafe(own, value) else f' {own}="{escape(str(value))}"'


def _style(style: Any) -> str:
    if not isinstance(style, Mapping):
        return ""
    said = []
    for name, value in style.items():
        if value is None or isinstance(value, bool) or value == "" or not _PROPERTY.match(name):
            continue
        own = name if name.startswith("--") else _CAPITAL.sub(lambda m: "-" + m.group().lower(), name)
        if isinstance(value, int | float) and value and name not in UNITLESS and not name.startswith("--"):
            value = f"{value}px"
        said.append(f"{own}:{re.sub(r'[;{}<>]', '', str(value))}")
    return f' style="{escape(";".join(said))}"' if said else ""


def _core(kind: str, props: Mapping[str, Any], put: Any) -> None:
    """The three components of dcc that pages use, as they stand in the browser before their scripts have run."""
    if kind == "Input":
        shown = {k: v for k, v in props.items() if k not in ("className", "style")}
        inside = _attributes({**shown, "className": "dash-input-element"})
        put(f'<div class="{escape(input_frame(props))}"><input{inside}></div>')
    elif kind == "Graph":
        kept = {"id": props.get("id"), "className": "dash-graph is-coming", "style": props.get("style")}
        put(f"<div{_attributes(kept)}></div>")
    elif kind == "Link":
        put(f"<a{_attributes({k: v for k, v in props.items() if k in ('id', 'href', 'className', 'title')})}>")
        _write(props.get("children"), put, None)
        put("</a>")
