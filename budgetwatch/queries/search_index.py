"""The names that a search looks through, gathered once for each version of the facts and scope.

Each kind is one long string of folded lines, so that finding is the work of `str.find`: a fifth of a second to build
at a million payments, a few milliseconds to look through. Names stand in the order of how often they occur, so a
search that stops early has seen the ones that matter.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from budgetwatch.access import masking
from budgetwatch.access.viewer import Viewer
from budgetwatch.queries import seen
from budgetwatch.queries.names import Names, names, remembered
from budgetwatch.queries.scope import simplified
from budgetwatch.records.codes import ECONOMIC, FUNCTIONS
from budgetwatch.text import Text

if TYPE_CHECKING:
    import duckdb

    from budgetwatch.home import Home

#: How well a name answers, best first: it is what was typed; it begins so; a word of it does; it holds it somewhere.
EXACT, PREFIX, WORD, CONTAINS = range(4)
#: What begins and ends every spelling of a name in a line. No name holds one: folding turns control signs into blanks.
_EDGE = "\x1f"
#: A kind is looked through until so many were found: enough to page through, and a short word stays quick.
MOST = 400


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing with a name: `code` is its own code, `below` what stands with it, `at` where it lies (a unit or
    region code), `also` what else it is found by."""

    code: str
    title: Text | str
    below: Text | str = ""
    at: str = ""
    count: int = 0
    also: tuple[str, ...] = ()


def fold(text: str) -> str:
    """The text as searches compare it: simplified characters, half width, small letters, single blanks."""
    return simplified(unicodedata.normalize("NFKC", text)).casefold()


class Shelf:
    """The entries of one kind with the string that is looked through."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = list(entries)
        lines = (_EDGE + _EDGE.join(_spellings(entry)) + _EDGE for entry in self.entries)
        # Converted in one piece: OpenCC is quick with a long text and slow with many short ones.
        self.hay = "\n" + fold("\n".join(lines)) + "\n"
        # Where each line begins, and where the last one ends.
        self._starts = [found.start() for found in re.finditer("\n", self.hay)]

    def find(self, wanted: str, most: int = MOST) -> list[tuple[int, Entry]]:
        """(how well, entry), best first, each entry once. `wanted` is folded and not empty."""
        found: dict[int, int] = {}
        for level, needle in ((EXACT, f"{_EDGE}{wanted}{_EDGE}"), (PREFIX, f"{_EDGE}{wanted}")):
            for n in self._lines(needle, most):
                found.setdefault(n, level)
        words = sorted(wanted.split(), key=len, reverse=True)
        for n in self._lines(words[0], most * 2):
            if n in found:
                continue
            line = self.hay[self._starts[n] : self._starts[n + 1]]
            if all(word in line for word in words[1:]):
                found[n] = WORD if all(_begins_a_word(line, word) for word in words) else CONTAINS
        ranked = sorted(found.items(), key=lambda hit: (hit[1], hit[0]))[:most]
        return [(level, self.entries[n]) for n, level in ranked]

    def _lines(self, needle: str, most: int) -> Iterator[int]:
        """The entries whose line holds the needle, in order, at most so many."""
        at = self.hay.find(needle)
        while at >= 0 and most:
            n = bisect_right(self._starts, at) - 1
            yield n
            most -= 1
            at = self.hay.find(needle, self._starts[n + 1])


def _spellings(entry: Entry) -> Iterator[str]:
    titles = (entry.title.zh, entry.title.en) if isinstance(entry.title, Text) else (entry.title,)
    for text in dict.fromkeys((entry.code, entry.code.replace("-", ""), *titles, *entry.also)):
        if text:
            yield " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _begins_a_word(line: str, word: str) -> bool:
    """Whether the word stands at the beginning of some word of the line: after a blank, a bracket, a dash."""
    at = line.find(word)
    while at > 0:
        if not line[at - 1].isalnum():
            return True
        at = line.find(word, at + 1)
    return False


def shelves(home: Home, viewer: Viewer) -> dict[str, Shelf]:
    """Every kind of name that this viewer's role may look for, within scope, persons masked as the role sees them."""
    key = ("search", viewer.may("facts"), viewer.may("budgets"), viewer.may("batches"), masking.unmasked(viewer))
    return remembered(home, viewer, key, lambda: _gather(home, viewer))


