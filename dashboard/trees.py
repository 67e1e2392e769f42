"""What goes to Dash in the browser: every part of a page that holds no chart as one component, not one for each element.

Dash keeps a record, a subscription and a wrapper for each component that it is handed, which costs a page of two
thousand elements more time than its question. None of our elements is named by a callback but those of the skeleton
(`app.layout`), so the browser may draw them with React alone (assets/trees.js), whose keeping of focus, of what was typed
and of what stands open is the same. Charts (dcc.Graph) stay Dash's, and so does what stands around them.

A tree is `[tag, attributes, child, …]`; a text stands for itself, None for nothing (it keeps the place of its neighbours).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.markup import CORE, HTML, input_frame, is_unsafe, tag_of

NAMESPACE = "budgetwatch_trees"
#: What Dash keeps beside the attributes, and React does not know.
_DASH_ONLY = frozenset(["children", "n_clicks", "n_clicks_timestamp", "disable_n_clicks", "loading_state", "setProps"])
_INPUT_ONLY = frozenset(["className", "style", "debounce", "persistence", "persisted_props", "persistence_type"])


def folded(node: Any) -> Any:
    """The plain tree (`markup.plain`) with all its parts without a chart folded into one component each."""
    if isinstance(node, list):
        return [folded(child) for child in node]
    if not isinstance(node, Mapping) or "namespace" not in node:
        return node
    if not _holds_chart(node):
        return {"type": "Tree", "namespace": NAMESPACE, "props": {"tree": tree(node)}}
    if node["namespace"] != HTML:
        return node
    props = node["props"]
    return {**node, "props": {**props, "children": folded(props.get("children"))}}


def tree(node: Any) -> Any:
    """One part without a chart as the browser's script reads it."""
    if isinstance(node, list):
        return ["", None, *map(tree, node)]
    if not isinstance(node, Mapping):
        return None if isinstance(node, bool) else node
    if node.get("namespace") == CORE:
        return _input(node["props"])
    tag = tag_of(node)
    if not tag:
        return None
    props = node["props"]
    kept = {name: value for name, value in props.items() if name not in _DASH_ONLY and not is_unsafe(name, value)}
    children = props.get("children")
    if children is None:
        return [tag, kept]
    if isinstance(children, list):
        return [tag, kept, *map(tree, children)]
    return [tag, kept, tree(children)]


def _input(props: Mapping[str, Any]) -> Any:
    """A line to type in as `dcc.Input` stands in the browser; its value is the reader's until the server sends another."""
    kept = {name: value for name, value in props.items() if name not in _INPUT_ONLY and value is not None}
    return ["div", {"className": input_frame(props)}, ["input", {**kept, "className": "dash-input-element"}]]


def _holds_chart(node: Any) -> bool:
    if isinstance(node, list):
        return any(map(_holds_chart, node))
    if not isinstance(node, Mapping) or "namespace" not in node:
        return False
    if node["namespace"] == HTML:
        return _holds_chart(node["props"].get("children"))
    return not (node["namespace"] == CORE and node.get("type") == "Input")
