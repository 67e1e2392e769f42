"""The invented city's books agree with one another, in every year, at every level."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.demo.conftest import City


def test_every_file_is_taken_in_and_only_the_broken_rows_are_rejected(city: City) -> None:
    assert {r.status for r in city.receipts} == {"accepted"}
    broken = city.answers(label="broken_row")
    assert sum(r.rows_rejected for r in city.receipts) == len(broken) >= 4
    assert all(r.rows_in == r.rows_accepted + r.rows_rejected for r in city.receipts)


def test_the_broken_rows_stand_in_the_rejects_with_their_lines(city: City) -> None:
    for receipt in city.receipts:
        if receipt.rows_rejected:
            lines = city.home.path / "rejects" / f"{receipt.batch}.parquet"
            import polars as pl

            found = set(pl.read_parquet(lines)["line"].to_list())
            mine = [a["keys"] for a in city.answers(label="broken_row") if a["keys"]["file"] == receipt.file_name]
            assert found == {keys["line"] for keys in mine}


@pytest.mark.parametrize("feed", ["payment", "budget_line", "indicator", "adjustment", "transfer", "carryover", "debt_limit", "debt_bond",
                                  "project_invest", "org_unit", "region", "subject_dict", "calendar_event", "disclosure"])  # fmt: skip
def test_every_feed_has_facts(city: City, feed: str) -> None:
    assert city.sql(f"select count(*) as n from {feed}")["n"][0] > 0


def test_the_city_has_its_levels_and_four_books(city: City) -> None:
    levels = dict(city.sql("select level, count(distinct adm_div_code) from region group by 1").iter_rows())
    assert levels["city"] == 1
    assert levels["district"] >= 4
    assert levels["town"] + levels["street"] >= 40
    assert city.sql("select distinct book from budget_line").height == 4
    assert set(city.sql("select distinct stage from budget_line")["stage"]) == {
        "approved",
        "adjusted",
        "final",
        "draft",
    }


def test_population_of_a_level_is_that_of_the_places_below_it(city: City) -> None:
    wrong = city.sql("""
        select u.adm_div_code from region u join region b on b.budget_year = u.budget_year and length(b.adm_div_code) = 9
        and starts_with(b.adm_div_code, u.adm_div_code) where u.level = 'district' group by u.adm_div_code, u.budget_year, u.population
        having sum(b.population) <> u.population""")
    assert wrong.height == 0


def test_indicators_keep_their_identity(city: City) -> None:
    wrong = city.sql("select * from indicator where initial + added - reduced - frozen <> available + paid")
    assert set(wrong["indicator_no"]) == {a["keys"]["indicator_no"] for a in city.answers("indicator_off_balance")}


def test_payments_draw_on_an_indicator_of_the_same_unit_project_and_subject(city: City) -> None:
    odd = city.sql("""
        select p.voucher_no from payment p left join indicator i on i.indicator_no = p.indicator_no and i.agency_code = p.agency_code
        and i.budget_year = p.budget_year and i.pro_code = p.pro_code and i.func_code = p.func_code and i.dep_eco_code = p.dep_eco_code
        and i.book = p.book and i.fund_source = p.fund_source where i.indicator_no is null""")
    assert set(odd["voucher_no"]) <= city.vouchers("anomaly")


def test_what_indicators_say_was_paid_is_what_was_paid(city: City) -> None:
    wrong = city.sql("""
        with paid as (select indicator_no, sum(amount) as amount from payment where indicator_no is not null group by 1)
        select i.indicator_no, i.agency_code, i.budget_year, i.paid, coalesce(p.amount, 0) as amount
        from indicator i left join paid p using (indicator_no) where i.paid <> coalesce(p.amount, 0)""")
    assert {(a, y) for a, y in wrong.select("agency_code", "budget_year").iter_rows()} <= city.units("EX-08")


def test_final_accounts_are_the_sum_of_payments(city: City) -> None:
    wrong = city.sql("""
        with paid as (select budget_year, agency_code, func_code, dep_eco_code, pro_code, fund_source, sum(amount) as amount
            from payment group by all),
        final as (select * from budget_line where stage = 'final' and direction = 'expenditure' and func_code <> '2300803')
        select f.agency_code, f.budget_year from final f left join paid p on p.budget_year = f.budget_year and p.agency_code = f.agency_code
        and p.func_code = f.func_code and p.dep_eco_code = f.eco_code and p.pro_code = f.pro_code and p.fund_source = f.fund_source
        where f.amount <> coalesce(p.amount, 0)""")
    assert {(a, y) for a, y in wrong.iter_rows()} <= city.units("EX-08")


def test_budgets_balance_in_every_book_and_place(city: City) -> None:
    wrong = city.sql("""
        select adm_div_code, budget_year, stage, version, book,
        sum(case direction when 'revenue' then amount else -amount end) as gap
        from budget_line where stage <> 'final' group by all having gap <> 0""")
    planted = {(a["adm_div_code"], a["budget_year"]) for a in city.answers("unbalanced_budget")}
    assert {(d, y) for d, y in wrong.select("adm_div_code", "budget_year").iter_rows()} == planted


def test_final_accounts_have_no_deficit(city: City) -> None:
    wrong = city.sql("""
        select adm_div_code, budget_year, book, sum(case direction when 'revenue' then amount else -amount end) as gap
        from budget_line where stage = 'final' group by all having gap < 0""")
    assert wrong.height == 0


def test_what_is_sent_below_is_received_there(city: City) -> None:
    wrong = city.sql("""
        with sent as (select doc_no, recipient_div as place, sum(amount) as amount from transfer where direction = 'sent' group by all),
        got as (select doc_no, adm_div_code as place, sum(amount) as amount from transfer
            where direction = 'received' and adm_div_code <> '990100' group by all)
        select doc_no from sent full join got using (doc_no, place) where sent.amount is distinct from got.amount""")
    assert wrong.height == 0


def test_transfers_are_budgeted_by_sender_and_recipient(city: City) -> None:
    wrong = city.sql("""
        with docs as (select budget_year, adm_div_code, recipient_div, type = 'general' as general, sum(amount) as amount from transfer
            where direction = 'sent' group by all),
        lines as (select budget_year, adm_div_code, func_code = '2300202' as general, sum(amount) as amount from budget_line
            where stage = 'approved' and line_type = 'transfer' and book = '1' group by all),
        total as (select budget_year, adm_div_code, general, sum(amount) as amount from docs group by all)
        select budget_year, adm_div_code from lines join total using (budget_year, adm_div_code, general) where lines.amount <> total.amount""")
    extra = {990100}
    planted = {a["budget_year"] for a in city.answers("transfer_unallocated")}
    assert all(int(d) in extra and y in planted for y, d in wrong.select("budget_year", "adm_div_code").iter_rows())


def test_special_money_reaches_an_indicator_with_its_tracking_id(city: City) -> None:
    wrong = city.sql("""
        with got as (select tracking_id, sum(amount) as amount from transfer where direction = 'received' and adm_div_code = '990100'
            and tracking_id is not null group by 1),
        spent as (select tracking_id, sum(initial) as amount from indicator where tracking_id is not null group by 1)
        select got.tracking_id from got full join spent using (tracking_id) where got.amount is distinct from spent.amount""")
    assert set(wrong["tracking_id"]) == {a["keys"]["tracking_id"] for a in city.answers("transfer_unallocated")}


def test_bonds_say_what_was_spent_of_them(city: City) -> None:
    wrong = city.sql("""
        with paid as (select budget_year, pro_code, sum(amount) as amount from payment where fund_source like '%bond' group by all)
        select b.bond_id from debt_bond b left join paid p using (budget_year, pro_code) where b.spent <> coalesce(p.amount, 0)""")
    assert wrong.height == 0


def test_projects_say_what_was_paid_to_date(city: City) -> None:
    wrong = city.sql("""
        select i.pro_code from project_invest i where i.paid_total <>
        (select coalesce(sum(p.amount), 0) from payment p where p.pro_code = i.pro_code and p.pay_date <= i.as_of)""")
    known = {a["keys"]["pro_code"] for a in city.answers() if a["vouchers"] and "pro_code" in a["keys"]}
    assert set(wrong["pro_code"]) <= known


def test_adjusted_budgets_follow_the_indicators(city: City) -> None:
    wrong = city.sql("""
        with i as (select budget_year, agency_code, pro_code, func_code, dep_eco_code as eco_code, fund_source,
            sum(initial + added - reduced) as amount from indicator group by all),
        b as (select budget_year, agency_code, pro_code, func_code, eco_code, fund_source, amount from budget_line
            where stage = 'adjusted' and direction = 'expenditure' and line_type <> 'reserve' and func_code <> '2300803')
        select agency_code from b left join i using (budget_year, agency_code, pro_code, func_code, eco_code, fund_source)
        where b.amount is distinct from i.amount""")
    assert wrong.height == 0


def test_the_draft_has_two_versions_that_cost_the_same(city: City) -> None:
    sums = city.sql("""
        select version, sum(amount) as amount from budget_line
        where stage = 'draft' and direction = 'expenditure' and length(adm_div_code) = 6 group by 1 order by 1""")
    assert sums["version"].to_list() == ["1", "2"]
    assert sums["amount"][0] == sums["amount"][1] > Decimal(0)


def test_every_code_is_in_the_dictionary(city: City) -> None:
    wrong = city.sql("""
        select distinct func_code as code from payment where func_code not in (select code from subject_dict where type = 'func')
        union select distinct dep_eco_code from payment where dep_eco_code not in (select code from subject_dict where type = 'dep_eco')
        union select distinct gov_eco_code from payment where gov_eco_code not in (select code from subject_dict where type = 'gov_eco')
        union select distinct func_code from budget_line where direction = 'revenue'
            and func_code not in (select code from subject_dict where type = 'revenue')
        union select distinct agency_code from payment where agency_code not in (select agency_code from org_unit)""")
    assert set(wrong["code"]) == {a["keys"]["func_code"] for a in city.answers("unknown_subject")}
