"""Everything that one line finds: units, projects, payees, cases, rules; each hit a link, each kind a page of its own."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from budgetwatch import saved
from budgetwatch.queries import search as queries
from budgetwatch.queries.search import Found, Hit
from dashboard import guides
from dashboard.asking import Asking, href
from dashboard.components import empty, link_button, page_head, pager, tabs
from dashboard.components.helping import page_help
from dashboard.components.prose import whole
from dashboard.components.saved_box import saved_box
from dashboard.i18n import say, t

SIZE = 25


def view(asking: Asking) -> tuple[str, Any]:
    """All kinds with the first of each, or one kind whole; the words stand in the address."""
    text = asking.one("q")
    kind = asking.one("kind")
    kind = kind if kind in queries.KINDS else ""
    page = asking.number("page", 1, least=1) or 1
    found = queries.results(
        asking.home,
        asking.viewer,
        text,
        kind=kind,
        limit=SIZE if kind else 60,
        offset=(page - 1) * SIZE if kind else 0,
        also=guides.named(asking.viewer),
    )
    title = t("搜索：{text}", text=text) if text else t("搜索")
    lead = t("共 {n} 条。", n=_many(found.total)) if found.total else None
    body = [
        page_head(t("搜索"), lead=lead, actions=page_help(asking)),
        html.Div([_form(text), saved_box(asking) if text else None], className="chosen-row search-row"),
        _kinds(asking, found, kind) if text and found.counts else None,
        _found(asking, found, kind, text) if text else _before(asking),
    ]
    return title, body


def _form(text: str) -> Any:
    return html.Form(
        [
            html.Label(t("搜索"), htmlFor="search-q", className="visually-hidden"),
            dcc.Input(
                id="search-q",
                name="q",
                type="search",
                value=text,
                placeholder=t("单位、项目、收款人、疑点、规则，名称或代码"),
                autoComplete="off",
                maxLength=queries.LONGEST,
                className="input",
            ),
            html.Button(t("搜索"), type="submit", className="button primary", id="search-go"),
        ],
        action="/search",
        method="get",
        id="search-form",
        role="search",
        className="search-box search-large",
        **{"data-route": "submit"},
    )


def _many(count: int) -> str:
    return f"{count:,}"


def _at_most(count: int) -> str:
    """A kind is looked through until so many were found."""
    return f"{_many(count)}+" if count >= queries.MOST else _many(count)


def _kinds(asking: Asking, found: Found, kind: str) -> Any:
    every = (
        "all",
        t("全部"),
        asking.same(kind=None),
    )
    ways = [
        every,
        *(
            (one, f"{say(queries.KINDS[one])} {_at_most(count)}", asking.same(kind=one))
            for one, count in found.counts.items()
        ),
    ]
    return tabs(ways, kind or "all", label=t("按种类看"), id="kind")


def _found(asking: Asking, found: Found, kind: str, text: str) -> Any:
    if not found.hits:
        return _nothing(asking, text)
    groups: dict[str, list[Hit]] = {}
    for hit in found.hits:
        groups.setdefault(hit.kind, []).append(hit)
    sections = [_group(asking, one, hits, found, kind) for one, hits in groups.items()]
    cut = kind and found.counts.get(kind, 0) >= queries.MOST
    return html.Div(
        [
            *sections,
            html.P(t("只列最相符的 {n} 条；写得具体些，可以找得更准。", n=_many(queries.MOST)), className="below")
            if cut
            else None,
            pager(asking, found.total, SIZE) if kind else None,
        ],
        id="search-results",
        className="search-results",
    )


def _group(asking: Asking, one: str, hits: list[Hit], found: Found, kind: str) -> Any:
    more = found.counts.get(one, 0) > len(hits) and not kind
    return html.Section(
        [
            html.H2(say(queries.KINDS[one]), className="search-kind"),
            html.Ul([_hit(hit, n) for n, hit in enumerate(hits)], className="hits"),
            html.A(
                t("看全部 {n} 条{kind}", n=_at_most(found.counts[one]), kind=say(queries.KINDS[one])),
                href=asking.same(kind=one),
                id=f"more-{one}",
                className="hits-more",
            )
            if more
            else None,
        ],
        className="card search-group",
    )


def _hit(hit: Hit, n: int) -> Any:
    return html.Li(
        html.A(
            [html.Span(whole(say(hit.title)), className="hit-title"), html.Span(say(hit.below), className="hit-below")],
            href=hit.address,
            id=f"hit-{hit.kind}-{n}",
            className="hit row-link",
        )
    )


def _nothing(asking: Asking, text: str) -> Any:
    """What was looked through, and what to try."""
    looked = t("、").join(say(queries.KINDS[one]) for one in queries.looked_at(asking.viewer))
    tries = [
        t("换短一点的词，或只写一个字号"),
        t("输入代码：地区、单位、科目、项目或规则的代码，前几位就行"),
        t("疑点写编号，函件写文号"),
    ]
    way = [
        html.P(t("查过：{kinds}。", kinds=looked)),
        html.Ul([html.Li(one) for one in tries], className="empty-list"),
        link_button(t("在支付里查“{text}”", text=text), href("/auditor", text=text), id="search-payments")
        if asking.viewer.may("facts")
        else None,
    ]
    return empty(t("没有找到“{q}”。", q=text), way, id="search-empty")


def _before(asking: Asking) -> Any:
    """Nothing asked yet: one's own queries, and what may be looked for."""
    kept = saved.mine(asking.home, asking.viewer)
    looked = t("、").join(say(queries.KINDS[one]) for one in queries.looked_at(asking.viewer))
    return html.Div(
        [
            html.P(t("可以查：{kinds}。繁体简体、全角半角、大小写都一样。", kinds=looked), className="below"),
            html.Section(
                [
                    html.H2(t("我保存的查询"), className="search-kind"),
                    html.Ul(
                        [
                            html.Li(
                                html.A(
                                    [html.Span(one.name, className="hit-title")],
                                    href=one.address,
                                    id=f"saved-hit-{one.id}",
                                    className="hit row-link",
                                )
                            )
                            for one in kept
                        ],
                        className="hits",
                    ),
                ],
                className="card search-group",
            )
            if kept
            else None,
        ],
        id="search-before",
        className="search-results",
    )
