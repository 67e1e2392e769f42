"""A deployment with the small city of `city.py`."""

from __future__ import annotations

import pytest

from budgetwatch.home import Home
from tests.queries.city import build


@pytest.fixture
def city(home: Home) -> Home:
    build(home)
    return home
