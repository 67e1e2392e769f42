"""Saved queries: the address of a page with its filters, under a name that its owner gave it. Nobody else sees them.

What is kept is what was asked, never what was found: opened again, it asks anew, within what its owner may see then.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch.access.viewer import Viewer
from budgetwatch.db import serialise
from budgetwatch.errors import Conflict, Denied, Invalid, NotFound
from budgetwatch.tables import SavedQuery, now
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: Pages whose filters are worth a name.
PAGES = ("/auditor", "/committee", "/deputy", "/leads", "/places", "/search")
#: Where one stands, not what one asks: never part of a saved query.
_PASSING = frozenset({"page", "open", "ask", "saved"})
LONGEST_NAME, LONGEST_QUERY, MOST = 60, 4_000, 100
#: A query in use is marked once in this long, so that turning its pages writes nothing.
_USED_EVERY = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Saved:
    """One saved query; `query` is its filters as in the address, without the ?."""

    id: int
    name: str
    path: str
    query: str
    used_at: dt.datetime | None

    @property
    def address(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    def asks(self, path: str, query: str) -> bool:
        """Whether that address asks the same, in whatever order."""
        return self.path == path and sorted(parse_qsl(self.query)) == sorted(parse_qsl(meant(query)))


def meant(query: str) -> str:
    """The filters of an address without what is empty and without the place in the list."""
    pairs = [(k, v.strip()) for k, v in parse_qsl(query.lstrip("?")) if v.strip() and k not in _PASSING]
    return urlencode(pairs)


def mine(home: Home, viewer: Viewer) -> list[Saved]:
    """This person's queries, those used last first."""
    if viewer.id is None:
        return []
    with home.session() as session:
        kept = session.scalars(
            sa.select(SavedQuery)
            .where(SavedQuery.user_id == viewer.id)
            .order_by(sa.func.coalesce(SavedQuery.used_at, SavedQuery.created_at).desc(), SavedQuery.id.desc())
        )
        return [_shown(one) for one in kept]


def save(home: Home, viewer: Viewer, name: str, path: str, query: str) -> Saved:
    """Keep the address under the name; refused without a name, without a filter, or where the name is taken."""
    owner = _owner(viewer)
    if path not in PAGES:
        raise Invalid(
            Text("这个页面的条件不能保存。", "The filters of this page cannot be saved."),
            where=path,
            fix=Text(f"可以保存的页面：{'、'.join(PAGES)}。", f"Pages with filters to save: {', '.join(PAGES)}."),
        )
    asked = meant(query)
    if not asked:
        raise Invalid(
            Text("还没有选择任何条件。", "No filter is set yet."),
            fix=Text("先选条件或输入关键词，再保存。", "Choose a filter or type a word, then save."),
        )
    if len(asked) > LONGEST_QUERY:
        raise Invalid(Text("条件太长，无法保存。", "These filters are too long to be kept."), where="query")
    worded = _worded(name)
    with home.session() as session:
        serialise(session)  # so that two windows of one person do not take the same name
        _free(session, owner, worded, None)
        if session.scalar(sa.select(sa.func.count()).where(SavedQuery.user_id == owner)) >= MOST:  # type: ignore[operator]
            raise Conflict(
                Text(f"最多保存 {MOST} 个查询。", f"At most {MOST} queries can be kept."),
                fix=Text("请先删除不再用的。", "Remove some that you no longer use."),
            )
        made = SavedQuery(user_id=owner, name=worded, path=path, query=asked)
        session.add(made)
        session.flush()
        return _shown(made)


def rename(home: Home, viewer: Viewer, saved_id: int, name: str) -> Saved:
    """Another name for one's own query."""
    worded = _worded(name)
    with home.session() as session:
        serialise(session)
        kept = _own(session, viewer, saved_id)
        _free(session, kept.user_id, worded, kept.id)
        kept.name = worded
        session.flush()
        return _shown(kept)


def remove(home: Home, viewer: Viewer, saved_id: int) -> Saved:
    """Forget one's own query; hands back what it was."""
    with home.session() as session:
        kept = _own(session, viewer, saved_id)
        session.delete(kept)
        return _shown(kept)


def used(home: Home, viewer: Viewer, saved_id: int) -> None:
    """Its owner works with it now: it moves to the front of the list."""
    with home.session() as session:
        kept = _own(session, viewer, saved_id)
        if kept.used_at is None or now() - kept.used_at > _USED_EVERY:
            kept.used_at = now()


def _shown(kept: SavedQuery) -> Saved:
    return Saved(kept.id, kept.name, kept.path, kept.query, kept.used_at)


def _owner(viewer: Viewer) -> int:
    if viewer.id is None:
        raise Denied(
            Text("只有登录的人可以保存查询。", "Only people who signed in can save queries."),
            fix=Text("请先登录。", "Sign in first."),
        )
    return viewer.id


def _own(session: Session, viewer: Viewer, saved_id: int) -> SavedQuery:
    """The query of that number if it is the viewer's; that of somebody else is "not found" too."""
    kept = session.get(SavedQuery, saved_id)
    if kept is None or kept.user_id != _owner(viewer):
        raise NotFound(
            Text("没有这个保存的查询。", "There is no such saved query."),
            fix=Text("它可能已被删除；请刷新页面。", "It may have been removed; reload the page."),
        )
    return kept


def _worded(name: str) -> str:
    meant_name = " ".join(name.replace("\0", "").split())
    if not 1 <= len(meant_name) <= LONGEST_NAME:
        raise Invalid(
            Text(f"名称须为 1 至 {LONGEST_NAME} 字。", f"A name has 1 to {LONGEST_NAME} characters."), where="name"
        )
    return meant_name


def _free(session: Session, owner: int, name: str, itself: int | None) -> None:
    taken = session.scalar(sa.select(SavedQuery.id).where(SavedQuery.user_id == owner, SavedQuery.name == name))
    if taken is not None and taken != itself:
        raise Conflict(
            Text(f"您已有一个名为“{name}”的查询。", f"You already have a query named “{name}”."),
            fix=Text("请换一个名称，或先删除原来的。", "Choose another name, or remove the other first."),
        )
