"""A tour of one minute for each role: a few sentences, each beside the thing it speaks of, on the pages themselves.

It is offered once, by a card on the first page, and never in the way; it may be left at any step and taken again from
the account menu. That it was taken or put off is remembered by the server, so another device does not offer it again.
"""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch import preferences
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from dashboard.asking import Asking
from dashboard.i18n import t

#: Under which name of the preference `tours` this tour is kept.
NAME = "first"


def steps(viewer: Viewer) -> list[dict[str, str]]:
    """{at: page, on: what the step points at (CSS, the first that is seen), title, text}."""
    work = {
        "reviewer": _committee,
        "lead": _committee,
        "leader": _leader,
        "deputy": _deputy,
        "auditor": _auditor,
        "unit": _unit,
        "finance": _finance,
        "admin": _admin,
    }.get(viewer.role)
    home = _step("/home", "#title", t("首页"), t("这里只列和您有关、现在要办的事。点任何一项，就到它那里。"))
    return [home, *(work() if work else []), *_last()]


def offer(asking: Asking) -> Any:
    """The card that offers the tour; nothing for those who took it or put it off."""
    if asking.viewer.id is None or NAME in (preferences.get(asking.home, asking.viewer, "tours") or {}):
        return None
    return html.Section(
        [
            html.Div(
                [
                    html.H2(t("第一次来？一分钟看一遍"), className="tour-offer-title"),
                    html.P(
                        t("几句话，说清您常用的几个地方。随时可以跳过，以后也可以从账号菜单再看。"), className="below"
                    ),
                ]
            ),
            html.Div(
                [
                    html.Button(
                        t("开始"),
                        type="button",
                        id="tour-start",
                        className="button small primary",
                        **{"data-tour-start": ""},
                    ),
                    html.Form(
                        html.Button(
                            t("不用了"), type="submit", id="tour-dismiss", className="button small quiet-button"
                        ),
                        id="tour-dismiss-form",
                        **{"data-deed": "tour.done"},
                    ),
                ],
                className="tour-offer-buttons",
            ),
        ],
        id="tour-offer",
        className="card tour-offer",
        **{"aria-label": t("一分钟介绍")},
    )


def taken(asking: Asking) -> None:
    """Never offer it to this person again."""
    kept = dict(preferences.get(asking.home, asking.viewer, "tours") or {})
    preferences.put(asking.home, asking.viewer, "tours", {**kept, NAME: today().isoformat()})


def _step(at: str, on: str, title: str, text: str) -> dict[str, str]:
    return {"at": at, "on": on, "title": title, "text": text}


def _committee() -> list[dict[str, str]]:
    return [
        _step(
            "/committee",
            "#next-case, #title",
            t("办理下一件"),
            t("按逾期、等级、期限排好了次序，点这里就打开最该办的一件；键盘按 n 也行。"),
        ),
        _step(
            "/committee",
            ".queue-filters",
            t("筛选"),
            t("等级、状态、地区点一下就筛。条件都写在网址里，可以收藏，也可以发给同事。"),
        ),
        _step(
            "/committee",
            "#queue, #queue-empty",
            t("清单"),
            t("点一行看证据、依据和可能的解释。疑点不是结论，要听单位的说明。"),
        ),
    ]


def _leader() -> list[dict[str, str]]:
    return [
        _step("/committee", ".queue-filters", t("疑点处理"), t("红色是最严重的一级。点“红”，只看最要紧的。")),
        _step("/places", "#title", t("各地"), t("各区、镇街的数据是否到齐、疑点办得怎样，在这里比较。")),
        _step("/deputy", "#headline, #title", t("预算草案"), t("一年的钱花在哪里，几个数先看清，再往下点。")),
    ]


def _deputy() -> list[dict[str, str]]:
    return [
        _step("/deputy", "#headline, #title", t("五个数"), t("总盘子有多大、比上年多还是少、人均多少，先看这几个数。")),
        _step(
            "/deputy",
            "#preview, #title",
            t("往下看"),
            t("点任何一行看它由什么组成；有疑问就点“提问”，数字会随提问一起送去。"),
        ),
        _step("/questions", "#questions, #title", t("我的提问"), t("您的提问和部门的答复都在这里。")),
    ]


def _auditor() -> list[dict[str, str]]:
    return [
        _step(
            "/auditor",
            "#payments-filter",
            t("查询"),
            t("关键词、年度、地区、单位，选好就查；金额、日期在“更多条件”里。"),
        ),
        _step(
            "/auditor",
            "#totals-card, #title",
            t("汇总"),
            t("按月、按单位、按收款人……换一种方式加总。点一行，就看它的支付。"),
        ),
        _step(
            "/auditor",
            "#payments-card, #title",
            t("明细和凭证"),
            t("点一笔支付，看它的每个字段、来自哪个文件的哪一行。"),
        ),
        _step(
            "/auditor",
            "#save-query, #saved-box, #export-xlsx, #title",
            t("保存和导出"),
            t("常用的查询起个名字存下来；结果可以整份导出。"),
        ),
    ]


def _unit() -> list[dict[str, str]]:
    return [
        _step(
            "/unit",
            "#own-cases, #title",
            t("待答复"),
            t("人大发来的函询在这里，先到期的在前。点开看所涉及的支付，再写答复。"),
        ),
    ]


def _finance() -> list[dict[str, str]]:
    return [
        _step("/unit", "#own-cases, #title", t("待答复"), t("函询和代表的提问在这里，先到期的在前。")),
        _step("/feeds", "#freshness, #title", t("数据"), t("每种数据最近一次报送到哪天；退回的行写明了哪里要改。")),
    ]


def _admin() -> list[dict[str, str]]:
    return [
        _step("/feeds", "#freshness, #title", t("数据"), t("每种数据最近一次报送到哪天；退回的行写明了哪里要改。")),
        _step("/rules", "#rules, #title", t("规则"), t("每条规则查了多少、发现多少、多少无法判断，都在这里。")),
        _step("/jobs", "#title", t("后台任务"), t("接收文件、运行规则要些时间，可以离开这一页，做完再回来看。")),
    ]


def _last() -> list[dict[str, str]]:
    return [
        _step(
            "",
            "[data-search-open]",
            t("搜索"),
            t("按 Ctrl-K（或 /）随处可搜单位、项目、疑点、规则；繁体简体都行，代码也行。"),
        ),
        _step("", "#who", t("账号"), t("语言、深浅色、快捷键和使用指南都在这里，这个介绍也可以从这里再看。")),
    ]
