"""Plants breaches of procedure: late or missing events, late transfers, debt, investment and documents at odds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from budgetwatch.demo import days
from budgetwatch.demo.events import Event, home
from budgetwatch.demo.places import CITY, Region, Unit
from budgetwatch.demo.planting import WAN, Planting
from budgetwatch.demo.spending import indicator_no
from budgetwatch.demo.transfers import Transfer

Row = dict[str, Any]


def plant(p: Planting) -> None:
    """All of them."""
    _late_approvals(p)
    _missed_copy(p)
    _late_publications(p)
    _late_at_congress(p)
    _late_suggestion(p)
    _late_transfer(p)
    _unallocated_transfer(p)
    _old_carry(p)
    _budgets(p)
    _debt(p)
    _investment(p)
    _unapproved_adjustment(p)
    _documents(p)
    _tables(p)
    _indicators(p)


def _units(p: Planting, department: bool, years: Sequence[int] = ()) -> list[tuple[int, Unit]]:
    """`many` (year, unit): departments without units below them or units below a department, untouched ones first.

    Of these years (of all, where none are named), and none twice while there is another."""
    plan = p.plan
    span = list(years) or plan.years
    parents = {u.parent for u in plan.units}
    fits = [u for u in plan.units if (u.parent is None) == department and not u.is_finance and u.index not in parents]
    fresh = [u for u in fits if u.index not in p.used_units]
    chosen = [fresh[int(i)] for i in p.rng.permutation(len(fresh))[: p.many]]
    others = [u for u in fits if u not in chosen]
    others = [u for u in others if any((y, u.index) not in p.used_papers for y in span)] or others
    for n in range(p.many - len(chosen)):
        chosen.append(others[(int(p.rng.integers(len(others))) + n) % len(others)] if others else fits[0])
    p.used_units.update(u.index for u in chosen)
    found: list[tuple[int, Unit]] = []
    for n, unit in enumerate(chosen):
        free = [y for y in span if (y, unit.index) not in p.used_papers] or span
        year = free[n % len(free)]
        p.used_papers.add((year, unit.index))
        found.append((year, unit))
    return found


def _places(p: Planting, levels: tuple[str, ...], years: list[int] | None = None) -> list[tuple[int, Region]]:
    """`many` (year, place) pairs of those levels."""
    fits = [r for r in p.plan.places if r.level in levels]
    span = years or p.plan.years
    return [(span[n % len(span)], fits[int(i)]) for n, i in enumerate(p.rng.permutation(len(fits))[: p.many])]


def _shift(p: Planting, event: Event, by: int) -> None:
    """Move an event, and everything that answers it, by so many days."""
    event.event_date += dt.timedelta(by)
    for other in p.procedure.events:
        if other.refers_to == event.event_id:
            _shift(p, other, by)


def _set(p: Planting, year: int, unit: Unit, approval: Event, day: dt.date) -> None:
    """Approve a unit's budget on that day, with its indicators and publication after it."""
    _shift(p, approval, (day - approval.event_date).days)
    p.procedure.unit_approved[unit.index, year] = day
    p.procedure.published[unit.index, year] += dt.timedelta((day - p.procedure.published[unit.index, year]).days + 10)
    for event in p.procedure.events:
        if event.refers_to == approval.event_id and event.event_type.endswith("_published"):
            event.event_date = p.procedure.published[unit.index, year]
        if event.refers_to == approval.event_id and event.event_type == "copied_to_congress":
            event.event_date = day + dt.timedelta(3)
    budget = p.plan.budgets[year]
    for i, slot in enumerate(p.plan.slots):
        if slot.unit == unit.index and slot.rhythm != "monthly":
            budget.issued[i] = max(budget.issued[i], days.next_workday(day))


