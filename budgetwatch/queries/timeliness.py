"""Who is late with their data and since when, and what share of the places is linked: by sender, kind of data, level, town.

A sender is late by their own rhythm (`budgetwatch.rhythm`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.queries import feeds
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.names import Names, names, remembered
from budgetwatch.queries.places import Coverage, Share, coverage
from budgetwatch.queries.scope import demand, digits
from budgetwatch.records import ALL
from budgetwatch.records.codes import LISTS
from budgetwatch.rhythm import late_since, reach, usual_gap
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

_SENDERS = (
    heading("sender", "报送方", "Sender"),
    heading("feed_label", "数据", "Data"),
    heading("level_label", "级次", "Level"),
    heading("region_label", "地区", "Region"),
    heading("upto", "数据截至", "Up to", "date"),
    heading("days", "未更新天数", "Days since", "integer"),
    heading("every", "通常间隔（天）", "Usual gap in days", "integer"),
    heading("late_since", "迟到起始日", "Late since", "date"),
)
_PLACES = (
    heading("region", "区划代码", "Region code", "code"),
    heading("region_label", "地区", "Region"),
    heading("level_label", "级次", "Level"),
    heading("linked", "已联网", "Linked", "code"),
    heading("missing_labels", "还没有报送的数据", "Data that never came"),
    heading("newest", "数据截至", "Up to", "date"),
    heading("days_silent", "未更新天数", "Days since", "integer"),
)


@dataclass(frozen=True, slots=True)
class Sender:
    """One series of files by one sender. `upto` is the day their data reaches (for data without days, when it was received);
    `every` the usual gap in days, None before three files; `late_since` the day the next was owed, if that is past.
    `region` is what all its files have in common, `level` that region's."""

    sender: str
    feed: str
    feed_label: Text
    upto: dt.date
    received_at: dt.datetime
    every: int | None
    late_since: dt.date | None
    region: str = ""
    level: str = ""

    @property
    def days(self) -> int:
        """Days without anything newer."""
        return (today() - self.upto).days


@dataclass(frozen=True, slots=True)
class DataLine:
    """What a page says of the data under it: the last day paid, who is late with the kinds it shows, towns linked.

    `late` is None for whoever does not see files, `towns` for whoever does not see places.
    """

    upto: dt.date | None
    late: tuple[Sender, ...] | None
    towns: Share | None


def senders(home: Home, viewer: Viewer, *, of: Sequence[str] = ()) -> list[Sender]:
    """Every sender of files whose whole content lies in sight, late ones first; `of` leaves other kinds of data out."""
    demand(viewer, "batches")
    with home.session() as session:
        newest = session.execute(sa.select(sa.func.max(t.Batch.id), sa.func.count(t.Batch.id))).one()
    key = ("senders", today(), viewer.login, *newest)
    found = remembered(home, viewer, key, lambda: _all(home, viewer))
    return [one for one in found if not of or one.feed in of]


def timeliness(home: Home, viewer: Viewer, *, late: bool = False) -> Listing:
    """Rows: sender feed feed_label(Text) level level_label(Text) region region_label(Text) upto days every late_since.

    `late`: those alone that are. Totals: senders, late, unknown (no rhythm yet).
    """
    found = senders(home, viewer)
    called = names(home, viewer)
    rows = [
        {
            "sender": one.sender, "feed": one.feed, "feed_label": one.feed_label, "level": one.level,
            "level_label": _level(one.level), "region": one.region, "region_label": called.region(one.region), "upto": one.upto,
            "days": one.days, "every": one.every, "late_since": one.late_since,
        }
        for one in found
        if one.late_since or not late
    ]  # fmt: skip
    totals = {
        "senders": len(found),
        "late": sum(one.late_since is not None for one in found),
        "unknown": sum(one.every is None for one in found),
    }
    return Listing(_SENDERS, rows, len(rows), totals)


