"""What the browser's habits need of the server: words in the reader's language, the pages this person may open.

`assets/habits.js` draws the search palette, the list of shortcuts, the tour and the chip of remembered filters from
this; it stands in the frame as data, so that the script itself knows no sentence and no role.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.asking import Asking
from dashboard.components import helping, tour
from dashboard.i18n import t

#: Pages to which one may want to come back as one left them.
REMEMBERED = ("/committee", "/auditor", "/leads", "/places", "/rules", "/feeds")


def ground(asking: Asking, pages: Sequence[tuple[str, str, str]]) -> Any:
    """The data, unseen; `pages` are those of the navigation: (address, word, icon)."""
    open_to = [*((address, word) for address, word, _ in pages), *_further()]
    data = {
        "user": asking.viewer.id,
        "words": _words(),
        "pages": [{"address": address, "word": word} for address, word in dict(open_to).items()],
        "remembered": REMEMBERED,
        "keys": helping.keys(asking.viewer, [address for address, _ in open_to]),
        "tour": tour.steps(asking.viewer),
    }
    return html.Div(id="habits", hidden=True, **{"data-habits": json.dumps(data, ensure_ascii=False)})


def _further() -> list[tuple[str, str]]:
    return [("/search", t("搜索")), ("/jobs", t("后台任务")), ("/guide", t("使用指南"))]


def _words() -> dict[str, str]:
    return {
        "search": t("搜索"),
        "placeholder": t("单位、项目、收款人、疑点、规则，名称或代码"),
        "close": t("关闭"),
        "pages": t("页面"),
        "recent": t("最近搜索"),
        "saved": t("我保存的查询"),
        "messages": t("最近的消息"),
        "all": t("看全部结果"),
        "count": t("{n} 条结果，用上下键选择"),
        "none": t("没有找到“{q}”。"),
        "looked": t("查过：{kinds}。"),
        "try": t("可以换短一点的词、只写一个字号，或输入代码（如 990102、PY-07）再试。"),
        "waiting": t("正在查找…"),
        "offline": t("连不上服务器，请检查网络后再试。"),
        "expired": t("登录已过期，请重新登录。"),
        "refused": t("没有查成，请稍后再试。"),
        "forget": t("清除最近搜索"),
        "device": t("最近搜索只留在这台设备上，退出登录时清除。"),
        "hint_move": t("选择"),
        "hint_open": t("打开"),
        "hint_close": t("关闭"),
        "restore": t("恢复上次的条件：{asked}"),
        "forget_filters": t("不再提示这些条件"),
        "keys": t("键盘快捷键"),
        "keys_on": t("单键快捷键已打开"),
        "keys_off": t("单键快捷键已关闭"),
        "keys_note": t("输入文字时不起作用。可在账号菜单里关闭单键快捷键。"),
        "then": t("然后"),
        "tour": t("一分钟介绍"),
        "step": t("第 {n} 步，共 {of} 步"),
        "next": t("下一步"),
        "back": t("上一步"),
        "done": t("完成"),
        "skip": t("跳过介绍"),
    }
