"""A year of work on the cases of an earlier run: most of it well done and closed, some of it left undone.

The committee began with a dozen rules; their flags were triaged, asked about, judged and mended in the year that followed.
What was left undone is labelled, like everything else that was made to be found.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from budgetwatch import cases, review
from budgetwatch.access.viewer import Viewer
from budgetwatch.demo import days
from budgetwatch.demo.places import CITY
from budgetwatch.tables import Case, Flag

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: The rules that the committee had switched on in the first year.
FIRST_RULES = (
    "PY-15", "PY-02", "PY-05", "PY-07", "PY-12", "SG-05", "EX-03", "EX-04", "EX-09", "TL-01", "TL-04", "TL-05", "TL-18", "CF-01", "DB-01",
    "IV-01", "TR-07", "TR-10", "BP-07",
)  # fmt: skip
_ZONE = dt.timezone(dt.timedelta(hours=8))
_LETTER = "请说明该事项的依据、经办过程，并附有关凭证。"
_REPLIES = (
    "经核查，该支付依据不足，已责令退回并完善审批。",
    "该事项因经办人员疏忽造成，已整改并开展自查。",
    "情况属实，相关款项已按规定调整账务。",
)
_FINE = "经核对合同、验收单和付款审批，该支出手续完备。"
#: The subject asked about (code, name), the question, and the answer, if there was one.
_QUESTIONS = (
    ("205", "教育", "教育经费是否足额安排？", "已按不低于上年的原则安排。"),
    ("208", "社会保障和就业", "养老服务设施建设进度如何保证？", "已列入年度计划，按季度通报。"),
    ("201", "一般公共服务", "信息化项目运维费用增长的依据是什么？", ""),
    ("212", "城乡社区", "城乡社区环境整治经费为何减少？", ""),
)  # fmt: skip


def moment(day: dt.date, hour: int = 10) -> dt.datetime:
    """An hour of an office day in the city's time."""
    return dt.datetime(day.year, day.month, day.day, hour, tzinfo=_ZONE)


@dataclass(slots=True)
class Desk:
    """Who works, from which day on; and the labels of what they leave undone."""

    home: Home
    reviewer: Viewer
    lead: Viewer
    start: dt.date
    labels: list[dict[str, Any]] = field(default_factory=list)

    def do(self, case: int, viewer: Viewer, action: str, after: int, **more: Any) -> None:
        """One act, so many days after the start, on a working day."""
        day = days.workday_near(self.start + dt.timedelta(after))
        cases.act(self.home, viewer, case, action, at=moment(day), **more)

    def asked(self, case: int, n: int) -> None:
        """Triaged in the first week, and the unit asked by letter."""
        self.do(case, self.reviewer, "take", 1 + n % 3)
        self.do(case, self.reviewer, "verify", 4 + n % 2)
        self.do(case, self.reviewer, "ask", 8 + n % 3, note=_LETTER)

    def left(self, kind: str, rule_id: str, case: int, agency: str | None, region: str) -> None:
        """Label a case as something that rules of the loop should find."""
        self.labels.append({
            "label": "anomaly", "kind": kind, "catalogue_ids": [rule_id], "also": ["SL-01", "SL-02", "SL-04"], "budget_year": self.start.year,
            "agency_code": agency, "adm_div_code": region, "vouchers": [], "keys": {"cases": [str(case)]},
        })  # fmt: skip


def work(
    home: Home, reviewer: Viewer, lead: Viewer, deputy: Viewer, finance: Viewer, start: dt.date
) -> list[dict[str, Any]]:
    """Work the open cases from that day on; returns the labels of what was left undone."""
    desk = Desk(home, reviewer, lead, start)
    with home.session() as session:
        rows = session.execute(
            sa.select(Case.id, Flag.rule_id, Case.agency_code, Case.region)
            .join(Flag, Flag.id == Case.flag_id)
            .order_by(Case.id)
        ).all()
    by_unit: dict[tuple[str, str | None], list[int]] = defaultdict(list)
    for number, rule_id, agency, _ in rows:
        by_unit[rule_id, agency].append(number)
    again = {n for (_, agency), found in by_unit.items() if agency and len(found) > 1 for n in found}
    ways: tuple[Callable[[Desk, Any, int], None], ...] = (
        _mended, _explained, _unverified, _mended, _unanswered, _explained, _returned, _mended, _unmended, _explained,
    )  # fmt: skip
    for n, row in enumerate(r for r in rows if r.id not in again):
        ways[n % len(ways)](desk, row, n)
    seen: set[tuple[str, str | None]] = set()
    for n, row in enumerate(r for r in rows if r.id in again):
        _mended(desk, row, n, later=150 if (row.rule_id, row.agency_code) in seen else 0)
        if (row.rule_id, row.agency_code) in seen:
            desk.left("same_fault_again", "SL-05", row.id, row.agency_code, row.region)
        seen.add((row.rule_id, row.agency_code))
    _opinions(desk, deputy, finance)
    return desk.labels


