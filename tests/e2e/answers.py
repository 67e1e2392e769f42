"""Holding what a run flagged against what a demo city has planted."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from budgetwatch.tables import Batch, Echo, Evidence, Flag


@dataclass(frozen=True)
class Found:
    """A flag as the run left it, with the vouchers behind it."""

    flag_id: int
    rule_id: str
    severity: str
    subject: str
    period: str
    region: str
    agency_code: str | None
    vouchers: frozenset[str]
    facts: str
    files: frozenset[str] = frozenset()
    cases: frozenset[str] = frozenset()

    def concerns(self, label: dict[str, Any]) -> bool:
        """Whether the flag speaks of the labelled thing: the same vouchers, or the same unit or place and year."""
        if label["vouchers"] and self.vouchers:
            return not self.vouchers.isdisjoint(label["vouchers"])
        if self.cases and label["keys"].get("cases"):
            return not self.cases.isdisjoint(label["keys"]["cases"])
        if self.files and label["keys"].get("file"):
            return label["keys"]["file"] in self.files
        same_place = self.agency_code == label["agency_code"] if label["agency_code"] and self.agency_code else (
            self.region == label["adm_div_code"]
        )  # fmt: skip
        named = [str(v) for v in label["keys"].values() if isinstance(v, str) and len(v) > 6]
        mentioned = any(name in self.subject or name in self.facts for name in named)
        return mentioned or (same_place and self.period[:4] in ("", str(label["budget_year"])))


def catalogued(rule_id: str) -> str:
    """The number of the catalogue that a rule answers: PY-30b is a second way of asking PY-30."""
    return rule_id.rstrip("abcdefgh")


def labels(home: Home) -> list[dict[str, Any]]:
    """The answers file of a demo home."""
    lines = Path(home.path / "demo" / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def found(home: Home) -> dict[str, list[Found]]:
    """The flags of a home by rule, with the vouchers of their rows; what is kept as the echo of a flag was found too."""
    with home.session() as session:
        latest = sa.select(sa.func.max(Evidence.id)).group_by(Evidence.flag_id).scalar_subquery()
        pairs = session.execute(
            sa.select(Flag, Evidence).join(Evidence, Evidence.flag_id == Flag.id).where(Evidence.id.in_(latest))
        ).all()
        echoes = [(echo, home.rules[echo.rule_id].over) for echo in session.scalars(sa.select(Echo))]
        sent = {str(b.id): b.file_name for b in session.scalars(sa.select(Batch))}
    with home.facts(SYSTEM) as facts:
        voucher = dict(facts.execute("SELECT _row, voucher_no FROM payment").fetchall())
        batch_of = {
            feed: dict(facts.execute(f"SELECT _row, batch_id FROM {feed}").fetchall()) for feed in ("batch", "unread")
        }
        case_of = dict(facts.execute("SELECT _row, case_id FROM loop_case").fetchall())
    by_rule: dict[str, list[Found]] = defaultdict(list)
    proven: list[tuple[Any, Any, str]] = [(flag, proof, proof.row_feed) for flag, proof in pairs]
    for flag, proof, feed in [*proven, *((echo, echo, over) for echo, over in echoes)]:
        rows = np.frombuffer(proof.rows, dtype="<i8").tolist()
        files = {sent.get(batch_of[feed].get(r, "")) for r in rows} if feed in batch_of else set()
        worked, rows = rows, rows if feed == "payment" else []
        one = (
            Found(
                flag.id, flag.rule_id, flag.severity, flag.subject, flag.period, flag.region, flag.agency_code,
                frozenset(v for r in rows if (v := voucher.get(r))), json.dumps(proof.facts, ensure_ascii=False),
                frozenset(f for f in files if f),
                frozenset(case_of[r] for r in worked if r in case_of) if feed == "loop_case" else frozenset(),
            )
        )  # fmt: skip
        for rule_id in {flag.rule_id, catalogued(flag.rule_id)}:
            by_rule[rule_id].append(one)
    return by_rule
