"""A small invented city, taken in by the ordinary road; one for all tests."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.demo import generate
from budgetwatch.home import Home
from budgetwatch.settings import Settings

#: One small city in the usual run; BUDGETWATCH_SEEDS="11 23 4242" asks for more.
SEEDS = [int(seed) for seed in os.environ.get("BUDGETWATCH_SEEDS", "11").split()]


@dataclass
class City:
    """A city taken in: ask its facts with `sql`, its planted things with `answers`."""

    home: Home
    folder: Path
    planted: list[dict[str, Any]]
    receipts: list[intake.Receipt]
    facts: duckdb.DuckDBPyConnection

    def sql(self, question: str) -> pl.DataFrame:
        return pl.from_arrow(self.facts.sql(question).to_arrow_table())  # type: ignore[return-value]

    def answers(self, *kinds: str, label: str = "anomaly") -> list[dict[str, Any]]:
        return [a for a in self.planted if a["label"] == label and (not kinds or a["kind"] in kinds)]

    def vouchers(self, label: str = "") -> set[str]:
        return {v for a in self.planted if not label or a["label"] == label for v in a["vouchers"]}

    def units(self, *ids: str) -> set[tuple[str, int]]:
        """(unit, year) where something of these catalogue ids was planted, or follows from what was."""
        return {
            (a["agency_code"], a["budget_year"])
            for a in self.answers()
            if a["agency_code"] and (not ids or set(ids) & {*a["catalogue_ids"], *a["also"]})
        }


@pytest.fixture(scope="session", params=SEEDS, ids=lambda seed: f"seed {seed}")
def city(request: pytest.FixtureRequest, made_once: Callable[..., Path]) -> Iterator[City]:
    def make(folder: Path) -> None:
        made = generate(folder / "sent", payments=24_000, seed=request.param)
        home = Home(Settings(home=folder / "home", database_url="", _env_file=None))  # type: ignore[call-arg]
        receipts = [intake.take_in(home, path, profile, actor="test") for path, profile in made.files]
        home.close()
        (folder / "receipts").write_bytes(pickle.dumps((receipts, made.answers)))

    folder = made_once(f"demo-city-{request.param}", make)
    receipts, answers = pickle.loads((folder / "receipts").read_bytes())  # noqa: S301
    home = Home(Settings(home=folder / "home", database_url="", _env_file=None))  # type: ignore[call-arg]
    planted = [json.loads(line) for line in answers.read_text("utf-8").splitlines()]
    with home.facts(SYSTEM) as facts:
        yield City(home, folder / "sent", planted, receipts, facts)
    home.close()


@pytest.fixture
def clean(city: City) -> Callable[[str], pl.DataFrame]:
    """Ask about payments that nothing was planted among (the view `honest`)."""
    marked = ",".join(f"'{v}'" for v in sorted(city.vouchers("anomaly"))) or "''"

    def ask(question: str) -> pl.DataFrame:
        question = question.strip()
        question = f", {question[5:]}" if question.startswith("with ") else question
        return city.sql(f"with honest as (select * from payment where voucher_no not in ({marked})) {question}")

    return ask
