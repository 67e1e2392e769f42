"""Recomputing a flag: the rule as it stood, its thresholds, the facts as known then, and the same day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import NotFound
from budgetwatch.facts.engine import connect
from budgetwatch.home import Home
from budgetwatch.progress import Progress
from budgetwatch.records import ALL
from budgetwatch.records.rowid import unpack
from budgetwatch.rules import book
from budgetwatch.rules.finding import Finding, in_order, row_numbers
from budgetwatch.rules.judge import judge
from budgetwatch.runs.keep import key_of
from budgetwatch.tables import Evidence, Flag, RuleVersion, Run
from budgetwatch.text import Text

#: Rows named one by one; the rest are counted.
_NAMED = 20


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
    """The same for many flags, asking each question once: flags of one run and one rule version share its answer."""
    groups: dict[tuple[int, int, str], list[tuple[Flag, Evidence]]] = {}
    questions: dict[tuple[int, int, str], tuple[RuleVersion, Run]] = {}
    for flag, evidence, version, run in (_resting_on(home, flag_id) for flag_id in flag_ids):
        key = (run.id, version.id, json.dumps(evidence.params, sort_keys=True))
        groups.setdefault(key, []).append((flag, evidence))
        questions[key] = version, run
    told: dict[int, Recomputation] = {}
    for done, (key, members) in enumerate(groups.items(), 1):
        version, run = questions[key]
        again, failure = _asked_again(home, version, run, members[0][1].params)
        for flag, evidence in members:
            differences = _differences(evidence, again.get(flag.key), failure)
            then, now = map(set, differences.get("rows", ((), ())))
            names = _named(home, evidence.row_feed, run, [*sorted(now - then)[:_NAMED], *sorted(then - now)[:_NAMED]])
            told[flag.id] = Recomputation(
                not differences, flag.id, flag.rule_id, differences,
                tuple(names[row] for row in sorted(now - then)[:_NAMED]),
                tuple(names[row] for row in sorted(then - now)[:_NAMED]),
            )  # fmt: skip
        if progress:
            progress(done / len(groups), Text(version.rule_id, version.rule_id))
    return [told[flag_id] for flag_id in flag_ids]


def recompute(home: Home, flag_id: int) -> Recomputation:
    """Ask again what the flag's latest evidence answered, over the facts as that run knew them."""
    return recompute_many(home, [flag_id])[0]


def _resting_on(home: Home, flag_id: int) -> tuple[Flag, Evidence, RuleVersion, Run]:
    with home.session() as session:
        found = session.execute(
            sa.select(Flag, Evidence, RuleVersion, Run)
            .join(Evidence, Evidence.flag_id == Flag.id)
            .join(RuleVersion, RuleVersion.id == Evidence.rule_version_id)
            .join(Run, Run.id == Evidence.run_id)
            .where(Flag.id == flag_id)
            .order_by(Evidence.id.desc())
            .limit(1)
        ).first()
    if found is None:
        raise NotFound(
            Text(f"没有疑点 {flag_id}。", f"there is no flag {flag_id}."),
            fix=Text("budgetwatch flags 列出全部。", "`budgetwatch flags` lists them."),
        )
    flag, evidence, version, run = found
    return flag, evidence, version, run


def _asked_again(home: Home, version: RuleVersion, run: Run, params: dict[str, Any]) -> tuple[dict[str, Finding], str]:
    """What the rule finds by flag key, as it stood, over the facts of that run."""
    rule = book.from_body(version.body, f"{version.rule_id}@{version.digest[:8]}").with_params(params)
    with home.facts(SYSTEM, run.versions) as connection:
        verdict = next(judge(connection, [rule], run.as_of, run.versions))
    return {key_of(version.rule_id, f.subject, f.period): f for f in verdict.findings}, verdict.failure


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


def _named(home: Home, feed: str, run: Run, rows: Sequence[int]) -> dict[int, str]:
    """Each row as people know it: the feed's key (a payment's voucher), else its batch and line."""
    names = {row: f"batch {unpack(row).batch}, line {unpack(row).line}" for row in rows}
    if not rows or feed not in ALL or feed not in run.versions:
        return names
    columns = [*(("voucher_no",) if "voucher_no" in ALL[feed].by_name else ALL[feed].key)]
    if not columns:
        return names
    # A row that was corrected since, or before, is still there in the history.
    snapshot = home.store.snapshot({feed: home.store.current().get(feed, run.versions[feed])}).with_history()
    connection = connect(snapshot, home.settings)
    try:
        found = connection.execute(
            f"SELECT _row, concat_ws(' · ', {', '.join(f'{column}::VARCHAR' for column in columns)}) FROM {feed} "
            f"WHERE _row IN ({', '.join(map(str, rows))})"
        ).fetchall()
    finally:
        connection.close()
    return {row: f"{key} ({names[row]})" if (key := dict(found).get(row)) else names[row] for row in rows}
