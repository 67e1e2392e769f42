"""What to look for among payments, and the same as an SQL condition that both masks and scope hold for."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import Invalid
from budgetwatch.queries import seen
from budgetwatch.queries.scope import mentions_sql
from budgetwatch.records.rowid import BATCH_SHIFT
from budgetwatch.text import Text

#: The economic subject of a payment: the department's, else the government's.
ECO = "coalesce(dep_eco_code, gov_eco_code)"


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What to look for; empty fields ask nothing. Codes of func, eco and region are prefixes (`own`: that region's
    own level only, nothing below it); `payee` is the exact
    name, `text` looks in purpose, payee, project, unit and item (traditional or simplified) and for the exact voucher number."""

    region: str = ""
    own: bool = False
    agency: str = ""
    year: int | None = None
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    func: str = ""
    eco: str = ""
    pro: str = ""
    payee: str = ""
    item: str = ""
    text: str = ""
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None
    book: str = ""
    currency: str = ""
    batch: int | None = None


def where(viewer: Viewer, f: PaymentFilter) -> tuple[str, dict[str, Any]]:
    """The filter as an SQL condition over `payment`, with its parameters."""
    _sensible(f)
    params: dict[str, Any] = {}
    tests: list[str] = []

    def ask(condition: str, name: str, value: Any) -> None:
        if value not in ("", None):
            params[name] = value
            tests.append(condition)

    ask("adm_div_code = $region" if f.own else "starts_with(adm_div_code, $region)", "region", f.region)
    ask(
        "(agency_code = $agency OR agency_code IN (SELECT agency_code FROM org_unit WHERE parent_code = $agency))",
        "agency",
        f.agency,
    )
    ask("budget_year = $year", "year", f.year)
    ask("pay_date >= $first_day", "first_day", f.first_day)
    ask("pay_date <= $last_day", "last_day", f.last_day)
    ask("starts_with(func_code, $func)", "func", f.func)
    ask(f"starts_with({ECO}, $eco)", "eco", f.eco)
    ask("pro_code = $pro", "pro", f.pro)
    ask(f"{seen.expression(viewer, 'payee_name')} = $payee", "payee", f.payee)
    ask("item_name = $item", "item", f.item)
    ask("amount >= $min_amount::DECIMAL(18,2)", "min_amount", f.min_amount)
    ask("amount <= $max_amount::DECIMAL(18,2)", "max_amount", f.max_amount)
    ask("book = $book", "book", f.book)
    ask("currency = $currency", "currency", f.currency)
    if f.batch is not None:
        ask(
            f"_row >= $batch::BIGINT << {BATCH_SHIFT} AND _row < ($batch::BIGINT + 1) << {BATCH_SHIFT}",
            "batch",
            f.batch,
        )
    if f.text.strip():
        looked_in = ("purpose", seen.expression(viewer, "payee_name"), "pro_name", "agency_name", "item_name")
        params["exactly"] = f.text.strip()
        tests.append(f"({mentions_sql(looked_in, f.text, params)} OR voucher_no = $exactly)")
    return " AND ".join(tests) or "true", params


def _sensible(f: PaymentFilter) -> None:
    for low, high, zh, en in (
        (f.first_day, f.last_day, "起始日期晚于截止日期。", "The first day lies after the last."),
        (f.min_amount, f.max_amount, "最小金额大于最大金额。", "The least amount is greater than the greatest."),
    ):
        if low is not None and high is not None and low > high:  # type: ignore[operator]
            raise Invalid(
                Text(zh, en),
                where=f"{low} – {high}",
                fix=Text("请对调两者或清空其一。", "Swap the two, or clear one of them."),
            )


def asked(f: PaymentFilter) -> dict[str, str]:
    """The parts of the filter that ask something, as text."""
    return {k: str(v) for k, v in dataclasses.asdict(f).items() if v is not None and v is not False and v != ""}
