"""Asking a rule with the values in force at each subject's place.

Places that a rule meets are put together by the values in force there; a rule is asked once for each set of values, over
all the facts, and of its answers those are kept whose place has those values. An answer of no single place is judged by
the values of the place that holds all the others. So the values alone, kept with a flag's evidence, give it again; and
a rule of which no pack speaks, or whose places all agree, is asked once as ever.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import duckdb

from budgetwatch.progress import Progress
from budgetwatch.records import ALL
from budgetwatch.rules.coded import Coded
from budgetwatch.rules.judge import Verdict, judge, questions
from budgetwatch.rules.packs import Packs
from budgetwatch.rules.places import common
from budgetwatch.rules.rule import Rule

_PLACE = "adm_div_code"


def judge_by_place(
    connection: duckdb.DuckDBPyConnection,
    rules: Sequence[Rule],
    as_of: dt.date,
    have: Iterable[str],
    packs: Packs,
    progress: Progress | None = None,
    prepared: Coded | None = None,
    *,
    least_rows: int | None = None,
    others: Iterable[Rule] = (),
    two: bool = False,
    took: Mapping[str, float] = MappingProxyType({}),
) -> Iterator[Verdict]:
    """The verdict of every rule, as `judge` gives it, each finding with the `params` it was judged by where a pack set any."""
    present = set(have)
    met: dict[str, list[str]] = {}
    asked: list[Rule] = []
    shares: list[tuple[Rule, str, _Shares | None]] = []
    for rule in rules:
        divided = _Shares(rule, _regions(connection, rule, present, met), packs, as_of) if packs.of(rule.id) else None
        for key, variant in divided.variants.items() if divided else (("", rule),):
            asked.append(variant)
            shares.append((rule, key, divided))
    collected: list[tuple[str, Verdict]] = []
    verdicts = judge(
        connection,
        asked,
        as_of,
        present,
        progress,
        least_rows=least_rows,
        prepared=prepared,
        others=others,
        two=two,
        took=took,
    )
    for (rule, key, divided), verdict in zip(shares, verdicts, strict=True):
        if divided is None:
            yield verdict
            continue
        collected.append((key, verdict))
        if len(collected) == len(divided.variants):
            yield divided.together(rule, collected)
            collected = []


def questions_by_place(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], as_of: dt.date, have: Iterable[str], packs: Packs
) -> tuple[list[str], dict[str, int]]:
    """What `judge_by_place` would ask of feeds that can be made ready (`judge.questions`)."""
    present, met = set(have), dict[str, list[str]]()
    asked: list[Rule] = []
    for rule in rules:
        divided = _Shares(rule, _regions(connection, rule, present, met), packs, as_of) if packs.of(rule.id) else None
        asked += divided.variants.values() if divided else [rule]
    return questions(connection, asked, as_of, present)


class _Shares:
    """The sets of values of one rule, by a key of each; `whole` is that of answers of no single place."""

    def __init__(self, rule: Rule, regions: Sequence[str], packs: Packs, as_of: dt.date) -> None:
        self.rule, self.packs, self.as_of = rule, packs, as_of
        self.variants: dict[str, Rule] = {}
        self._known: dict[str, str] = {}
        self.whole = self._key(common(regions))
        for region in regions:
            self._key(region)

    def _key(self, region: str) -> str:
        if region not in self._known:
            there = self.packs.at(self.rule, region, self.as_of)
            key = json.dumps({name: param.plain for name, param in there.params.items()}, sort_keys=True)
            self.variants.setdefault(key, there)
            self._known[region] = key
        return self._known[region]

    def together(self, rule: Rule, collected: Sequence[tuple[str, Verdict]]) -> Verdict:
        """One verdict: of each set of values the answers of its places; what could not be judged is counted once."""
        one = Verdict(rule)
        one.reasons = Counter()
        for key, verdict in collected:
            params = {name: param.plain for name, param in self.variants[key].params.items()}
            for finding in verdict.findings:
                if self._known.get(finding.region, self.whole) == key:
                    one.findings.append(dataclasses.replace(finding, params=params))
            one.looked_at = max(one.looked_at, verdict.looked_at)
            one.could_not_judge = max(one.could_not_judge, verdict.could_not_judge)
            one.reasons |= verdict.reasons
            one.seconds += verdict.seconds
            one.failure = one.failure or verdict.failure
        return one


def _regions(
    connection: duckdb.DuckDBPyConnection, rule: Rule, present: set[str], met: dict[str, list[str]]
) -> list[str]:
    """The places that the rule's facts name."""
    found: set[str] = set()
    for feed in rule.reads:
        if feed in present and _PLACE in ALL[feed].by_name:
            if feed not in met:
                rows = connection.execute(f"SELECT DISTINCT {_PLACE} FROM {feed} WHERE {_PLACE} IS NOT NULL").fetchall()
                met[feed] = [region for (region,) in rows]
            found.update(met[feed])
    return sorted(found)
