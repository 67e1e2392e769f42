"""What one line of words finds anywhere: places, units, projects, payees, budget subjects, cases, rules and incidents.

Every hit leads to a page that opens for this viewer, and nothing outside their scope or role is found: neither a
neighbour's unit nor the full name of a person who is masked for them. 繁體 and 简体, full and half width, large and
small letters find the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.cases import machine
from budgetwatch.queries import incidents, wording, work
from budgetwatch.queries.casefile import in_sight
from budgetwatch.queries.names import names, remembered
from budgetwatch.queries.scope import one_of, paged
from budgetwatch.queries.search_index import CONTAINS, EXACT, MOST, PREFIX, WORD, Entry, Shelf, fold, shelves
from budgetwatch.records.codes import SEVERITIES
from budgetwatch.rules.rule import Rule
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: The kinds in the order they are shown where they answer equally well.
KINDS: dict[str, Text] = {
    "case": Text("疑点", "Cases"),
    "unit": Text("单位", "Units"),
    "place": Text("地区", "Places"),
    "line": Text("预算科目", "Budget subjects"),
    "project": Text("项目", "Projects"),
    "payee": Text("收款人", "Payees"),
    "rule": Text("规则", "Rules"),
    "incident": Text("事件", "Incidents"),
    "guide": Text("指南", "Guides"),
}
LONGEST = 200
#: How many of a kind stand in the list of all kinds.
_EACH = 5
_NUMBER = re.compile(r"(?:#|no\.?|case|疑点|编号)?\s*(\d{1,9})\s*号?")


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: what it is called, what stands below its name, and the address of its page. `rank` 0 is best."""

    kind: str
    title: Text | str
    below: Text | str
    address: str
    rank: int = CONTAINS


@dataclass(frozen=True, slots=True)
class Found:
    """One page of hits; `counts` says how many each kind has (`MOST` means: that many or more)."""

    hits: list[Hit]
    total: int
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a page that lies outside the facts, such as a guide: whoever shows the search brings it along."""

    kind: str
    title: Text | str
    below: Text | str
    address: str
    also: str = ""


def prepare(home: Home, viewer: Viewer) -> None:
    """Gather the names now, so that this person's first question need not wait for it."""
    shelves(home, viewer)


def looked_at(viewer: Viewer) -> list[str]:
    """The kinds that a search of this viewer's looks through."""
    budgets, facts = viewer.may("budgets"), viewer.may("facts")
    looks = {
        "case": viewer.may("cases") or viewer.may("own_cases"),
        **dict.fromkeys(("unit", "place", "line", "project"), budgets or facts),
        "payee": facts,
        "rule": viewer.may("rules"),
        "incident": incidents.may_see(viewer),
        "guide": True,
    }
    return [kind for kind in KINDS if looks[kind]]


def search(home: Home, viewer: Viewer, text: str, limit: int = 30, also: Sequence[Named] = ()) -> list[Hit]:
    """The best of every kind, at most five of each; the kind that answers best comes first."""
    return results(home, viewer, text, limit=limit, also=also).hits


def results(
    home: Home,
    viewer: Viewer,
    text: str,
    *,
    kind: str = "",
    limit: int = 30,
    offset: int = 0,
    also: Sequence[Named] = (),
) -> Found:
    """One kind whole, page by page; without `kind` the first of each, grouped. Nothing is found for no words."""
    limit, offset = paged(limit, offset)
    if kind:
        one_of(kind, KINDS, "kind")
    wanted = " ".join(fold(text[:LONGEST]).split())
    if not wanted:
        return Found([], 0)
    by_kind = {one: hits for one, hits in _every(home, viewer, text[:LONGEST].strip(), wanted, also) if hits}
    counts = {one: len(by_kind[one]) for one in KINDS if one in by_kind}
    if kind:
        hits = by_kind.get(kind, [])
        return Found(_told(home, viewer, hits[offset : offset + limit]), len(hits), counts)
    order = list(KINDS)
    groups = sorted(by_kind.items(), key=lambda item: (item[1][0].rank, order.index(item[0])))
    first = [hit for _, hits in groups for hit in hits[:_EACH]]
    return Found(_told(home, viewer, first[offset : offset + limit]), sum(counts.values()), counts)


