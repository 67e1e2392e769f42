"""What a viewer may ask and how far they see: asked first by every query, so no screen can forget it.

Facts come through `home.facts(viewer)`, whose views hold only the scope; rows of the database are
narrowed here. Something outside scope is "not found", so that its existence is not given away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import ColumnElement

from budgetwatch.access.viewer import ROLES, Viewer
from budgetwatch.errors import Denied, Invalid, NotFound
from budgetwatch.text import Text

#: What each power lets a person do, as the end of "Your role … does not include …".
POWER_NAMES: dict[str, Text] = {
    "flags": Text("查看疑点", "seeing flags"),
    "cases": Text("查看疑点处理", "seeing cases"),
    "work_cases": Text("办理疑点", "working on cases"),
    "own_cases": Text("查看发给本单位的函询", "seeing the inquiries sent to a unit"),
    "approve": Text("审批", "approving"),
    "facts": Text("查询支付明细", "querying payments"),
    "vouchers": Text("查看支付凭证", "seeing vouchers"),
    "payees": Text("查看个人收款人全名", "seeing the full names of individual payees"),
    "budgets": Text("查看预算", "looking at budgets"),
    "ask": Text("对预算提问", "asking about a budget"),
    "answer": Text("答复代表提问", "answering deputies' questions"),
    "reply": Text("回复函询", "replying to an inquiry"),
    "rules": Text("查看规则", "reading the rules"),
    "draft_rules": Text("起草规则", "drafting rules"),
    "approve_rules": Text("批准规则", "approving rules"),
    "switch_rules": Text("启用或停用规则", "putting rules into force or retiring them"),
    "batches": Text("查看数据批次", "seeing what was sent"),
    "take_in": Text("接收数据文件", "taking in files"),
    "run": Text("运行规则", "running the rules"),
    "export": Text("导出数据", "exporting"),
    "exempt": Text("审批豁免", "approving exemptions"),
    "users": Text("管理账号", "managing accounts"),
}


def demand(viewer: Viewer, *powers: str) -> None:
    """Refuse unless the viewer has one of the powers."""
    if any(viewer.may(power) for power in powers):
        return
    role = ROLES.get(viewer.role, Text(viewer.role, viewer.role))
    what = POWER_NAMES.get(powers[0], Text(powers[0], powers[0]))
    raise Denied(
        Text(f"“{role.zh}”的权限不包括{what.zh}。", f"The role “{role.en}” does not include {what.en}."),
        fix=Text("如工作需要，请向系统管理员申请。", "Ask an administrator if your work needs it."),
    )


def missing(what: Text) -> NotFound:
    """There is no such thing, or none within scope: the same sentence for both."""
    return NotFound(
        Text(f"在您的权限范围内找不到{what.zh}。", f"There is no {what.en} within your scope."),
        fix=Text("请核对编号，或返回列表重新选择。", "Check the number, or choose again from the list."),
    )


def begins(column: Any, prefix: str) -> ColumnElement[bool]:
    """Whether a column begins with the prefix, letter for letter on every database; always, for the empty prefix."""
    if not prefix:
        return sa.true()
    return sa.func.substr(column, 1, len(prefix)) == prefix


def within(viewer: Viewer, region: Any, agency: Any | None = None) -> ColumnElement[bool]:
    """The rows of a database table that lie in the viewer's scope."""
    limits = [begins(region, viewer.region)]
    if viewer.agency_code is not None:
        limits.append(agency == viewer.agency_code if agency is not None else sa.false())
    return sa.and_(*limits)


@lru_cache(maxsize=4)
def _converter(way: str) -> Any:
    import opencc  # its dictionaries are wanted by searches only

    return opencc.OpenCC(way)


def simplified(text: str) -> str:
    """The text in simplified characters."""
    return str(_converter("t2s").convert(text))


@lru_cache(maxsize=256)
def spellings(term: str) -> tuple[str, ...]:
    """The search term in lower case as typed, in simplified and in traditional characters."""
    term = term.strip().lower()
    forms = (term, _converter("t2s").convert(term), _converter("s2t").convert(term))
    return tuple(dict.fromkeys(f for f in forms if f))


def mentions(columns: Iterable[Any], text: str) -> ColumnElement[bool]:
    """Whether any of the database columns holds every word of the text, in either script."""
    columns = list(columns)
    return sa.and_(
        *(
            sa.or_(*(sa.func.lower(c).contains(form, autoescape=True) for c in columns for form in spellings(word)))
            for word in text.split()
        )
    )


def mentions_sql(columns: Sequence[str], text: str, params: dict[str, Any]) -> str:
    """The same as an SQL condition for DuckDB; adds its parameters to `params`. "" asks nothing."""
    words = []
    for word in text.split():
        tests = []
        for form in spellings(word):
            params[name := f"t{len(params)}"] = form
            tests += [f"contains(lower({column}), ${name})" for column in columns]
        words.append(f"({' OR '.join(tests)})")
    return " AND ".join(words)


def paged(limit: int, offset: int, *, most: int = 1000) -> tuple[int, int]:
    """The page asked for, refused when it makes no sense."""
    if not 0 <= limit <= most or offset < 0:
        raise Invalid(
            Text(
                f"每页 0 到 {most} 行，起始行不小于 0。", f"A page holds 0 to {most} rows and starts at row 0 or later."
            ),
            where=f"limit={limit}, offset={offset}",
        )
    return limit, offset


def one_of(value: str, allowed: Iterable[str], where: str) -> str:
    """The value, refused with the possible ones when it is none of them."""
    allowed = list(allowed)
    if value not in allowed:
        raise Invalid(
            Text(f"“{value}”不可用。", f"“{value}” is not possible here."),
            where=where,
            fix=Text(f"可用：{'、'.join(allowed)}。", f"Possible: {', '.join(allowed)}."),
        )
    return value


def ratio(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """part ÷ whole with four places; None where it means nothing."""
    if part is None or not whole:
        return None
    return (part / whole).quantize(Decimal("0.0001"))


def digits(code: str) -> bool:
    return bool(re.fullmatch(r"\d+", code))
