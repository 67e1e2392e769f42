"""Payments as auditors ask for them: filter, sum any way, page, and open one voucher with its file and line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from budgetwatch.access import masking
from budgetwatch.access.viewer import Viewer
from budgetwatch.queries import seen
from budgetwatch.queries.export import export
from budgetwatch.queries.listing import Heading, Listing, heading
from budgetwatch.queries.names import Names, code_name, names, remembered
from budgetwatch.queries.payment_filter import ECO, PaymentFilter, asked
from budgetwatch.queries.payment_text import asking
from budgetwatch.queries.scope import demand, one_of, paged, ratio
from budgetwatch.queries.voucher import FlagRef, Voucher, voucher
from budgetwatch.records.rowid import unpack
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

__all__ = [
    "Choices",
    "FlagRef",
    "PaymentFilter",
    "TotalsBy",
    "Voucher",
    "choices",
    "export",
    "search",
    "totals",
    "voucher",
]

TotalsBy = Literal["month", "year", "agency", "function", "economic", "payee", "region", "project", "item", "book"]


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filter can be set to, within scope: (code, name) pairs, newest year first."""

    years: list[int]
    regions: list[tuple[str, Text]]
    agencies: list[tuple[str, str]]
    functions: list[tuple[str, Text]]
    economics: list[tuple[str, Text]]
    books: list[tuple[str, Text]]
    currencies: list[str]
    first_day: dt.date | None
    last_day: dt.date | None


_COLUMNS = (
    heading("pay_date", "支付日期", "Date", "date"),
    heading("voucher_no", "凭证号", "Voucher no.", "code"),
    heading("agency_name", "单位", "Unit"),
    heading("payee_name", "收款人", "Payee"),
    heading("purpose", "用途", "Purpose"),
    heading("amount", "金额", "Amount", "money"),
    heading("currency", "币种", "Currency", "code"),
    heading("func_name", "功能科目", "Function"),
    heading("eco_name", "经济科目", "Economic subject"),
    heading("pro_name", "项目", "Project"),
    heading("item_name", "支出事项", "Item"),
    heading("payee_account", "收款账号", "Payee account", "code"),
    heading("region_name", "地区", "Region"),
    heading("budget_year", "预算年度", "Budget year", "integer"),
    heading("batch", "批次", "Batch", "integer"),
    heading("line", "文件行", "Line", "integer"),
)
_READ = (
    "voucher_no", "pay_date", "adm_div_code", "agency_code", "agency_name", "func_code", "pro_code", "pro_name", "item_name",
    "purpose", "payee_name", "payee_account", "payee_type", "amount", "currency", "budget_year", "book",
)  # fmt: skip
_ORDERS = {"amount": "amount", "pay_date": "pay_date", "agency": "agency_name", "payee": "payee_name"}
_GROUPS: dict[str, Text] = {
    "month": Text("月份", "Month"),
    "year": Text("预算年度", "Budget year"),
    "agency": Text("单位", "Unit"),
    "function": Text("功能科目", "Function"),
    "economic": Text("经济科目", "Economic subject"),
    "payee": Text("收款人", "Payee"),
    "region": Text("地区", "Region"),
    "project": Text("项目", "Project"),
    "item": Text("支出事项", "Item"),
    "book": Text("预算类型", "Budget book"),
}


#: First pages of so many rows are remembered.
_PAGE = 100


def whole(
    home: Home, viewer: Viewer, f: PaymentFilter, versions: Mapping[str, int] | None = None
) -> tuple[int, dict[str, Decimal]]:
    """Count of the whole result and its sums by currency; remembered while the facts stay the same."""

    def ask() -> tuple[int, dict[str, Decimal]]:
        with asking(home, viewer, f, versions) as (facts, condition, params):
            query = f"SELECT currency, count(*), sum(amount) FROM payment WHERE {condition} GROUP BY 1 ORDER BY 2 DESC"
            found = facts.execute(query, params).fetchall()
        return sum(n for _, n, _ in found), {currency or "CNY": amount for currency, _, amount in found}

    then = None if versions is None else tuple(sorted(versions.items()))
    return remembered(home, viewer, ("payments", viewer.may("payees"), f, then), ask)


