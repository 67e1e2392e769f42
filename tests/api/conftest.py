"""A deployment with the small city of `city.py`, built once and copied for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from budgetwatch.home import Home
from budgetwatch.settings import Settings
from tests.queries import city as small_city


@pytest.fixture(scope="session")
def city_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_city.template(tmp_path_factory.mktemp("city") / "home")


@pytest.fixture
def city(settings: Settings, city_template: Path) -> Iterator[Home]:
    with small_city.copied(settings, city_template) as home:
        yield home