def _gather(home: Home, viewer: Viewer) -> dict[str, Shelf]:
    known = names(home, viewer)
    found: dict[str, Shelf] = {}
    if not (viewer.may("facts") or viewer.may("budgets")):
        return found
    with home.facts(viewer) as facts:
        found["place"] = Shelf(_places(viewer, known))
        found["unit"] = Shelf(_units(viewer, known, facts))
        found["project"] = Shelf(_projects(viewer, known, facts))
        found["line"] = Shelf(_lines_of_budgets(viewer, known, facts))
        if viewer.may("facts"):
            found["payee"] = Shelf(_payees(viewer, facts))
    return {kind: shelf for kind, shelf in found.items() if shelf.entries}


def _places(viewer: Viewer, known: Names) -> Iterator[Entry]:
    for code, region in sorted(known.regions.items(), key=lambda item: (len(item[0]), item[0])):
        if viewer.sees(code):
            yield Entry(code, region.name, code, code)


def _units(viewer: Viewer, known: Names, facts: duckdb.DuckDBPyConnection) -> Iterator[Entry]:
    rows = facts.execute(
        f"""SELECT agency_code, max(adm_div_code), sum(n) FROM ({_both(viewer, "agency_code, adm_div_code")})
            WHERE agency_code IS NOT NULL GROUP BY 1 ORDER BY 3 DESC, 1"""
    ).fetchall()
    for code, region, count in rows:
        yield Entry(code, known.agencies.get(code) or code, known.region(region), region or "", int(count))


def _projects(viewer: Viewer, known: Names, facts: duckdb.DuckDBPyConnection) -> Iterator[Entry]:
    rows = facts.execute(
        f"""SELECT pro_code, arg_max(pro_name, budget_year), arg_max(agency_code, budget_year), sum(n)
            FROM ({_both(viewer, "pro_code, pro_name, agency_code, budget_year")})
            WHERE pro_code IS NOT NULL GROUP BY 1 ORDER BY 4 DESC, 1"""
    ).fetchall()
    for code, name, agency, count in rows:
        yield Entry(code, name or code, known.agencies.get(agency or "") or agency or "", agency or "", int(count))


def _lines_of_budgets(viewer: Viewer, known: Names, facts: duckdb.DuckDBPyConnection) -> Iterator[Entry]:
    """The functional and economic subjects in use, with those above them; `at` is the argument that narrows by them."""
    read = (
        "SELECT func_code, eco_code, count(*) AS n FROM budget_line WHERE direction = 'expenditure' GROUP BY ALL"
        if viewer.may("budgets")
        else "SELECT func_code, coalesce(dep_eco_code, gov_eco_code), count(*) AS n FROM payment GROUP BY ALL"
    )
    for kind, place, lengths, listed, name, word in (
        ("func", 0, (3, 5, 7), FUNCTIONS, known.function, Text("功能科目", "Functional subject")),
        ("eco", 1, (3, 5), ECONOMIC, known.economic, Text("经济科目", "Economic subject")),
    ):
        counted: dict[str, int] = {}
        for row in facts.execute(read).fetchall():
            code = row[place] or ""
            for above in {code[:length] for length in lengths if len(code) >= length}:
                counted[above] = counted.get(above, 0) + row[2]
        for code in sorted(counted, key=lambda c: (len(c), -counted[c], c)):
            title = name(code)
            if title.zh != code or code in listed:
                yield Entry(code, title, Text(f"{word.zh} {code}", f"{word.en} {code}"), kind, counted[code])


def _payees(viewer: Viewer, facts: duckdb.DuckDBPyConnection) -> Iterator[Entry]:
    """Who was paid; for those who may not see persons, 张三 and 张丰 are one 张*."""
    name = seen.expression(viewer, "payee_name")
    rows: list[Any] = facts.execute(
        f"""SELECT {name} AS payee, count(*), sum(n) FROM (
              SELECT payee_name, payee_type, count(*) AS n FROM payment WHERE payee_name IS NOT NULL GROUP BY ALL
            ) GROUP BY 1 ORDER BY 3 DESC, 1"""
    ).fetchall()
    for payee, _, count in rows:
        if payee:
            yield Entry("", payee, Text(f"{count:,} 笔支付", f"{count:,} payments"), "", int(count))


def _both(viewer: Viewer, columns: str) -> str:
    """What budgets and payments say, as far as the role may look into each."""
    read = [
        f"SELECT {columns}, count(*) AS n FROM {feed} GROUP BY ALL"
        for feed, power in (("budget_line", "budgets"), ("payment", "facts"))
        if viewer.may(power)
    ]
    return " UNION ALL ".join(read)
