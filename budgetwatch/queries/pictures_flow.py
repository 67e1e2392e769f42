"""Money on its way: transfers from level to level by kind, and payments day by day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import days_off, known
from budgetwatch.queries import seen
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.names import code_name, names, remembered
from budgetwatch.queries.payment_filter import PaymentFilter, where
from budgetwatch.queries.payments import totals
from budgetwatch.queries.scope import demand, missing, ratio
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

ABOVE, OWN, KEPT = Text("上级下达", "From above"), Text("本级财力", "Own funds"), Text("本级使用", "Kept here")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of transfer at a place: received from above, sent on below; the difference stays or is added."""

    code: str
    name: Text
    received: Decimal
    sent: Decimal

    @property
    def added(self) -> Decimal:
        """What the place adds of its own where it sends more than it received."""
        return max(self.sent - self.received, _ZERO)

    @property
    def kept(self) -> Decimal:
        return max(self.received - self.sent, _ZERO)


@dataclass(frozen=True, slots=True)
class Flow:
    """What one recipient got of one kind."""

    kind: str
    code: str
    name: Text
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Transfers:
    """What one place received and sent on in a year. For every kind received + added = sent + kept.

    `years` and `senders` are what else can be asked for; `below` are recipients who themselves send on.
    """

    year: int
    region: str
    region_name: Text
    currency: str
    kinds: tuple[Kind, ...]
    flows: tuple[Flow, ...]
    years: tuple[int, ...] = ()
    senders: tuple[tuple[str, Text], ...] = ()

    @property
    def below(self) -> frozenset[str]:
        return frozenset(code for code, _ in self.senders)

    @property
    def total(self) -> Decimal:
        """All that came in and was added: what the picture shows on each side."""
        return sum((k.received + k.added for k in self.kinds), _ZERO)

    @property
    def listing(self) -> Listing:
        rows = []

        def row(source: Text, kind: Kind, target: Text, amount: Decimal, code: str = "") -> None:
            if amount:
                rows.append(
                    {
                        "source": source, "kind": kind.name, "target": target, "amount": amount, "code": code,
                        "currency": self.currency,
                    }
                )  # fmt: skip

        for kind in self.kinds:
            row(ABOVE, kind, self.region_name, kind.received)
            row(OWN, kind, self.region_name, kind.added)
            for flow in (f for f in self.flows if f.kind == kind.code):
                row(self.region_name, kind, flow.name, flow.amount, flow.code)
            row(self.region_name, kind, KEPT, kind.kept)
        columns = (
            heading("source", "从", "From"),
            heading("kind", "类型", "Kind"),
            heading("target", "到", "To"),
            heading("amount", "金额", "Amount", "money"),
        )
        return Listing(columns, rows, len(rows))


@dataclass(frozen=True, slots=True)
class Day:
    """What was paid on one day. `off` says that offices were closed."""

    day: dt.date
    amount: Decimal
    count: int
    off: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """Payments of one calendar year by day, only days with payments; `certain` says that the official table of
    days off was at hand (else only weekends count). `closed` are all days off of the year."""

    year: int
    currency: str
    days: tuple[Day, ...]
    closed: frozenset[dt.date]
    years: tuple[int, ...]
    certain: bool

    @property
    def total(self) -> Decimal:
        return sum((d.amount for d in self.days), _ZERO)

    @property
    def listing(self) -> Listing:
        week = (Text("周一", "Mon"), Text("周二", "Tue"), Text("周三", "Wed"), Text("周四", "Thu"), Text("周五", "Fri"),
                Text("周六", "Sat"), Text("周日", "Sun"))  # fmt: skip
        off, on = Text("休息日", "Day off"), Text("工作日", "Working day")
        rows = [
            {
                "day": d.day, "weekday": week[d.day.weekday()], "kind": off if d.off else on, "amount": d.amount,
                "count": d.count, "currency": self.currency,
            }
            for d in sorted(self.days, key=lambda d: (-d.amount, d.day))
        ]  # fmt: skip
        columns = (
            heading("day", "日期", "Date", "date"),
            heading("weekday", "星期", "Weekday"),
            heading("kind", "是否休息", "Open or closed"),
            heading("amount", "金额", "Amount", "money"),
            heading("count", "笔数", "Payments", "integer"),
        )
        return Listing(columns, rows, len(rows), {self.currency: self.total} if rows else {})


def transfers(
    home: Home, viewer: Viewer, *, year: int | None = None, region: str | None = None, currency: str | None = None
) -> Transfers:
    """Transfers through one place in the newest year up to `year`; by default the highest place in scope."""
    demand(viewer, "budgets", "facts")
    return remembered(
        home,
        viewer,
        ("picture transfers", year, region, currency),
        lambda: _transfers(home, viewer, year, region, currency),
    )