def _late_approvals(p: Planting) -> None:
    """A department's budget approved on day 23 (20 allowed), a unit's on day 19 (15 allowed)."""
    for year, unit in _units(p, True):
        place = home(p.plan, unit.region).code
        event = p.procedure.find("department_budget_approved", year, unit.code)
        _set(p, year, unit, event, p.procedure.approved[place, year] + dt.timedelta(23))
        p.label(
            "late_department_approval",
            ("TL-01",),
            year,
            place=place,
            agency=unit.code,
            event_id=event.event_id,
            days=23,
        )
    for year, unit in _units(p, False):
        above = p.procedure.find("department_budget_approved", year, p.plan.units[unit.parent or 0].code)
        event = p.procedure.find("unit_budget_approved", year, unit.code)
        _set(p, year, unit, event, above.event_date + dt.timedelta(19))
        p.label(
            "late_unit_approval",
            ("TL-02",),
            year,
            place=home(p.plan, unit.region).code,
            agency=unit.code,
            event_id=event.event_id,
            days=19,
        )


def _missed_copy(p: Planting) -> None:
    """A department's approved budget never copied to the congress."""
    for year, unit in _units(p, True):
        event = p.procedure.find("department_budget_approved", year, unit.code)
        p.procedure.events[:] = [
            e
            for e in p.procedure.events
            if not (e.event_type == "copied_to_congress" and e.refers_to == event.event_id)
        ]
        p.label(
            "missed_copy",
            ("TL-09",),
            year,
            place=home(p.plan, unit.region).code,
            agency=unit.code,
            event_id=event.event_id,
        )


def _late_publications(p: Planting) -> None:
    """Budgets published more than twenty days after approval: a department's, a unit's, a government's."""
    for department, kind, ids in ((True, "department", ("TL-04",)), (False, "unit", ("TL-05",))):
        for year, unit in _units(p, department):
            approval = p.procedure.find(f"{kind}_budget_approved", year, unit.code)
            event = p.procedure.find(f"{kind}_published", year, unit.code)
            event.event_date = approval.event_date + dt.timedelta(27)
            p.procedure.published[unit.index, year] = event.event_date
            p.label(f"late_{kind}_publication", ids, year, place=home(p.plan, unit.region).code, agency=unit.code,
                    event_id=event.event_id, days=27)  # fmt: skip
    for year, place in _places(p, ("district", "town")):
        approval = _event(p, "budget_approved", year, place)
        event = next(
            e for e in p.procedure.events if e.event_type == "government_published" and e.refers_to == approval.event_id
        )
        event.event_date = approval.event_date + dt.timedelta(26)
        p.label("late_government_publication", ("TL-03",), year, place=place.code, event_id=event.event_id, days=26)


def _event(p: Planting, kind: str, year: int, place: Region) -> Event:
    return next(
        e for e in p.procedure.events if e.event_type == kind and e.budget_year == year and e.adm_div_code == place.code
    )


def _late_at_congress(p: Planting) -> None:
    """Drafts, reports and proposals that reach congress or standing committee too late, or not at all."""
    done = p.plan.years[:-1] or p.plan.years
    for year, place in _places(p, ("district",)):
        opened, event = _event(p, "congress_open", year, place), _event(p, "draft_submitted", year, place)
        event.event_date = opened.event_date - dt.timedelta(22)
        p.label("late_draft", ("BP-01",), year, place=place.code, event_id=event.event_id, days=22)
    for year, place in _places(p, ("town",)):
        p.procedure.events[:] = [
            e for e in p.procedure.events
            if not (e.event_type == "voters_consulted" and e.budget_year == year and e.adm_div_code == place.code)
        ]  # fmt: skip
        p.label("voters_not_consulted", ("BP-04",), year, place=place.code)
    for year, place in _places(p, ("district",)):
        event = _event(p, "execution_reported", year, place)
        event.event_date = dt.date(year, 10, 22)
        p.label("late_execution_report", ("TL-10",), year, place=place.code, event_id=event.event_id)
    for year, place in _places(p, ("district",)):
        meeting, event = _event(p, "standing_committee", year, place), _event(p, "adjustment_submitted", year, place)
        event.event_date = meeting.event_date - dt.timedelta(16)
        p.label("late_adjustment_proposal", ("TL-11",), year, place=place.code, event_id=event.event_id, days=16)
    if len(p.plan.years) < 2:
        return
    for year, place in _places(p, ("district",), done):
        passed, event = _event(p, "accounts_approved", year, place), _event(p, "accounts_submitted", year, place)
        event.event_date = passed.event_date - dt.timedelta(17)
        p.label("late_accounts", ("TL-12",), year, place=place.code, event_id=event.event_id, days=17)
    for year, place in _places(p, ("district", "city"), done[:-1] or done):
        audit, event = _event(p, "audit_reported", year, place), _event(p, "rectification_reported", year, place)
        event.event_date = audit.event_date + dt.timedelta(215)
        p.label("late_rectification", ("TL-16",), year, place=place.code, event_id=event.event_id, days=215)