def _every(
    home: Home, viewer: Viewer, text: str, wanted: str, also: Sequence[Named]
) -> Iterator[tuple[str, list[Any]]]:
    """Each kind with all its hits, best first; those of cases are told later, when it is known which are shown."""
    if viewer.may("cases") or viewer.may("own_cases"):
        yield "case", _cases(home, viewer, text, wanted)
    for kind, shelf in shelves(home, viewer).items():
        hits = []
        for level, entry in shelf.find(wanted):
            if address := _address(viewer, kind, entry):
                hits.append(Hit(kind, entry.title, entry.below, address, level))
        yield kind, hits
    if viewer.may("rules"):
        yield "rule", _rules(home, viewer, wanted)
    if incidents.may_see(viewer):
        yield "incident", _incidents(home, viewer, wanted)
    brought: dict[str, list[Hit]] = {}
    for level, named in _among(also, wanted):
        brought.setdefault(named.kind, []).append(Hit(named.kind, named.title, named.below, named.address, level))
    yield from brought.items()


def _address(viewer: Viewer, kind: str, entry: Entry) -> str:
    """The page of a thing: payments for those who query them, else the budget."""
    facts, budgets = viewer.may("facts"), viewer.may("budgets")
    match kind:
        case "place":
            query = {"region": entry.code}
        case "unit":
            query = {"agency": entry.code}
        case "project" if facts:
            query = {"pro": entry.code}
        case "project":
            query = {"by": "project", "agency": entry.at}
        case "payee":
            query = {"payee": str(entry.title)}
        case "line":
            return f"/{'deputy' if budgets else 'auditor'}?{urlencode({entry.at: entry.code})}"
        case _:
            return ""
    return f"/{'auditor' if facts else 'deputy'}?{urlencode(query)}"


def _rules(home: Home, viewer: Viewer, wanted: str) -> list[Hit]:
    """Rules by id, by name and by the laws that they cite."""
    shelf = remembered(home, viewer, "search-rules", lambda: Shelf(_rule_entries(home)))
    return [Hit("rule", e.title, e.below, f"/rules/{e.code}", level) for level, e in shelf.find(wanted)]


def _rule_entries(home: Home) -> Iterator[Entry]:
    for rule in home.rules.values():
        laws = tuple(words for law in rule.law if law.law for words in (law.law.zh, law.law.en))
        yield Entry(rule.id, rule.name, _of_rule(rule), also=laws)


def _of_rule(rule: Rule) -> Text:
    severity = SEVERITIES.get(rule.severity or "", Text("", ""))
    parts = [p for p in (rule.id, severity.zh) if p], [p for p in (rule.id, severity.en) if p]
    return Text(" · ".join(parts[0]), " · ".join(parts[1]))


def _incidents(home: Home, viewer: Viewer, wanted: str) -> list[Hit]:
    """Incidents by number and by the rule that was held."""
    entries = [
        Entry(
            f"事件 {one['incident_id']}", one["rule_name"],
            Text(
                f"事件 {one['incident_id']} · {one['rule_id']} · {one['state_label'].zh}",
                f"Incident {one['incident_id']} · {one['rule_id']} · {one['state_label'].en}",
            ),
            str(one["incident_id"]), also=(f"incident {one['incident_id']}", one["rule_id"]),
        )
        for one in incidents.incidents(home, viewer, limit=MOST).rows
    ]  # fmt: skip
    found = Shelf(entries).find(wanted) if entries else []
    return [Hit("incident", e.title, e.below, f"/rules/incidents/{e.at}", level) for level, e in found]


def _among(also: Sequence[Named], wanted: str) -> list[tuple[int, Named]]:
    """Those that the words name; `also` may hold further words a person might use for it."""
    words = wanted.split()
    found = []
    for named in also:
        folded, whole = _folded(named)
        if all(word in whole for word in words):
            begun = any(title.startswith(wanted) for title in folded)
            found.append(
                (EXACT if wanted in folded else PREFIX if begun else WORD if wanted in whole else CONTAINS, named)
            )
    return sorted(found, key=lambda hit: hit[0])


