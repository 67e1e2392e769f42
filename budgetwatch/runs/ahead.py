"""Rules that are sure to be asked whole, and read nothing large, begun at once: on a connection of their own, beside what else
a run makes ready."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from budgetwatch.rules import Rule, functions
from budgetwatch.rules.coded import Coded
from budgetwatch.rules.judge import Verdict
from budgetwatch.rules.packs import Packs
from budgetwatch.rules.placed import judge_by_place
from budgetwatch.rules.side import worth_it
from budgetwatch.runs.narrow import Narrowing, reads_large


def sure(rules: Sequence[Rule], narrowing: Narrowing) -> list[Rule]:
    """The rules that are asked whole whatever changed, that need nothing large, and for which no other waits."""
    waited_for = {rule_id for rule in rules for rule_id in rule.echo_of}
    return [
        rule for rule in rules
        if not (rule.echo_of or rule.id in waited_for or rule.baselines or rule.form == "outlier")
        and not reads_large(rule, narrowing.changes) and narrowing.surely_whole(rule)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ahead:
    """The rules that were begun with, and what they say, as soon as all have said it."""

    rules: frozenset[str] = frozenset()
    told: Future[list[Verdict]] | None = None

    def verdicts(self) -> Iterator[Verdict]:
        if self.told:
            yield from self.told.result()


@contextmanager
def ahead(
    connection: duckdb.DuckDBPyConnection,
    rules: Sequence[Rule],
    day: dt.date,
    have: Iterable[str],
    packs: Packs,
    unknown: Sequence[int],
) -> Iterator[Ahead]:
    """Have these rules asked on a second connection to the same database, where that is worth it. Our functions are made there as
    they are on the first; `unknown` are the years whose days off are not known."""
    if not worth_it(connection, rules):
        yield Ahead()
        return
    years, present = functions.span(connection), {*have}

    def ask(second: duckdb.DuckDBPyConnection) -> list[Verdict]:
        functions.same(second, years)
        own = Coded(second, unknown=[*unknown])
        return list(judge_by_place(second, rules, day, present, packs, prepared=own))

    with connection.cursor() as second, ThreadPoolExecutor(1, thread_name_prefix="rules-ahead") as pool:
        yield Ahead(frozenset(rule.id for rule in rules), pool.submit(ask, second))
