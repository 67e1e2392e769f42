"""Whether anything that the house notes of itself can have changed since it was last noted: a few sums, no rows.

What is noted comes from rows that are only added (steps, answers, evidence) or that are final once they are there
(files received); of cases the number of steps is kept with each. So a few counts and greatest numbers tell of every
change, at the cost of reading two columns. The signs lie beside the facts' version that was written by them, in a file
that may be lost: then everything is looked at once more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch import tables as t
from budgetwatch.runs.basis import house

Sign = list[Any]


def sign(session: Session, name: str, versions: Mapping[str, int]) -> Sign:
    """What tells of every change to what a feed is noted from; last the feed's own version."""
    count, most, total = sa.func.count, sa.func.max, sa.func.sum
    asked: Any
    if name == "loop_case":
        asked = (
            sa.select(count(t.Case.id), most(t.Case.id), total(t.Case.version), count(t.Case.closed_at)),
            sa.select(most(t.CaseStep.id)), sa.select(most(t.Evidence.id)),
        )  # fmt: skip
    elif name == "loop_opinion":
        asked = (sa.select(count(t.Question.id), most(t.Question.id)), sa.select(count(t.Answer.id), most(t.Answer.id)))
    else:
        b = t.Batch
        asked = (
            sa.select(
                count(b.id), most(b.id), total(b.rows_in), total(b.rows_rejected), most(b.fact_version), total(b.facts_added)
            ).where(b.status != "receiving"),
            sa.select(b.status, count()).group_by(b.status).order_by(b.status),
        )  # fmt: skip
    rows = [[str(value) for value in row] for query in asked for row in session.execute(query)]
    return [house(), rows, versions.get("org_unit") if name == "loop_opinion" else None, versions.get(name)]


class Noted:
    """The signs of the last time."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.known: dict[str, Sign] = {}
        with suppress(FileNotFoundError, ValueError):
            self.known = json.loads(file.read_text("utf-8"))

    def same(self, name: str, now: Sequence[Any]) -> bool:
        """Whether nothing can have changed, and the facts are those that were written then."""
        return self.known.get(name) == list(now)

    def keep(self, signs: Mapping[str, Sign]) -> None:
        """Remember these for the next time."""
        if not signs:
            return
        half = self.file.with_suffix(f".{os.getpid()}")
        half.write_text(json.dumps({**self.known, **signs}), "utf-8")
        half.replace(self.file)