@lru_cache(maxsize=1000)
def _folded(named: Named) -> tuple[list[str], str]:
    """Its titles, and all its words, as they are compared."""
    titles = (named.title.zh, named.title.en) if isinstance(named.title, Text) else (named.title,)
    folded = [fold(title) for title in titles]
    return folded, " ".join((*folded, fold(named.also)))


@dataclass(frozen=True, slots=True)
class _Case:
    """A case that answers, not yet worded: wording reads its evidence, which only those shown need."""

    case_id: int
    rank: int
    letter: str = ""


def _cases(home: Home, viewer: Viewer, text: str, wanted: str) -> list[_Case]:
    """Cases by number, by letter, and by what their flag mentions; those that are open come first."""
    found: dict[int, _Case] = {}
    seeing = in_sight(viewer)
    rank = sa.case({code: n for n, code in enumerate(SEVERITIES)}, value=t.Flag.severity, else_=len(SEVERITIES))
    with home.session() as session:
        if number := _NUMBER.fullmatch(wanted):
            asked = sa.select(t.Case.id).where(t.Case.id == int(number[1]), seeing)
            found |= {one: _Case(one, EXACT) for one in session.scalars(asked)}
        if any(c.isdigit() for c in wanted):
            for one, level, letter in _letters(session, seeing, wanted):
                found.setdefault(one, _Case(one, level, letter))
        mentioned = (
            sa.select(t.Case.id, t.Flag.rule_id)
            .join(t.Flag, t.Flag.id == t.Case.flag_id)
            .where(seeing, work.mentioning(home, viewer, text))
            .order_by(t.Case.state == "closed", rank, t.Flag.amount.is_(None), t.Flag.amount.desc(), t.Case.id)
            .limit(MOST)
        )
        for one, rule_id in session.execute(mentioned):
            found.setdefault(one, _Case(one, WORD if fold(rule_id) == wanted else CONTAINS))
    return sorted(found.values(), key=lambda case: case.rank)[:MOST]


def _letters(session: Session, seeing: Any, wanted: str) -> Iterator[tuple[int, int, str]]:
    """(case, how well, letter number) of the letters whose number holds the words."""
    asked = (
        sa.select(t.CaseStep.case_id, t.CaseStep.fields)
        .join(t.Case, t.Case.id == t.CaseStep.case_id)
        .where(t.CaseStep.action == "ask", seeing)
    )
    for case_id, fields in session.execute(asked):
        letter = str(fields.get("letter_no") or "")
        folded = fold(letter)
        if wanted in folded:
            yield case_id, EXACT if folded == wanted else PREFIX if folded.startswith(wanted) else CONTAINS, letter


def _told(home: Home, viewer: Viewer, hits: Sequence[Any]) -> list[Hit]:
    """The hits as they are shown: cases with their sentence, their unit and their state."""
    wanted = {hit.case_id: hit for hit in hits if isinstance(hit, _Case)}
    if not wanted:
        return list(hits)
    known = names(home, viewer)
    with home.session() as session:
        rows = session.execute(
            sa.select(t.Case, t.Flag).join(t.Flag, t.Flag.id == t.Case.flag_id).where(t.Case.id.in_(list(wanted)))
        ).all()
        said = wording.sentences(home, session, (flag for _, flag in rows), known, viewer)
    told = {}
    for case, flag in rows:
        name = flag.agency_name or known.agencies.get(flag.agency_code or "", flag.agency_code)
        unit = Text(name, name) if name else known.region(flag.region)
        state, letter = machine.STATES[case.state], wanted[case.id].letter
        told[case.id] = Hit(
            "case",
            said[flag.id],
            Text(
                " · ".join(p for p in (f"第 {case.id} 号", unit.zh, state.zh, letter) if p),
                " · ".join(p for p in (f"No. {case.id}", unit.en, state.en, letter) if p),
            ),
            f"/case/{case.id}",
            wanted[case.id].rank,
        )
    return [told[hit.case_id] if isinstance(hit, _Case) else hit for hit in hits]
