"""Which heading of a file means which column of the feed; loud about what it does not understand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from budgetwatch.errors import BadFile
from budgetwatch.feeds.profile import Profile, nearest
from budgetwatch.text import Text

#: Columns that we add to rejected rows on their way back to the sender: batch, line, reasons.
RETURNED = ("退回批次", "退回行号", "退回原因")


@dataclass(frozen=True, slots=True)
class Layout:
    """The place of each column in the file: position by column, melted positions, and the total's."""

    at: Mapping[str, int]
    melted: Mapping[int, str]
    total: int | None
    headings: tuple[str, ...]


def fold(heading: str) -> str:
    """A heading without letter case, spaces and punctuation: AgencyCode, AGENCY_CODE and agency code are one."""
    return re.sub(r"[\s_\-·.:：()（）/]+", "", unicodedata.normalize("NFKC", heading)).casefold()


def lay_out(headings: Sequence[str], profile: Profile, where: str) -> Layout:
    """Find every column of the feed among the headings, or refuse the file with the nearest names."""
    places = _places(headings)
    used: set[int] = set()

    def take(names: Sequence[str]) -> int | None:
        found = [i for name in names for i in places.get(fold(name), ()) if i not in used]
        exact = [i for i in found if headings[i].strip() in names]
        best = exact or found
        return best[0] if best else None

    at: dict[str, int] = {}
    for mapped, names in profile.columns.items():
        place = next((i for name in names for i in places.get(fold(name), ())), None)
        if place is not None:
            at[mapped] = place
            _once(headings, place, places, where)
        elif mapped in profile.key or profile.feed.by_name[mapped].required:
            _missing(mapped, names, headings, profile, where)
    used.update(at.values())
    melted, total = _melted(profile, places, headings, where)
    used |= set(melted) | ({total} if total is not None else set())
    ignored = {i for name in profile.ignore for i in places.get(fold(name), ())}
    used |= ignored | {i for i, heading in enumerate(headings) if heading in RETURNED}
    for column in profile.feed.columns:
        if column.name in profile.columns or column.name in profile.constants:
            continue
        if profile.melt and column.name in (profile.melt.into, profile.melt.amount):
            continue
        place = take((column.name, *column.aliases, column.label.en))
        if place is not None:
            at[column.name] = place
            _once(headings, place, places, where)
            used.add(place)
    for i, heading in enumerate(headings):
        if i not in used and not profile.ignore_rest and heading.strip():
            _unknown(heading, profile, at, where)
    given = {*at, *profile.constants}
    if profile.melt:
        given |= {profile.melt.into, profile.melt.amount}
    if profile.budget_year:
        given.add("budget_year")
    for column in profile.feed.columns:
        if column.required and column.name not in given:
            _missing(column.name, (column.name, *column.aliases), headings, profile, where)
    if profile.key and not given.intersection(profile.key):
        _missing(profile.key[0], profile.feed.by_name[profile.key[0]].aliases, headings, profile, where)
    return Layout(at, melted, total, tuple(headings))


def _places(headings: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for i, heading in enumerate(headings):
        places.setdefault(fold(heading), []).append(i)
    return places


def _melted(
    profile: Profile, places: Mapping[str, list[int]], headings: Sequence[str], where: str
) -> tuple[dict[int, str], int | None]:
    if profile.melt is None:
        return {}, None
    melted = {}
    for heading, code in profile.melt.columns.items():
        if fold(heading) not in places:
            _missing(profile.melt.amount, (heading,), headings, profile, where)
        melted[places[fold(heading)][0]] = code
    total = profile.melt.total
    if total is not None and fold(total) not in places:
        _missing("total", (total,), headings, profile, where)
    return melted, places[fold(total)][0] if total is not None else None


def _once(headings: Sequence[str], place: int, places: Mapping[str, list[int]], where: str) -> None:
    if len(places[fold(headings[place])]) > 1:
        raise BadFile(
            Text(
                f"表头「{headings[place]}」出现了不止一次。",
                f"The heading '{headings[place]}' stands there more than once.",
            ),
            where=where,
            fix=Text("请发送方改名其中一列。", "Ask the sender to rename one of them."),
        )


def _unknown(heading: str, profile: Profile, at: Mapping[str, int], where: str) -> None:
    free = {
        name: c.name
        for c in profile.feed.columns
        if c.name not in at
        for name in (c.name, c.label.zh, c.label.en, *c.aliases)
    }
    near = list(dict.fromkeys(free[name] for name in nearest(heading.strip(), free, 8)))[:4]
    near = near or [c.name for c in profile.feed.columns if c.name not in at][:6]
    raise BadFile(
        Text(f"表头「{heading}」不认识。", f"The heading '{heading}' is not known."),
        where=where,
        fix=Text(
            f"相近的列：{'、'.join(near)}。请在报送格式 {profile.name} 的 columns 中写明，或列入 ignore。",
            f"The nearest columns: {', '.join(near)}. Map it under columns in profile {profile.name}, or list it under ignore.",
        ),
        heading=heading,
    )


def _missing(column: str, names: Sequence[str], headings: Sequence[str], profile: Profile, where: str) -> None:
    shown = [h for h in headings if h.strip()]
    near = nearest(names[0], shown) or shown[:12]
    label = profile.feed.by_name[column].label if column in profile.feed.by_name else Text(column, column)
    raise BadFile(
        Text(f"缺少列「{label.zh}」（{column}）。", f"The column '{label.en}' ({column}) is missing."),
        where=where,
        fix=Text(
            f"文件中最接近的表头：{'、'.join(near)}。应为：{'、'.join(names[:4])}；也可能分隔符或标题行数（skip_rows）不对。",
            f"The nearest headings in the file: {', '.join(near)}. Expected: {', '.join(names[:4])};"
            " or the delimiter or the number of title rows (skip_rows) is wrong.",
        ),
        column=column,
    )
