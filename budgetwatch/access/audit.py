"""The log of who did or saw what: only added to, each entry carrying the hash of the one before.

An entry that was changed, removed from the middle or slipped in breaks the chain, and `verify` says where.
Entries cut off the end leave a whole, shorter chain: keep `last(home)` somewhere else to notice that.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch.access.viewer import Viewer
from budgetwatch.db import Sessions, serialise
from budgetwatch.tables import Audit, now

_PAGE = 5_000


def record(
    session: Session,
    viewer: Viewer,
    action: str,
    object_type: str = "",
    object_id: object = "",
    detail: Mapping[str, Any] | None = None,
) -> Audit:
    """One entry, part of the caller's transaction: it stands if and only if the act stands.

    Appending is one at a time over the whole deployment, until the transaction ends: record last.
    """
    serialise(session)
    previous = session.scalar(sa.select(Audit.digest).order_by(Audit.id.desc()).limit(1)) or ""
    entry = Audit(
        at=now(),
        actor=_kept(viewer.login, 64),
        role=viewer.role,
        action=action,
        object_type=object_type,
        object_id=_kept(str(object_id), 128),
        detail=_plain(detail or {}),
        previous=previous,
    )
    entry.digest = _digest(entry)
    session.add(entry)
    session.flush()
    return entry


def verify(home: Sessions) -> Audit | None:
    """The first entry at which the chain is broken, or None when it is whole."""
    previous, after = "", 0
    with home.session() as session:
        while page := session.scalars(sa.select(Audit).where(Audit.id > after).order_by(Audit.id).limit(_PAGE)).all():
            for entry in page:
                if entry.previous != previous or entry.digest != _digest(entry):
                    return entry
                previous, after = entry.digest, entry.id
            session.expunge_all()
    return None


def last(home: Sessions) -> tuple[int, str]:
    """The newest entry's number and hash: what to write down elsewhere, day by day."""
    with home.session() as session:
        row = session.execute(sa.select(Audit.id, Audit.digest).order_by(Audit.id.desc()).limit(1)).first()
    return (row[0], row[1]) if row else (0, "")


def _digest(entry: Audit) -> str:
    """SHA-256 over everything the entry says and the hash before it.

    The number is left out: the chain itself fixes the order.
    """
    said = [
        entry.previous,
        entry.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        entry.actor,
        entry.role,
        entry.action,
        entry.object_type,
        entry.object_id,
        entry.detail,
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _kept(text: str, length: int) -> str:
    """The text as both databases keep it: no NUL characters or lone surrogates, not longer than its column."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:length]


def _plain(value: Any) -> Any:
    """The value as JSON that reads back the same from both databases: numbers with a point become strings."""
    if isinstance(value, Mapping):
        return {_kept(str(key), 10_000): _plain(inner) for key, inner in value.items()}
    if isinstance(value, str):
        return _kept(value, 1_000_000)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        return [_plain(inner) for inner in value]
    return str(value)
