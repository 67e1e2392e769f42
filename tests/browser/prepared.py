"""Makes a demo city lived in: cases in every state, questions asked and answered, a query kept; for the walks and the pictures."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

from budgetwatch import backtest, cases, jobs, lifecycle, review, runs, tables
from budgetwatch.access import people
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import FIXED_DAY
from budgetwatch.home import Home
from budgetwatch.jobs import uploads
from budgetwatch.lifecycle import drafting
from budgetwatch.lifecycle.condition import Condition, Group, Row
from budgetwatch.queries import budgets, incidents, work
from budgetwatch.queries.payments import PaymentFilter
from budgetwatch.runs import incidents as held
from budgetwatch.settings import Settings

#: A Thursday in the weeks in which congresses read the drafts. The pictures are taken on it, always.
DAY = "2026-01-15"
#: The way of one case to each state, by who does what.
WAYS: tuple[tuple[tuple[str, str, dict[str, str]], ...], ...] = (
    (("reviewer", "take", {}),),
    (("reviewer", "take", {}), ("reviewer", "verify", {"note": "凭证与指标已核对。"})),
    (
        ("reviewer", "take", {}),
        ("reviewer", "verify", {"note": "凭证与指标已核对。"}),
        ("reviewer", "ask", {"note": "请说明该笔支出的依据。"}),
    ),
    (
        ("reviewer", "take", {}),
        ("reviewer", "verify", {"note": "凭证与指标已核对。"}),
        ("reviewer", "ask", {"note": "请说明该笔支出的依据。"}),
        ("reviewer", "reply", {"note": "单位书面回复：系手续不全，已补办。"}),
    ),
    (("reviewer", "take", {}), ("reviewer", "dismiss", {"reason": "explained", "note": "有批准文件。"})),
)


@contextmanager
def on(day: str) -> Iterator[None]:
    """In here, today is `day`."""
    before = os.environ.get(FIXED_DAY)
    os.environ[FIXED_DAY] = day
    try:
        yield
    finally:
        os.environ.pop(FIXED_DAY, None)
        if before is not None:
            os.environ[FIXED_DAY] = before


def live_in(folder: Path) -> None:
    """What a few weeks of work leave behind, done through the services as people would."""
    with on(DAY):
        home = Home(Settings(home=folder, language="zh", _env_file=None))  # type: ignore[call-arg]
        try:
            staff = {
                login: _person(home, login)
                for login in ("reviewer", "lead", "deputy", "finance", "unit", "auditor", "admin", "district")
            }
            _work_cases(home, staff)
            _ask(home, staff)
            _leave_jobs(home, staff)
            _change_rules(home, staff)
            _hold_rules(home, staff)
        finally:
            home.close()


def _person(home: Home, login: str) -> Viewer:
    with home.session() as session:
        user = session.scalars(sa.select(tables.User).where(tables.User.login == login)).one()
        return people.viewer_of(home, user.id)


def _work_cases(home: Home, staff: dict[str, Viewer]) -> None:
    """Cases of the demo unit first, so that it has something to answer, then the most urgent ones."""
    unit = staff["unit"].agency_code or ""
    listed = [r for r in work.queue(home, staff["reviewer"], limit=500).rows if r["state"] == "new"]
    own = [r["case_id"] for r in listed if _agency_of(home, r["case_id"]) == unit]
    others = [r["case_id"] for r in listed if r["case_id"] not in own]
    ways = [WAYS[2], *WAYS]
    for case_id, way in zip([*own[:1], *others], ways, strict=False):
        for login, action, fields in way:
            cases.act(home, staff[login], case_id, action, **fields)


def _agency_of(home: Home, case_id: int) -> str | None:
    with home.session() as session:
        return session.scalar(sa.select(tables.Case.agency_code).where(tables.Case.id == case_id))


def _ask(home: Home, staff: dict[str, Viewer]) -> None:
    """Two questions on the draft, one of them answered."""
    deputy, finance = staff["deputy"], staff["finance"]
    shown = budgets.preview(home, deputy)
    asked = [
        review.ask(
            home, deputy, budget_year=shown.year, region=shown.region, line=str(row["name"]), func_code=row["code"],
            text=text,
        )
        for row, text in zip(
            shown.rows, ("这一项为什么增加这么多？请说明测算依据。", "这一项的绩效目标是什么？"), strict=False
        )
    ]  # fmt: skip
    review.answer(home, finance, asked[0].id, "按新增学位和人员编制测算，明细见部门预算。")


def _change_rules(home: Home, staff: dict[str, Viewer]) -> None:
    """One threshold in force by an edition, one edition that waits for a second person, one on trial; each back-tested."""
    reviewer, lead = staff["reviewer"], staff["lead"]
    for rule_id, name, value, acts in (
        ("PY-07", "floor", "8000.00", ("propose", "approve", "activate")),
        ("PY-12", "floor", "20000.00", ("propose", "shadow")),
    ):
        made = lifecycle.set_params(home, reviewer, rule_id, {name: value}, "按近两年核查情况调整起点。")
        backtest.run(home, reviewer, [backtest.Asked(edition_id=made.id)])
        for act in acts:
            person = lead if act in ("approve", "activate") else reviewer
            lifecycle.act(home, person, made.id, act, note="回测可行，工作量可以承受。" if act == "propose" else "")
    runs.shadow(home)


def _hold_rules(home: Home, staff: dict[str, Viewer]) -> None:
    """Two rules that were back-tested on one district alone and found far more in the whole city: one incident waits for
    a decision, the other was discarded and its rule retired."""
    district, lead = staff["district"], staff["lead"]
    condition = Condition("payment", (Group((Row("amount", "ge", "800000"), Row("pay_date", "workday"))),))
    large = drafting.Form(
        id="PY-95", name="大额支付逐笔看", name_en="Large payments one by one", severity="yellow", why="大额支付容易拆分和突击，逐笔看过才放心。",
        why_en="Large payments invite splitting and haste; each is looked at.", practice="大额支付逐笔核对",
        condition=condition, check="看合同和验收\n看审批", otherwise="按合同约定的进度款",
    )  # fmt: skip
    drafts = (
        lifecycle.draft(home, district, drafting.rule_text(large), note="先在本区试过。"),
        lifecycle.set_enabled(home, district, "BP-16", True, "本区试过，数量不多。"),
    )
    careful = home.settings.model_copy(update={"hold_factor": Decimal(2), "hold_least": 20})
    home.settings, usual = careful, home.settings
    for made in drafts:
        backtest.run(home, district, [backtest.Asked(edition_id=made.id)])
        lifecycle.act(home, district, made.id, "propose", note="本区回测可行。")
        lifecycle.act(home, lead, made.id, "approve")
        lifecycle.activate(home, lead, made.id)
        runs.run(home, actor="lead", rule_ids=[made.rule_id])
    home.settings = usual
    discarded = incidents.incidents(home, lead, rule_id="BP-16").rows
    for one in discarded:
        held.discard(home, lead, one["incident_id"], "各区绩效目标还没有报齐，报齐以前查出的不算疑点。")
        lifecycle.act(home, lead, drafts[1].id, "retire", note="绩效目标报齐以前停用。")


def _leave_jobs(home: Home, staff: dict[str, Viewer]) -> None:
    """Long work that ended well, with a refusal, and badly; its owners have read it, so no message stands on their pages."""
    jobs.export(home, staff["auditor"], PaymentFilter(text="办公"), "csv")
    for login in ("finance", "admin"):
        jobs.check(home, staff[login], "支付明细.csv", io.BytesIO("这不是数据".encode()), "demo_pay_city")
        lost = jobs.take_in(home, staff[login], "指标.csv", io.BytesIO("这也不是".encode()), "demo_indicator_city")
        uploads.drop(home, str(lost.asked["upload"]))
    jobs.work_off(home)
    for login in ("auditor", "finance", "admin"):
        jobs.seen(home, staff[login])
