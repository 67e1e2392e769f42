"""Whether the words of a rule mean something: feeds, columns, parameters, its SQL, its message, its examples.

The SQL is bound by DuckDB itself against empty typed views, so a wrong column or type is found before
any fact is read.
"""

from __future__ import annotations

import atexit
import dataclasses
import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

import duckdb

from budgetwatch import outliers
from budgetwatch.records import ALL, Column
from budgetwatch.records.codes import LISTS
from budgetwatch.rules import bands, baselines, deadlines, functions, sql, verify_balance
from budgetwatch.rules import compile as compiled
from budgetwatch.rules.model import MOST_TIMES, DeadlineSpec, Expected, OutlierSpec, Side
from budgetwatch.rules.named import DAY, column, money, placed, readable
from budgetwatch.rules.refusal import Refusal, nearest
from budgetwatch.rules.rule import COMMON_FIGURES, Rule, placeholders
from budgetwatch.text import Text

_FIX_SQL = Text("请检查列名和类型。", "Check the columns and their types.")


def finish(rule: Rule) -> tuple[str, ...]:
    """Check everything a rule says; returns the columns it needs, those that its question groups by among them."""
    for at, feed in (("over",), rule.over), *((("feeds", n), f) for n, f in enumerate(rule.feeds)):
        if feed not in ALL:
            raise Refusal(
                Text(f"没有数据 {feed}。", f"there are no facts called {feed}."), nearest(feed, ALL), tuple(at)
            )
    for n, name in enumerate(rule.needs):
        column(rule.over, name, ("needs", n))
    needs = _question(rule)
    figures = _bound(rule, needs)
    _message(rule, figures)
    _parameters_used(rule)
    for n in range(len(rule.examples)):
        _example(rule, n)
    return needs


def _question(rule: Rule) -> tuple[str, ...]:
    """Check the question's own words; returns the needed columns."""
    needs = list(rule.needs)
    if rule.form == "when":
        needs += _when(rule)
    elif rule.form == "select":
        placed(
            lambda: sql.check_select(sql.bind(rule.sql, rule.values(DAY)), [*rule.reads, "workday", *baselines.TABLES]),
            rule.form,
        )
        _paced(rule)
    elif isinstance(rule.question, DeadlineSpec):
        _deadline(rule, rule.question)
        needs += sorted(deadlines.key_columns(rule))
    elif rule.form == "balance":
        needs += verify_balance.check(rule, _schema())
    elif isinstance(rule.question, OutlierSpec):
        if rule.question.model not in outliers.MODELS:
            raise Refusal(
                Text(f"没有模型 {rule.question.model}。", f"there is no model {rule.question.model}."),
                nearest(rule.question.model, outliers.MODELS),
                ("outlier", "model"),
            )
        for n, name in enumerate(rule.question.columns):
            column(rule.over, name, ("outlier", "columns", n))
        money(rule.over, rule.question.amount, ("outlier", "amount"))
        needs += [*rule.question.columns, rule.question.amount]
    return tuple(dict.fromkeys(needs))


def _paced(rule: Rule) -> None:
    """A rule that reads a progress table reads what it is made of, and says so."""
    for feed in baselines.READS if rule.baselines else ():
        if feed not in rule.reads:
            raise Refusal(
                Text(
                    f"用到 {rule.baselines[0]}，须在 feeds 中写明 {feed}。",
                    f"{rule.baselines[0]} is made of {feed}, which feeds must name.",
                ),
                Text("cash_plan 可以同时写入 optional。", "cash_plan may stand under optional as well."),
                ("feeds",),
            )


