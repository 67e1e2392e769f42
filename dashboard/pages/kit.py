"""Every component in every state, light and dark side by side, for whoever builds a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from dash import html

from budgetwatch import calendar
from budgetwatch.errors import Denied, Fault, Invalid, NotFound
from budgetwatch.text import Text
from dashboard import components as c
from dashboard import tokens
from dashboard.asking import Asking
from dashboard.components.money import unit_choices
from dashboard.figures.theme import BLUE, UP, dressed
from dashboard.i18n import say, t

#: A sentence that does not fit anywhere, and a word that cannot be broken.
LONG = Text(
    "某某市某某区某某街道办事处关于某某老旧小区综合整治配套基础设施改造提升工程（二期）项目的前期设计与监理服务费",
    "Design and supervision fees of the second phase of the comprehensive renewal of infrastructure in older estates",
)
UNBROKEN = "XM-2026-0000000000000000000000000000000000000000000000000042"
FIGURES = (Decimal("123456789012.34"), Decimal("1234.5"), Decimal(0), Decimal("-98765.43"), None)
Piece = Callable[[Asking, str], list[Any]]


def view(asking: Asking) -> tuple[str, Any]:
    """Each group of components, drawn in both themes; the chart theme once; then the colours and their contrast."""
    title = t("组件")
    groups = [
        html.Section(
            [
                html.H2(word),
                html.Div([_themed(theme, draw(asking, theme)) for theme in tokens.THEMES], className="kit-both"),
            ],
            className="kit-group",
        )
        for word, draw in _groups()
    ]
    return title, [
        c.page_head(title, lead=t("每一种组件的每一种状态；左边浅色，右边深色。")),
        *groups,
        c.card(_chart(), c.no_picture(t("没有数据，画不出图。"), id="kit-chart-none"), title=t("图")),
        c.card(_colours(asking), title=t("颜色与对比度")),
    ]


def _groups() -> list[tuple[str, Piece]]:
    return [
        (t("标记"), _marks),
        (t("数字与日期"), _figures),
        (t("按钮与表单"), _forms),
        (t("表格"), _tables),
        (t("空白、等待与出错"), _states),
        (t("版式"), _layouts),
    ]


def _themed(theme: str, pieces: list[Any]) -> Any:
    """The pieces in that theme. What has a name has it twice on this page, so the theme is added to it."""
    told = html.Div(pieces, className="kit-theme", **{"data-theme": theme})
    word = {"light": t("浅色"), "dark": t("深色")}[theme]
    for part in told._traverse():
        if name := getattr(part, "aria-label", None):
            setattr(part, "aria-label", f"{name} · {word}")
    return told


def _marks(asking: Asking, theme: str) -> list[Any]:
    today = calendar.today()
    return [
        _row(*(c.severity_badge(s) for s in ("red", "orange", "yellow", "blue", "other"))),
        _row(
            *(
                c.state_badge(state, word)
                for state, word in (
                    ("new", t("新的")),
                    ("taken", t("办理中")),
                    ("asked", t("等答复")),
                    ("confirmed", t("已认定")),
                    ("dismissed", t("已排除")),
                    ("closed", t("已办结")),
                    (None, None),
                )
            )
        ),
        _row(*(c.mark(tone, tone) for tone in ("calm", "warn", "good", "bad")), c.mark(say(LONG)[:24], "warn")),
        _row(*(c.due_mark(today + dt.timedelta(n), today=today) for n in (-12, 0, 3, 40)), c.due_mark(None)),
        html.P([say(LONG)[:12], c.term("draft"), " · ", say(LONG)[12:24], c.help_word(say(LONG))]),
    ]


def _figures(asking: Asking, theme: str) -> list[Any]:
    units = unit_choices()
    return [
        c.table(
            [
                c.Column("exact", t("原数"), cell=lambda r: c.amount(r["value"], unit="yuan", with_unit=True)),
                *(c.Column(unit, word, "money", cell=partial(_in_unit, unit)) for unit, word in units),
            ],
            [{"value": value} for value in FIGURES],
            caption=t("同一笔金额按三种单位显示：很大、很小、零、负数、没有"),
            id=f"kit-money-{theme}",
            captioned=True,
        ),
        _row(
            c.delta(Decimal("1250000"), Decimal("0.125")),
            c.delta(Decimal("-830000"), Decimal("-0.08")),
            c.delta(Decimal(0), Decimal(0)),
            c.delta(Decimal("500000"), None, is_new=True),
            c.change(None, None),
            c.ratio(Decimal("0.8734")),
            c.ratio(Decimal("-0.02")),
            c.ratio(None),
            html.Span(c.unit_label()),
        ),
        _row(c.day(dt.date(2026, 1, 10)), c.moment(calendar.now()), c.day(None), c.moment(None)),
    ]


def _in_unit(unit: str, row: Mapping[str, Any]) -> Any:
    return c.amount(row["value"], unit=unit)


def _forms(asking: Asking, theme: str) -> list[Any]:
    some = [("a", t("教育")), ("b", say(LONG))]

    def name(word: str) -> str:
        return f"kit-{word}-{theme}"

    return [
        _row(
            c.button(t("主要操作"), id=name("primary"), kind="primary", submit=False),
            c.button(t("一般操作"), id=name("button"), submit=False),
            c.button(t("次要操作"), id=name("quiet"), kind="quiet-button", submit=False),
            c.button(t("小按钮"), id=name("small"), kind="small", submit=False),
            html.Button(t("现在不能用"), type="button", disabled=True, className="button", id=name("off")),
            c.link_button(t("看起来像按钮的链接"), "/kit", id=name("link")),
        ),
        c.filter_form(
            "/kit",
            [
                c.field(t("文字"), "text", id=name("text"), placeholder=t("例如：办公用品"), hint=t("一行说明。")),
                c.field(t("必填的"), "must", id=name("must"), required=True, value=UNBROKEN),
                c.chooser(t("选择"), "pick", some, id=name("pick"), value="b", every=t("全部")),
                c.live_select(t("马上生效的选择"), "live", some, id=name("live"), value="a"),
                c.hidden("kept", "1", id=name("kept")),
            ],
            id=name("filter"),
            live=False,
        ),
        html.Form(
            [
                c.area(t("较长的文字"), "long", id=name("long"), hint=t("最多四千字。"), rows=2),
                html.Div(
                    [
                        html.Label(t("现在不能填"), htmlFor=name("disabled")),
                        html.Textarea(id=name("disabled"), disabled=True, rows="1", className="input"),
                    ],
                    className="field",
                ),
            ],
            className="card",
        ),
        c.search_box("/kit", t("搜索单位、规则、收款人…"), id=name("search"), value=""),
        c.chips(
            [
                ("on", t("已选上的"), asking.same(chip=None), 12, True),
                ("off", t("未选上的"), asking.same(chip=1), 1234, False),
                ("none", t("不计数的"), asking.same(chip=2), None, False),
                ("badge", c.severity_badge("red"), asking.same(chip=3), 0, False),
            ],
            label=t("条件"),
            id=name("chips"),
        ),
        c.tabs(
            [("one", t("按单位"), "/kit"), ("two", t("按科目"), "/kit"), ("three", t("按收款人"), "/kit")],
            "two",
            label=t("看法"),
            id=name("tabs"),
        ),
    ]


def _tables(asking: Asking, theme: str) -> list[Any]:
    rows: list[dict[str, Any]] = [
        {
            "name": say(LONG) if n == 1 else t("示例单位 {n}", n=n + 1),
            "severity": ("red", "orange", "yellow", "blue")[n % 4],
            "amount": FIGURES[n % len(FIGURES)],
            "share": Decimal(n) / 7,
            "day": dt.date(2026, 1, 1) + dt.timedelta(n * 9) if n != 3 else None,
        }
        for n in range(5)
    ]
    columns = [
        c.Column("severity", t("等级"), "severity"),
        c.Column("name", t("单位"), main=True, sort="name"),
        c.Column("amount", t("金额"), "money", sort="amount", help=c.term("draft")),
        c.Column("share", t("占比"), "ratio"),
        c.Column("day", t("日期"), "date"),
    ]
    here = replace(asking, query={"page": ["2"]})
    return [
        c.table(
            columns,
            rows,
            caption=t("按金额排序的表格，末行是合计"),
            id=f"kit-table-{theme}",
            asking=asking,
            order="-amount",
            foot={"name": t("合计"), "amount": Decimal("123456691481.41")},
            currency="CNY",
            captioned=True,
        ),
        c.pager(here, 1234, 50),
        c.pager(replace(asking, query={}), 5, 50),
        c.table(columns[1:3], [], caption=t("没有行的表格"), id=f"kit-table-empty-{theme}", captioned=True),
    ]


def _states(asking: Asking, theme: str) -> list[Any]:
    fix = Text("请先完成核实。", "Please verify it first.")
    what = Text("这件疑点还没有核实。", "This item has not been verified yet.")
    errors = [
        Invalid(what, where=say(LONG), fix=fix),
        NotFound(Text("没有这个页面：/nowhere", "There is no such page: /nowhere")),
        Denied(Text("这个页面不属于您的角色。", "This page is not part of your role.")),
        Fault(
            Text("页面没有生成出来，编号 {n}。", "This page could not be made; its reference is {n}.").fill(n="5f3a"),
            reference="5f3a",
        ),
    ]
    return [
        c.empty(
            t("没有符合条件的疑点。"),
            c.link_button(t("清除条件"), "/kit", id=f"kit-clear-{theme}"),
            id=f"kit-empty-{theme}",
        ),
        c.nothing_yet(asking.viewer, id=f"kit-nothing-{theme}"),
        c.loading(t("正在读取…"), kind="table", rows=3),
        c.loading(kind="chart"),
        c.skeleton("page"),
        c.skeleton("tiles"),
        c.progress(0.42, t("正在运行规则"), t("约剩 {n} 分钟", n=3), id=f"kit-progress-{theme}"),
        c.progress(0, t("排队中")),
        c.progress(1, t("已完成")),
        c.progress(None, t("正在读取…")),
        c.notice(t("已发给单位，期限七天。"), id=f"kit-notice-{theme}"),
        c.notice(say(LONG), tone="warn"),
        c.notice(say(what), " ", say(fix), tone="refused"),
        *(c.note(say(LONG) if tone == "info" else tone, tone=tone) for tone in ("info", "warn", "bad", "good", "calm")),
        *(_shown(c.error_box(error), n, theme) for n, error in enumerate(errors)),
    ]


def _shown(box: Any, n: int, theme: str) -> Any:
    """An error as it looks, its heading one of many here and its id its own."""
    box.children[0] = html.H3(box.children[0].children, className="error-title")
    box.id = f"kit-error-{n}-{theme}"
    box.role = "group"
    return box


def _layouts(asking: Asking, theme: str) -> list[Any]:
    head = c.page_head(
        say(LONG), lead=t("一句话说明这一页。"), actions=c.button(t("下一件"), id=f"kit-next-{theme}", submit=False)
    )
    title = head.children[1].children[0].children
    title[0] = html.H3(title[0].children)
    crumbs = c.breadcrumbs([(t("疑点处理"), "/committee"), (say(LONG)[:20], "/kit"), (t("凭证"), None)])
    return [
        crumbs,
        head,
        c.tiles(
            [
                (c.amount(FIGURES[0], unit="wan", with_unit=True), t("很大的数"), say(LONG), "accent", "/kit"),
                (c.amount(FIGURES[3], unit="wan", with_unit=True), t("负数"), "", "down", None),
                ("0", t("零"), t("没有"), "up", None),
                ("—", t("没有数据"), "", "", None),
            ]
        ),
        c.stats([(t("已支付"), c.amount(FIGURES[1])), (t("笔数"), "1,234", t("比上年多 3 笔")), (t("说明"), "—", "")]),
        c.split(
            c.card(html.P(say(LONG)), title=t("主要的"), level=3, side=html.A(t("全部"), href="/kit")),
            [
                c.card(
                    c.definition_list([(t("单位"), t("示例单位 {n}", n=1)), (t("编号"), UNBROKEN)], kind="rows"),
                    level=3,
                ),
                c.card(c.definition_list([(t("单位"), say(LONG)), (t("编号"), "42")]), title=t("旁边的"), level=3),
            ],
        ),
        c.timeline([_step(t("发现")), _step(t("询问单位"), say(LONG)), _step(t("答复"))], label=t("经过")),
        c.disclosure(t("折起来的说明"), html.P(say(LONG)), id=f"kit-fold-{theme}"),
        c.disclosure(t("打开的说明"), html.P(say(LONG)), open=True),
    ]


def _step(word: str, remark: str = "") -> Any:
    return html.Div(
        [
            html.Div(
                [
                    html.Span(word, className="step-label"),
                    html.Span(c.day(dt.date(2026, 1, 10)), className="step-meta"),
                ],
                className="step-head",
            ),
            html.P(remark, className="step-note") if remark else None,
        ]
    )


def _chart() -> Any:
    """The chart theme once: its colours are those of paper, the stylesheet gives them those of the theme in force."""
    months = [str(n) for n in range(1, 13)]
    bars = {"type": "bar", "x": months, "y": [8, 7, 9, 11, 10, 12, 9, 10, 12, 13, 15, 28], "name": t("今年")}
    line = {"type": "scatter", "x": months, "y": [8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 14], "name": t("往年")}
    figure = dressed([bars | {"marker": {"color": BLUE}}, line | {"mode": "lines", "line": {"color": UP}}], x={}, y={})
    return c.picture(figure, t("十二月的支出是其他月份的两倍多。"), id="kit-chart", height=280)


def _colours(asking: Asking) -> Any:
    """Which token is written on which, how it looks, and how it contrasts in each theme."""
    return html.Div([_swatches(theme) for theme in tokens.THEMES], className="kit-both")


def _swatches(theme: str) -> Any:
    def drawn() -> Iterator[Any]:
        for written, ground, found, least in tokens.pairs(theme):
            style = {
                "color": f"var(--{written})",
                "backgroundColor": f"var(--{ground})",
                "borderColor": f"var(--{written})",
            }
            yield html.Li(
                [
                    html.Span(f"{say(LONG)[:2]} 123", style=style, className="kit-swatch")
                    if least == tokens.READ
                    else html.Span(style={**style, "color": f"var(--{ground})"}, className="kit-swatch"),
                    html.Span(f"{written} / {ground}", className="code"),
                    html.Span(f"{found:.1f} : 1", className="figure"),
                ]
            )

    return html.Div(html.Ul(list(drawn()), className="kit-swatches"), className="kit-theme", **{"data-theme": theme})


def _row(*pieces: Any) -> Any:
    return html.Div(list(pieces), className="kit-row")
