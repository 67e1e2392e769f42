"""What is folded for the browser says what the HTML of the server says, and charts stay Dash's."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from hypothesis import given
from hypothesis import strategies as st

from dashboard.markup import markup, plain
from dashboard.trees import NAMESPACE, folded, tree
from tests.dashboard.conftest import unfolded

TEXT = st.text(max_size=12)
ATTRIBUTES = st.fixed_dictionaries(
    {}, optional={"id": TEXT, "className": TEXT, "title": TEXT, "hidden": st.booleans(), "data-name": TEXT}
)
LEAVES = st.one_of(TEXT, st.none(), st.integers(-9, 9), st.builds(lambda t, a: html.Span(t, **a), TEXT, ATTRIBUTES))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(lambda inside, a: html.Div(inside, **a), st.lists(inner, max_size=4), ATTRIBUTES),
    max_leaves=20,
)


def chart() -> Any:
    return dcc.Graph(id="chart", figure={"data": [], "layout": {}})


def trees_in(node: Any) -> list[Any]:
    if isinstance(node, list):
        return [found for child in node for found in trees_in(child)]
    if not isinstance(node, dict):
        return []
    if node["namespace"] == NAMESPACE:
        return [node["props"]["tree"]]
    return trees_in(node["props"].get("children"))


@given(TREES)
def test_what_is_folded_is_the_same_page(made: Any) -> None:
    node = plain(html.Main([made]))
    assert markup(unfolded(folded(node))) == markup(node)


def test_a_page_without_a_chart_is_one_component() -> None:
    node = folded(plain(html.Div([html.P(["words ", html.B("bold")]), html.Ul([html.Li(str(n)) for n in range(9)])])))
    assert node["namespace"] == NAMESPACE


def test_a_chart_and_what_stands_around_it_stay_dashs_and_their_neighbours_are_folded() -> None:
    page = folded(plain(html.Div([html.P("before"), html.Figure([chart(), html.Figcaption("said")]), "text", None])))
    before, figure, text, nothing = page["props"]["children"]
    assert before["props"] == {"tree": ["p", {}, "before"]}
    assert [part["type"] for part in figure["props"]["children"]] == ["Graph", "Tree"]
    assert (text, nothing) == ("text", None)
    assert len(trees_in(page)) == 2


def test_nothing_keeps_its_place_so_that_its_neighbours_keep_theirs() -> None:
    assert tree(plain(html.Div([None, html.P("x"), None]))) == ["div", {}, None, ["p", {}, "x"], None]


def test_a_line_to_type_in_stands_as_dash_would_draw_it() -> None:
    node = plain(dcc.Input(id="q", name="q", value="学校", type="search", className="input", debounce=True))
    frame, attributes, (tag, inside) = tree(node)
    assert (frame, attributes["className"], tag) == ("div", "dash-input-container dash-input input", "input")
    assert inside == {
        "id": "q", "name": "q", "value": "学校", "type": "search", "className": "dash-input-element",
    }  # fmt: skip


def test_no_address_and_no_attribute_of_a_tree_can_run() -> None:
    """Dash cleans what it draws; what it does not see must come clean."""
    link = {"type": "A", "namespace": "dash_html_components"}
    for name, value in (
        ("href", " java\nscript:alert(1)"),
        ("onClick", "alert(1)"),
        ("srcDoc", "<script>"),
        ("dangerouslySetInnerHTML", {"__html": "<b>"}),
    ):
        assert tree({**link, "props": {name: value, "children": "x"}}) == ["a", {}, "x"], name
    assert tree({**link, "type": "Script", "props": {"children": "alert(1)"}}) is None
