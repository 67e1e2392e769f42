"""Whoever sends a file speaks for their own region only: rows of another are turned away, whatever they would do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import BadFile, Denied
from budgetwatch.feeds.reasons import sentence
from budgetwatch.home import Home
from tests.feeds.senders import csv, payment, profile

MINE, THEIRS = "990101", "990102"


def of(region: str, no: str, amount: str = "12.30") -> tuple[str, ...]:
    row = list(payment(no, amount))
    row[3] = region
    return tuple(row)


def known(home: Home) -> list[tuple[str, str, str]]:
    with home.facts(SYSTEM) as connection:
        return connection.execute(
            "SELECT voucher_no, adm_div_code, amount::VARCHAR FROM payment ORDER BY ALL"
        ).fetchall()


def send(home: Home, file: Path, name: str, region: str) -> intake.Receipt:
    return intake.take_in(home, file, name, actor="finance", allowed_region=region)


def test_rows_of_another_region_are_rejected_with_that_reason_and_the_others_taken(home: Home, tmp_path: Path) -> None:
    name = profile(home, refuse_above=0.9)
    file = csv(
        tmp_path / "p.csv",
        [of(MINE, "V1"), of(THEIRS, "V2"), of(MINE + "001", "V3"), of("9901", "V4"), of("99010", "V5")],
    )
    receipt = send(home, file, name, MINE)
    assert (receipt.rows_in, receipt.rows_accepted, receipt.reasons) == (5, 2, {"outside_scope": 3})
    assert known(home) == [("V1", MINE, "12.30"), ("V3", MINE + "001", "12.30")]
    first = intake.rejects(home, receipt.batch).row(0, named=True)
    assert (first["line"], first["column"], first["value"]) == (3, "adm_div_code", THEIRS)
    assert "V2" in first["raw"]
    assert (
        sentence("outside_scope", first["column"], first["value"]).en
        == "'990102' in 'adm_div_code' is outside the region that the sender may send for"
    )


def test_a_row_with_other_faults_is_told_those(home: Home, tmp_path: Path) -> None:
    file = csv(tmp_path / "p.csv", [of(MINE, "V1"), of(MINE, "V2"), of(THEIRS, "V3", "much")])
    receipt = send(home, file, profile(home, refuse_above=0.9), MINE)
    assert receipt.reasons == {"not_money": 1}


def test_a_file_mostly_of_another_region_is_refused_whole(home: Home, tmp_path: Path) -> None:
    file = csv(tmp_path / "p.csv", [of(MINE, "V1"), *(of(THEIRS, f"V{n}") for n in range(2, 9))])
    with pytest.raises(BadFile, match="outside the region"):
        send(home, file, profile(home, refuse_above=0.5), MINE)
    assert known(home) == []


def test_regions_that_the_sender_writes_in_words_are_judged_by_their_code(home: Home, tmp_path: Path) -> None:
    name = profile(home, refuse_above=0.9, values={"adm_div_code": {"East": MINE, "West": THEIRS}})
    file = csv(tmp_path / "p.csv", [of("East", "V1"), of("West", "V2")])
    assert send(home, file, name, MINE).reasons == {"outside_scope": 1}
    assert known(home) == [("V1", MINE, "12.30")]
    assert send(home, file, name, "9901").rows_accepted == 1


def test_nobody_supersedes_a_fact_of_another_region_by_its_number(home: Home, tmp_path: Path) -> None:
    name = profile(home, refuse_above=0.9)
    send(home, csv(tmp_path / "theirs.csv", [of(THEIRS, "V1", "100.00")]), name, THEIRS)
    receipt = send(home, csv(tmp_path / "mine.csv", [of(MINE, "V1", "0.01"), of(MINE, "V2")]), name, MINE)
    assert (receipt.rows_in, receipt.rows_accepted, receipt.rows_rejected) == (2, 1, 1)
    assert receipt.reasons == {"key_outside_scope": 1}
    assert known(home) == [("V1", THEIRS, "100.00"), ("V2", MINE, "12.30")]
    reject = intake.rejects(home, receipt.batch).row(0, named=True)
    assert (reject["line"], reject["column"]) == (2, "voucher_no")
    assert "0.01" in reject["raw"]
    assert "100.00" not in str(reject)


def test_a_turned_away_row_joins_the_rejects_that_were_there(home: Home, tmp_path: Path) -> None:
    name = profile(home, refuse_above=0.9)
    send(home, csv(tmp_path / "theirs.csv", [of(THEIRS, "V1")]), name, "")
    file = csv(tmp_path / "mine.csv", [of(MINE, "V1", "1.00"), of(MINE, "V2", "x"), of(MINE, "V3")])
    receipt = send(home, file, name, MINE)
    assert receipt.reasons == {"key_outside_scope": 1, "not_money": 1}
    assert intake.rejects(home, receipt.batch)["line"].to_list() == [2, 3]
    assert (receipt.rows_accepted, receipt.rows_rejected, receipt.rows_repeated) == (1, 2, 0)


def test_ones_own_facts_are_superseded_and_the_city_may_correct_any(home: Home, tmp_path: Path) -> None:
    name = profile(home)
    send(home, csv(tmp_path / "a.csv", [of(MINE, "V1", "1.00")]), name, MINE)
    send(home, csv(tmp_path / "b.csv", [of(MINE, "V1", "2.00")]), name, MINE)
    assert known(home) == [("V1", MINE, "2.00")]
    send(home, csv(tmp_path / "c.csv", [of(THEIRS, "V1", "3.00")]), name, "9901")
    assert known(home) == [("V1", THEIRS, "3.00")]


def test_the_city_can_take_in_what_a_district_could_take_in_part_only(home: Home, tmp_path: Path) -> None:
    name = profile(home, refuse_above=0.9)
    file = csv(tmp_path / "p.csv", [of(MINE, "V1"), of(THEIRS, "V2")])
    assert send(home, file, name, MINE).rows_accepted == 1
    assert send(home, file, name, MINE).status == "already"
    whole = send(home, file, name, "9901")
    assert (whole.status, whole.rows_accepted, whole.rows_repeated) == ("accepted", 1, 1)
    assert known(home) == [("V1", MINE, "12.30"), ("V2", THEIRS, "12.30")]
    for region in ("", "9901", MINE, THEIRS):
        assert send(home, file, name, region).status == "already"


def test_without_a_key_a_file_of_several_regions_is_refused_and_ones_own_is_taken(home: Home, tmp_path: Path) -> None:
    name = profile(home, key=[], refuse_above=0.9)
    with pytest.raises(BadFile, match="without a key"):
        send(home, csv(tmp_path / "p.csv", [of(MINE, "V1"), of(THEIRS, "V2")]), name, MINE)
    assert send(home, csv(tmp_path / "q.csv", [of(MINE, "V1")]), name, MINE).rows_accepted == 1


def test_a_profile_of_another_region_is_refused_before_the_file_is_read(home: Home, tmp_path: Path) -> None:
    heading = ("voucher_no", "budget_year", "pay_date", "agency_code", "amount")
    rows = [("V1", "2025", "2025-03-05", "U1", "1.00")]
    name = profile(home, constants={"adm_div_code": THEIRS})
    file = csv(tmp_path / "p.csv", rows, heading)
    with pytest.raises(Denied, match="outside yours"):
        send(home, file, name, MINE)
    assert send(home, file, name, THEIRS).rows_accepted == 1


@pytest.mark.parametrize(
    ("region", "may"),
    [("", True), ("9901", True), ("990100", True), (MINE, False), ("990101003", False), ("GB-MAN", True)],
)
def test_facts_without_regions_are_sent_by_a_city_or_by_whoever_has_no_bounds(
    home: Home, tmp_path: Path, region: str, may: bool
) -> None:
    body: dict[str, Any] = {"name": "subjects", "feed": "subject_dict"}
    name = profile(home, **body)
    file = csv(tmp_path / "s.csv", [("func", "2025", "205", "教育支出")], ("type", "budget_year", "code", "name"))
    if may:
        assert send(home, file, name, region).rows_accepted == 1
    else:
        with pytest.raises(Denied, match="whole city"):
            send(home, file, name, region)
