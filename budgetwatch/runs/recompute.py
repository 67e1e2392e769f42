"""Recomputing a flag: the rule as it stood, its thresholds, the facts as known then, and the same day."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import BadRule, NotFound
from budgetwatch.facts.engine import connect
from budgetwatch.home import Home
from budgetwatch.progress import Progress
from budgetwatch.records import ALL
from budgetwatch.records.rowid import unpack
from budgetwatch.rules import book
from budgetwatch.rules.finding import Finding, in_order, row_numbers
from budgetwatch.rules.judge import judge
from budgetwatch.rules.rule import Rule
from budgetwatch.runs.keep import key_of
from budgetwatch.tables import Evidence, Flag, RuleVersion, Run
from budgetwatch.text import Text

#: Rows named one by one; the rest are counted.
_NAMED = 20
#: Of what one statement names: within what every database takes.
_CHUNK = 1_000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Recomputation:
    """Whether the same question over the same facts gives the same evidence; `differences`: name -> (then, now).

    `added` and `gone` name rows (`_row`, key or voucher), of the thousand that evidence keeps and at most 20 each;
    `figures` are the differences of figures alone: severity, amount, number of rows, what the message says.
    """

    identical: bool
    flag_id: int
    rule_id: str
    differences: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def figures(self) -> dict[str, tuple[Any, Any]]:
        """What changed beside the rows."""
        return {
            name.removeprefix("facts."): pair for name, pair in self.differences.items() if name not in _NOT_FIGURES
        }

    def told(self) -> Text:
        """What differs, in words; empty where nothing does."""
        if self.identical:
            return Text("", "")
        zh, en = [], []
        if "found" in self.differences:
            why = str(self.differences["found"][1]).removeprefix("no").removeprefix(": ")
            zh.append(f"不再查出{f'（{why}）' if why else ''}")
            en.append(f"no longer found{f' ({why})' if why else ''}")
        then, now = map(set, self.differences.get("rows", ((), ())))
        for zh_word, en_word, named, count in (
            ("增加", "added", self.added, len(now - then)), ("减少", "gone", self.gone, len(then - now)),
        ):  # fmt: skip
            if count:
                more = "…" if count > len(named) else ""
                zh.append(f"{zh_word} {count} 行：{'；'.join(named)}{more}")
                en.append(f"{count} rows {en_word}: {'; '.join(named)}{more}")
        for name, (was, is_now) in sorted(self.figures.items()):
            zh.append(f"{name}：{was} → {is_now}")
            en.append(f"{name}: {was} → {is_now}")
        if not zh:
            zh.append("证据的摘要不同（保留的行和数字相同）")
            en.append("the digest differs (the rows and figures kept are the same)")
        return Text("；".join(zh), "; ".join(en))


_NOT_FIGURES = {"found", "rows", "digest"}


def recompute_many(home: Home, flag_ids: Sequence[int], *, progress: Progress | None = None) -> list[Recomputation]:
    """The same for many flags, asking each question once: flags of one day, one state of the facts, one rule version and
    the same parameters share its answer, whichever runs found them. `NotFound` names a flag that is not there."""
    resting = _resting_on(home, dict.fromkeys(flag_ids))
    told: dict[int, Recomputation] = {}
    sittings: dict[tuple[dt.date, str], dict[_Question, list[_Resting]]] = {}
    for one in resting:
        same = sittings.setdefault((one.as_of, json.dumps(one.versions, sort_keys=True)), {})
        same.setdefault(_Question(one.version_id, json.dumps(one.params, sort_keys=True)), []).append(one)
    many, done = sum(map(len, sittings.values())), 0
    for questions in sittings.values():
        for members, again, failure in _asked_again(home, questions):
            told.update((compared.flag_id, compared) for compared in _compared(home, members, again, failure))
            done += 1
            if progress:
                progress(done / many, Text(members[0].rule_id, members[0].rule_id))
    return [told[flag_id] for flag_id in flag_ids]


def recompute(home: Home, flag_id: int) -> Recomputation:
    """Ask again what the flag's latest evidence answered, over the facts as that run knew them."""
    return recompute_many(home, [flag_id])[0]


@dataclass(frozen=True, slots=True)
class _Resting:
    """What a flag's latest evidence rests on: which question, of which day, over which facts."""

    flag_id: int
    key: str
    rule_id: str
    evidence_id: int
    version_id: int
    params: dict[str, Any]
    as_of: dt.date
    versions: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Question:
    """A rule as it stood with the parameters it was put with (as JSON)."""

    version_id: int
    params: str


def _resting_on(home: Home, flag_ids: Iterable[int]) -> list[_Resting]:
    wanted, found = list(flag_ids), {}
    with home.session() as session:
        runs = {run.id: (run.as_of, dict(run.versions)) for run in session.scalars(sa.select(Run))}
        for chunk in _chunks(wanted):
            newest = sa.select(sa.func.max(Evidence.id)).where(Evidence.flag_id.in_(chunk)).group_by(Evidence.flag_id)
            query = (
                sa.select(
                    Flag.id,
                    Flag.key,
                    Flag.rule_id,
                    Evidence.id,
                    Evidence.rule_version_id,
                    Evidence.params,
                    Evidence.run_id,
                )
                .join(Evidence, Evidence.flag_id == Flag.id)
                .where(Evidence.id.in_(newest))
            )
            for flag_id, key, rule_id, evidence_id, version_id, params, run_id in session.execute(query):
                found[flag_id] = _Resting(flag_id, key, rule_id, evidence_id, version_id, params, *runs[run_id])
    for flag_id in wanted:
        if flag_id not in found:
            raise NotFound(
                Text(f"没有疑点 {flag_id}。", f"there is no flag {flag_id}."),
                fix=Text("budgetwatch flags 列出全部。", "`budgetwatch flags` lists them."),
            )
    return [found[flag_id] for flag_id in wanted]


