"""Testing rules over all stored facts within one's scope, and keeping what came of it beside their editions."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import sqlalchemy as sa

from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.backtest import collect, figures, verdicts
from budgetwatch.backtest.figures import Plan
from budgetwatch.backtest.report import Report
from budgetwatch.calendar import today
from budgetwatch.errors import Denied, Invalid
from budgetwatch.facts.engine import connect
from budgetwatch.lifecycle import service as life
from budgetwatch.progress import Progress
from budgetwatch.records import ALL
from budgetwatch.rulebooks import body_digest
from budgetwatch.rules import baselines, functions
from budgetwatch.rules import compile as compiled
from budgetwatch.rules.coded import Coded
from budgetwatch.rules.making import make_ready
from budgetwatch.rules.packs import Packs
from budgetwatch.rules.places import common
from budgetwatch.rules.rule import Rule
from budgetwatch.tables import BackTest, BackTestRule
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

_log = logging.getLogger(__name__)
#: So many rules are tested at once; more are two tests.
LONGEST = 400
#: What is tried of a threshold when nobody says otherwise: parts of its value.
FACTORS = (Decimal("0.5"), Decimal("0.75"), Decimal("1.5"), Decimal("2"))
#: Up to so many rules each numeric threshold is tried unasked; a condition's cost one scan together, others one each.
_FEW = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule to be tested: an edition, or the rule of that id in force (or off). `sweep`: values to try by parameter."""

    rule_id: str = ""
    edition_id: int | None = None
    sweep: Mapping[str, Sequence[Any]] | None = None


def run(
    home: Home,
    viewer: Viewer,
    asked: Sequence[Asked],
    *,
    as_of: dt.date | None = None,
    progress: Progress | None = None,
) -> int:
    """Test, keep the report, and note with each edition that it was tested; the number of the back-test."""
    started = time.perf_counter()
    plans = resolve(home, viewer, asked)
    versions = dict(home.store.current())
    report, day = measure(home, viewer, plans, versions=versions, as_of=as_of, progress=progress)
    number = keep(home, viewer, asked, report, day, versions, time.perf_counter() - started)
    if viewer.id is not None:
        for plan in plans:
            if plan.edition_id is not None:
                life.tested(home, viewer, plan.edition_id, number)
    return number


def resolve(home: Home, viewer: Viewer, asked: Sequence[Asked]) -> list[Plan]:
    """The rules that were asked for, with the values to be tried; refuses what is unknown or out of bounds."""
    if viewer is not SYSTEM and not (viewer.may("draft_rules") and viewer.may("facts")):
        raise Denied(
            Text("您的角色不能回测规则。", "Your role may not back-test rules."),
            fix=Text("请让经办、负责人或审计人员回测。", "Ask a reviewer, a lead or an auditor."),
        )
    if not 0 < len(asked) <= LONGEST:
        raise Invalid(
            Text(f"一次回测 1 到 {LONGEST} 条规则。", f"A back-test takes 1 to {LONGEST} rules."), where="rules"
        )
    plans = []
    for one in asked:
        if one.edition_id is not None:
            with home.session() as session:
                edition = life.one(session, one.edition_id)
            rule, digest = life.rule_in(home, edition), edition.digest
        else:
            rule = home.rules[one.rule_id]
            digest = body_digest(life.current_body(home, rule.id) or rule.body)
        values = one.sweep if one.sweep is not None else _usual(rule) if len(asked) <= _FEW else {}
        plans.append(Plan(rule, one.edition_id, digest, tuple(_variants(rule, values))))
    return plans


def measure(
    home: Home,
    viewer: Viewer,
    plans: Sequence[Plan],
    *,
    versions: Mapping[str, int] | None = None,
    as_of: dt.date | None = None,
    progress: Progress | None = None,
    least_rows: int | None = None,
) -> tuple[Report, dt.date]:
    """The figures, and the day that the rules took for today. Reads facts, flags and verdicts; writes nothing.

    Feeds of `least_rows` and more are made ready for all questions first; answers do not depend on it.
    """
    snapshot = home.store.snapshot(versions)
    with connect(snapshot, home.settings, viewer=viewer, served=home.serving.ready(snapshot)) as connection:
        first_year, last = span(connection)
        day = as_of or last
        first_year = min(first_year, day.year)
        functions.install(
            connection, (max(functions.FIRST_YEAR, first_year - 1), min(functions.LAST_YEAR, day.year + 1))
        )
        baselines.install(connection, tuple(sorted({name for plan in plans for name in plan.rule.baselines})))
        # Of what the house knows of itself it also knows when there is none.
        have = {name for name, feed in ALL.items() if feed.own or snapshot.files.get(name)}
        gathered, seconds = [], []
        met: dict[str, list[str]] = {}
        packs = home.packs
        coded = _made_ready(connection, [p.rule for p in plans if have.issuperset(p.rule.relies_on)], day, least_rows)
        for at, plan in enumerate(plans):
            if progress:
                progress(0.9 * at / len(plans), plan.rule.name)
            started = time.perf_counter()
            if have.issuperset(plan.rule.relies_on):
                variants = [rule for _, _, rule in plan.tried]
                places = _places(packs, connection, plan.rule, day, met)
                gathered.append(collect.gather(connection, at, plan.rule, day, first_year, variants, places, coded))
            else:
                connection.execute(collect.FOUND)
                gathered.append(collect.Gathered(missing=tuple(f for f in plan.rule.relies_on if f not in have)))
            seconds.append(time.perf_counter() - started)
        minutes, measured = verdicts.minutes(home, viewer)
        connection.register("bt_known", verdicts.verdicts(home, viewer, sorted({p.rule.id for p in plans})))
        connection.register("bt_flagged", verdicts.flagged_rows(home, viewer))
        if progress:
            progress(0.92, Text("汇总", "adding up"))
        years = day.year - first_year + 1
        told = figures.reports(connection, plans, gathered, seconds, minutes=minutes, years=years)
    return Report(first_year, day.year, minutes, measured, tuple(told)), day