def _when(rule: Rule) -> list[str]:
    condition = rule.sql
    seen = placed(lambda: sql.check_condition(sql.bind(condition, rule.values(DAY)), rule.over), "when")
    for name in sorted(seen.columns - {"_row"}):
        column(rule.over, name, ("when",))
    grouping = [*compiled.subject_columns(rule)]
    for n, name in enumerate(grouping):
        column(rule.over, name, ("subject", n))
    if rule.spec.amount is not None:
        money(rule.over, rule.spec.amount, ("amount",))
    grouping += _least(rule)
    feed = ALL[rule.over]
    if rule.spec.period != "year" or "budget_year" not in feed.by_name:
        if feed.day is None:
            raise Refusal(
                Text(f"{rule.over} 没有日期列，只能按年。", f"{rule.over} has no day: only a year is possible."),
                Text("请写 period: year。", "Write period: year."),
                ("period",),
            )
        grouping.append(feed.day)
    else:
        grouping.append("budget_year")
    spoken_for = sql.lenient_columns(sql.bind(condition, rule.values(DAY)), rule.over)
    silent = sorted(
        c for c in seen.columns - {"_row"} - spoken_for - {*rule.needs, *grouping} if not feed.by_name[c].required
    )
    if silent:
        listed = ", ".join(silent)
        raise Refusal(
            Text(
                f"{listed} 可能缺失，缺失时这个条件不作判断。",
                f"{listed} may be absent, and the condition says nothing of such rows.",
            ),
            Text(
                "请列入 needs，或用 coalesce / IS NULL 说明缺失的含义。",
                "Name it in needs, or say with coalesce or IS NULL what its absence means.",
            ),
            ("when",),
        )
    return [*grouping, *sorted(c for c in seen.columns - {"_row"} if feed.by_name[c].required and c not in spoken_for)]


def _least(rule: Rule) -> list[str]:
    """Check what hits must come to; returns the column that is summed, without which a row counts for nothing."""
    least = rule.spec.least
    for part, type_ in (("amount", "money"), ("rows", "integer")):
        said = getattr(least, part) if least else None
        if said and ((param := rule.params.get(said[1:])) is None or param.type != type_):
            raise Refusal(
                Text(
                    f"least.{part} 应是 {type_} 类型的参数：{said}。",
                    f"least.{part} is a parameter of type {type_}: {said}.",
                ),
                nearest(said, [f"${name}" for name, one in rule.params.items() if one.type == type_]),
                ("least", part),
            )
    if not least or not least.amount:
        return []
    if (summed := compiled.amount_column(rule)) is None:
        raise Refusal(
            Text(f"{rule.over} 没有可合计的金额。", f"{rule.over} has no amount to sum."),
            Text(
                "请用 amount 写明合计哪一列，或只写 least.rows。",
                "Name the column to sum under amount, or say least.rows only.",
            ),
            ("least", "amount"),
        )
    return [summed]


def _deadline(rule: Rule, spec: DeadlineSpec) -> None:
    sides: list[tuple[str, Side | Expected]] = [("start", spec.start), ("end", spec.end)]
    if spec.expected is not None:
        sides.append(("expected", spec.expected))
    for side, part in sides:
        readable(part.from_, rule.reads, ("deadline", side, "from"))
        if part.when is not None:
            text = part.when
            seen = placed(
                lambda text=text, feed=part.from_: sql.check_condition(sql.bind(text, rule.values(DAY)), feed),  # type: ignore[misc]
                "deadline",
                side,
                "when",
            )
            for name in sorted(seen.columns - {"_row"}):
                column(part.from_, name, ("deadline", side, "when"))
    for side, dated in (("start", spec.start), ("end", spec.end)):
        if column(dated.from_, dated.day, ("deadline", side, "day")).kind != "date":
            raise Refusal(
                Text(f"{dated.day} 不是日期列。", f"{dated.day} is not a column of days."),
                Text("请改用日期列。", "Name a column of days."),
                ("deadline", side, "day"),
            )
    for n, (start, end) in enumerate(deadlines.joins(spec)):
        column(spec.start.from_, start, ("deadline", "join", n))
        column(spec.end.from_, end, ("deadline", "join", n))
    for n, name in enumerate(spec.each):
        column(spec.end.from_, name, ("deadline", "each", n))
        if spec.expected is not None:
            column(spec.expected.from_, name, ("deadline", "each", n))
    if spec.expected is not None and not spec.each:
        raise Refusal(
            Text("expected 须与 each 同用。", "expected goes with each."),
            Text("请写明 each。", "Say each."),
            ("deadline", "expected"),
        )
    days = spec.days
    ok = (
        days >= 0
        if isinstance(days, int)
        else re.fullmatch(r"\$[a-z_0-9]+", days)
        and ((name := days[1:]) in rule.params and rule.params[name].type == "integer")
    )
    if not ok:
        raise Refusal(
            Text(f"days 应为整数或整数参数：{days}。", f"days is a whole number or a parameter that is one: {days}."),
            nearest(str(days), [f"${name}" for name, p in rule.params.items() if p.type == "integer"]),
            ("deadline", "days"),
        )


