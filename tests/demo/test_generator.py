"""The generator gives the same city for the same seed, any size on demand, and files as different as their senders."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from budgetwatch.demo import generate, generate_payments_csv, ledgers
from budgetwatch.demo.city import found
from budgetwatch.demo.senders import ALL_SENDERS
from budgetwatch.feeds import profile as profiles
from budgetwatch.records import ALL


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_city(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        generate(tmp_path / name, payments=20_000, seed=seed)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "a") != digests(tmp_path / "c")


def test_the_usual_size_has_more_than_three_hundred_units(tmp_path: Path) -> None:
    made = generate(tmp_path, payments=120_000, seed=3)
    assert abs(made.payments - 120_000) < 1_800
    answers = [json.loads(line) for line in made.answers.read_text("utf-8").splitlines()]
    assert {a["label"] for a in answers} == {"anomaly", "hard_negative", "broken_row"}
    units = tmp_path / "预算单位名录.xlsx"
    from python_calamine import CalamineWorkbook

    rows = CalamineWorkbook.from_path(units).get_sheet_by_index(0).to_python()
    codes = {row[0] for row in rows[3:]}
    assert len(codes) >= 300
    assert len({row[2] for row in rows[3:]}) == len(codes), "two units share a name"


@pytest.mark.parametrize("years", [1, 2])
def test_fewer_years_are_possible(tmp_path: Path, years: int) -> None:
    made = generate(tmp_path, years=years, payments=9_000 * years, seed=3)
    assert len([p for p, name in made.files if name.startswith("demo_pay")]) == 6 * years


def test_one_large_csv_for_measuring(tmp_path: Path) -> None:
    path = tmp_path / "payments.csv"
    told = generate_payments_csv(path, 20_000, 9)
    with path.open(encoding="utf-8") as lines:
        assert sum(1 for _ in lines) == told + 1
    assert abs(told - 20_000) < 400


def test_every_sender_has_its_profile_and_writes_only_headings_it_knows() -> None:
    known = profiles.load_all()
    for sender in ALL_SENDERS:
        profile = known[sender.profile]
        assert profile.feed is ALL[sender.feed]
        assert {name: (heading,) for name, heading in sender.headings.items()} == dict(profile.columns)


def test_senders_differ_in_encoding_packing_and_format(tmp_path: Path) -> None:
    made = generate(tmp_path, years=1, payments=6_000, seed=4)
    names = {p.name: p for p, _ in made.files}
    assert any(n.endswith(".xlsx") for n in names)
    assert any(n.endswith(".csv.gz") for n in names)
    assert "支付凭证号" in names["启明区支付_2025.csv"].read_text("gb18030").splitlines()[0]
    assert names["yunfan_voucher_2025.csv"].read_text("utf-8").startswith("VoucherNo,")
    assert '"' in names["澄湖区支付明细_2025.csv"].read_text("utf-8")


def test_a_large_city_balances_too() -> None:
    city = found(years=3, payments=1_500_000, seed=8, last_year=2025)
    gaps: dict[tuple[str, ...], int] = {}
    for row in ledgers.budget_lines(city.plan, city.procedure, np.random.default_rng(1)):
        if row["stage"] != "final":
            key = tuple(str(row[name]) for name in ("adm_div_code", "book", "budget_year", "stage", "version"))
            gaps[key] = gaps.get(key, 0) + (row["amount"] if row["direction"] == "revenue" else -row["amount"])
    assert {key for key, gap in gaps.items() if gap} == set()