def _late_suggestion(p: Planting) -> None:
    """A deputy's suggestion answered after more than four months."""
    given = [e for e in p.procedure.events if e.event_type == "suggestion_assigned"]
    for i in p.rng.permutation(len(given))[: p.many]:
        start = given[int(i)]
        answer = next(e for e in p.procedure.events if e.refers_to == start.event_id)
        answer.event_date = start.event_date + dt.timedelta(128)
        p.label("late_suggestion_answer", ("TL-18",), start.budget_year, place=start.adm_div_code, agency=start.agency_code,
                event_id=answer.event_id, days=128)  # fmt: skip


def _late_transfer(p: Planting) -> None:
    """A general transfer passed on on day 41 after the approval (30 allowed)."""
    sent = [
        t
        for t in p.transfers.rows
        if t.direction == "sent" and t.type == "general" and t.issued_date and t.issued_date.year == t.budget_year
    ]
    for i in p.rng.permutation(len(sent))[: p.many]:
        row = sent[int(i)]
        late = p.procedure.approved[row.adm_div_code, row.budget_year] + dt.timedelta(41)
        by = (late - (row.issued_date or late)).days
        for twin in p.transfers.rows:
            if twin.doc_no == row.doc_no:
                for name in ("received_date", "registered_date", "allocated_date", "issued_date"):
                    if getattr(twin, name) is not None:
                        setattr(twin, name, getattr(twin, name) + dt.timedelta(by))
        for event in p.procedure.events:
            if event.doc_no == row.doc_no:
                event.event_date += dt.timedelta(by)
        p.label("late_transfer", ("TL-06",), row.budget_year, place=row.adm_div_code, doc_no=row.doc_no,
                recipient_div=row.recipient_div, days=41)  # fmt: skip


def _unallocated_transfer(p: Planting) -> None:
    """Special money received and registered in summer, and left unallocated."""
    for year, place in _places(p, ("district",)):
        amount = int(p.rng.integers(180, 420)) * WAN
        tracking = f"ZZ{year}{place.code[2:]}X99"
        issued = days.workday_near(dt.date(year, 8, 5) + dt.timedelta(int(p.rng.integers(0, 20))))
        upper, doc = p.transfers.number(year, "示省财专"), p.transfers.number(year, "示财专")
        got = days.workday_near(issued - dt.timedelta(9))
        name, func = f"{year}年专项转移支付（21305）", "21305"
        p.transfers.rows += [
            Transfer(upper, year, CITY, "received", upper, "special", CITY, got, got, issued, issued, func, name, amount, tracking),
            Transfer(doc, year, CITY, "sent", upper, "special", place.code, got, got, issued, issued, func, name, amount, tracking),
            Transfer(doc, year, place.code, "received", doc, "special", place.code, issued, issued + dt.timedelta(2), None, None, func,
                     name, amount, tracking),
        ]  # fmt: skip
        p.label("transfer_unallocated", ("TR-02",), year, place=place.code, also=("TR-03", "TR-04", "TR-09", "TL-07"), doc_no=doc,
                tracking_id=tracking)  # fmt: skip


def _old_carry(p: Planting) -> None:
    """Money left over two years ago and still not recovered."""
    for year, slot in p.spots(
        lambda i, s, b: s.line_type == "project" and s.source == "own" and s.book == "1" and b.paid[i] > 20 * WAN
    ):
        unit, budget = p.plan.units[p.plan.slots[slot].unit], p.plan.budgets[year]
        formed = p.cents(12, 60)
        used = formed // 3
        p.out.carryovers.append({
            "budget_year": year, "adm_div_code": unit.region.code, "agency_code": unit.code, "agency_name": unit.name,
            "pro_code": budget.codes[slot], "pro_name": budget.names[slot], "form_year": year - 2, "formed": formed, "used": used,
            "recovered": 0, "balance": formed - used,
        })  # fmt: skip
        p.label("old_carryover", ("CF-01",), year, slot, form_year=year - 2)