def _bound(rule: Rule, needs: tuple[str, ...]) -> list[str]:
    """Bind the question against empty views; returns the figures it gives."""
    if rule.form == "outlier":
        return ["explanation", "rank", "score"]
    question = compiled.question(dataclasses.replace(rule, needs=needs), DAY)
    try:
        described = _schema().execute(f"DESCRIBE {question}").fetchall()
        columns = {name: kind for name, kind, *_ in described}
        if rule.form == "select":
            _shape(columns)
        bands.check(rule, question, columns, _schema())
        _schema().execute(compiled.findings(question, list(columns), bands.severity(rule, DAY))).fetchall()
    except duckdb.Error as error:
        raise _unbound(rule, error) from None
    if rule.form == "when":
        kind = (
            _schema()
            .execute(f"DESCRIBE SELECT ({sql.bind(rule.sql, rule.values(DAY))}) AS hit FROM {rule.over}")
            .fetchall()
        )
        if kind[0][1] != "BOOLEAN":
            raise Refusal(
                Text(
                    f"when 应得出真或假，这里得出 {kind[0][1]}。",
                    f"a `when` is true or false; this one gives {kind[0][1]}.",
                ),
                Text("请写成比较。", "Write a comparison."),
                ("when",),
            )
    return [name for name in columns if name not in compiled.SHAPE]


def _shape(columns: dict[str, str]) -> None:
    for name in ("subject", "period", "rows"):
        if name not in columns:
            raise Refusal(
                Text(f"select 没有返回 {name}。", f"the select does not return {name}."),
                Text(
                    "须返回 subject、period 和 rows（list(_row)）。",
                    "It returns subject, period and rows (list(_row)) at least.",
                ),
                ("select",),
            )
    wanted = {name: kind for name, kind in compiled.SHAPE.items() if name not in ("amount", "rows")}
    for name, kind in columns.items():
        money = name == "amount" and not (
            kind.startswith("DECIMAL(") or kind in ("BIGINT", "INTEGER", "HUGEINT", '"NULL"', "NULL")
        )
        text = name in wanted and kind not in (wanted[name], '"NULL"', "NULL")
        if money or text or (name == "rows" and kind not in ("BIGINT[]",)):
            right = "DECIMAL" if name == "amount" else compiled.SHAPE[name]
            raise Refusal(
                Text(
                    f"select 返回的 {name} 是 {kind}，应为 {right}。",
                    f"the select returns {name} as {kind}; it must be {right}.",
                ),
                Text("金额须精确，文字请用 ::VARCHAR。", "Money is exact; make codes text with ::VARCHAR."),
                ("select",),
            )


def _unbound(rule: Rule, error: duckdb.Error) -> Refusal:
    message = re.sub(r"\s+", " ", str(error).split("\n\n")[0].split("LINE ")[0]).strip()
    if missing := re.search(
        r'(?:column "?|named "?)(\w+)"? (?:not found|does not)|Referenced column "(\w+)"|does not have a column named "(\w+)"',
        message,
    ):
        word = next(group for group in missing.groups() if group)
        paces = {column for name in rule.baselines for column in baselines.columns(name)}
        known = {column for feed in rule.reads for column in ALL[feed].by_name} | paces | {"_row", "day", "is_workday"}
        return Refusal(Text(f"没有列 {word}。", f"there is no column {word}."), nearest(word, known), (rule.form,))
    return Refusal(Text(f"SQL 不成立：{message}", f"this SQL does not hold: {message}"), _FIX_SQL, (rule.form,))


