"""The plan as the feeds' own rows: budget lines, indicators, adjustments, carry-over and disclosed figures.

Amounts leave here as yuan with two exact decimals (`money`), computed from the plan's integer 分.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from budgetwatch.demo.budgets import Budget, Ints, Plan
from budgetwatch.demo.events import Procedure, home, resolution
from budgetwatch.demo.places import CITY, Region
from budgetwatch.demo.slots import THREE_PUBLIC
from budgetwatch.demo.spending import indicator_no
from budgetwatch.demo.subjects import OWN_REVENUE
from budgetwatch.demo.transfers import general_to_city

Row = dict[str, Any]


def frame(rows: list[Row], amounts: tuple[str, ...]) -> pl.DataFrame:
    """Rows as a frame whose `amounts`, given in 分, become yuan."""
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(exact(a) for a in amounts)


def exact(column: str) -> pl.Expr:
    """Integer 分 as yuan, by moving the decimal point in text: no rounding anywhere."""
    cents = pl.col(column)
    text = cents.abs().cast(pl.String).str.zfill(3)
    sign = pl.when(cents < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return (
        (sign + text.str.head(text.str.len_chars() - 2) + "." + text.str.tail(2)).cast(pl.Decimal(18, 2)).alias(column)
    )


def budget_lines(plan: Plan, procedure: Procedure, rng: np.random.Generator) -> list[Row]:
    """Approved, adjusted and final budgets of past years and the draft for the next; every (book, region) balances."""
    rows: list[Row] = []
    for offset, year in enumerate(plan.years):
        budget = plan.budgets[year]
        previous = plan.budgets.get(year - 1)
        notes = _notes(plan, budget.approved, previous)
        rows += _stage(plan, budget, "approved", "", budget.approved, offset, notes=notes)
        adjusted = budget.approved + budget.added - budget.reduced
        meets = {p.code for p in plan.places if (p.code, year) in procedure.meeting}
        rows += _stage(plan, budget, "adjusted", "", adjusted, offset, places=meets)
        if year != plan.years[-1]:
            rows += _stage(plan, budget, "final", "", budget.paid, offset, revenue_base=adjusted, rng=rng)
    draft = plan.budgets[plan.draft_year]
    offset = len(plan.years)
    last = plan.budgets[plan.years[-1]]
    rows += _stage(plan, draft, "draft", "1", draft.approved, offset, notes=_notes(plan, draft.approved, last))
    revised = _revise(plan, draft, rng)
    above = {p.code for p in plan.places if p.level in ("city", "district")}
    notes = _notes(plan, revised, last, draft.approved)
    rows += _stage(plan, draft, "draft", "2", revised, offset, places=above, notes=notes)
    return rows


def _notes(plan: Plan, now: Ints, previous: Budget | None, first: Ints | None = None) -> dict[int, str]:
    """Why a project's budget moved by more than 15 % against the year before, or between two versions of a draft."""
    notes: dict[int, str] = {}
    for i, slot in enumerate(plan.slots):
        if slot.line_type != "project" or previous is None or previous.approved[i] == 0:
            continue
        if first is not None and now[i] != first[i]:
            less = now[i] < first[i]
            notes[i] = "根据初步审查意见压减" if less else "根据初步审查意见，压减资金统筹用于本项目"
            continue
        change = now[i] / previous.approved[i] - 1
        if abs(change) > 0.15:
            why = "按工程进度安排" if slot.eco.startswith("310") else "按任务量变化安排"
            notes[i] = f"较上年{'增加' if change > 0 else '减少'}{abs(change) * 100:.1f}%，{why}"
    return notes


def _revise(plan: Plan, draft: Budget, rng: np.random.Generator) -> Ints:
    """The second version: some projects cut after the first review, the money put into one project of the same place."""
    revised = draft.approved.copy()
    by_place: dict[str, list[int]] = {}
    for i, slot in enumerate(plan.slots):
        if slot.line_type == "project" and slot.source == "own" and slot.book == "1" and revised[i]:
            by_place.setdefault(plan.region_of(i).code, []).append(i)
    for items in by_place.values():
        favoured = max(items, key=lambda i: (plan.slots[i].eco[:3] == "303", int(revised[i])))
        for i in items:
            if i != favoured and rng.random() < 0.12:
                cut = int(revised[i] * rng.uniform(0.08, 0.2)) // 10_000 * 10_000
                revised[i] -= cut
                revised[favoured] += cut
    return revised


