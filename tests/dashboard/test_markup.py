"""HTML written on the server says what Dash would draw, and nothing in the data can break out of its place."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from dash import dcc, html
from hypothesis import given
from hypothesis import strategies as st

from dashboard.markup import NEVER, markup, plain, script_json

NASTY = st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("<>\"'&=/`- \n\0;:")), max_size=40)


class Seen(HTMLParser):
    """What a parser makes of it: tags with attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ends: list[str] = []
        self.said: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.ends.append(tag)

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment came of {data!r}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration came of {decl!r}")


def written(node: Any) -> str:
    return markup(plain(node))


@given(NASTY)
def test_no_text_can_become_markup(text: str) -> None:
    seen = Seen(written(html.Div([html.P(text), "end"])))
    assert [tag for tag, _ in seen.tags] == ["div", "p"]
    assert seen.ends == ["p", "div"]
    assert "".join(seen.said) == text + "end"


@given(NASTY, st.sampled_from(["title", "className", "href", "data-label", "aria-label", "id"]))
def test_no_value_can_leave_its_attribute(value: str, name: str) -> None:
    seen = Seen(written(html.A("x", **{name: value})))
    [(tag, attributes)] = seen.tags
    own = {"className": "class"}.get(name, name.lower())
    assert tag == "a"
    assert set(attributes) <= {own}
    if attributes and name != "href":
        assert attributes[own] == value


@given(st.dictionaries(NASTY, NASTY | st.integers() | st.booleans() | st.none(), max_size=4))
def test_no_name_and_no_style_can_break_out(values: dict[str, Any]) -> None:
    node = {
        "namespace": "dash_html_components",
        "type": "P",
        "props": {**values, "style": values, "children": "inside"},
    }
    seen = Seen(markup(node))
    assert [tag for tag, _ in seen.tags] == ["p"]
    assert "".join(seen.said) == "inside"
    assert not any(name.startswith("on") for name in seen.tags[0][1])


@given(NASTY)
def test_no_type_of_component_can_break_out(kind: str) -> None:
    seen = Seen(markup({"namespace": "dash_html_components", "type": kind, "props": {"children": "x"}}))
    assert len(seen.tags) <= 1
    assert not any(tag in NEVER for tag, _ in seen.tags)


@given(st.recursive(NASTY | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(NASTY, inner)))
def test_json_in_a_script_cannot_end_the_script_and_says_the_same(value: Any) -> None:
    text = script_json(value)
    assert "<" not in text
    assert ">" not in text
    assert json.loads(text) == value


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (html.Br(), "<br>"),
        (html.Img(src="/a.png", alt=""), '<img alt="" src="/a.png">'),
        (html.P(["a", 1, None, True, "b"]), "<p>a1b</p>"),
        (html.Button("x", disabled=True, hidden=False), '<button disabled="">x</button>'),
        (html.Details("x", open=False), "<details>x</details>"),
        (html.Label("x", htmlFor="f"), '<label for="f">x</label>'),
        (html.Td("x", colSpan=2, tabIndex=-1), ("<td", 'colspan="2"', 'tabindex="-1"', ">x</td>")),
        (html.Div("x", style={"marginTop": 4, "opacity": 0.5, "--n": 3}), '<div style="margin-top:4px;opacity:0.5;--n:3">x</div>'),
        (html.Div("x", **{"aria-hidden": False, "data-n": 3}), ("<div", 'aria-hidden="false"', 'data-n="3"', ">x</div>")),
        (html.A("x", href=" java\nscript:alert(1)"), "<a>x</a>"),
        (html.Time("x", dateTime="2025-01-01"), '<time datetime="2025-01-01">x</time>'),
        (html.MapEl(), "<map></map>"),
        (html.Script("alert(1)"), ""),
        (html.Textarea("\nx"), "<textarea>\n\nx</textarea>"),
        (dcc.Store(id="s"), ""),
    ],
)  # fmt: skip
def test_components_are_written_as_react_would(node: Any, said: str | tuple[str, ...]) -> None:
    if isinstance(said, str):
        assert written(node) == said
    else:
        assert all(part in written(node) for part in said)


def test_void_elements_are_never_closed() -> None:
    for tag in ("br", "hr", "img", "wbr", "col", "area", "source", "track"):
        assert written(getattr(html, tag.capitalize())()) == f"<{tag}>"


def test_the_chosen_option_is_the_one_that_the_list_names() -> None:
    options = [html.Option(word, value=word, selected=word == "a") for word in ("a", "b")]
    seen = written(html.Select(options, **{"data-value": "b"}))
    assert '<option value="a">a</option>' in seen
    assert 'selected=""' in seen.split("</option>")[1]


def test_a_line_to_type_in_looks_as_in_the_browser() -> None:
    seen = Seen(written(dcc.Input(id="f", name="n", value='"x', type="text", className="input", required=True)))
    assert seen.tags[0] == ("div", {"class": "dash-input-container dash-input input"})
    assert seen.tags[1][1] == {
        "id": "f", "name": "n", "value": '"x', "type": "text", "class": "dash-input-element", "required": "",
    }  # fmt: skip


def test_a_chart_leaves_its_room() -> None:
    assert written(dcc.Graph(id="g", style={"height": "300px"})) == (
        '<div id="g" class="dash-graph is-coming" style="height:300px"></div>'
    )