def _asked_again(
    home: Home, questions: Mapping[_Question, list[_Resting]]
) -> Iterator[tuple[list[_Resting], dict[str, Finding], str]]:
    """Of each question its flags, what it finds by flag key, and why it failed if it did: all in one sitting over the
    facts as they were known then, so that large feeds are made ready once."""
    first = next(iter(questions.values()))[0]
    with home.session() as session:
        bodies = {
            version.id: version
            for chunk in _chunks([question.version_id for question in questions])
            for version in session.scalars(sa.select(RuleVersion).where(RuleVersion.id.in_(chunk)))
        }
    rules: list[Rule] = []
    readable: list[list[_Resting]] = []
    for one, members in questions.items():
        version = bodies[one.version_id]
        try:
            rules.append(
                book.from_body(version.body, f"{version.rule_id}@{version.digest[:8]}").with_params(members[0].params)
            )
            readable.append(members)
        except (BadRule, ValueError) as error:  # a text that this version of the product no longer reads
            yield members, {}, str(error)
    # Of its own affairs the house knows that there are none, as in the run; a run told otherwise found no flag with them.
    have = {*first.versions, *(feed.name for feed in ALL.values() if feed.own)}
    with home.facts(SYSTEM, first.versions) as connection:
        for members, verdict in zip(readable, judge(connection, rules, first.as_of, have), strict=True):
            found = {key_of(members[0].rule_id, f.subject, f.period): f for f in verdict.findings}
            yield members, found, verdict.failure


def _compared(
    home: Home, members: Sequence[_Resting], again: Mapping[str, Finding], failure: str
) -> Iterator[Recomputation]:
    """Each flag's evidence held against what its question finds now; only rows of those that differ are looked up."""
    for chunk in _chunks(members):
        with home.session() as session:
            kept = {
                one.id: one
                for one in session.scalars(sa.select(Evidence).where(Evidence.id.in_([m.evidence_id for m in chunk])))
            }
        differing = {one.flag_id: _differences(kept[one.evidence_id], again.get(one.key), failure) for one in chunk}
        names: dict[int, str] = {}
        if wanted := sorted(
            {row for differences in differing.values() for side in _moved(differences) for row in side}
        ):
            names = _named(home, kept[chunk[0].evidence_id].row_feed, chunk[0].versions, wanted)
        for one in chunk:
            differences = differing[one.flag_id]
            added, gone = _moved(differences)
            yield Recomputation(
                not differences, one.flag_id, one.rule_id, differences,
                tuple(names[row] for row in added), tuple(names[row] for row in gone),
            )  # fmt: skip


def _moved(differences: Mapping[str, tuple[Any, Any]]) -> tuple[list[int], list[int]]:
    """The first rows that were added, and that are gone."""
    then, now = map(set, differences.get("rows", ((), ())))
    return sorted(now - then)[:_NAMED], sorted(then - now)[:_NAMED]


def _differences(evidence: Evidence, again: Finding | None, failure: str) -> dict[str, tuple[Any, Any]]:
    if again is None:
        return {"found": ("yes", f"no{f': {failure}' if failure else ''}")}
    pairs: dict[str, tuple[Any, Any]] = {
        "digest": (evidence.digest, again.digest),
        "severity": (evidence.severity, again.severity),
        "amount": (evidence.amount, again.amount),
        "row_count": (evidence.row_count, again.row_count),
        "rows": (row_numbers(evidence.rows), row_numbers(again.rows)),
    }
    pairs.update(
        {f"facts.{name}": (evidence.facts.get(name), again.facts.get(name)) for name in {*evidence.facts, *again.facts}}
    )
    return {name: pair for name, pair in pairs.items() if _steady(name, pair[0]) != _steady(name, pair[1])}


def _steady(name: str, figure: Any) -> Any:
    return figure if name == "rows" else in_order(figure)


def _named(home: Home, feed: str, versions: Mapping[str, int], rows: Sequence[int]) -> dict[int, str]:
    """Each row as people know it: the feed's key (a payment's voucher), else its batch and line."""
    names = {row: f"batch {unpack(row).batch}, line {unpack(row).line}" for row in rows}
    if feed not in ALL or feed not in versions:
        return names
    columns = [*(("voucher_no",) if "voucher_no" in ALL[feed].by_name else ALL[feed].key)]
    if not columns:
        return names
    # A row that was corrected since, or before, is still there in the history.
    snapshot = home.store.snapshot({feed: home.store.current().get(feed, versions[feed])}).with_history()
    connection = connect(snapshot, home.settings)
    try:
        found: dict[int, str] = {}
        for chunk in _chunks(rows):
            found |= dict(
                connection.execute(
                    f"SELECT _row, concat_ws(' · ', {', '.join(f'{column}::VARCHAR' for column in columns)}) FROM {feed} "
                    f"WHERE _row IN ({', '.join(map(str, chunk))})"
                ).fetchall()
            )
    finally:
        connection.close()
    return {row: f"{key} ({names[row]})" if (key := found.get(row)) else names[row] for row in rows}


def _chunks(things: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (things[start : start + _CHUNK] for start in range(0, len(things), _CHUNK))