def _stage(
    plan: Plan, budget: Budget, stage: str, version: str, amounts: Ints, offset: int, *, places: set[str] | None = None,
    notes: dict[int, str] | None = None, revenue_base: Ints | None = None, rng: np.random.Generator | None = None,
) -> list[Row]:  # fmt: skip
    """One budget as rows: what is spent, and the revenue that pays for it."""
    rows: list[Row] = []
    spent: dict[tuple[str, str], list[int]] = {}
    for i, slot in enumerate(plan.slots):
        unit = plan.units[slot.unit]
        if places is not None and unit.region.code not in places:
            continue
        spent.setdefault((unit.region.code, slot.book), []).append(i)
        if amounts[i] <= 0 and (stage != "final" or budget.executable[i] <= 0 or slot.line_type == "reserve"):
            continue
        rows.append(
            _line(budget.year, slot.book, stage, version, "expenditure", unit.region.code, unit.code, unit.name, slot.func,
                  slot.eco, budget.codes[i], budget.names[i], slot.line_type, slot.source, int(amounts[i]),
                  (notes or {}).get(i))
        )  # fmt: skip
    for (code, book), items in sorted(spent.items()):
        region = next(p for p in plan.places if p.code == code)
        base = revenue_base if revenue_base is not None else amounts
        rows += _revenue(plan, budget, stage, version, region, book, items, base, offset, rng)
    return rows


def _line(
    year: int, book: str, stage: str, version: str, direction: str, div: str, agency: str, name: str, func: str, eco: str | None,
    code: str | None, project: str | None, line_type: str | None, source: str, amount: int, note: str | None = None,
) -> Row:  # fmt: skip
    return {
        "budget_year": year, "book": book, "stage": stage, "version": version or None, "direction": direction,
        "adm_div_code": div, "agency_code": agency, "agency_name": name, "func_code": func, "eco_code": eco, "pro_code": code,
        "pro_name": project, "line_type": line_type, "fund_source": source, "amount": amount, "note": note,
    }  # fmt: skip