def search(
    home: Home,
    viewer: Viewer,
    f: PaymentFilter,
    *,
    order: str = "-amount",
    limit: int = 50,
    offset: int = 0,
    versions: Mapping[str, int] | None = None,
) -> Listing:
    """One page of payments with the count and the totals (by currency) of the whole result. Rows: _row voucher_no
    pay_date adm_div_code region_name agency_code agency_name func_code func_name eco_code eco_name pro_name item_name
    purpose payee_name payee_account amount currency budget_year book batch line. order: amount, pay_date, agency, payee;
    "-" turns it round. `versions` asks for the payments as they were known then (see `FactStore.as_of`)."""
    demand(viewer, "vouchers")
    limit, offset = paged(limit, offset)
    key = _ORDERS[one_of(order.removeprefix("-"), _ORDERS, "order")]
    if key == "payee_name":
        key = seen.expression(viewer, key)
    way = "DESC" if order.startswith("-") else "ASC"
    total, totals_ = whole(home, viewer, f, versions)
    read = ", ".join(seen.column(viewer, c) for c in _READ)

    def ask() -> list[dict[str, Any]]:
        with asking(home, viewer, f, versions) as (facts, condition, params):
            # Chosen by what the columns hold, then shown as this viewer may see them.
            return seen.dicts(
                facts.execute(
                    f"""SELECT _row, {read}, {ECO} AS eco_code
                        FROM (SELECT *, {key} AS sorted FROM payment WHERE {condition}
                              ORDER BY sorted {way} NULLS LAST, _row LIMIT {limit} OFFSET {offset}) AS payment
                        ORDER BY sorted {way} NULLS LAST, _row""",
                    params,
                )
            )

    then = None if versions is None else tuple(sorted(versions.items()))
    asked_for = ("payments page", masking.unmasked(viewer), f, then, key, way, limit, offset)
    found = remembered(home, viewer, asked_for, ask) if limit <= _PAGE and not offset else ask()
    known = names(home, viewer)
    seen.audit(home, viewer, "search_payments", "payment", "", filter=asked(f), rows=len(found), of=total)
    return Listing(_COLUMNS, [_named(known, row) for row in found], total, totals_)


def _named(known: Names, row: dict[str, Any]) -> dict[str, Any]:
    batch, line, _ = unpack(row["_row"])
    return row | {
        "region_name": known.region(row["adm_div_code"]),
        "agency_name": row["agency_name"] or known.agencies.get(row["agency_code"] or "", row["agency_code"]),
        "func_name": known.function(row["func_code"]) if row["func_code"] else None,
        "eco_name": known.economic(row["eco_code"]) if row["eco_code"] else None,
        "batch": batch,
        "line": line,
    }


def totals(home: Home, viewer: Viewer, f: PaymentFilter, by: TotalsBy = "month", *, limit: int = 500) -> Listing:
    """Sums of the result. Rows: code name(Text) currency amount count share (of its currency) first_day last_day filter (dict:
    what to add to the PaymentFilter to see only this row); months and years in time order, others greatest first."""
    demand(viewer, "facts")
    if by == "payee":
        demand(viewer, "vouchers")
    one_of(by, _GROUPS, "by")
    limit, _ = paged(limit, 0, most=10_000)
    return remembered(
        home,
        viewer,
        ("payment totals", viewer.may("payees"), f, by, limit),
        lambda: _totals(home, viewer, f, by, limit),
    )


def _totals(home: Home, viewer: Viewer, f: PaymentFilter, by: str, limit: int) -> Listing:
    code, name = _group(viewer, f, by)
    order = "code NULLS LAST, currency" if by in ("month", "year") else "currency, amount DESC, code"
    with asking(home, viewer, f) as (facts, condition, params):
        # Months are grouped as dates and written as words after: once a month, not once a payment.
        written = "* REPLACE (strftime(code, '%Y-%m') AS code)" if by == "month" else "*"
        query = f"""
            SELECT {written}, count(*) OVER () AS groups, sum(amount) OVER (PARTITION BY currency) AS whole,
                   sum("count") OVER () AS payments
            FROM (SELECT {code} AS code, {name} AS name, coalesce(currency, 'CNY') AS currency, sum(amount) AS amount,
                         count(*) AS "count", min(pay_date) AS first_day, max(pay_date) AS last_day
                  FROM payment WHERE {condition} GROUP BY ALL)
            ORDER BY {order} LIMIT {limit}"""
        if by in ("agency", "project"):
            query = query.replace(f"{name} AS name", f"any_value({name}) AS name")
        rows = seen.dicts(facts.execute(query, params))
    known = names(home, viewer)
    total = rows[0]["groups"] if rows else 0
    sums = {row["currency"]: row["whole"] for row in rows}
    for row in rows:
        row["share"] = ratio(row["amount"], row.pop("whole"))
        row["name"] = _label(known, by, row["code"], row["name"])
        row["filter"] = _narrow(by, row["code"], f)
        row.pop("groups"), row.pop("payments")
    return Listing(
        (
            heading("code", "代码", "Code", "code"),
            Heading("name", _GROUPS[by]),
            heading("currency", "币种", "Currency", "code"),
            heading("amount", "金额", "Amount", "money"),
            heading("count", "笔数", "Payments", "integer"),
            heading("share", "占比", "Share", "ratio"),
            heading("first_day", "最早", "First", "date"),
            heading("last_day", "最晚", "Last", "date"),
        ),
        rows,
        total,
        sums,
    )


