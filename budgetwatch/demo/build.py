"""Builds a deployment around the invented city: its files go in by the ordinary road, people and one exemption follow.

The answers file stays under home/demo/ and is read by tests alone: nothing here looks into it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from budgetwatch import calendar, exemptions, intake, runs, shapes
from budgetwatch.access import people
from budgetwatch.access.viewer import ROLES, SYSTEM, Viewer
from budgetwatch.demo import casework
from budgetwatch.demo import shapes as outlines
from budgetwatch.demo.generator import generate
from budgetwatch.demo.outgoing import Generated
from budgetwatch.demo.places import CITY_NAME, CITY_PREFIX, DISTRICTS, regions
from budgetwatch.errors import BadFile, Conflict
from budgetwatch.progress import Progress
from budgetwatch.tables import Batch, Case, User
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

PASSWORD = "demo-2026"  # noqa: S105  demo accounts are refused wherever the service is open to a network
_ACTOR = "demo"


@dataclass(frozen=True, slots=True)
class DemoUser:
    """One account of the demo; `scope` is a region prefix, and `scope_name` what people call it."""

    login: str
    name: str
    role: str
    scope: str
    scope_name: Text


_CITY = Text(CITY_NAME, "the city")
_DISTRICT = Text(DISTRICTS[0], "Qiming district")
_PEOPLE = (
    DemoUser("admin", "示例·管理员", "admin", CITY_PREFIX, _CITY),
    DemoUser("reviewer", "示例·经办员", "reviewer", CITY_PREFIX, _CITY),
    DemoUser("lead", "示例·负责人", "lead", CITY_PREFIX, _CITY),
    DemoUser("leader", "示例·领导", "leader", CITY_PREFIX, _CITY),
    DemoUser("deputy", "示例·市代表", "deputy", CITY_PREFIX, _CITY),
    DemoUser("auditor", "示例·审计员", "auditor", CITY_PREFIX, _CITY),
    DemoUser("finance", "示例·财政员", "finance", CITY_PREFIX, _CITY),
    DemoUser("district", "示例·区经办", "reviewer", f"{CITY_PREFIX}01", _DISTRICT),
    DemoUser("deputy-district", "示例·区代表", "deputy", f"{CITY_PREFIX}01", _DISTRICT),
    DemoUser("unit", "示例·单位员", "unit", f"{CITY_PREFIX}01", Text("一个预算单位", "one spending unit")),
)


def users() -> list[tuple[str, Text, Text]]:
    """The demo accounts as (login, role, scope); the password of each is `PASSWORD`."""
    return [(p.login, ROLES[p.role], p.scope_name) for p in _PEOPLE]


def build(
    home: Home, *, years: int = 3, payments: int = 200_000, seed: int = 7, progress: Progress | None = None
) -> dict[str, Any]:
    """Generate the city, take in every file on the day it came, make the demo accounts and one exemption, and run the rules.

    When all but the last year was in, a first run with a dozen rules opened cases; the committee worked them for a year
    (see `casework`). Then the last year's files come, and all rules run. Returns what was built, as counts.

    A home that holds anything already is refused with `Conflict`.
    """
    say: Progress = progress or (lambda share, words: None)
    _empty(home)
    folder = home.path / "demo"
    made = generate(
        folder / "sent", years=years, payments=payments, seed=seed, answers=folder / "answers.jsonl",
        progress=lambda share, words: say(share * 0.3, words),
    )  # fmt: skip
    staff = {p.login: _add(home, p) for p in _PEOPLE if p.role != "unit"}
    turn = dt.date(made.last_year, 1, 5)
    rows, rejected = _take_in(home, made, lambda day: day <= turn, lambda share, words: say(0.3 + 0.3 * share, words))
    exempted = _exempt(home, staff["reviewer"], staff["lead"], years) if rows else 0
    undone = _past(home, staff, turn) if rows else []
    with made.answers.open("a", encoding="utf-8") as answers:
        answers.writelines(json.dumps(label, ensure_ascii=False) + "\n" for label in undone)
    say(0.64, Text("接收最后一年", "taking in the last year"))
    more, bad = _take_in(home, made, lambda day: day > turn, lambda share, words: say(0.64 + 0.16 * share, words))
    rows, rejected = rows + more, rejected + bad
    shapes.load(home, SYSTEM, outlines.write(folder / "outlines.geojson", regions(np.random.default_rng(seed)), seed))
    exempted = exempted or _exempt(home, staff["reviewer"], staff["lead"], years)
    say(0.85, Text("运行规则", "running the rules"))
    report = runs.run(
        home, actor=_ACTOR,
        progress=lambda share, words: say(0.85 + 0.15 * share, words),
    )  # fmt: skip
    _add(home, next(p for p in _PEOPLE if p.role == "unit"), _busiest_unit(home))
    say(1.0, Text("完成", "done"))
    return {
        "files": len(made.files), "payments": made.payments, "rows": rows, "rejected": rejected, "users": len(_PEOPLE),
        "exemptions": exempted, "flags": report.new_flags, "run": report.run_id,
    }  # fmt: skip


def _take_in(
    home: Home, made: Generated, when: Callable[[dt.date], bool], progress: Progress
) -> tuple[int, int]:  # fmt: skip
    """Take in the files that came on such days, in turn; returns rows accepted and rejected."""
    rows = rejected = 0
    sent = [
        *((path, profile, False) for path, profile in made.files),
        *((path, profile, True) for path, profile in made.refused),
    ]
    chosen = sorted((s for s in sent if when(made.arrived[s[0]])), key=lambda s: made.arrived[s[0]])
    for number, (path, profile, cut_short) in enumerate(chosen):
        progress(number / len(chosen), Text(f"接收 {path.name}", f"taking in {path.name}"))
        at = casework.moment(made.arrived[path], 9)
        if cut_short:
            with suppress(BadFile):  # its manifest speaks of other bytes
                intake.take_in(home, path, profile, actor=_ACTOR, at=at)
            continue
        receipt = intake.take_in(home, path, profile, actor=_ACTOR, at=at)
        rows += receipt.rows_accepted
        rejected += receipt.rows_rejected
    return rows, rejected


def _past(home: Home, staff: Mapping[str, Viewer], turn: dt.date) -> list[dict[str, Any]]:
    """What the committee did in the last year with the cases of a first run; labels of what it left undone."""
    known = [rule_id for rule_id in casework.FIRST_RULES if rule_id in home.rules]
    runs.run(home, actor=_ACTOR, rule_ids=known, at=casework.moment(turn))
    return casework.work(home, staff["reviewer"], staff["lead"], staff["deputy"], staff["finance"], turn)


def _empty(home: Home) -> None:
    with home.session() as session:
        taken = session.scalar(sa.select(sa.func.count()).select_from(Batch)) or 0
        known = session.scalar(sa.select(sa.func.count()).select_from(User)) or 0
        demo = session.scalar(sa.select(User.id).where(User.demo).limit(1))
    if not taken and not known:
        return
    what = (
        Text("这里已经建有演示城市。", "The demo city stands here already.")
        if demo
        else Text(
            "这里已有真实数据或账号，不能再建演示城市。",
            "This home holds data or accounts; the demo city needs an empty one.",
        )
    )
    raise Conflict(
        what,
        where=str(home.path),
        fix=Text("请用 BUDGETWATCH_HOME 指定一个空文件夹。", "Point BUDGETWATCH_HOME at an empty folder."),
    )


def _add(home: Home, person: DemoUser, agency_code: str | None = None) -> Viewer:
    return people.add_user(
        home, SYSTEM, login=person.login, name=person.name, role=person.role, password=PASSWORD, region=person.scope,
        agency_code=agency_code, demo=True,
    )  # fmt: skip


def _exempt(home: Home, proposer: Viewer, approver: Viewer, years: int) -> int:
    """One lawful exception, proposed by one person and approved by another: a unit that is open, and pays, at weekends."""
    from budgetwatch.demo.lawful import OPEN_AT_WEEKENDS

    if "PY-12" not in home.rules:
        return 0
    with home.facts(SYSTEM) as facts:
        found = facts.execute(
            "select agency_code, min(pay_date), max(pay_date) from payment where purpose = ? group by 1",
            [OPEN_AT_WEEKENDS],
        ).fetchall()
    for agency, first, last in found:
        proposal = exemptions.propose(
            home, proposer, "PY-12", agency, "", "该单位周末对公众开放，活动保障服务当日结算。",
            "《示范市公共场馆周末开放办法》第六条（虚构）", dt.date(first.year, 1, 1),
            max(dt.date(last.year + 1, 12, 31), calendar.today() + dt.timedelta(365)),
        )  # fmt: skip
        exemptions.approve(home, approver, proposal.id)
    return len(found)


def _busiest_unit(home: Home) -> str:
    """The unit of the demo district with the most cases, so that its account has something to answer."""
    with home.session() as session:
        found = session.execute(
            sa.select(Case.agency_code, sa.func.count())
            .where(Case.agency_code.is_not(None), Case.region.startswith(f"{CITY_PREFIX}01"))
            .group_by(Case.agency_code)
            .order_by(sa.func.count().desc(), Case.agency_code)
        ).first()
    return str(found[0]) if found else f"{CITY_PREFIX}01002"