def linked(home: Home, viewer: Viewer) -> Listing:
    """What came from each place. Rows: region region_label(Text) level level_label(Text) linked missing missing_labels(Text)
    newest days_silent. Totals: towns, towns_linked, towns_partly, share (of 1; None without towns)."""
    found: Coverage = coverage(home, viewer)
    rows = [
        {
            "region": one.place.code, "region_label": one.place.name, "level": one.place.level, "level_label": _level(one.place.level),
            "linked": one.linked, "missing": list(one.missing), "missing_labels": _labels(one.missing), "newest": one.newest,
            "days_silent": one.days_silent,
        }
        for one in found.places
    ]  # fmt: skip
    towns = found.towns
    totals = {"towns": towns.of, "towns_linked": towns.linked, "towns_partly": towns.partly, "share": towns.ratio}
    return Listing(_PLACES, rows, len(rows), totals)


def data_line(home: Home, viewer: Viewer, touches: Sequence[str]) -> DataLine:
    """What stands under a page that shows those kinds of data."""
    sees_files, sees_places = viewer.may("batches"), viewer.may("budgets") or viewer.may("batches")
    late = tuple(one for one in senders(home, viewer, of=touches) if one.late_since) if sees_files else None
    towns = coverage(home, viewer).towns if sees_places else None
    upto = remembered(home, viewer, "paid_upto", lambda: _upto_paid(home, viewer)) if "payment" in touches else None
    return DataLine(upto, late, towns if towns and towns.of else None)


def _upto_paid(home: Home, viewer: Viewer) -> dt.date | None:
    with home.facts(viewer) as facts:
        [(day,)] = facts.execute("SELECT max(pay_date) FROM payment").fetchall()
    return day if isinstance(day, dt.date) else None


def _all(home: Home, viewer: Viewer) -> list[Sender]:
    rows = [row for row in feeds.batches(home, viewer, limit=1000).rows if row["feed"] in ALL]
    return grouped(rows, names(home, viewer))


def grouped(rows: Iterable[dict[str, Any]], called: Names | None = None) -> list[Sender]:
    """One line a sender and kind of data: of several series the one that is late, else the newest."""
    sent: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for row in rows:
        if row["status"] == "accepted":
            # Each profile is a series of its own: the city's file and the districts' file do not make a rhythm.
            series = sent.setdefault((row["sender"] or row["profile"], row["feed"]), {})
            series.setdefault(row["profile"], []).append(row)
    found = []
    for (sender, _), series in sent.items():
        each = [_sender(sender, files, called) for files in series.values()]
        late = [one for one in each if one.late_since]
        found.append(min(late, key=_urgency) if late else max(each, key=lambda one: one.upto))
    return sorted(found, key=_urgency)


def _urgency(one: Sender) -> tuple[bool, dt.date, str, str]:
    return (one.late_since is None, one.late_since or one.upto, one.sender, one.feed)


def _sender(sender: str, files: list[dict[str, Any]], called: Names | None) -> Sender:
    last = max(files, key=lambda row: row["received_at"])
    days = sorted({reach(row["last_day"], row["received_at"]) for row in files})
    every = usual_gap(days)
    region = _common([region for row in files for region in row.get("regions") or ()])
    return Sender(
        sender=sender,
        feed=last["feed"],
        feed_label=last["feed_label"],
        upto=days[-1],
        received_at=last["received_at"],
        every=every,
        late_since=late_since(days[-1], every, today()),
        region=region,
        level=_level_of(region, called),
    )


def _common(regions: Sequence[str]) -> str:
    """The region that holds them all: one code, else the city, district or town that their codes begin with."""
    if len(set(regions)) <= 1:
        return regions[0] if regions else ""
    first, last = min(regions), max(regions)
    return next(
        (first[:n] for n in (9, 6, 4, 2) if digits(first[:n]) and len(first) >= n and first[:n] == last[:n]), ""
    )


def _level_of(region: str, called: Names | None) -> str:
    if called and region in called.regions and called.regions[region].level:
        return called.regions[region].level
    if not digits(region):
        return ""
    if len(region) == 6 and region.endswith("00"):
        return "city"
    return {2: "province", 4: "city", 6: "district", 9: "town"}.get(len(region), "")


def _level(level: str) -> Text:
    return LISTS["level"].get(level, Text("未标明", "Not stated"))


def _labels(missing: Sequence[str]) -> Text:
    return Text("、".join(ALL[f].label.zh for f in missing), ", ".join(ALL[f].label.en for f in missing))
