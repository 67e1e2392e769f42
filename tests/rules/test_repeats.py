"""A repeat among equal payments: a series that keeps a rhythm is left alone, one that only happens to have like gaps is not."""

from __future__ import annotations

import datetime as dt
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from budgetwatch.rules.book import read_folder
from tests.rules.samples import judged

RULE = read_folder(Path(__file__).resolve().parents[2] / "rules")[0]["PY-07"]


def equal(*gaps: int) -> list[dict[str, Any]]:
    """Equal payments to one payee, so many days apart."""
    return [
        {
            "agency_code": "201", "agency_name": "示例局", "adm_div_code": "990100", "budget_year": 2025, "payee_name": "示例甲有限公司",
            "amount": "60000.00", "pay_date": dt.date(2025, 1, 6) + dt.timedelta(days), "_row": n,
        }
        for n, days in enumerate(accumulate((0, *gaps)), 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("gaps", "found"),
    [
        ((30, 31, 29, 31, 30, 31, 30), False),  # by the month
        ((14, 14, 15, 13, 14, 14, 44, 14), False),  # by the fortnight, with a break
        ((45, 12, 50, 13, 60, 12, 70, 44), True),  # no rhythm: three like gaps among eight are none
        ((30, 31, 6, 24, 31, 30, 31), True),  # by the month, and once more between two
        ((12,), True),
        ((45,), False),
    ],
)
def test_a_rhythm_is_one_where_most_of_the_series_keeps_it(gaps: tuple[int, ...], found: bool) -> None:
    verdict = judged(RULE, {"payment": equal(*gaps)}, dt.date(2026, 12, 31))
    assert (verdict.failure, bool(verdict.findings)) == ("", found)
