"""Profiles: every key is checked, what YAML would spoil is caught, unknown names are answered with the nearest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from budgetwatch.errors import BadProfile
from budgetwatch.feeds.profile import _Reader, load, load_all, parse
from budgetwatch.home import Home
from budgetwatch.intake import pull
from tests.feeds.senders import TREASURY

DOCS = Path(__file__).resolve().parents[2] / "docs" / "feeds.md"


def test_the_shipped_profiles_are_in_order() -> None:
    assert {"manchester", "gla", "philadelphia-adopted", "philadelphia-actual"} <= set(load_all())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colums": {}}, "'colums' is not known. Known here: columns"),
        ({"feed": "payments"}, "'feed: payments' is not known. Known here: payment"),
        ({"columns": {"amuont": "x"}}, "'columns: amuont' is not known. Known here: amount"),
        ({"constants": {"agency_code": 301}}, "read it as 301. Quote it"),
        ({"constants": {"agency_code": "a", "settlement": "csh"}}, "'settlement: csh' is not known. Known here: cash"),
        ({"values": {"settlement": {"现金": "kash"}}}, "'settlement: kash' is not known. Known here: cash"),
        ({"values": {"settlement": {1: "cash"}}}, "read it as 1"),
        ({"values": {"settlement": {False: "cash"}}}, "read it as False"),
        ({"columns": {"amount": "x"}, "constants": {"amount": "1"}}, "both a constant and a heading"),
        ({"format": "excel"}, "'format: excel' is not known"),
        ({"encoding": "gb2313"}, "'encoding: gb2313' is not known"),
        ({"delimiter": "tab"}, "must be one ASCII character"),
        ({"skip_rows": -1}, "must be a whole number of 0 or more"),
        ({"units": {"amount": "万"}}, "'units: amount: 万' is not known. Known here: yuan, thousand, wan"),
        ({"key": ["voucher"]}, "'key: voucher' is not known. Known here: voucher_no"),
        ({"refuse_above": 5}, "must lie between 0 and 1"),
        ({"amounts": {"decimals": ","}}, "'amounts: decimals' is not known. Known here: decimal"),
        ({"amounts": {"decimal": ";"}}, "'amounts: decimal: ;' is not known"),
        ({"fill_down": ["agency"]}, "'fill_down: agency' is not known"),
        ({"file_name": "2024"}, "needs named groups"),
        ({"file_name": "("}, "not a valid regular expression"),
        ({"file_name": "(?P<stag>x)"}, "'file_name: stag' is not known"),
        ({"melt": {"columns": {"a": "1"}}}, "needs columns .* and into"),
        ({"budget_year": {"from": "paid_on"}}, "'budget_year: paid_on' is not known. Known here: pay_date"),
        ({"budget_year": {"from": "pay_date", "first_month": 13}}, "first_month of 1 to 12"),
        ({"title": {"zh": "x"}}, "needs both zh and en"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_file_key_and_the_nearest_names(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadProfile, match=rf"(?s)^mine\.yml: .*{said}"):
        parse({**TREASURY, **changes}, "mine.yml")


@pytest.mark.parametrize("missing", ["name", "feed", "sender", "title"])
def test_what_every_profile_needs(missing: str) -> None:
    with pytest.raises(BadProfile, match=f"'{missing}' is missing"):
        parse({k: v for k, v in TREASURY.items() if k != missing}, "mine.yml")


def test_broken_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text("name: x\nfeed: [payment\n")
    with pytest.raises(BadProfile, match=r"p\.yml:\d+: Not valid YAML"):
        load(tmp_path / "p.yml")


def test_the_operators_own_profile_wins_over_ours_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "gla.yml").write_text(yaml.safe_dump({**TREASURY, "name": "gla"}, allow_unicode=True))
    assert load_all(tmp_path)["gla"].sender == "Invented treasury"


def examples() -> list[Any]:
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", DOCS.read_text("utf-8"), re.S)]


def test_every_example_of_the_documentation_is_a_profile() -> None:
    shown = [example for example in examples() if isinstance(example, dict)]
    assert shown
    for example in shown:
        parse(example, "docs/feeds.md")


def test_the_sources_of_the_documentation_fetch_by_profiles_that_it_shows(home: Home) -> None:
    for example in examples():
        if isinstance(example, dict):
            (home.path / "profiles" / f"{example['name']}.yml").write_text(yaml.safe_dump(example, allow_unicode=True))
    [shown] = [example for example in examples() if isinstance(example, list)]
    (home.path / "sources.yml").write_text(yaml.safe_dump(shown, allow_unicode=True))
    assert set(pull.sources(home)) == {one["name"] for one in shown}


def test_the_documentation_explains_every_key() -> None:
    explained = set(re.findall(r"^\| `([a-z_]+)`", DOCS.read_text("utf-8"), re.M))
    known: set[str] = set()

    class Spy(_Reader):
        def only(self, key: str, body: Any, known_: Any) -> None:
            if key == "profile":
                known.update(known_)
            super().only(key, body, known_)

    Spy("x").profile(TREASURY)
    assert explained == known
