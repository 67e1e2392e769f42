"""The queue, one case, leads and a unit's own cases: what each person sees of them, and what never."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from budgetwatch import cases
from budgetwatch import tables as t
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.errors import Denied, Invalid, NotFound
from budgetwatch.home import Home
from budgetwatch.queries import payments, work

Person = Callable[..., Viewer]
Flagged = Callable[..., int]


def ids(listing: work.Listing) -> list[int]:
    return [r["case_id"] for r in listing.rows]


def grown(home: Home, case_id: int, **values: object) -> int:
    """The case with its flag (and itself, where it has the same column) changed."""
    with home.session() as session:
        case = session.get_one(t.Case, case_id)
        flag = session.get_one(t.Flag, case.flag_id)
        for name, value in values.items():
            for one in (case, flag):
                if hasattr(one, name):
                    setattr(one, name, value)
    return case_id


def test_the_queue_puts_what_is_late_first_then_the_severe_then_the_great(
    city: Home, person: Person, flagged: Flagged
) -> None:
    plain = flagged(city)
    great = grown(city, flagged(city), amount=D("99999999.99"))
    red = grown(city, flagged(city), severity="red")
    late = grown(city, flagged(city), due_on=dt.date(2020, 1, 1))
    viewer = person(city, "reviewer")
    listing = work.queue(city, viewer)
    assert ids(listing) == [late, red, great, plain]
    assert listing.total == 4
    assert listing.totals == {"CNY": D("100060000.14")}
    assert ids(work.queue(city, viewer, overdue=True)) == [late]
    assert ids(work.queue(city, viewer, severities=["red"])) == [red]
    assert ids(work.queue(city, viewer, order="amount", limit=1)) == [plain]
    assert ids(work.queue(city, viewer, limit=2, offset=1)) == [red, great]


def test_a_district_never_meets_another_districts_cases(city: Home, person: Person, flagged: Flagged) -> None:
    mine = flagged(city, region="990102", agency_code="990102-A01")
    town = flagged(city, region="990102001", agency_code="990102001-A01")
    theirs = flagged(city, region="990103", agency_code="990103-A01")
    viewer = person(city, "reviewer", region="990102")
    assert sorted(ids(work.queue(city, viewer))) == sorted([mine, town])
    assert "990103" not in str(work.flags(city, viewer))
    assert work.counts(city, viewer)["open"] == 2
    for ask in (work.case, work.evidence):
        with pytest.raises(NotFound):
            ask(city, viewer, theirs)
    seen = {work.next_case(city, viewer)}
    seen.add(work.next_case(city, viewer, after=next(iter(seen))))
    assert seen == {mine, town}


def test_a_percent_sign_looks_for_a_percent_sign(city: Home, person: Person, flagged: Flagged) -> None:
    flagged(city)
    odd = grown(city, flagged(city), subject_name="办公费 100%_學校")
    viewer = person(city, "reviewer")
    assert ids(work.queue(city, viewer, text="100%_")) == [odd]
    assert ids(work.queue(city, viewer, text="%")) == [odd]
    assert ids(work.queue(city, viewer, text="学校")) == [odd]
    assert ids(work.queue(city, viewer, text="zzz")) == []


def test_a_case_page_holds_all_that_is_needed_to_decide(city: Home, person: Person, flagged: Flagged) -> None:
    case_id = flagged(city, agency_code="990102-A02")
    row = payments.search(city, SYSTEM, payments.PaymentFilter(text="V2")).rows[0]["_row"]
    with city.session() as session:
        flag_id = session.get_one(t.Case, case_id).flag_id
        proof = session.scalars(sa.select(t.Evidence)).one()
        run = session.get_one(t.Run, proof.run_id)
        run.versions = city.store.current()
        session.add(
            t.Evidence(
                flag_id=flag_id, run_id=proof.run_id, rule_version_id=proof.rule_version_id, severity="orange",
                amount=D("20000.10"), row_feed="payment", row_count=1, rows=struct.pack("<q", row), digest="z",
                facts={"amount": "20000.10"},
            )
        )  # fmt: skip
    viewer = person(city, "reviewer")
    seen = work.case(city, viewer, case_id)
    assert (seen.state, seen.amount, seen.row_feed, seen.row_count) == ("new", D("20000.10"), "payment", 1)
    shown = seen.evidence.rows[0]
    assert (shown["payee_name"], shown["amount"], shown["_row"], shown["line"]) == ("张*", D("20000.10"), row, 3)
    assert seen.region_name.zh == "青岚区"
    assert "take" in {m.action for m in seen.moves}
    with city.session() as session:
        assert session.scalar(sa.select(t.Audit.action).order_by(t.Audit.id.desc())) == "view_evidence"
    assert work.evidence(city, person(city, "auditor"), flag_id).rows[0]["payee_name"] == "张三丰"


def test_the_unit_sees_its_case_once_asked_and_never_the_notes_inside(
    city: Home, person: Person, flagged: Flagged
) -> None:
    case_id = flagged(city, agency_code="990102-A01")
    reviewer, unit = person(city, "reviewer"), person(city, "unit", region="990102", agency_code="990102-A01")
    other, finance = (
        person(city, "unit", region="990102", agency_code="990102-A02"),
        person(city, "finance", region="990102"),
    )
    with pytest.raises(NotFound):
        work.case(city, unit, case_id)
    cases.act(city, reviewer, case_id, "take")
    cases.act(city, reviewer, case_id, "comment", note="内部意见：疑似套取")
    cases.act(city, reviewer, case_id, "verify")
    cases.act(city, reviewer, case_id, "ask", note="请说明该笔支付的依据")
    for viewer in (unit, finance):
        seen = work.case(city, viewer, case_id)
        assert [s.action for s in seen.steps] == ["ask"]
        assert "内部" not in str(seen)
        mine = work.own_cases(city, viewer)
        assert [(r["case_id"], r["waiting"], bool(r["letter_no"])) for r in mine.rows] == [(case_id, True, True)]
    with pytest.raises(NotFound):
        work.case(city, other, case_id)
    assert work.own_cases(city, other).rows == []
    cases.act(city, unit, case_id, "reply", note="附合同")
    assert [s.note for s in work.case(city, reviewer, case_id).replies] == ["附合同"]
    cases.act(city, reviewer, case_id, "dismiss", reason="explained", note="说明成立，内部口径")
    outside = work.case(city, unit, case_id).steps[-1]
    assert (outside.action, outside.note) == ("dismiss", "")


def test_the_next_case_waits_for_this_person(city: Home, person: Person, flagged: Flagged) -> None:
    first, second = flagged(city), flagged(city)
    one, two, lead = person(city, "reviewer"), person(city, "reviewer"), person(city, "lead")
    assert work.next_case(city, one) == first
    assert work.next_case(city, one, after=first) == second
    assert work.next_case(city, one, after=second) == first
    cases.act(city, one, first, "take")
    assert work.next_case(city, two, after=second) is None or work.next_case(city, two) == second
    cases.act(city, one, first, "dismiss", reason="data_error", note="重复导入")
    cases.act(city, two, second, "take")
    assert work.next_case(city, one) is None
    assert work.next_case(city, lead) == first


def test_leads_rank_and_have_no_case_until_somebody_says_so(city: Home, person: Person, flagged: Flagged) -> None:
    low, high = flagged(city, kind="outlier"), flagged(city, kind="outlier")
    with city.session() as session:
        session.get_one(t.Flag, low).score = 0.2
        session.get_one(t.Flag, high).score = 0.9
    viewer = person(city, "reviewer")
    assert [(r["flag_id"], r["case_id"]) for r in work.leads(city, viewer).rows] == [(high, None), (low, None)]
    assert work.counts(city, viewer)["leads"] == 2
    assert work.queue(city, viewer).total == 0
    cases.promote(city, viewer, high, "值得一看")
    assert [r["flag_id"] for r in work.leads(city, viewer).rows] == [low]
    assert work.queue(city, viewer).total == 1


def test_deputies_have_no_cases_at_all(city: Home, person: Person, flagged: Flagged) -> None:
    case_id = flagged(city)
    deputy = person(city, "deputy")
    for ask in (
        lambda: work.queue(city, deputy),
        lambda: work.flags(city, deputy),
        lambda: work.leads(city, deputy),
        lambda: work.case(city, deputy, case_id),
        lambda: work.evidence(city, deputy, 1),
        lambda: work.counts(city, deputy),
        lambda: work.own_cases(city, deputy),
    ):
        with pytest.raises(Denied):
            ask()


def test_what_does_not_exist_as_a_state_is_answered_with_what_does(city: Home, person: Person) -> None:
    with pytest.raises(Invalid, match="Possible: new, taken"):
        work.queue(city, person(city, "reviewer"), states=["lost"])


@pytest.mark.postgres
def test_the_queue_is_the_same_on_both_databases(any_home: Home, person: Person, flagged: Flagged) -> None:
    mine, theirs = flagged(any_home, region="990102"), flagged(any_home, region="990103", agency_code=None)
    viewer = person(any_home, "reviewer", region="990102")
    assert ids(work.queue(any_home, viewer, text="PY-07")) == [mine]
    assert work.counts(any_home, viewer)["by_state"]["new"] == 1
    assert work.next_case(any_home, viewer) == mine != theirs
    assert work.flags(any_home, viewer).total == 1
