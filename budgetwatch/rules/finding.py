"""What a rule found, made from the rows that its question answers: exact figures, evidence, a digest."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa

from budgetwatch.records.codes import SEVERITIES
from budgetwatch.rules import compile as compiled
from budgetwatch.rules.kept import told
from budgetwatch.rules.rule import Rule

_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
_NOT_FIGURES = {*compiled.SHAPE, "row_count", "rows_digest"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of a rule: a subject in a period, with its rows. `facts` are exact, as strings.

    `rows` holds the first thousand `_row`s in order, as little-endian int64 (see `row_numbers`).
    `digest` is the same as long as the evidence is: severity, amount, the rows (all, not only the kept
    ones) and the figures, but not how long something has been late so far. `params` are the values it was judged by,
    where they are not the rule's own (see `placed`).
    """

    subject: str
    subject_name: str
    period: str
    severity: str
    agency_code: str | None
    agency_name: str
    region: str
    amount: Decimal | None
    row_count: int
    rows: bytes
    facts: dict[str, Any]
    digest: str
    score: float | None = None
    params: Mapping[str, Any] | None = None


def answers(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The answers one by one; their rows as bytes cut out of the column, never as a million Python numbers."""
    if not table.num_rows:
        return
    lists = table.column("rows").combine_chunks()
    ends, numbers = _integers(lists.offsets), _integers(lists.values)
    plain = table.drop_columns(["rows"])
    columns = [plain.column(name).to_pylist() for name in plain.column_names]
    for at, values in enumerate(zip(*columns, strict=True)):
        answer = dict(zip(plain.column_names, values, strict=True))
        answer["rows"] = numbers[ends[at] : ends[at + 1]].tobytes()
        yield answer


def _integers(array: pa.Array) -> np.ndarray:
    """The numbers of an array without NULLs, as they lie in memory (`to_numpy` would load pandas first)."""
    kind = np.dtype(f"<i{array.type.bit_width // 8}")
    data = array.buffers()[1]
    return np.empty(0, kind) if data is None else np.frombuffer(data, kind)[array.offset : array.offset + len(array)]


def row_numbers(rows: bytes) -> list[int]:
    """The `_row`s that a finding or an evidence keeps."""
    return [int(row) for row in np.frombuffer(rows, dtype="<i8")]


def build(rule: Rule, answer: dict[str, Any], as_of: dt.date) -> Finding:
    figures = {name: told(value) for name, value in answer.items() if name not in _NOT_FIGURES}
    severity = answer["severity"] or rule.severity
    if severity not in SEVERITIES:
        raise ValueError(f"{rule.id} gave the severity {severity!r}")
    steady = {
        name: in_order(value)
        for name, value in figures.items()
        if not (name == "days_late" or name.endswith("_so_far"))
    }
    amount = answer["amount"]
    digest = digest_of([severity, told(amount), answer["row_count"], answer["rows_digest"], steady])
    period = answer["period"] or ""
    return Finding(
        subject=answer["subject"],
        subject_name=answer["subject_name"] or answer["agency_name"] or answer["subject"],
        period=period,
        severity=severity,
        agency_code=answer["agency_code"],
        agency_name=answer["agency_name"] or "",
        region=answer["adm_div_code"] or "",
        amount=amount,
        row_count=answer["row_count"],
        rows=answer["rows"],
        facts={
            **figures,
            "subject": answer["subject"],
            "subject_name": answer["subject_name"] or answer["agency_name"] or answer["subject"],
            "agency_name": answer["agency_name"] or "",
            "period": period,
            "amount": told(amount),
            "n": str(answer["row_count"]),
            "as_of": as_of.isoformat(),
        },
        digest=digest,
    )


def in_order(figure: Any) -> Any:
    """A list figure without the order its rows happened to lie in; anything else as it is."""
    return sorted(figure, key=str) if isinstance(figure, list) else figure


def together(parts: Sequence[Finding]) -> Finding:
    """The answers for one subject and period as one, the same whichever came first."""
    return reduce(merged, sorted(parts, key=lambda part: part.digest))


def merged(one: Finding, other: Finding) -> Finding:
    """Two answers for the same subject and period as one."""
    rows = np.unique(np.frombuffer(one.rows + other.rows, dtype="<i8"))[: compiled.KEPT_ROWS].tobytes()
    amount = (
        None
        if one.amount is None and other.amount is None
        else (one.amount or Decimal(0)) + (other.amount or Decimal(0))
    )
    count = one.row_count + other.row_count
    digest = digest_of(sorted([one.digest, other.digest]))
    severity = min(one.severity, other.severity, key=list(SEVERITIES).index)
    facts = {**one.facts, "amount": told(amount), "n": str(count)}
    return replace(one, rows=rows, amount=amount, row_count=count, digest=digest, severity=severity, facts=facts)


def digest_of(value: Any) -> str:
    return hashlib.sha256(_ENCODER.encode(value).encode()).hexdigest()
