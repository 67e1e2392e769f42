"""Help beside the thing: the guide's section for a page, the keyboard's shortcuts, and where both are switched.

Single keys do something only where nothing is typed, and each person may switch them off (WCAG 2.1.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from budgetwatch.access.viewer import Viewer
from dashboard.asking import Asking
from dashboard.i18n import t

#: After g: where each letter leads, for those whose navigation has it.
PLACES: dict[str, str] = {
    "h": "/home",
    "c": "/committee",
    "l": "/leads",
    "a": "/auditor",
    "d": "/deputy",
    "q": "/questions",
    "u": "/unit",
    "p": "/places",
    "f": "/feeds",
    "r": "/rules",
    "w": "/jobs",
    "s": "/search",
}


#: The pages of a rule's life, and the section of its guide that tells of each; the roles that it is written for.
WITHIN = {
    "editions": "propose", "tests": "test", "shadow": "shadow", "incidents": "incidents", "exemptions": "exempt",
}  # fmt: skip
RULED = ("reviewer", "lead", "auditor", "admin")


def guide_address(asking: Asking) -> str:
    """The section about this page in the guide of this person's role."""
    parts = asking.path.strip("/").split("/")
    section = next((within for within in parts[1:2] if within in WITHIN), parts[0] or "home")
    if asking.viewer.role in RULED and (section in WITHIN or asking.path == "/rules/new"):
        return f"/guide/rule-life#{WITHIN.get(section) or ('change' if asking.one('change') else 'draft')}"
    return f"/guide/{asking.viewer.role}#{section if section not in WITHIN else parts[0]}"


def page_help(asking: Asking) -> Any:
    """A ? beside a page's head that opens the guide where it speaks of the page."""
    return html.A(
        html.Span("?", **{"aria-hidden": "true"}),
        href=guide_address(asking),
        id="page-help",
        className="page-help",
        title=t("这一页怎么用"),
        **{"aria-label": t("这一页怎么用")},
    )


def keys(viewer: Viewer, addresses: Sequence[str]) -> list[dict[str, Any]]:
    """Groups of shortcuts as the list shows them: {title, rows: [{keys, word, go}]}; `go` only where one leads somewhere."""
    words = {
        "/home": t("首页"),
        "/committee": t("疑点处理"),
        "/leads": t("线索"),
        "/auditor": t("支出查询"),
        "/deputy": t("预算草案"),
        "/questions": t("我的提问"),
        "/unit": t("待答复"),
        "/places": t("各地"),
        "/feeds": t("数据"),
        "/rules": t("规则"),
        "/jobs": t("后台任务"),
        "/search": t("搜索"),
    }
    lists = [
        {"keys": ["j", "k"], "word": t("清单里下一行、上一行")},
        {"keys": ["Enter"], "word": t("打开所在的一行")},
    ]
    if viewer.may("work_cases"):
        lists.append({"keys": ["n"], "word": t("办理下一件")})
    return [
        {
            "title": t("随处可用"),
            "rows": [
                {"keys": ["Ctrl K"], "word": t("搜索"), "always": True},
                {"keys": ["/"], "word": t("搜索")},
                {"keys": ["?"], "word": t("看这张表")},
                {"keys": ["Esc"], "word": t("关闭打开的框"), "always": True},
            ],
        },
        {"title": t("清单"), "rows": lists},
        {
            "title": t("去别的页面"),
            "rows": [
                {"keys": ["g", letter], "word": words[address], "go": address}
                for letter, address in PLACES.items()
                if address in addresses
            ],
        },
    ]


def account_items(asking: Asking) -> Any:
    """What the account menu offers of all this: the list of shortcuts, their switch, and the tour once more."""
    return html.Div(
        [
            html.Button(
                t("键盘快捷键"), type="button", id="keys-open", className="menu-item", **{"data-keys-open": ""}
            ),
            html.Button(
                t("单键快捷键"),
                type="button",
                id="keys-switch",
                className="menu-item menu-switch",
                role="switch",
                **{"data-keys-switch": "", "aria-checked": "true"},
            ),
            html.Button(
                t("再看一遍一分钟介绍"),
                type="button",
                id="tour-again",
                className="menu-item",
                **{"data-tour-start": ""},
            ),
        ],
        className="menu-items",
    )