def _group(viewer: Viewer, f: PaymentFilter, by: str) -> tuple[str, str]:
    """The SQL of a group's code and name."""
    if by == "function":
        return f"substr(func_code, 1, {_deeper(f.func)})", "NULL"
    if by == "economic":
        return f"substr({ECO}, 1, {_deeper(f.eco)})", "NULL"
    return {
        "month": ("date_trunc('month', pay_date)", "NULL"),
        "year": ("budget_year::VARCHAR", "NULL"),
        "agency": ("agency_code", "agency_name"),
        "payee": (seen.expression(viewer, "payee_name"), "NULL"),
        "region": ("adm_div_code", "NULL"),
        "project": ("pro_code", "pro_name"),
        "item": ("item_name", "NULL"),
        "book": ("book", "NULL"),
    }[by]


def _deeper(prefix: str) -> int:
    """How many digits the level below the prefix has: 类 3, 款 5, 项 7."""
    return next((n for n in (3, 5, 7) if n > len(prefix)), 7)


def _label(known: Names, by: str, code: str | None, name: str | None) -> Text:
    if code is None:
        return Text("（未填）", "(not given)")
    match by:
        case "function":
            return known.function(code)
        case "economic":
            return known.economic(code)
        case "region":
            return known.region(code)
        case "book":
            return code_name("book", code)
        case "agency":
            return Text(name, name) if name else known.agency(code)
    return Text(name or code, name or code)


def _narrow(by: str, code: str | None, f: PaymentFilter) -> dict[str, Any] | None:
    """What to set in the filter to see only this group; None where it cannot be asked for."""
    if code is None:
        return None
    if by == "month":
        year, month = (int(part) for part in code.split("-"))
        first = dt.date(year, month, 1)
        last = dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(1)
        return {"first_day": max(first, f.first_day or first), "last_day": min(last, f.last_day or last)}
    if by == "year":
        return {"year": int(code)}
    if by == "region":
        return {"region": code, "own": True}
    field_ = {"function": "func", "economic": "eco", "project": "pro"}.get(by, by)
    return {field_: code}


def choices(home: Home, viewer: Viewer) -> Choices:
    """What there is to choose from in the filter."""
    demand(viewer, "facts")
    return remembered(home, viewer, "payment choices", lambda: _choices(home, viewer))


def _choices(home: Home, viewer: Viewer) -> Choices:
    known = names(home, viewer)
    with home.facts(viewer) as facts:

        def distinct(expression: str) -> list[Any]:
            query = f"SELECT DISTINCT {expression} AS x FROM payment WHERE x IS NOT NULL ORDER BY 1"
            return [x for (x,) in facts.execute(query).fetchall()]

        agencies = facts.execute(
            "SELECT agency_code, any_value(agency_name) FROM payment WHERE agency_code IS NOT NULL GROUP BY 1 ORDER BY 1"
        ).fetchall()
        days = facts.execute("SELECT min(pay_date), max(pay_date) FROM payment").fetchone() or (None, None)
        return Choices(
            years=distinct("budget_year")[::-1],
            regions=[(code, known.region(code)) for code in distinct("adm_div_code")],
            agencies=[(code, name or known.agencies.get(code, code)) for code, name in agencies],
            functions=[(code, known.function(code)) for code in distinct("substr(func_code, 1, 3)")],
            economics=[(code, known.economic(code)) for code in distinct(f"substr({ECO}, 1, 3)")],
            books=[(code, code_name("book", code)) for code in distinct("book")],
            currencies=distinct("currency"),
            first_day=days[0],
            last_day=days[1],
        )