def _transfers(home: Home, viewer: Viewer, year: int | None, region: str | None, currency: str | None) -> Transfers:
    words = names(home, viewer)
    with home.facts(viewer) as facts:
        there = facts.execute(
            """SELECT adm_div_code, budget_year, coalesce(currency, 'CNY'), count(*) FILTER (direction = 'sent'), count(*)
               FROM transfer WHERE adm_div_code IS NOT NULL GROUP BY ALL"""
        ).fetchall()
        codes = sorted({code for code, *_ in there}, key=lambda c: (len(c.removesuffix("00")), c))
        place = _own_code(region, codes) if region else (codes[0] if codes else viewer.region)
        years = sorted({y for code, y, *_ in there if code == place}, reverse=True)
        chosen = next((y for y in years if year is None or y <= year), years[-1] if years else year or 0)
        used: dict[str, int] = {}
        for code, y, money, _, n in there:
            if (code, y) == (place, chosen):
                used[money] = used.get(money, 0) + n
        money = currency or max(used, key=lambda c: (used[c], c), default=words.currency(place))
        found = seen.dicts(
            facts.execute(
                """SELECT type, direction, CASE WHEN direction = 'sent' THEN recipient_div END AS recipient, sum(amount) AS amount
                   FROM transfer WHERE adm_div_code = $place AND budget_year = $year AND coalesce(currency, 'CNY') = $currency
                   GROUP BY ALL ORDER BY 1, 3""",
                {"place": place, "year": chosen, "currency": money},
            )
        )
    senders = sorted({code for code, y, _, sent, _ in there if sent and y == chosen})
    kinds: dict[str, dict[str, Decimal]] = {}
    for row in found:
        got = kinds.setdefault(row["type"] or "", {"received": _ZERO, "sent": _ZERO})
        got["received" if row["direction"] == "received" else "sent"] += row["amount"]
    order = ["general", "special", "direct"]
    return Transfers(
        chosen,
        place,
        words.region(place),
        money,
        tuple(
            Kind(
                code,
                code_name("transfer_type", code) if code else Text("（未填）", "(not given)"),
                got["received"],
                got["sent"],
            )
            for code, got in sorted(kinds.items(), key=lambda k: (order.index(k[0]) if k[0] in order else 9, k[0]))
        ),
        tuple(
            Flow(row["type"] or "", row["recipient"] or "", words.region(row["recipient"]), row["amount"])
            for row in found
            if row["direction"] == "sent"
        ),
        tuple(years),
        tuple((code, words.region(code)) for code in senders),
    )


def _own_code(region: str, codes: list[str]) -> str:
    """The code under which a region's own level reports: itself, or with 00 behind it for a city with all below."""
    found = next((code for code in (region, f"{region}00") if code in codes), None)
    if found is None:
        raise missing(Text("这个地区的转移支付", "transfers of that region"))
    return found


@dataclass(frozen=True, slots=True)
class Sums:
    """Payments summed one way, every group of them."""

    by: str
    listing: Listing


def sums(home: Home, viewer: Viewer, f: PaymentFilter, by: str) -> Sums:
    """What the auditors' page shows of its sums, whole."""
    return Sums(by, totals(home, viewer, f, by, limit=10_000))  # type: ignore[arg-type]


def calendar(home: Home, viewer: Viewer, f: PaymentFilter, *, year: int | None = None) -> Calendar:
    """The payments that the filter finds, by day of one calendar year: the one asked for, else the newest with any."""
    demand(viewer, "facts")
    key = ("picture calendar", viewer.may("payees"), f, year)
    return remembered(home, viewer, key, lambda: _calendar(home, viewer, f, year))


def _calendar(home: Home, viewer: Viewer, f: PaymentFilter, year: int | None) -> Calendar:
    condition, params = where(viewer, f)
    query = f"""SELECT pay_date, coalesce(currency, 'CNY') AS money, sum(amount), count(*)
                FROM payment WHERE {condition} AND pay_date IS NOT NULL GROUP BY ALL ORDER BY 1"""
    with home.facts(viewer) as facts:
        found = facts.execute(query, params).fetchall()
    years = sorted({day.year for day, *_ in found}, reverse=True)
    chosen: int = year if year is not None and year in years else (years[0] if years else year or 0)
    used: dict[str, int] = {}
    for day, money, _, n in found:
        if day.year == chosen:
            used[money] = used.get(money, 0) + n
    currency = max(used, key=lambda c: (used[c], c), default=f.currency or "CNY")
    closed: frozenset[dt.date] = frozenset()
    if chosen:
        span = days_off(dt.date(chosen, 1, 1), dt.date(chosen, 12, 31))
        closed = frozenset(day for day, off in span if off)
    days = tuple(
        Day(day, amount, n, day in closed)
        for day, money, amount, n in found
        if day.year == chosen and money == currency
    )
    return Calendar(chosen, currency, days, closed, tuple(years), known(chosen) if chosen else True)


def share_off(shown: Calendar) -> Decimal | None:
    """How much of the money was paid on days off."""
    return ratio(sum((d.amount for d in shown.days if d.off), _ZERO), shown.total)
