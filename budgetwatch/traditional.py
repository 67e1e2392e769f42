"""繁體 out of 简体: the office's own terms first, the rest as OpenCC's `s2tw` converts it.

One list for the screens' catalogues and for the sentences of queries, so that a word is written one way everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

#: What the dictionary gets wrong in these sentences, or writes in a way that offices do not; longest match wins.
TERMS: Mapping[str, str] = {
    # split in the wrong place: 有采 + 购, 金发 + 放, 看表, 理签
    "采购": "採購",
    "发放": "發放",
    "下发": "下發",
    "表头": "表頭",
    "表格": "表格",
    "签认": "簽認",
    "签字": "簽字",
    "签收": "簽收",
    "干预": "干預",
    "子丑": "子丑",
    "占": "佔",
    "只": "只",
    "另一只": "另一隻",
    "里": "裡",
    "公里": "公里",
    "里程": "里程",
    "邻里": "鄰里",
    # quotation marks
    "“": "「",
    "”": "」",
    # money is kept in 帳, not 賬; a ledger is 台帳, a platform 平台
    "账": "帳",
    "台账": "台帳",
    "平台": "平台",
    "后台": "後台",
    "柜台": "櫃台",
    "余额": "餘額",
    "结余": "結餘",
    # the words of budgets
    "预算": "預算",
    "决算": "決算",
    "疑点": "疑點",
    "核准": "核准",
    "批准": "批准",
    "复核": "複核",
    "批复": "批覆",
    "答复": "答覆",
    "回复": "回覆",
    "征收": "徵收",
    "征缴": "徵繳",
    "支出": "支出",
    "制度": "制度",
    "系统": "系統",
    "关系": "關係",
    "发布": "發布",
    "公布": "公布",
    "分布": "分布",
    "工委": "工委",
    # the same act has another name on 繁體 screens
    "退出登录": "登出",
    "登录": "登入",
}
_TERM = re.compile("|".join(sorted(map(re.escape, TERMS), key=len, reverse=True)))


@cache
def _converter() -> Any:
    import opencc  # its dictionaries are read for the first reader of 繁體 only

    return opencc.OpenCC("s2tw")


@lru_cache(maxsize=16_384)
def traditional(words: str) -> str:
    """The same words in 繁體; what stands between two terms keeps its own context."""
    if words.isascii():
        return words
    convert = _converter().convert
    done: list[str] = []
    at = 0
    for term in _TERM.finditer(words):
        done += (convert(words[at : term.start()]), TERMS[term[0]])
        at = term.end()
    return "".join((*done, convert(words[at:])))
