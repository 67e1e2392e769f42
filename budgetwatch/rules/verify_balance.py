"""Whether the words of a `balance` mean something: its sides, what they are summed by, its tolerance, who and when."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import duckdb

from budgetwatch.rules import balance, sql
from budgetwatch.rules.model import BalanceSpec, SumSide
from budgetwatch.rules.named import DAY, Place, column, placed, readable
from budgetwatch.rules.refusal import Refusal, nearest
from budgetwatch.rules.rule import Rule
from budgetwatch.text import Text

_WHOLE = ("BIGINT", "INTEGER", "HUGEINT", "SMALLINT", "TINYINT")


def check(rule: Rule, schema: duckdb.DuckDBPyConnection) -> list[str]:
    """Refuse what does not hold; returns the columns of `over` without which a row belongs to no group."""
    spec = rule.balance
    sides = (("left", spec.left), ("right", spec.right))
    if rule.over not in {side.from_ for _, side in sides}:
        raise Refusal(
            Text(
                f"over（{rule.over}）应是 left 或 right 的数据。",
                f"over, {rule.over}, must be the facts of left or right.",
            ),
            nearest(rule.over, [side.from_ for _, side in sides]),
            ("over",),
        )
    for name, side in sides:
        readable(side.from_, rule.reads, ("balance", name, "from"))
        if side.when is not None:
            kind = _kind(rule, side, side.when, schema, ("balance", name, "when"))
            if kind != "BOOLEAN":
                raise _wrong(f"when 应得出真或假，这里得出 {kind}", f"a `when` is true or false; this one gives {kind}",
                             "请写成比较。", "Write a comparison.", ("balance", name, "when"))  # fmt: skip
        kind = _kind(rule, side, side.sum, schema, ("balance", name, "sum"))
        if not (kind in _WHOLE or ((decimal := re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", kind)) and int(decimal[1]) <= 2)):
            raise _wrong(f"sum 应是精确金额（最多两位小数），这里是 {kind}", f"a sum is exact money with at most two places; this is {kind}",
                         "请用金额列，或 round(…, 2)。", "Name a column of money, or round(…, 2).", ("balance", name, "sum"))  # fmt: skip
    for at, pair in enumerate(spec.by):
        kinds = []
        for (name, side), expression in zip(
            sides, (balance.by(spec, "left")[at], balance.by(spec, "right")[at]), strict=True
        ):
            place: Place = ("balance", "by", at) if isinstance(pair, str) else ("balance", "by", at, name)
            if isinstance(pair, str):
                column(side.from_, pair, place)
            kinds.append(_kind(rule, side, expression, schema, place))
        if len({_family(kind) for kind in kinds}) > 1:
            raise _wrong(f"两边的类型不同：{kinds[0]} 与 {kinds[1]}", f"the two sides are of different types: {kinds[0]} and {kinds[1]}",
                         "请用 ::VARCHAR 等转成相同类型。", "Make them the same, with ::VARCHAR for instance.", ("balance", "by", at))  # fmt: skip
    _named(spec)
    _tolerance(rule, spec)
    return sorted(balance.plain_columns(rule))


def _kind(rule: Rule, side: SumSide, expression: str, schema: duckdb.DuckDBPyConnection, at: Place) -> str:
    """The type of an expression of single rows of the side; refused where it is none."""
    bound = placed(lambda: sql.bind(expression, rule.values(DAY)), *at)
    seen = placed(lambda: sql.check_condition(bound, side.from_), *at)
    for name in sorted(seen.columns - {"_row"}):
        column(side.from_, name, at)
    try:
        described = schema.execute(f"DESCRIBE SELECT (\n{bound}\n) AS x FROM {side.from_}").fetchall()
    except duckdb.Error as error:
        told = str(error).split("\n\n")[0].split("LINE ")[0].strip()
        raise _wrong(f"SQL 不成立：{told}", f"this SQL does not hold: {told}",
                     "请检查列名和类型。", "Check the columns and their types.", at) from None  # fmt: skip
    return str(described[0][1])


def _family(kind: str) -> str:
    return "number" if kind in _WHOLE else kind


def _named(spec: BalanceSpec) -> None:
    known = balance.names(spec)
    if len(set(known)) < len(known):
        raise _wrong("by 中有重名", "two entries of by have the same name", "请用 as 改名。", "Name one otherwise, with as.", ("balance", "by"))  # fmt: skip
    for key, wanted in (("subject", spec.subject), ("period", spec.periods)):
        for name in wanted:
            if name not in known:
                raise Refusal(
                    Text(f"{key} 中的 {name} 不在 by 里。", f"{name} under {key} is not among what the sums are by."),
                    nearest(name, known),
                    ("balance", key),
                )


def _tolerance(rule: Rule, spec: BalanceSpec) -> None:
    if spec.tolerance.startswith("$"):
        name = spec.tolerance[1:]
        if name in rule.params and rule.params[name].type == "money":
            return
    else:
        try:
            amount = Decimal(spec.tolerance)
            if (
                amount.is_finite()
                and amount >= 0
                and amount == round(amount, 2)
                and re.fullmatch(r"[0-9.]+", spec.tolerance)
            ):
                return
        except InvalidOperation:
            pass
    raise Refusal(
        Text(
            f"tolerance 应为金额或金额参数：{spec.tolerance}。",
            f"tolerance is an amount or a parameter of money: {spec.tolerance}.",
        ),
        nearest(spec.tolerance, [f"${name}" for name, p in rule.params.items() if p.type == "money"]),
        ("balance", "tolerance"),
    )


def _wrong(zh: str, en: str, fix_zh: str, fix_en: str, at: Place) -> Refusal:
    return Refusal(Text(f"{zh}。", f"{en}."), Text(fix_zh, fix_en), at)