def _revenue(
    plan: Plan, budget: Budget, stage: str, version: str, region: Region, book: str, items: list[int], amounts: Ints, offset: int,
    rng: np.random.Generator | None,
) -> list[Row]:  # fmt: skip
    unit = plan.finance(region)
    total = sum(int(amounts[i]) for i in items)
    by_source: dict[str, int] = {}
    for i in items:
        by_source[plan.slots[i].source] = by_source.get(plan.slots[i].source, 0) + int(amounts[i])
    parts: list[tuple[str, str, int]] = []
    out: list[Row] = []
    if book == "1":
        special = by_source.get("upper_special", 0) + by_source.get("direct", 0) + plan.grants(budget.year, region.code)
        general = _general_in(plan, budget, region, special, offset)
        bonds = by_source.get("general_bond", 0)
        moved = _state_capital_out(plan, amounts) if region.code == CITY else 0
        parts = [("11003", "upper_special", special), ("11002", "upper_general", general), ("1050401", "general_bond", bonds),
                 ("11009", "other", moved)]  # fmt: skip
        own = total - sum(p[2] for p in parts)
        items_ = list(OWN_REVENUE.items())
        for code, share in items_[:-1]:
            parts.append((code, "own", int(own * share) // 10_000 * 10_000))
        parts.append((items_[-1][0], "own", total - sum(p[2] for p in parts)))
    elif book == "2":
        bonds = by_source.get("special_bond", 0)
        parts = [("1050402", "special_bond", bonds), ("1030148", "own", total - bonds)]
    elif book == "3":
        moved = _state_capital_out(plan, amounts)
        parts = [("1030601", "own", total + moved)]
        out.append(_line(budget.year, book, stage, version, "expenditure", region.code, unit.code, unit.name, "2300803", "39999",
                         f"{unit.code}T900", "调出资金至一般公共预算", "transfer", "own", moved))  # fmt: skip
    else:
        workers = sum(int(amounts[i]) for i in items if plan.slots[i].func == "2090101")
        parts = [("10201", "own", workers), ("10210", "own", total - workers)]
    for code, source, amount in parts:
        if amount <= 0:
            continue
        if rng is not None and source == "own":
            amount = int(amount * rng.uniform(0.995, 1.03))
        out.append(_line(budget.year, book, stage, version, "revenue", region.code, unit.code, unit.name, code, None, None, None,
                         None, source, amount))  # fmt: skip
    return out


def _state_capital_out(plan: Plan, amounts: Ints) -> int:
    spent = sum(int(amounts[i]) for i, s in enumerate(plan.slots) if s.book == "3")
    return spent * 3 // 7 // 10_000 * 10_000


def _general_in(plan: Plan, budget: Budget, region: Region, special: int, offset: int) -> int:
    if region.code == CITY:
        approved = sum(
            int(budget.approved[i]) for i, s in enumerate(plan.slots)
            if plan.units[s.unit].region.code == CITY and s.source in ("upper_special", "direct")
        )  # fmt: skip
        return general_to_city(plan, approved, offset)
    for i, slot in enumerate(plan.slots):
        if slot.recipient == region.code and slot.func == "2300202":
            return int(budget.approved[i])
    return 0


def indicators(plan: Plan) -> list[Row]:
    """Every slot's indicator of every past year: initial + added − reduced − frozen = available + paid."""
    rows: list[Row] = []
    for year in plan.years:
        budget = plan.budgets[year]
        usable = budget.executable
        for i, slot in enumerate(plan.slots):
            if slot.line_type == "reserve" or not (budget.approved[i] or budget.added[i]):
                continue
            unit = plan.units[slot.unit]
            rows.append({
                "indicator_no": indicator_no(plan, year, i), "budget_year": year, "adm_div_code": unit.region.code,
                "agency_code": unit.code, "agency_name": unit.name, "book": slot.book, "fund_source": slot.source,
                "func_code": slot.func, "dep_eco_code": slot.eco, "pro_code": budget.codes[i], "pro_name": budget.names[i],
                "line_type": slot.line_type, "initial": int(budget.approved[i]), "added": int(budget.added[i]),
                "reduced": int(budget.reduced[i]), "frozen": int(budget.frozen[i]),
                "available": int(usable[i] - budget.paid[i]), "paid": int(budget.paid[i]),
                "doc_no": f"{unit.region.name[0]}财预〔{year}〕{slot.unit % 300 + 1}号", "issue_date": budget.issued[i],
                "source": "upper" if slot.source in ("upper_special", "direct") and slot.line_type == "project" else "own",
                "tracking_id": budget.tracking[i] or None,
            })  # fmt: skip
    return rows


def adjustments(plan: Plan, procedure: Procedure) -> list[Row]:
    """New bonds approved by the standing committee, and virements within a unit; amounts in 分."""
    rows: list[Row] = []

    def add(
        year: int, i: int, kind: str, on: dt.date, amount: int, source: str | None, doc: str | None, body: str, why: str
    ) -> None:
        budget, slot = plan.budgets[year], plan.slots[i]
        unit = plan.units[slot.unit]
        rows.append({
            "adj_no": f"TZ{year}{len(rows) + 1:05d}", "budget_year": year, "adm_div_code": unit.region.code,
            "agency_code": unit.code, "agency_name": unit.name, "type": kind, "adj_date": on, "func_code": slot.func,
            "pro_code": budget.codes[i], "pro_name": budget.names[i], "from_line": source, "to_line": budget.codes[i],
            "amount": amount, "approval_doc": doc, "approval_body": body, "purpose": why,
        })  # fmt: skip

    for year in plan.years:
        budget = plan.budgets[year]
        for i, slot in enumerate(plan.slots):
            if slot.source in ("general_bond", "special_bond") and budget.added[i]:
                place = home(plan, plan.region_of(i))
                on = procedure.meeting[place.code, year]
                add(year, i, "adjustment", on, int(budget.added[i]), None, resolution(place.code, year),
                    f"{place.name}人大常委会", "新增地方政府债券安排")  # fmt: skip
    for moved in plan.virements:
        budget = plan.budgets[moved.year]
        on = dt.date(moved.year, 5, 8) + dt.timedelta(moved.source * 7 % 90)
        number = len(rows) + 1
        add(moved.year, moved.target, "virement", on, moved.amount, budget.codes[moved.source],
            f"财调〔{moved.year}〕{number}号", "财政部门", "预算调剂")  # fmt: skip
    return rows


def carryovers(plan: Plan) -> list[Row]:
    """What projects left unspent and what became of it; amounts in 分."""
    rows: list[Row] = []
    for c in plan.carries:
        slot = plan.slots[c.slot]
        unit = plan.units[slot.unit]
        budget = plan.budgets.get(c.formed_in, plan.budgets[plan.years[0]])
        rows.append({
            "budget_year": c.year, "adm_div_code": unit.region.code, "agency_code": unit.code, "agency_name": unit.name,
            "pro_code": budget.codes[c.slot], "pro_name": budget.names[c.slot], "form_year": c.formed_in, "formed": c.formed,
            "used": c.used, "recovered": c.recovered, "balance": c.balance,
        })  # fmt: skip
    return rows


def disclosures(plan: Plan, procedure: Procedure) -> list[Row]:
    """Published figures of every unit's budget and final accounts, as they agree with the books; amounts in 分."""
    rows: list[Row] = []
    by_unit: dict[int, list[int]] = {}
    for i, slot in enumerate(plan.slots):
        if slot.line_type in ("personnel", "operating", "project"):
            by_unit.setdefault(slot.unit, []).append(i)
    for year in plan.years:
        budget = plan.budgets[year]
        stages = [("approved", budget.approved)] + ([("final", budget.paid)] if year != plan.years[-1] else [])
        for index, items in by_unit.items():
            unit = plan.units[index]
            if unit.is_finance:
                continue
            for stage, amounts in stages:
                on = procedure.published[index, year] if stage == "approved" else dt.date(year + 1, 8, 18)
                figures = _figures(plan, amounts, items)
                places: list[tuple[str | None, str, int]] = [(None, item, amount) for item, amount in figures.items()]
                places += [("basic_table", item, figures[item]) for item in ("basic", "personnel", "operating")]
                places += [("text", item, _in_wan(figures[item])) for item in _IN_WORDS]
                for place, item, amount in places:
                    rows.append({
                        "budget_year": year, "stage": stage, "adm_div_code": unit.region.code, "agency_code": unit.code,
                        "agency_name": unit.name, "item": item, "place": place, "amount": amount, "publish_date": on,
                        "doc_no": f"GK{year}{unit.code}{stage[0].upper()}",
                    })  # fmt: skip
    return rows


#: Figures that the words beside the tables repeat, in 万元 with two decimals.
_IN_WORDS = ("revenue_total", "expenditure_total", "basic", "project", "three_public")


def _in_wan(cents: int) -> int:
    """The amount as 万元 with two decimals say it."""
    return (cents + 5_000) // 10_000 * 10_000


def _figures(plan: Plan, amounts: Ints, items: list[int]) -> dict[str, int]:
    def total(*, line: str = "", eco: str = "") -> int:
        return sum(
            int(amounts[i])
            for i in items
            if (not line or plan.slots[i].line_type == line) and (not eco or plan.slots[i].eco == eco)
        )

    personnel, operating, project = total(line="personnel"), total(line="operating"), total(line="project")
    whole = personnel + operating + project
    abroad, guests, running, buying = (total(eco=e) for e in THREE_PUBLIC)
    return {
        "revenue_total": whole, "expenditure_total": whole, "basic": personnel + operating, "personnel": personnel,
        "operating": operating, "project": project, "three_public": abroad + guests + running + buying, "abroad": abroad,
        "hospitality": guests, "vehicle_running": running, "vehicle_purchase": buying,
    }  # fmt: skip
