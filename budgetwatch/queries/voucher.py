"""One payment whole: every field that was sent, the file and line it came from, and the flags that rest on it."""

from __future__ import annotations

import datetime as dt
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.queries import revised, seen, wording
from budgetwatch.queries.listing import Heading
from budgetwatch.queries.names import Names, code_name, names
from budgetwatch.queries.scope import demand, missing, within
from budgetwatch.records import ALL
from budgetwatch.records.rowid import unpack
from budgetwatch.records.types import Column
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home


@dataclass(frozen=True, slots=True)
class FlagRef:
    """A flag that rests on this voucher."""

    flag_id: int
    case_id: int | None
    rule_id: str
    rule_name: Text
    severity: str
    state: str | None
    sentence: Text


@dataclass(frozen=True, slots=True)
class Voucher:
    """One payment whole, and where it was sent: file, line, sender, when."""

    row: int
    fields: list[tuple[Heading, Any]]
    batch: int
    file_name: str
    sha256: str
    line: int
    received_at: dt.datetime
    sender: str
    corrected_by: int | None = None
    flags: list[FlagRef] = field(default_factory=list)


def voucher(home: Home, viewer: Viewer, row: int) -> Voucher:
    """One payment with its file and line, and the flags that rest on it; NotFound outside scope.

    One that was corrected since is shown as it was sent, with what stands in its place (`corrected_by`)."""
    demand(viewer, "vouchers")
    columns = ALL["payment"].columns
    read = ", ".join(seen.column(viewer, c.name) for c in columns)
    with home.facts(viewer) as facts:
        found = (
            seen.dicts(facts.execute(f"SELECT {read} FROM payment WHERE _row = $row::BIGINT", {"row": row}))
            if row > 0
            else []
        )
    newer: int | None = None
    if not found and row > 0 and (newer := revised.successor(home, row)) is not None:
        found = revised.as_sent(home, viewer, "payment", [row])
    if not found:
        raise missing(Text("这张凭证", "voucher of that number"))
    fact, address, known = found[0], unpack(row), names(home, viewer)
    said = revised.said(home, viewer, ALL["payment"], [fact], {row: newer}) if newer is not None else {}
    mark = [(revised.heading_of(1), said[row])] if said else []
    with home.session() as session:
        batch = session.get(t.Batch, address.batch)
        flags = _flags(home, session, viewer, row, fact["agency_code"])
    seen.audit(home, viewer, "view_voucher", "payment", row)
    return Voucher(
        row=row,
        fields=mark
        + [
            (Heading(c.name, c.label, c.kind), named(known, c, fact[c.name]))
            for c in columns
            if fact[c.name] is not None
        ],
        batch=address.batch,
        file_name=batch.file_name if batch else "",
        sha256=batch.sha256 if batch else "",
        line=address.line,
        received_at=batch.received_at if batch else t.now(),
        sender=batch.sender if batch else "",
        corrected_by=newer,
        flags=flags,
    )


def named(known: Names, column: Column, value: Any) -> Any:
    """The value as people read it: codes with their names beside them."""
    if column.values:
        return code_name(column.values, value)
    match column.name:
        case "func_code":
            name = known.function(value)
        case "dep_eco_code" | "gov_eco_code" | "eco_code":
            name = known.economic(value)
        case "adm_div_code" | "recipient_div":
            name = known.region(value)
        case _:
            return value
    return value if name.zh == value else Text(f"{value} {name.zh}", f"{value} {name.en}")


def _flags(home: Home, session: sa.orm.Session, viewer: Viewer, row: int, agency: str | None) -> list[FlagRef]:
    """The flags in scope whose latest evidence holds this row. Evidence keeps its first 1,000 rows."""
    if not viewer.may("flags"):
        return []
    address = struct.pack("<q", row)
    newest = sa.select(sa.func.max(t.Evidence.id)).group_by(t.Evidence.flag_id)
    query = (
        sa.select(t.Flag, t.Case.id, t.Case.state, t.Evidence.rows)
        .join(t.Evidence, t.Evidence.flag_id == t.Flag.id)
        .outerjoin(t.Case, t.Case.flag_id == t.Flag.id)
        .where(
            within(viewer, t.Flag.region, t.Flag.agency_code),
            sa.or_(t.Flag.agency_code == agency, t.Flag.agency_code.is_(None)),
            t.Evidence.row_feed == "payment",
            t.Evidence.id.in_(newest),
        )
    )
    hits = [(flag, case_id, state) for flag, case_id, state, rows in session.execute(query) if holds(rows, address)]
    said = wording.sentences(home, session, (flag for flag, _, _ in hits), names(home, viewer), viewer)
    return [
        FlagRef(
            flag.id, case_id, flag.rule_id, wording.rule_name(home, flag.rule_id), flag.severity, state, said[flag.id]
        )
        for flag, case_id, state in hits
    ]


def holds(rows: bytes, address: bytes) -> bool:
    """Whether the packed rows hold this one, at the boundary of a row."""
    at = rows.find(address)
    while at >= 0 and at % 8:
        at = rows.find(address, at + 1)
    return at >= 0