def _mended(desk: Desk, row: Any, n: int, later: int = 0) -> None:
    """Confirmed as a problem after the unit's reply, mended and closed."""
    if later:
        desk.start += dt.timedelta(later)
    desk.asked(row.id, n)
    desk.do(row.id, desk.reviewer, "reply", 17 + n % 4, note=_REPLIES[n % len(_REPLIES)])
    desk.do(row.id, desk.reviewer, "confirm", 23 + n % 3, reason="scope_or_standard")
    desk.do(row.id, desk.lead, "close", 28 + n % 2, note="整改材料齐全，同意销号。")
    if later:
        desk.start -= dt.timedelta(later)


def _explained(desk: Desk, row: Any, n: int) -> None:
    """Set aside because the explanation holds, and closed by a second person."""
    desk.asked(row.id, n)
    desk.do(row.id, desk.reviewer, "reply", 16 + n % 4, note=_FINE)
    desk.do(row.id, desk.reviewer, "dismiss", 21 + n % 3, reason="explained", note="说明与凭证相符。")
    desk.do(row.id, desk.lead, "close", 26)


def _unverified(desk: Desk, row: Any, n: int) -> None:
    """Never looked at."""
    desk.left("case_left_unverified", "SL-01", row.id, row.agency_code, row.region)


def _unanswered(desk: Desk, row: Any, n: int) -> None:
    """The unit was asked and never replied."""
    desk.asked(row.id, n)
    desk.left("letter_left_unanswered", "SL-02", row.id, row.agency_code, row.region)


def _returned(desk: Desk, row: Any, n: int) -> None:
    """The reply said nothing and was returned, twice; a third has not come."""
    desk.asked(row.id, n)
    for turn in range(2):
        desk.do(row.id, desk.reviewer, "reply", 16 + 10 * turn, note="情况已知悉。")
        desk.do(row.id, desk.reviewer, "return_reply", 19 + 10 * turn, note="未说明依据，请补充凭证。")
    desk.left("reply_returned_twice", "SL-03", row.id, row.agency_code, row.region)


def _unmended(desk: Desk, row: Any, n: int) -> None:
    """Confirmed as a problem, and still open long after it should have been mended."""
    desk.asked(row.id, n)
    desk.do(row.id, desk.reviewer, "reply", 18, note=_REPLIES[0])
    desk.do(row.id, desk.reviewer, "confirm", 24, reason="scope_or_standard", note="责令限期整改。")
    desk.left("problem_left_unmended", "SL-04", row.id, row.agency_code, row.region)


def _opinions(desk: Desk, deputy: Viewer, finance: Viewer) -> None:
    """What a deputy asked about the year's budget; half of it was never answered."""
    for n, (subject, line, text, answer) in enumerate(_QUESTIONS):
        asked = review.ask(
            desk.home, deputy, budget_year=desk.start.year, region=CITY, func_code=subject, line=line, text=text,
            at=moment(days.workday_near(desk.start + dt.timedelta(5 + n)), 15),
        )  # fmt: skip
        if answer:
            review.answer(
                desk.home, finance, asked.id, answer, at=moment(days.workday_near(desk.start + dt.timedelta(12 + n)), 9)
            )
        else:
            desk.labels.append({
                "label": "anomaly", "kind": "opinion_left_unanswered", "catalogue_ids": ["SL-06"], "also": [], "budget_year": desk.start.year,
                "agency_code": None, "adm_div_code": CITY, "vouchers": [], "keys": {"opinion": asked.id},
            })  # fmt: skip
