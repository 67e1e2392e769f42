"""Timeliness: who is late since when, from which level and town, and what a page may say of the data under it."""

from __future__ import annotations

import datetime as dt

import pytest

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import FIXED_DAY
from budgetwatch.errors import Denied
from budgetwatch.home import Home
from budgetwatch.queries.timeliness import data_line, linked, senders, timeliness

CITY = Viewer(1, "r", "某", "reviewer", "9901")
DISTRICT = Viewer(2, "d", "某", "reviewer", "990102")
DEPUTY = Viewer(3, "p", "某", "deputy", "9901")
UNIT = Viewer(5, "u", "某", "unit", "990102", "990102-A01")


def sent(home: Home, sender: str, *days: str, feed: str = "payment", regions: tuple[str, ...] = ("990102",)) -> None:
    with home.session() as session:
        for n, day in enumerate(days):
            last = dt.date.fromisoformat(day)
            session.add(
                t.Batch(
                    feed=feed, profile=f"{sender}-{feed}", sender=sender, file_name=f"{sender}-{n}.csv", sha256=f"{sender}{feed}{n}",
                    bytes=1, status="accepted", rows_in=1, rows_accepted=1, last_day=last, regions=list(regions),
                    received_at=dt.datetime.combine(last, dt.time(9), dt.UTC) + dt.timedelta(2),
                )
            )  # fmt: skip


@pytest.fixture
def late(city: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """甲 sends monthly and has stopped; 乙 sends monthly and is in time; 丙 sends the whole district's towns."""
    monkeypatch.setenv(FIXED_DAY, "2026-06-20")
    sent(city, "甲局", "2026-01-31", "2026-02-28", "2026-03-31")
    sent(city, "乙局", "2026-03-31", "2026-04-30", "2026-05-31", feed="indicator", regions=("990103",))
    sent(city, "丙局", "2026-03-31", "2026-04-30", "2026-05-31", regions=("990102001", "990102002"))
    return city


def test_late_ones_come_first_with_the_day_since_when_their_level_and_place(late: Home) -> None:
    first = timeliness(late, CITY).rows[0]
    assert (first["sender"], first["late_since"], first["region"], first["level"]) == (
        "甲局",
        dt.date(2026, 4, 30),
        "990102",
        "district",
    )
    assert first["days"] == 81


def test_only_the_late_when_asked(late: Home) -> None:
    found = timeliness(late, CITY, late=True)
    assert [row["sender"] for row in found.rows] == ["甲局"]
    assert found.totals["late"] == 1


def test_files_of_several_towns_are_their_district_s(late: Home) -> None:
    [towns] = [row for row in timeliness(late, CITY).rows if row["sender"] == "丙局"]
    assert (towns["region"], towns["level"]) == ("990102", "district")


def test_a_page_names_the_late_of_the_data_it_shows_and_no_others(late: Home) -> None:
    assert [one.sender for one in data_line(late, CITY, ("payment",)).late or ()] == ["甲局"]
    assert data_line(late, CITY, ("indicator",)).late == ()
    assert data_line(late, CITY, ("indicator",)).upto is None


def test_the_line_ends_where_the_payments_in_sight_end(late: Home) -> None:
    with late.facts(DISTRICT) as facts:
        [(day,)] = facts.execute("SELECT max(pay_date) FROM payment").fetchall()
    assert data_line(late, DISTRICT, ("payment",)).upto == day


def test_a_deputy_hears_of_the_towns_and_not_of_files(late: Home) -> None:
    line = data_line(late, DEPUTY, ("payment",))
    assert line.late is None
    assert line.towns is not None
    with pytest.raises(Denied):
        senders(late, DEPUTY)


def test_a_unit_hears_of_neither(late: Home) -> None:
    line = data_line(late, UNIT, ("payment",))
    assert (line.late, line.towns) == (None, None)


def test_a_district_is_told_of_its_own_senders_alone(late: Home) -> None:
    assert "乙局" not in {row["sender"] for row in timeliness(late, DISTRICT).rows}


def test_a_new_file_is_seen_at_once(late: Home) -> None:
    assert data_line(late, CITY, ("payment",)).late
    sent(late, "甲局", "2026-05-31")
    assert "甲局" not in {one.sender for one in data_line(late, CITY, ("payment",)).late or ()}


def test_places_tell_what_never_came(city: Home) -> None:
    found = linked(city, CITY)
    town = next(row for row in found.rows if row["region"] == "990102001")
    assert (town["linked"], town["missing"], town["missing_labels"].zh) == (False, ["indicator"], "预算指标")
    assert found.totals["towns"] == 1
