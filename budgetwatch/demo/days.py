"""The working days and days off of a year, month by month, as numbers that NumPy can pick from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from budgetwatch import calendar

EPOCH = dt.date(1970, 1, 1)


def number(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day(number_: int) -> dt.date:
    """The date of such a number."""
    return EPOCH + dt.timedelta(int(number_))


@lru_cache(maxsize=8192)
def is_workday(day_: dt.date) -> bool:
    """Whether offices work that day (remembered: events ask thousands of times)."""
    return calendar.is_workday(day_)


@dataclass(frozen=True, slots=True)
class YearDays:
    """`work` are the year's working days in order; month m (0–11) has `work[begin[m]:begin[m+1]]`. `off` likewise."""

    year: int
    work: NDArray[np.int64]
    begin: NDArray[np.int64]
    off: NDArray[np.int64]
    off_begin: NDArray[np.int64]

    def first_from(self, start: dt.date) -> int:
        """The place in `work` of the first working day on or after `start`."""
        return int(np.searchsorted(self.work, number(start)))


@lru_cache(maxsize=16)
def of(year: int) -> YearDays:
    """The days of a year."""
    work: list[int] = []
    off: list[int] = []
    begin, off_begin = [0], [0]
    for month in range(1, 13):
        last = dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(1)
        for day_, is_off in calendar.days_off(dt.date(year, month, 1), last):
            (off if is_off else work).append(number(day_))
        begin.append(len(work))
        off_begin.append(len(off))
    return YearDays(year, np.array(work), np.array(begin), np.array(off), np.array(off_begin))


def pay_day(year: int, month: int, on: int) -> dt.date:
    """The working day on which salaries due on day `on` are paid: that day, or the last working day before it in the month."""
    wanted = dt.date(year, month, on)
    while wanted.day > 1 and not is_workday(wanted):
        wanted -= dt.timedelta(1)
    while not is_workday(wanted):
        wanted += dt.timedelta(1)
    return wanted


def workday_near(wanted: dt.date) -> dt.date:
    """That day, or the first working day after it."""
    return wanted if is_workday(wanted) else next_workday(wanted)


def next_workday(day_: dt.date) -> dt.date:
    """The first working day after it."""
    day_ += dt.timedelta(1)
    while not is_workday(day_):
        day_ += dt.timedelta(1)
    return day_


def workday_before(wanted: dt.date) -> dt.date:
    """That day, or the last working day before it."""
    while not is_workday(wanted):
        wanted -= dt.timedelta(1)
    return wanted
