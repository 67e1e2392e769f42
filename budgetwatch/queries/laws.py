"""What a statute says, where its text has been taken in, and which rules and open flags an article's new date touches."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.scope import demand, within
from budgetwatch.rules.rule import Basis
from budgetwatch.rules.statute import cited, numeral, touched
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

_TOUCHED = (
    heading("rule_id", "规则", "Rule", "code"), heading("name", "名称", "Name"), heading("basis", "依据", "Basis"),
    heading("changed_on", "条款生效", "Article in force since", "date"), heading("written_before", "规则早于条款", "Rule older than the article", "flag"),
    heading("flags", "未了疑点", "Open flags", "integer"), heading("flag_ids", "编号", "Numbers"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quote:
    """One article as the text taken in has it, and since when that text is in force (None: it does not say)."""

    law: str
    article: str
    text: str
    since: dt.date | None
    file_name: str

    @property
    def heading(self) -> str:
        head, _, tail = self.article.partition("之")
        return f"第{numeral(int(head))}条" + (f"之{numeral(int(tail))}" if tail else "")


def quoted(home: Home, viewer: Viewer, law: str, article: str, on: dt.date | None = None) -> list[Quote]:
    """The articles that a citation names, of the text in force that day (today); empty where none was taken in.

    `law` is its short 中文 name as rules cite it; `article` as cited: `57`, `57(3)`, `20、21`.
    """
    demand(viewer, "rules", "flags", "cases", "own_cases")
    body = _text(home, law, on or today())
    if body is None:
        return []
    since = dt.date.fromisoformat(body["since"])
    return [
        Quote(law, one, body["articles"][one], None if since == dt.date.min else since, body["file"])
        for one in cited(article)
        if one in body["articles"]
    ]


def quoted_beside(
    home: Home, viewer: Viewer, rule_id: str, on: dt.date | None = None
) -> list[tuple[Basis, list[Quote]]]:
    """Each basis of a rule with the articles it cites, as a screen shows them beside the rule."""
    return [
        (basis, quoted(home, viewer, basis.law.zh, basis.article, on) if basis.law else [])
        for basis in home.rules[rule_id].law
    ]


def _text(home: Home, law: str, on: dt.date) -> dict[str, Any] | None:
    """The text that was in force that day: of those taken in the one with the latest day not after it."""
    folder = home.path / "laws" / hashlib.sha256(law.encode()).hexdigest()[:16]
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    before = [file for file in files if file.stem <= on.isoformat()]
    return json.loads(before[-1].read_text(encoding="utf-8")) if before else None


def touched_by_law(home: Home, viewer: Viewer, since: dt.date | None = None) -> Listing:
    """Rules that rest on an article with a date of its own in laws.yml, and their open flags in scope.

    Rows: rule_id name(Text) basis(Text) changed_on written_before flags flag_ids. `since`: only dates from that day on.
    """
    demand(viewer, "rules")
    found = touched(home.rules.values(), home.files.laws, since)
    open_flags: dict[str, list[int]] = {}
    if viewer.may("flags") and found:
        query = (
            sa.select(t.Flag.rule_id, t.Flag.id)
            .outerjoin(t.Case, t.Case.flag_id == t.Flag.id)
            .where(
                t.Flag.rule_id.in_({one.rule_id for one in found}),
                t.Case.closed_at.is_(None),
                within(viewer, t.Flag.region, t.Flag.agency_code),
            )
            .order_by(t.Flag.id)
        )
        with home.session() as session:
            for rule_id, flag_id in session.execute(query):
                open_flags.setdefault(rule_id, []).append(flag_id)
    rows = [
        {
            "rule_id": one.rule_id,
            "name": home.rules[one.rule_id].name,
            "basis": Text(one.basis.text.zh, one.basis.text.en),
            "changed_on": one.changed_on,
            "written_before": one.written_before,
            "flags": len(open_flags.get(one.rule_id, [])),
            "flag_ids": open_flags.get(one.rule_id, []),
        }
        for one in found
    ]
    return Listing(_TOUCHED, rows, len(rows))
