"""Two pictures of one budget: what it consists of, two levels at a time, and the way from last year's to this one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.queries import outlook
from budgetwatch.queries.budget_base import choose
from budgetwatch.queries.budget_parts import parts_below
from budgetwatch.queries.budget_preview import BudgetPreview, By, Place, preview
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.outlook import TrendPoint
from budgetwatch.queries.scope import ratio
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: How many changes a waterfall names; the rest is one step.
STEPS = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the budget with the pieces it consists of. `drill` are arguments of `preview` that show it alone."""

    code: str
    name: Text
    amount: Decimal
    drill: dict[str, Any] | None
    inside: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """A budget in its parts, greatest first; parts add up to `total`, and what lies inside each to the part itself."""

    year: int
    stage: str
    region: str
    region_name: Text
    by: str
    currency: str
    parts: tuple[Part, ...]
    total: Decimal

    @property
    def listing(self) -> Listing:
        rows = []
        for part in self.parts:
            for piece in part.inside or (Part("", Text("", ""), part.amount, None),):
                rows.append(
                    {
                        "code": part.code, "name": part.name, "inner_code": piece.code, "inner_name": piece.name,
                        "amount": piece.amount, "share": ratio(piece.amount, self.total), "currency": self.currency,
                        "drill": part.drill, "inner_drill": piece.drill,
                    }
                )  # fmt: skip
        columns = (
            heading("name", "大类", "Part"),
            heading("inner_name", "其中", "Of which"),
            heading("amount", "金额", "Amount", "money"),
            heading("share", "占比", "Share", "ratio"),
        )
        return Listing(columns, rows, len(rows), {self.currency: self.total} if rows else {})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way between two budgets. `kind`: start, change, others, end; amounts of changes are signed."""

    kind: str
    name: Text
    amount: Decimal
    share: Decimal | None = None
    code: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Last year's budget, what rose and fell most, all other changes as one, this year's: start + changes = end."""

    year: int
    region: str
    region_name: Text
    currency: str
    stage: str
    start: Decimal | None
    end: Decimal | None
    changes: tuple[Step, ...]
    others: tuple[Step, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is drawn; nothing where there is no last year to start from."""
        if self.start is None or self.end is None:
            return ()
        rest = sum((s.amount for s in self.others), Decimal(0))
        n = len(self.others)
        others = Step(
            "others", Text(f"其余 {n} 项合计", f"{n} others together"), rest, ratio(rest, self.start), count=n
        )
        return (
            Step("start", Text(f"{self.year - 1} 年预算", f"{self.year - 1} budget"), self.start),
            *self.changes,
            *((others,) if n else ()),
            Step(
                "end",
                Text(f"{self.year} 年预算", f"{self.year} budget"),
                self.end,
                ratio(self.end - self.start, self.start),
            ),
        )

    @property
    def listing(self) -> Listing:
        """Every change, also those that the picture adds up."""
        rows = [
            {
                "kind": s.kind,
                "code": s.code,
                "name": s.name,
                "amount": s.amount,
                "share": s.share,
                "currency": self.currency,
            }
            for s in (*self.steps[:1], *self.changes, *self.others, *self.steps[-1:])
        ]
        columns = (
            heading("name", "步骤", "Step"),
            heading("amount", "金额", "Amount", "money"),
            heading("share", "变化幅度", "Change", "ratio"),
        )
        return Listing(columns, rows if self.steps else [], len(rows) if self.steps else 0)


@dataclass(frozen=True, slots=True)
class Trend:
    """The same line over the years, oldest first."""

    currency: str
    points: tuple[TrendPoint, ...]

    @property
    def listing(self) -> Listing:
        rows = [
            {"year": str(p.year), "budget": p.budget, "draft": p.draft, "actual": p.actual, "currency": self.currency}
            for p in self.points
        ]
        columns = (
            heading("year", "年度", "Year"),
            heading("budget", "预算", "Budget", "money"),
            heading("draft", "草案", "Draft", "money"),
            heading("actual", "决算或实际支出", "Spent", "money"),
        )
        return Listing(columns, rows if len(rows) > 1 else [], len(rows))


def trend(
    home: Home,
    viewer: Viewer,
    *,
    region: str | None = None,
    book: str | None = None,
    func: str = "",
    agency: str = "",
    eco: str = "",
    own: bool = False,
    currency: str | None = None,
) -> Trend:
    """Budget, draft and spending of the same line over the years."""
    asked = choose(
        home, viewer, year=None, region=region, own=own, book=book, direction="expenditure", currency=currency
    )
    points = outlook.trend(
        home,
        viewer,
        region=asked.region,
        book=book,
        func=func,
        agency=agency,
        eco=eco,
        own=own,
        currency=asked.currency,
    )
    return Trend(asked.currency, tuple(points))


def parts(
    home: Home,
    viewer: Viewer,
    *,
    year: int | None = None,
    region: str | None = None,
    book: str | None = None,
    by: By | None = None,
    func: str = "",
    agency: str = "",
    eco: str = "",
    own: bool = False,
    currency: str | None = None,
) -> Parts:
    """The budget at this place of the drill in its parts and theirs: class → item, department → project, place → function."""
    shown = preview(
        home,
        viewer,
        year=year,
        region=region,
        book=book,
        by=by,
        func=func,
        agency=agency,
        eco=eco,
        own=own,
        currency=currency,
    )
    # Asked with the same words as the preview did, so that it is not looked up again.
    asked = choose(
        home, viewer, year=year, region=region, own=own, book=book, direction="expenditure", currency=currency
    )
    below = parts_below(home, viewer, asked, Place(shown.by, func, eco, agency))
    found = []
    for row in shown.rows:
        amount = row["draft"]
        if not amount:
            continue
        inside = tuple(
            Part(code or "", name, value, _inner_drill(shown.by, row["drill"], code))
            for code, name, value in below.get(row["code"], ())
        )
        found.append(Part(row["code"], row["name"], amount, row["drill"], inside))
    found.sort(key=lambda p: (-p.amount, p.code))
    return Parts(
        shown.year,
        shown.basis.get("draft", "draft"),
        shown.region,
        shown.region_name,
        shown.by,
        shown.currency,
        tuple(found),
        sum((p.amount for p in found), Decimal(0)),
    )


def _inner_drill(by: str, drill: dict[str, Any] | None, code: str | None) -> dict[str, Any] | None:
    """Where a piece inside a part leads: its own level where there is one, else to its part."""
    if drill is None or not code:
        return drill
    if by in ("function", "economic") and drill.get("by") == by:
        deepest = len(code) >= 7 or (by == "economic" and len(code) >= 5)
        return drill | {"func" if by == "function" else "eco": code} | ({"by": "department"} if deepest else {})
    return drill


def waterfall(
    home: Home,
    viewer: Viewer,
    *,
    year: int | None = None,
    region: str | None = None,
    book: str | None = None,
    by: By | None = None,
    func: str = "",
    agency: str = "",
    eco: str = "",
    own: bool = False,
    currency: str | None = None,
    most: int = STEPS,
) -> Waterfall:
    """The way from last year's budget to this year's, by the rows of the preview at the same place."""
    shown = preview(
        home,
        viewer,
        year=year,
        region=region,
        book=book,
        by=by,
        func=func,
        agency=agency,
        eco=eco,
        own=own,
        currency=currency,
    )
    return way(shown, most=most)


def way(shown: BudgetPreview, most: int = STEPS) -> Waterfall:
    """The same from a preview at hand. A line dropped this year counts as a fall by all it had."""
    moved = [
        Step("change", row["name"], change, ratio(change, row["last_budget"]), row["code"])
        for row in shown.rows
        if (change := (row["draft"] or Decimal(0)) - (row["last_budget"] or Decimal(0)))
    ]
    moved.sort(key=lambda s: (-abs(s.amount), s.code))
    # What is left over must be more than one line, else it can as well be named.
    cut = most if len(moved) > most + 1 else len(moved)
    return Waterfall(
        shown.year,
        shown.region,
        shown.region_name,
        shown.currency,
        shown.basis.get("draft", "draft"),
        shown.total["last_budget"],
        shown.total["draft"],
        tuple(moved[:cut]),
        tuple(moved[cut:]),
    )
