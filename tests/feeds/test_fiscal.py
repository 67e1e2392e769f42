"""A Fiscal Data Package is taken in by what its descriptor says of the columns, and nothing outside it is touched."""

from __future__ import annotations

import copy
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("frictionless")

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import BadFile
from budgetwatch.home import Home
from tests.feeds.senders import profile

BUDGET: dict[str, Any] = {
    "name": "fdp", "feed": "budget_line", "format": "fiscal", "constants": {"adm_div_code": "990102", "book": "1"},
}  # fmt: skip
DATA = (
    "year;unit;unit name;func;func top;eco;amt;phase\n"
    "2024;U1;虚构教育局;2050201;205;30201;1234,50;approved\n2024;U1;虚构教育局;2050201;205;30201;1200,00;executed\n"
)
FIELDS = [
    {"name": "year", "type": "integer", "columnType": "date:fiscal-year"},
    {"name": "unit", "type": "string", "columnType": "administrative-classification:generic:level1:code:full"},
    {"name": "unit name", "type": "string", "columnType": "administrative-classification:generic:level1:label"},
    {"name": "func", "type": "string", "columnType": "functional-classification:generic:level2:code:full"},
    {"name": "func top", "type": "string", "columnType": "functional-classification:generic:level1:code"},
    {"name": "eco", "type": "string", "columnType": "economic-classification:generic:level1:code:full"},
    {"name": "amt", "type": "number", "decimalChar": ",", "columnType": "value"},
    {"name": "phase", "type": "string", "columnType": "phase:id"},
]
ONE: dict[str, Any] = {
    "name": "city-budget",
    "resources": [
        {"name": "budget", "path": "data/budget.csv", "dialect": {"delimiter": ";"}, "schema": {"fields": FIELDS}}
    ],
}
MORE: dict[str, Any] = {
    "amounts": {"decimal": ","},
    "ignore": ["func top"],
    "constants": {**BUDGET["constants"], "direction": "expenditure"},
}


def sent(path: Path, said: Any, folder: str = "", **data: str) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        out.writestr(f"{folder}datapackage.json", said if isinstance(said, str) else json.dumps(said))
        for name, text in (data or {"data/budget.csv": DATA}).items():
            out.writestr(f"{folder}{name}", text)
    return path


def taken(home: Home, file: Path, columns: str, **changes: Any) -> list[tuple[Any, ...]]:
    receipt = intake.take_in(home, file, profile(home, **{**BUDGET, **changes}), actor="me")
    assert receipt.rows_rejected == 0, intake.rejects(home, receipt.batch).rows()
    with home.facts(SYSTEM) as connection:
        return connection.execute(f"SELECT {columns} FROM budget_line ORDER BY _row").fetchall()


@pytest.mark.parametrize("folder", ["", "city-budget/"])
def test_column_types_say_what_the_columns_are(home: Home, tmp_path: Path, folder: str) -> None:
    found = taken(
        home,
        sent(tmp_path / "b.zip", ONE, folder),
        "budget_year, agency_code, agency_name, func_code, eco_code, amount, stage",
        **MORE,
    )
    one = (2024, "U1", "虚构教育局", "2050201", "30201")
    assert found == [(*one, Decimal("1234.50"), "approved"), (*one, Decimal("1200.00"), "final")]


def test_the_model_of_the_older_version_says_it_too(home: Home, tmp_path: Path) -> None:
    said = {
        "name": "old", "resources": [{"name": "r", "path": "r.csv", "schema": {"fields": [{"name": n} for n in ("y", "dept", "deptname", "cofog", "sum")]}}],
        "model": {
            "measures": {"amount": {"source": "sum", "currency": "EUR", "direction": "expenditure", "phase": "proposed"}},
            "dimensions": {
                "year": {"dimensionType": "datetime", "primaryKey": "y", "attributes": {"y": {"source": "y"}}},
                "admin": {"dimensionType": "classification", "classificationType": "administrative", "primaryKey": "d",
                          "attributes": {"d": {"source": "dept"}, "n": {"source": "deptname", "labelfor": "d"}}},
                "f": {"dimensionType": "classification", "classificationType": "functional", "attributes": {"c": {"source": "cofog"}}},
            },
        },
    }  # fmt: skip
    file = sent(tmp_path / "b.zip", said, **{"r.csv": "y,dept,deptname,cofog,sum\n2023,D1,Parks,08,5.25\n"})
    found = taken(home, file, "budget_year, agency_code, agency_name, func_code, amount, currency, stage, direction")
    assert found == [(2023, "D1", "Parks", "08", Decimal("5.25"), "EUR", "proposal", "expenditure")]


def test_a_package_that_lies_open_is_taken_whole_and_twice_changes_nothing(home: Home, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "budget.csv").write_text(DATA, "utf-8")
    (tmp_path / "datapackage.json").write_text(json.dumps(ONE), "utf-8")
    assert len(taken(home, tmp_path / "datapackage.json", "amount", **MORE)) == 2
    assert intake.take_in(home, tmp_path / "datapackage.json", "fdp", actor="me").status == "already"
    (tmp_path / "data" / "budget.csv").write_text(DATA.replace("1234,50", "1234,60"), "utf-8")
    assert intake.take_in(home, tmp_path / "datapackage.json", "fdp", actor="me").rows_accepted == 1


def test_a_column_that_the_package_does_not_explain_is_not_known(home: Home, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="'func top' is not known"):
        intake.take_in(
            home, sent(tmp_path / "b.zip", ONE), profile(home, **{**BUDGET, **MORE, "ignore": []}), actor="me"
        )


def bad(**changes: Any) -> dict[str, Any]:
    said = copy.deepcopy(ONE)
    said["resources"][0].update(changes)
    return said


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (bad(path="../../etc/passwd"), "does not follow the standard"),
        (bad(path="/etc/passwd"), "does not follow the standard"),
        (bad(path="http://example.org/x.csv"), "no table 0"),
        (bad(schema="http://example.org/s.json"), "must stand in datapackage.json"),
        (bad(path="elsewhere.csv"), "is not in the package"),
        ("{", "not valid JSON"),
        ("[]", "not valid JSON"),
        ({"name": "x", "resources": 5}, "does not follow"),
        ({}, "does not follow|no table"),
        ({"name": "x", "resources": [{"name": "a", "path": 7}]}, "does not follow"),
        ({"name": "x", "profile": "http://example.org/p.json", "resources": []}, "does not follow|no table"),
    ],
)
def test_a_package_that_is_none_or_points_elsewhere_is_refused(
    home: Home, tmp_path: Path, said: Any, words: str
) -> None:
    with pytest.raises(BadFile, match=words) as refused:
        intake.take_in(home, sent(tmp_path / "b.zip", said), profile(home, **{**BUDGET, **MORE}), actor="me")
    assert refused.value.fix
