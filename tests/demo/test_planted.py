"""What was planted stands in the facts as its label says: every kind, at least twice, over several units."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from budgetwatch import calendar
from tests.demo.conftest import City

KINDS = (
    "split_purchase", "december_rush", "zero_execution", "over_budget", "to_own_basic_account", "gift_keyword", "hospitality_as_meeting",
    "weekend_payment", "duplicate_payment", "old_carryover", "bond_on_office", "late_department_approval", "missed_copy", "late_transfer",
    "spending_before_approval", "document_unit_error", "payee_two_accounts", "large_personal_payment", "cash_withdrawal",
    "direct_funds_to_account", "no_indicator", "debt_over_ceiling", "idle_bond", "transfer_unallocated", "funds_stuck", "reserve_misused",
    "large_virement", "payee_concentration", "over_estimate", "paid_ahead", "vehicle_as_travel", "round_monthly_total",
    "just_below_limit", "three_public_over_budget", "department_pays_lower_finance", "small_reserve", "unbalanced_budget",
    "gifts_again", "special_money_kept_back", "round_large_payment",
    "slow_execution", "three_public_growth", "outlying_payment", "paid_out_of_year", "payment_without_payee", "unknown_subject",
    "revenue_shortfall", "thin_advance", "general_transfers_cut", "late_special_transfer", "unapproved_borrowing", "heavy_debt",
    "report_does_not_add_up", "payments_differ_from_report", "livelihood_behind", "livelihood_unfunded", "livelihood_paid_ahead",
    "bulletin_missing", "inspection_missing", "review_missing", "no_choice_of_projects", "motion_forgotten", "avoided_tender",
    "late_contract", "late_contract_notice", "large_supplement", "totals_unequal", "rows_do_not_add_up", "basic_does_not_add_up",
    "basic_differs_between_tables", "text_differs_from_table", "indicator_off_balance", "number_used_twice", "code_of_no_list",
    "field_left_empty", "sequence_gap", "file_cut_short", "sender_fell_silent",
)  # fmt: skip
HARD = (
    "salary_on_working_weekend", "quarterly_rent", "equal_property_fee", "relief_from_reserve", "bond_on_capital", "december_settlement",
    "exempted_weekend_payment", "tax_refunds_in_may", "public_single_source", "contract_on_day_30", "contract_notice_on_day_2",
    "supplement_of_a_tenth", "bulletin_on_day_15", "inspection_on_last_day", "text_rounded_to_wan",
)  # fmt: skip


def rows(city: City, answer: dict) -> pl.DataFrame:  # type: ignore[type-arg]
    listed = ",".join(f"'{v}'" for v in answer["vouchers"])
    return city.sql(f"select * from payment where voucher_no in ({listed or 'null'}) order by pay_date, voucher_no")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_planted_at_least_twice(city: City, kind: str) -> None:
    found = city.answers(kind)
    assert len(found) >= 2
    assert all(a["catalogue_ids"] for a in found)
    where = {
        (
            a["agency_code"] or a["adm_div_code"],
            a["budget_year"],
            *(a["keys"].get(k) for k in ("file", "profile", "pro_code", "doc_no")),
        )
        for a in found
    }
    assert len(where) == len(found)


@pytest.mark.parametrize("kind", HARD)
def test_each_hard_negative_is_there(city: City, kind: str) -> None:
    assert len(city.answers(kind, label="hard_negative")) >= 2


def test_labelled_vouchers_are_the_units_own(city: City) -> None:
    for answer in city.planted:
        if answer["vouchers"]:
            found = rows(city, answer)
            assert found.height == len(answer["vouchers"])
            assert set(found["agency_code"]) == {answer["agency_code"]}
            assert set(found["budget_year"]) == {answer["budget_year"]}


def test_split_purchases_are_three_below_the_limit_within_twenty_days(city: City) -> None:
    for answer in city.answers("split_purchase"):
        found = rows(city, answer)
        assert found.height == 3
        assert found["payee_account"].n_unique() == 1
        assert found["amount"].max() < Decimal(100_000) < found["amount"].sum()
        assert (found["pay_date"].max() - found["pay_date"].min()).days <= 20
        assert found["procurement_no"].null_count() == 3


def test_december_rush_is_more_than_half(city: City) -> None:
    for a in city.answers("december_rush"):
        share = city.sql(f"""select sum(amount) filter (month(pay_date) = 12) / sum(amount) as share from payment
            where agency_code = '{a["agency_code"]}' and budget_year = {a["budget_year"]}""")["share"][0]
        assert 0.5 < share < 0.6


def test_duplicates_lie_six_days_apart(city: City) -> None:
    for answer in city.answers("duplicate_payment"):
        found = rows(city, answer)
        first, second = found["pay_date"]
        assert (second - first).days == 6
        assert found["amount"].n_unique() == found["payee_account"].n_unique() == 1


def test_concentration_exceeds_half(city: City) -> None:
    for a in city.answers("payee_concentration"):
        share = city.sql(f"""select sum(amount) filter (payee_name = '{a["keys"]["payee"]}') / sum(amount) as share from payment
            where agency_code = '{a["agency_code"]}' and budget_year = {a["budget_year"]} and line_type = 'project'""")[
            "share"
        ][0]
        assert share > 0.5


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        ("gift_keyword", lambda r: "购物卡" in r["purpose"]),
        ("hospitality_as_meeting", lambda r: "接待" in r["purpose"] and r["dep_eco_code"] == "30215"),
        ("vehicle_as_travel", lambda r: "加油" in r["purpose"] and r["dep_eco_code"] == "30211"),
        ("weekend_payment", lambda r: not calendar.is_workday(r["pay_date"]) and r["amount"] > 300_000),
        ("cash_withdrawal", lambda r: r["settlement"] == "cash" and r["amount"] > 50_000),
        (
            "large_personal_payment",
            lambda r: r["payee_type"] == "person" and r["amount"] == 120_000 and r["dep_eco_code"] == "30226",
        ),
        ("to_own_basic_account", lambda r: r["payee_name"] == r["agency_name"] and r["payee_account_type"] == "basic"),
        ("bond_on_office", lambda r: r["fund_source"].endswith("bond") and r["dep_eco_code"] == "30201"),
        (
            "direct_funds_to_account",
            lambda r: r["fund_source"] == "direct" and r["payee_account_type"] in ("basic", "fiscal"),
        ),
        ("no_indicator", lambda r: r["indicator_no"] is None),
        ("department_pays_lower_finance", lambda r: "财政" in r["payee_name"] and "财政" not in r["agency_name"]),
        ("spending_before_approval", lambda r: r["pay_date"] < dt.date(r["budget_year"], 1, 20)),
    ],
)
def test_a_planted_payment_is_what_its_label_says(city: City, kind: str, law) -> None:  # type: ignore[no-untyped-def]
    for answer in city.answers(kind):
        found = rows(city, answer).to_dicts()
        assert found
        assert all(law(row) for row in found)


def test_salaries_on_working_weekends_are_on_working_weekends(city: City) -> None:
    for answer in city.answers("salary_on_working_weekend", label="hard_negative"):
        for day in rows(city, answer)["pay_date"].unique():
            assert day.weekday() >= 5
            assert calendar.is_workday(day)


def test_equal_property_fees_are_twelve_and_equal(city: City) -> None:
    for answer in city.answers("equal_property_fee", label="hard_negative"):
        found = rows(city, answer)
        assert found.height == 12
        assert found["amount"].n_unique() == 1
        assert found["invoice_no"].n_unique() == found["purpose"].n_unique() == 12


def test_quarterly_rent_is_four_times_the_same(city: City) -> None:
    for answer in city.answers("quarterly_rent", label="hard_negative"):
        found = rows(city, answer)
        assert found.height == 4
        assert found["amount"].max() - found["amount"].min() <= Decimal("0.03")


def test_relief_from_the_reserve_has_its_decision(city: City) -> None:
    found = city.sql("select * from adjustment where type = 'reserve'")
    assert found.filter(pl.col("approval_doc").is_null()).height == len(city.answers("reserve_misused"))
    assert found.filter(pl.col("approval_doc").is_not_null()).height == len(
        city.answers("relief_from_reserve", label="hard_negative")
    )
