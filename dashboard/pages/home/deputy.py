"""A deputy's home: the draft in five numbers, what changed most in their fields and their area, and their questions."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.queries import budgets, desk_deputy
from budgetwatch.queries.desk_deputy import MOST_FIELDS, Asked, Draft, Interests, Moved
from dashboard.asking import Asking, href
from dashboard.components import button, chooser, link_button, mark, note, page_head, ratio, tiles
from dashboard.i18n import say, t
from dashboard.pages.home.pieces import block, calm, money, moved, row, rows, unit_of


def body(asking: Asking) -> list[Any]:
    """The numbers first, an unread answer even before them."""
    home, viewer = asking.home, asking.viewer
    chosen = desk_deputy.interests(home, viewer)
    draft = desk_deputy.draft(home, viewer, chosen)
    mine, count = desk_deputy.my_questions(home, viewer)
    unseen = [one for one in mine if one.state == "unseen"]
    if draft is None:
        head = page_head(t("预算草案"))
        return [head, _answered(unseen), block(t("预算草案"), calm(t("您的范围内还没有报送预算。")), id="headline")]
    return [
        page_head(
            [_title(draft), html.Span(say(draft.region_name), className="title-place")],
            lead=t("五个数看懂草案；点任何一个数往下看，对哪一行有疑问就提问。"),
            actions=link_button(t("看草案、提问"), "/deputy", id="to-draft", kind="primary"),
        ),
        _answered(unseen),
        _headline(draft),
        html.Div(
            [
                _changes(draft, chosen),
                _areas(draft),
                _questions(mine, count),
            ],
            className="desk desk-three desk-deputy",
        ),
        _choose(asking, chosen),
    ]


def _title(draft: Draft) -> str:
    if draft.stage == "draft":
        return t("{year} 年预算草案", year=draft.year)
    return t("{year} 年预算", year=draft.year)


def _answered(unseen: list[Asked]) -> Any:
    """An answer that waits to be read is the news of the day."""
    if not unseen:
        return None
    return note(
        html.A(
            t("您的提问有 {n} 条新答复：{line}", n=len(unseen), line=unseen[0].line),
            href=f"/questions/{unseen[0].id}",
            id="new-answer",
        )
    )


def _headline(draft: Draft) -> Any:
    items = []
    for number in draft.numbers:
        if number.kind == "ratio":
            figure: Any = ratio(number.value)
        else:
            figure = money(number.value, number.currency)
        items.append((figure, say(number.label), say(number.sentence), number.tone, _address(draft, {})))
    return html.Section(tiles(items), id="headline", className="headline", **{"aria-label": t("五个数看懂草案")})


def _address(draft: Draft, drill: Any) -> str:
    return href("/deputy", **{"year": draft.year, "region": draft.region, "book": draft.book or "", **drill})


def _changes(draft: Draft, chosen: Interests) -> Any:
    title = t("我关注的领域") if chosen.fields else t("变化最大的领域")
    return block(
        title,
        _list(draft, draft.fields, title) if draft.fields else calm(t("与上年相比没有变化。")),
        id="my-fields",
        more=(t("全部领域"), _address(draft, {"by": "function"})),
    )


def _areas(draft: Draft) -> Any:
    title = t("我的地方：{place}", place=say(draft.area_name)) if draft.area_name else t("变化最大的地区")
    if not draft.areas and not draft.area_name:
        return None
    return block(
        title,
        _list(draft, draft.areas, title) if draft.areas else calm(t("与上年相比没有变化。")),
        id="my-area",
        more=(t("各地对比"), href("/places")),
    )


def _list(draft: Draft, found: list[Moved], title: str) -> Any:
    """The lines in one unit for all changes and one for all plans, so that they can be compared by eye."""
    units = (
        unit_of([one.change for one in found], draft.currency),
        unit_of([one.draft for one in found], draft.currency),
    )
    return rows([_moved(draft, one, *units) for one in found], label=title)


def _moved(draft: Draft, one: Moved, unit: str | None, plan_unit: str | None) -> Any:
    below: Any = None
    if one.largest is not None and one.largest_change:
        sign = "▲" if one.largest_change > 0 else "▼"
        below = [t("其中变化最大："), say(one.largest), f" {sign} ", money(abs(one.largest_change), draft.currency)]
    else:
        below = [t("安排 "), money(one.draft, draft.currency, plan_unit)]
    return row(
        say(one.name),
        _address(draft, one.drill),
        below,
        moved(one.change, one.change_ratio, draft.currency, is_new=one.is_new, unit=unit),
    )


def _questions(mine: list[Asked], count: int) -> Any:
    return block(
        t("我的提问"),
        rows([_question(one) for one in mine], label=t("我的提问"))
        if mine
        else calm(t("还没有提问。打开草案，在任何一行点“提问”即可。")),
        id="my-questions",
        count=count,
        more=(t("全部提问"), "/questions"),
    )


def _question(one: Asked) -> Any:
    words, tone = {
        "unseen": (t("新答复"), "good"),
        "waiting": (t("待答复"), "warn"),
        "answered": (t("已答复"), "calm"),
    }[one.state]
    day = f"{(one.answered_at or one.asked_at).astimezone():%m-%d}"
    return row(one.text, f"/questions/{one.id}", f"{one.line} · {day}", mark(words, tone), id=f"question-{one.id}")


def _choose(asking: Asking, chosen: Interests) -> Any:
    """Fields as buttons that go on and off, the area as a list: kept for the next visit."""
    fields = desk_deputy.fields_of(asking.home, asking.viewer)
    regions = [(r.code, "　" * r.depth + say(r.name)) for r in budgets.regions(asking.home, asking.viewer)]
    if not fields and len(regions) < 2:
        return None
    if asking.one("choose") != "1":
        choose = html.A(t("选择我关注的领域和地方"), href=asking.same(choose=1), className="chip", id="choose")
        return html.Div(choose, className="chips", id="interests")
    full = len(chosen.fields) >= MOST_FIELDS
    return block(
        t("选择我关注的领域和地方"),
        html.Form(
            [
                html.P(t("最多 {n} 个领域；再点一次取消。", n=MOST_FIELDS), className="hint"),
                html.Div(
                    [
                        html.Button(
                            say(name),
                            type="submit",
                            name="field",
                            value=code,
                            id=f"field-{code}",
                            disabled=full and code not in chosen.fields,
                            className="chip is-current" if code in chosen.fields else "chip",
                            **{"aria-pressed": "true" if code in chosen.fields else "false"},
                        )
                        for code, name in fields
                    ],
                    className="chips",
                    role="group",
                    **{"aria-label": t("关注的领域")},
                ),
            ],
            id="fields-form",
            **{"data-deed": "home.field"},
        )
        if fields
        else None,
        html.Form(
            [
                chooser(t("我的地方"), "area", regions, id="area", value=chosen.area, every=t("整个地区")),
                button(t("记住"), id="area-keep"),
            ],
            id="area-form",
            className="area-form",
            **{"data-deed": "home.area"},
        )
        if len(regions) > 1
        else None,
        id="interests",
        more=(t("选好了"), asking.same(choose=None)),
    )