def _made_ready(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], day: dt.date, least: int | None) -> Coded:
    """The large feeds made ready for the questions of all rules; nothing is where that fails."""
    rules = [rule for rule in rules if rule.form != "outlier"]
    feeds = sorted({feed for rule in rules for feed in rule.reads})
    try:
        rows = {feed: connection.execute(f"SELECT count(*) FROM {feed}").fetchall()[0][0] for feed in feeds}
        return make_ready(connection, [compiled.question(rule, day) for rule in rules], rows, least)
    except duckdb.Error:
        _log.exception("the feeds could not be made ready; they are asked as they are")
        return Coded(connection)


def _places(
    packs: Packs, connection: duckdb.DuckDBPyConnection, rule: Rule, day: dt.date, met: dict[str, list[str]]
) -> list[tuple[Rule, list[str]]]:
    """The rule with each set of values that packs give it at the places its facts name; empty where all agree with it.

    The last set is that of the place which holds all the others: it judges answers of no single place.
    """
    if not packs.of(rule.id) or rule.form == "outlier":
        return []
    regions: set[str] = set()
    for feed in rule.reads:
        if "adm_div_code" in ALL[feed].by_name:
            if feed not in met:
                rows = connection.execute(f"SELECT DISTINCT adm_div_code FROM {feed} WHERE adm_div_code IS NOT NULL")
                met[feed] = [region for (region,) in rows.fetchall()]
            regions.update(met[feed])
    whole = packs.at(rule, common(regions), day)
    sets: list[tuple[Rule, list[str]]] = []
    for region in sorted(regions):
        there = packs.at(rule, region, day)
        if there.params == whole.params:
            continue
        known = next((listed for one, listed in sets if one.params == there.params), None)
        if known is None:
            sets.append((there, known := []))
        known.append(region)
    return [*sets, (whole, [])] if sets or whole.params != rule.params else []


def keep(
    home: Home,
    viewer: Viewer,
    asked: Sequence[Asked],
    report: Report,
    day: dt.date,
    versions: Mapping[str, int],
    seconds: float,
) -> int:
    """Keep a report; proposals of its editions show it. Its number."""
    wanted = [{"rule_id": a.rule_id, "edition_id": a.edition_id} for a in asked]
    with home.session() as session:
        number = session.execute(
            sa.insert(BackTest).returning(BackTest.id),
            {"user_id": viewer.id, "region": viewer.region, "asked": {"rules": wanted}, "as_of": day, "versions": dict(versions),
             "result": report.kept(), "seconds": seconds},
        ).scalar_one()  # fmt: skip
        session.execute(
            sa.insert(BackTestRule),
            [
                {"back_test_id": number, "rule_id": r.rule_id, "edition_id": r.edition_id, "digest": r.digest}
                for r in {(r.rule_id, r.digest): r for r in report.rules}.values()
            ],
        )
    return int(number)


def span(connection: duckdb.DuckDBPyConnection) -> tuple[int, dt.date]:
    """The first year of the stored payments (else of dated events), and the last day that they hold (else today)."""
    for feed, column in (("payment", "pay_date"), ("calendar_event", "event_date")):
        [(first, last)] = connection.execute(f"SELECT min({column}), max({column}) FROM {feed}").fetchall()
        if last is not None:
            return first.year, last
    return today().year, today()


def _usual(rule: Rule) -> dict[str, list[Any]]:
    """For each numeric threshold the values tried unasked, within its bounds."""
    values: dict[str, list[Any]] = {}
    for param in rule.params.values():
        if param.type not in ("integer", "money", "ratio") or not isinstance(param.value, (int, Decimal)):
            continue
        tried = [Decimal(param.value) * factor for factor in FACTORS]
        if param.type == "integer":
            tried = [Decimal(round(value)) for value in tried]
        fitting = dict.fromkeys(v for v in tried if v != param.value and _fits(rule, param.name, v, param.type))
        values[param.name] = [int(v) if param.type == "integer" else v for v in fitting]
    return {name: tried for name, tried in values.items() if tried}


def _fits(rule: Rule, name: str, value: Decimal, kind: str) -> bool:
    try:
        rule.with_params({name: int(value) if kind == "integer" else value.quantize(Decimal("0.01"))})
    except ValueError:
        return False
    return True


def _variants(rule: Rule, values: Mapping[str, Sequence[Any]]) -> list[tuple[str, Any, Rule]]:
    tried = []
    for name, several in values.items():
        for value in dict.fromkeys(several):
            if isinstance(value, Decimal):
                value = value.quantize(Decimal("0.01")) if rule.params[name].type == "money" else value
            try:
                variant = rule.with_params({name: value})
            except ValueError as error:
                raise Invalid(
                    Text(f"不能试用这个取值：{error}", f"This value cannot be tried: {error}"),
                    where=f"{rule.id} {name}",
                ) from None
            if variant.params[name].value != rule.params[name].value:
                tried.append((name, variant.params[name].value, variant))
    return tried
