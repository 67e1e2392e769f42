"""A deployment with the small city of `city.py`, built once and copied for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from budgetwatch.home import Home
from budgetwatch.settings import Settings
from tests.queries import city as small_city


@pytest.fixture(scope="session")
def city_template(made_once: Callable[..., Path]) -> Path:
    return made_once("small-city", small_city.template)


@pytest.fixture
def city(settings: Settings, city_template: Path) -> Iterator[Home]:
    with small_city.copied(settings, city_template) as home:
        yield home