def _budgets(p: Planting) -> None:
    """A reserve far below one per cent, and revenue that does not meet expenditure."""
    for year, place in _places(p, ("district", "town")):
        slot = next(
            i for i, s in enumerate(p.plan.slots) if s.line_type == "reserve" and p.plan.region_of(i).code == place.code
        )
        budget = p.plan.budgets[year]
        if budget.reduced[slot]:
            continue
        budget.approved[slot] = budget.approved[slot] // 5 // 10_000 * 10_000
        p.label("small_reserve", ("BP-07",), year, slot)
    for year, place in _places(p, ("town",)):

        def first_own(row: Row, year: int = year, code: str = place.code) -> bool:
            return (row["budget_year"] == year and row["adm_div_code"] == code and row["stage"] == "approved"
                    and row["direction"] == "revenue" and row["func_code"] == "10101")  # fmt: skip

        p.out.edit("budget_line", first_own, lambda row: row.update(amount=row["amount"] * 3 // 4))
        p.label("unbalanced_budget", ("BP-06",), year, place=place.code)


def _debt(p: Planting) -> None:
    """Debt above its ceiling."""
    for n, (year, place) in enumerate(_places(p, ("district",))):
        kind = ("general", "special")[n % 2]

        def mine(row: Row, year: int = year, code: str = place.code, kind: str = kind) -> bool:
            return row["budget_year"] == year and row["adm_div_code"] == code and row["kind"] == kind

        p.out.edit("debt_limit", mine, lambda row: row.update(ceiling=row["balance"] * 97 // 100))
        p.label("debt_over_ceiling", ("DB-01",), year, place=place.code, debt_kind=kind)


def _investment(p: Planting) -> None:
    """Projects paid beyond their estimate, ahead of the works, begun before approval, or long overdue."""
    from budgetwatch.demo.assets import followed

    able = [i for i in followed(p.plan) if all((y, i) not in p.used_slots for y in p.plan.years)]
    order = [able[int(i)] for i in p.rng.permutation(len(able))]
    for kind, ids, also in (
        ("over_estimate", ("IV-01",), ("IV-02", "IV-04")), ("paid_ahead", ("IV-04",), ("IV-05", "IV-10")),
        ("started_early", ("IV-03",), ()), ("behind_schedule", ("IV-06",), ()),
    ):  # fmt: skip
        for _ in range(p.many if len(order) >= p.many else len(order)):
            slot = order.pop()
            year = p.plan.years[-1]
            p.take(year, slot)
            code = p.plan.budgets[year].codes[slot]
            p.label(kind, ids, year, slot, also=also)
            paid = sum(int(p.plan.budgets[y].paid[slot]) for y in p.plan.years)

            def mine(row: Row, code: str = code, kind: str = kind, year: int = year) -> bool:
                return row["pro_code"] == code and (kind != "paid_ahead" or row["budget_year"] == year)

            def change(row: Row, kind: str = kind, paid: int = paid, year: int = year) -> None:
                if kind == "over_estimate":
                    row["approved_estimate"] = paid * 94 // 100
                    row["feasibility_estimate"] = paid * 96 // 100
                    row["contract_amount"] = paid * 92 // 100
                    row["physical_progress"] = min(0.99, round(row["paid_total"] / (paid * 1.02), 4))
                elif kind == "paid_ahead":
                    row["physical_progress"] = round(max(0.05, row["physical_progress"] - 0.26), 4)
                elif kind == "started_early":
                    row["estimate_approved_date"] = row["start_date"] + dt.timedelta(47)
                else:
                    row["planned_completion"] = dt.date(year, 7, 31)

            p.out.edit("project_invest", mine, change)


def _unapproved_adjustment(p: Planting) -> None:
    """New borrowing put into the budget with no decision of the standing committee."""
    bonds = [
        (y, i)
        for y in p.plan.years
        for i, s in enumerate(p.plan.slots)
        if s.source.endswith("_bond") and p.plan.budgets[y].added[i]
    ]
    for n in p.rng.permutation(len(bonds))[: p.many]:
        year, slot = bonds[int(n)]
        code = p.plan.budgets[year].codes[slot]

        def mine(row: Row, year: int = year, code: str = code) -> bool:
            return row["budget_year"] == year and row["pro_code"] == code and row["type"] == "adjustment"

        p.out.edit("adjustment", mine, lambda row: row.update(approval_doc=None, approval_body=None))
        p.label("unapproved_adjustment", ("EX-11",), year, slot, also=("DB-02",))


def _documents(p: Planting) -> None:
    """Published figures in the wrong unit, or that do not add up."""
    for n, (year, unit) in enumerate(_units(p, True)):
        only_total = n % 2 == 0

        def wrong(row: Row, year: int = year, code: str = unit.code, only: bool = only_total) -> bool:
            return (row["budget_year"] == year and row["agency_code"] == code and row["stage"] == "approved"
                    and (not only or (row["item"] == "expenditure_total" and row["place"] is None)))  # fmt: skip

        p.out.edit("disclosure", wrong, lambda row: row.update(amount=row["amount"] // 10_000))
        p.label("document_unit_error", ("DC-07",), year, place=unit.region.code, agency=unit.code, stage="approved",
                also=("DC-02", "DC-03", "DC-06") if only_total else ("DC-06",))  # fmt: skip
    for year, unit in _units(p, True):

        def sums(row: Row, year: int = year, code: str = unit.code) -> bool:
            return (
                row["budget_year"] == year
                and row["agency_code"] == code
                and row["stage"] == "approved"
                and row["item"] == "three_public"
            )

        p.out.edit("disclosure", sums, lambda row: row.update(amount=row["amount"] + 2_300_000))
        p.label("three_public_sum", ("DC-05",), year, place=unit.region.code, agency=unit.code, stage="approved")


def _tables(p: Planting) -> None:
    """Published tables that do not add up, or say other than each other or than the words beside them; one thing a unit."""
    slips: tuple[tuple[str, tuple[str, ...], tuple[str, ...], dict[str | None, tuple[str, ...]]], ...] = (
        ("totals_unequal", ("DC-02",), (), {None: ("revenue_total",), "text": ("revenue_total",)}),
        ("rows_do_not_add_up", ("DC-03",), (), {None: ("project",), "text": ("project",)}),
        ("basic_does_not_add_up", ("DC-04",), (), {"basic_table": ("operating",)}),
        ("basic_differs_between_tables", ("DC-04",), (), {"basic_table": ("basic", "personnel")}),
        ("text_differs_from_table", ("DC-06",), (), {"text": ("expenditure_total",)}),
    )  # fmt: skip
    for kind, ids, also, where in slips:
        for year, unit in _units(p, True):

            def wrong(
                row: Row, year: int = year, code: str = unit.code, where: dict[str | None, tuple[str, ...]] = where
            ) -> bool:
                mine = row["budget_year"] == year and row["agency_code"] == code and row["stage"] == "approved"
                return mine and row["item"] in where.get(row["place"], ())

            p.out.edit("disclosure", wrong, lambda row: row.update(amount=row["amount"] + 64_000_000))
            p.label(kind, ids, year, place=unit.region.code, agency=unit.code, also=also, stage="approved")
    if done := p.plan.years[:-1]:  # of the last year nothing is settled yet
        for year, unit in _units(p, True, done):
            p.label(
                "text_rounded_to_wan", ("DC-06",), year, place=unit.region.code, agency=unit.code, hard=True, stage="final"
            )  # fmt: skip


def _indicators(p: Planting) -> None:
    """An indicator whose balance is not what its own figures give."""
    for year, slot in p.spots(
        lambda i, s, b: s.line_type == "project" and s.source == "own" and s.book == "1" and b.paid[i] > 20 * WAN
    ):
        number = indicator_no(p.plan, year, slot)

        def mine(row: Row, number: str = number) -> bool:
            return row["indicator_no"] == number

        p.out.edit("indicator", mine, lambda row: row.update(available=row["available"] + 23_000_000))
        p.label("indicator_off_balance", ("DQ-05",), year, slot, indicator_no=number)
