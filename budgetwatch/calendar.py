"""Days as the law counts them: calendar days and working days, with the 调休 swaps of each year.

The State Council's holiday notices arrive year by year. The tables of the `chinesecalendar` package
cover 2004 up to its newest year; for a year outside them `known(year)` is False and only weekends
count as days off, so whoever depends on it can say so instead of guessing.
"""

from __future__ import annotations

import datetime as dt
import os
from functools import lru_cache

import chinese_calendar
from chinese_calendar import constants

#: A day to take for today (2026-03-02), so that demonstrations, tests and pictures do not age. Never in service:
#: `serve` refuses it on any address but loopback.
FIXED_DAY = "BUDGETWATCH_TODAY"


def today() -> dt.date:
    """Today, in the time zone of the machine that serves (its `TZ`), unless a day was fixed."""
    return _fixed() or dt.datetime.now().astimezone().date()


def now() -> dt.datetime:
    """This instant in UTC; on a fixed day the time of day still passes."""
    moment = dt.datetime.now(dt.UTC)
    day = _fixed()
    return moment if day is None else moment.replace(year=day.year, month=day.month, day=day.day)


def _fixed() -> dt.date | None:
    fixed = os.environ.get(FIXED_DAY)
    return dt.date.fromisoformat(fixed) if fixed else None


@lru_cache(maxsize=256)
def known(year: int) -> bool:
    """Whether the official holiday table of that year is at hand."""
    try:
        chinese_calendar.is_workday(dt.date(year, 6, 15))
    except NotImplementedError:
        return False
    return True


def is_workday(day: dt.date) -> bool:
    """Whether offices work that day, swaps (调休) included; weekends only where no table is known."""
    if known(day.year):
        return day in constants.workdays or (day.weekday() < 5 and day not in constants.holidays)
    return day.weekday() < 5


def days_off(first: dt.date, last: dt.date) -> list[tuple[dt.date, bool]]:
    """Every day from `first` to `last` (both included) with whether it is a day off."""
    span = (last - first).days
    return [(day, not is_workday(day)) for day in (first + dt.timedelta(n) for n in range(span + 1))]


def add_workdays(start: dt.date, count: int) -> dt.date:
    """The day on which the `count`-th working day after `start` falls."""
    day = start
    while count > 0:
        day += dt.timedelta(1)
        count -= is_workday(day)
    return day