def _message(rule: Rule, figures: Iterable[str]) -> None:
    known = {*COMMON_FIGURES, *figures, *rule.params}
    known |= {name[:-3] for name in known if name.endswith(("_zh", "_en"))}
    for language, text in (("zh", rule.message.zh), ("en", rule.message.en)):
        try:
            names = placeholders(text)
        except ValueError as error:
            raise Refusal(
                Text(
                    f"message.{language} 的花括号不对：{error}。",
                    f"the braces of message.{language} are wrong: {error}.",
                ),
                Text("只能写 {名字}。", "Write {name} only."),
                ("message", language),
            ) from None
        for name in names:
            if name not in known:
                raise Refusal(
                    Text(
                        f"message 中的 {{{name}}} 不是这条规则的数字。",
                        f"{{{name}}} in the message is no figure of this rule.",
                    ),
                    nearest(name, known),
                    ("message", language),
                )


def _parameters_used(rule: Rule) -> None:
    asked = rule.question if isinstance(rule.question, str) else rule.question.model_dump_json(by_alias=True)
    asked += "".join(f"\n{band.when}" for band in rule.spec.bands or ())
    asked += rule.spec.least.model_dump_json() if rule.spec.least else ""
    used = sql.parameters(asked) | set(re.findall(r"\$([a-z_0-9]+)", asked)) | set(placeholders(rule.message.zh))
    for name in rule.params:
        if name not in used:
            raise Refusal(
                Text(f"参数 {name} 没有用到。", f"the parameter {name} is not used."),
                Text(f"请删去，或在问题中写 ${name}。", f"Remove it, or say ${name} in the question."),
                ("params", name),
            )


def _example(rule: Rule, at: int) -> None:
    example = rule.examples[at]
    for feed, rows in example.given.items():
        if feed not in rule.reads:
            raise Refusal(
                Text(f"例子给出了规则不读的 {feed}。", f"the example gives {feed}, which the rule does not read."),
                nearest(feed, rule.reads),
                ("examples", at, "given", feed),
            )
        for n, row in enumerate(rows):
            for name, value in row.items():
                if name == "_times" and isinstance(value, int) and 1 <= value <= MOST_TIMES:
                    continue
                place = ("examples", at, "given", feed, n, name)
                _example_value(column(feed, name, place), value, place)
    try:
        rule.with_params(example.params)
    except ValueError as error:
        raise Refusal(
            Text(f"例子的参数不对：{error}。", f"the example's parameters are wrong: {error}."),
            Text("请改正例子的 params。", "Correct the example's params."),
            ("examples", at, "params"),
        ) from None


def _example_value(column: Column, value: Any, at: tuple[str | int, ...]) -> None:
    fits = {
        "code": isinstance(value, str),
        "text": isinstance(value, str),
        "money": isinstance(value, (int, Decimal))
        or (isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d{1,2})?", value)),
        "integer": isinstance(value, int),
        "ratio": isinstance(value, (int, Decimal))
        or (isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value)),
        "date": isinstance(value, dt.date),
        "flag": isinstance(value, bool),
    }[column.kind]
    if value is not None and (not fits or (isinstance(value, bool) and column.kind != "flag")):
        raise Refusal(
            Text(f"{column.name} 不能是 {value}。", f"{column.name} cannot be {value!r}: it holds {column.kind}."),
            Text("代码请加引号，日期写成 2025-01-31。", "Put codes in quotes; write days as 2025-01-31."),
            at,
        )
    if value is not None and column.values and value not in LISTS[column.values]:
        raise Refusal(
            Text(f"{column.name} 没有取值 {value}。", f"{column.name} has no value {value}."),
            nearest(str(value), LISTS[column.values]),
            at,
        )


@lru_cache(maxsize=1)
def _schema() -> duckdb.DuckDBPyConnection:
    """Empty typed views of every feed, with our functions."""
    connection = duckdb.connect(":memory:", config={"threads": 1})
    for feed in ALL.values():
        columns = ", ".join(f'"{c.name}" {c.duckdb}' for c in feed.columns)
        connection.execute(f'CREATE TABLE "{feed.name}" ({columns}, _row BIGINT)')
    functions.install(connection, (2024, 2024))
    baselines.typed(connection)
    atexit.register(_schema.cache_clear)
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection
