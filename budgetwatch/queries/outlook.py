"""The draft budget in five numbers, each with one plain sentence, and one line over the years."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.queries import wording
from budgetwatch.queries.budget_base import choose
from budgetwatch.queries.budget_preview import BudgetPreview, narrowing, preview
from budgetwatch.queries.names import code_name, remembered
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home


@dataclass(frozen=True, slots=True)
class Headline:
    """One number with its sentence. `kind` is money, ratio or integer; `tone` is up, down or none."""

    key: str
    label: Text
    value: Decimal | None
    kind: str
    currency: str
    tone: str
    sentence: Text


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One year: the approved (else adjusted) budget, what was spent, and the draft where there is one."""

    year: int
    budget: Decimal | None
    actual: Decimal | None
    draft: Decimal | None


def headline(
    home: Home,
    viewer: Viewer,
    *,
    year: int | None = None,
    region: str | None = None,
    book: str | None = None,
    own: bool = False,
    currency: str | None = None,
) -> list[Headline]:
    """Five numbers of the draft, each with one plain sentence in both languages."""
    seen = preview(home, viewer, year=year, region=region, book=book, own=own, currency=currency)
    return [_total(seen), _execution(seen), _per_head(seen), _greatest(seen), _growing(seen)]


def _money(seen: BudgetPreview, amount: Decimal | None) -> Text:
    return wording.spoken(amount, seen.currency)


def _moved(seen: BudgetPreview, change: Decimal, ratio: Decimal | None) -> Text:
    """“up by … (+3.4%)”, in both languages."""
    by, percent = _money(seen, abs(change)), wording.percent(ratio, signed=True)
    told = Text(f"（{percent}）", f" ({percent})") if ratio is not None else Text("", "")
    if not change:
        return Text("与上年预算持平", "the same as last year's budget")
    if change > 0:
        return Text(f"比上年预算增加 {by.zh}{told.zh}", f"{by.en} more{told.en} than last year's budget")
    return Text(f"比上年预算减少 {by.zh}{told.zh}", f"{by.en} less{told.en} than last year's budget")


def _tone(change: Decimal | None) -> str:
    return "none" if not change else "up" if change > 0 else "down"


def _total(seen: BudgetPreview) -> Headline:
    label, total = Text("总支出", "Total"), seen.total
    stage = code_name("stage", seen.basis.get("draft") or "draft")
    if total["draft"] is None:
        said = Text(f"尚未收到 {seen.year} 年预算。", f"No budget for {seen.year} has been sent yet.")
        return Headline("total", label, None, "money", seen.currency, "none", said)
    amount = _money(seen, total["draft"])
    book = code_name("book", seen.book or (seen.books[0] if len(seen.books) == 1 else None))
    which = Text(
        book.zh or ("各本预算合计" if seen.books else "预算"),
        book.en.lower() or ("budgets of all books" if seen.books else "budget"),
    )
    said = Text(
        f"{seen.year} 年{which.zh}（{stage.zh}）安排支出 {amount.zh}",
        f"The {seen.year} {which.en} ({stage.en.lower()}) {'plan' if which.en.startswith('budgets') else 'plans'} to spend {amount.en}",
    )
    if total["last_budget"] is not None:
        moved = _moved(seen, total["change"], total["change_ratio"])
        said = Text(f"{said.zh}，{moved.zh}", f"{said.en}, {moved.en}")
    return Headline(
        "total",
        label,
        total["draft"],
        "money",
        seen.currency,
        _tone(total["change"] if total["last_budget"] else None),
        _stop(said),
    )


def _execution(seen: BudgetPreview) -> Headline:
    label, total, year = Text("上年执行率", "Spent of last year's budget"), seen.total, seen.year - 1
    if total["execution_ratio"] is None:
        said = Text(f"尚无 {year} 年预算与实际支出的对照。", f"Budget and spending of {year} cannot be compared yet.")
        return Headline("execution", label, None, "ratio", seen.currency, "none", said)
    actual, budget = _money(seen, total["last_actual"]), _money(seen, total["last_budget"])
    share = wording.percent(total["execution_ratio"])
    part = seen.until is not None and (seen.until.month, seen.until.day) < (12, 31) and seen.until.year == year
    until = Text(f"截至 {seen.until}，", f"by {seen.until} ") if part else Text("", "")
    said = Text(
        f"{until.zh}{year} 年批准预算 {budget.zh}，实际支出 {actual.zh}，执行率 {share}",
        f"Of the {year} budget of {budget.en}, {actual.en} was spent {until.en}({share})",
    )
    return Headline("execution", label, total["execution_ratio"], "ratio", seen.currency, "none", _stop(said))


def _per_head(seen: BudgetPreview) -> Headline:
    label, total = Text("人均支出", "Per resident"), seen.total
    if total["per_head"] is None:
        said = Text(
            "没有该地区的常住人口数，无法计算人均。",
            "The number of residents was not sent, so there is no figure per head.",
        )
        return Headline("per_head", label, None, "money", seen.currency, "none", said)
    each, people = _money(seen, total["per_head"]), wording.spoken_count(seen.population or 0)
    said = Text(
        f"按常住人口 {people.zh}人计算，人均 {each.zh}", f"With {people.en} residents, that is {each.en} per head"
    )
    before = total["per_head_last"]
    if before is not None:
        more = _money(seen, abs(total["per_head"] - before))
        up = total["per_head"] >= before
        said = Text(
            f"{said.zh}，比上年{'多' if up else '少'} {more.zh}",
            f"{said.en}, {more.en} {'more' if up else 'less'} than last year",
        )
    return Headline(
        "per_head",
        label,
        total["per_head"],
        "money",
        seen.currency,
        _tone(total["per_head"] - before if before is not None else None),
        _stop(said),
    )


def _greatest(seen: BudgetPreview) -> Headline:
    label = Text("最大的一项", "The largest item")
    row = max((r for r in seen.rows if r["draft"]), key=lambda r: r["draft"], default=None)
    if row is None or row["share"] is None:
        return Headline(
            "greatest",
            label,
            None,
            "ratio",
            seen.currency,
            "none",
            Text("尚无预算明细。", "No lines have been sent yet."),
        )
    amount, share = _money(seen, row["draft"]), wording.percent(row["share"])
    said = Text(
        f"最大的一项是{row['name'].zh}，{amount.zh}，占 {share}",
        f"The largest item is {row['name'].en}: {amount.en}, {share} of the total",
    )
    return Headline("greatest", label, row["share"], "ratio", seen.currency, "none", _stop(said))


def _growing(seen: BudgetPreview) -> Headline:
    label = Text("增加最多的一项", "The greatest increase")
    grown: list[dict[str, Any]] = (
        [r for r in seen.rows if r["change"] is not None and r["change"] > 0] if seen.total["last_budget"] else []
    )
    if not grown:
        said = Text("没有比上年预算增加的项目。", "Nothing grows on last year's budget.")
        return Headline("growing", label, None, "money", seen.currency, "none", said)
    row = max(grown, key=lambda r: r["change"])
    by = _money(seen, row["change"])
    ratio = wording.percent(row["change_ratio"], signed=True) if row["change_ratio"] is not None else None
    said = Text(
        f"增加最多的是{row['name'].zh}，多安排 {by.zh}" + (f"（{ratio}）" if ratio else "（上年没有）"),
        f"{row['name'].en} grows most, by {by.en}" + (f" ({ratio})" if ratio else " (new this year)"),
    )
    return Headline("growing", label, row["change"], "money", seen.currency, "up", _stop(said))


def _stop(said: Text) -> Text:
    return Text(f"{said.zh}。", f"{said.en[:1].upper()}{said.en[1:]}.")


def trend(
    home: Home,
    viewer: Viewer,
    *,
    region: str | None = None,
    book: str | None = None,
    func: str = "",
    agency: str = "",
    eco: str = "",
    own: bool = False,
    direction: str = "expenditure",
    currency: str | None = None,
) -> list[TrendPoint]:
    """The same line over the years, oldest first."""
    asked = choose(home, viewer, year=None, region=region, own=own, book=book, direction=direction, currency=currency)
    key = ("trend", asked.region, own, book, func, agency, eco, direction, asked.currency)
    return list(remembered(home, viewer, key, lambda: _trend(home, viewer, asked, func, agency, eco)))


def _trend(home: Home, viewer: Viewer, asked: Any, func: str, agency: str, eco: str) -> list[TrendPoint]:
    narrowed, params = narrowing(func, eco, agency)
    query = f"""
        WITH departments AS (SELECT agency_code, arg_max(coalesce(nullif(parent_code, ''), agency_code), budget_year) AS department
                             FROM org_unit GROUP BY 1),
        newest AS (SELECT adm_div_code AS place, budget_year AS of_year, stage AS of_stage, max(coalesce(version, '')) AS newest
                   FROM budget_line GROUP BY ALL),
        lines AS (
            SELECT budget_year, stage, func_code, eco_code, agency_code, amount FROM budget_line
            JOIN newest ON adm_div_code = place AND budget_year = of_year AND stage = of_stage
            WHERE {asked.condition} AND coalesce(version, '') = newest
            UNION ALL
            SELECT budget_year, 'payment', func_code, coalesce(dep_eco_code, gov_eco_code), agency_code, sum(amount)
            FROM payment WHERE {asked.paid} AND $direction = 'expenditure' GROUP BY ALL
        )
        SELECT budget_year, stage, sum(amount) FROM lines LEFT JOIN departments USING (agency_code)
        WHERE true {narrowed} GROUP BY ALL"""
    with home.facts(viewer) as facts:
        found = facts.execute(query, params | asked.params | {"direction": asked.direction}).fetchall()
    sums = {(year, stage): amount for year, stage, amount in found}

    def first(year: int, *stages: str) -> Decimal | None:
        return next((sums[year, s] for s in stages if (year, s) in sums), None)

    return [
        TrendPoint(y, first(y, "approved", "adjusted"), first(y, "final", "payment"), first(y, "draft", "proposal"))
        for y in sorted({year for year, _ in sums})
    ]
