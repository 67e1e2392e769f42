"""What was not planted is lawful: an honest auditor finds nothing among it.

Each law is written here once more, on its own, from the statutes and customs; no rule of the product is asked.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from budgetwatch import calendar
from tests.demo.conftest import City

Ask = Callable[[str], pl.DataFrame]


def _units(frame: pl.DataFrame) -> set[tuple[str, int]]:
    return {(a, y) for a, y in frame.select("agency_code", "budget_year").iter_rows()}


def test_no_twins_within_thirty_days(city: City, clean: Ask) -> None:
    twins = clean("""
        select a.voucher_no from honest a join honest b on a.agency_code = b.agency_code and a.payee_account = b.payee_account
        and a.amount = b.amount and a.voucher_no < b.voucher_no and abs(date_diff('day', a.pay_date, b.pay_date)) <= 30""")
    assert set(twins["voucher_no"]) <= city.vouchers("hard_negative")


def test_no_large_payment_on_a_day_off(city: City, clean: Ask) -> None:
    days = clean("select distinct pay_date from honest where amount >= 10000")["pay_date"].to_list()
    off = [d for d in days if not calendar.is_workday(d)]
    listed = ",".join(f"date '{d}'" for d in off) or "date '1900-01-01'"
    found = clean(f"select voucher_no from honest where amount >= 10000 and pay_date in ({listed})")
    assert set(found["voucher_no"]) <= city.vouchers("hard_negative")


def test_some_small_card_payments_do_fall_on_days_off(clean: Ask) -> None:
    days = clean("select pay_date from honest where settlement = 'card'")["pay_date"].to_list()
    assert any(not calendar.is_workday(d) for d in days)


def test_no_series_just_below_the_purchase_limit(clean: Ask) -> None:
    found = clean("""
        select agency_code, count(*) as n from honest where amount >= 90000 and amount < 100000 and payee_type = 'organisation'
        group by agency_code, budget_year having n >= 3""")
    assert found.height == 0


def test_repeated_purchases_from_one_company_are_under_contract(clean: Ask) -> None:
    found = clean("""
        select agency_code, payee_account, sum(amount) as total from honest
        where payee_type = 'organisation' and procurement_no is null and dep_eco_code[:3] in ('302', '310') and dep_eco_code <> '31009'
        group by agency_code, payee_account, budget_year having count(*) >= 2 and total >= 100000""")
    assert found.height == 0


def test_december_stays_below_a_fifth(city: City, clean: Ask) -> None:
    found = clean("""
        select agency_code, budget_year, sum(amount) filter (month(pay_date) = 12) / sum(amount) as share
        from payment group by all having share > 0.2""")
    assert _units(found) == {(a["agency_code"], a["budget_year"]) for a in city.answers("december_rush")}


def test_every_unit_keeps_pace_with_the_year(city: City, clean: Ask) -> None:
    found = clean("""
        with usable as (select agency_code, budget_year, sum(initial + added - reduced - frozen) as money from indicator group by all),
        marks as (select unnest([630, 930, 1231]) as mark),
        paid as (select agency_code, budget_year, mark, sum(amount) filter (month(pay_date) * 100 + day(pay_date) <= mark) as amount
            from payment, marks group by all)
        select agency_code, budget_year, mark, amount / money as done from paid join usable using (agency_code, budget_year)
        where done < case mark when 630 then 0.396 when 930 then 0.648 else 0.92 end
           or done > case mark when 630 then 0.596 when 930 then 0.848 else 1.0 end""")
    assert _units(found) <= city.units()


def test_nothing_goes_over_its_indicator(city: City, clean: Ask) -> None:
    found = clean("select agency_code, budget_year from indicator where available < 0")
    assert _units(found) == {
        (a["agency_code"], a["budget_year"]) for a in city.answers("over_budget", "three_public_over_budget")
    }


def test_no_project_stays_unspent(city: City, clean: Ask) -> None:
    found = clean(
        "select agency_code, budget_year from indicator where paid = 0 and initial + added - reduced - frozen > 0"
    )
    assert _units(found) == {
        (a["agency_code"], a["budget_year"]) for a in city.answers("zero_execution", "idle_bond", "funds_stuck")
    }


def test_cash_is_petty(clean: Ask) -> None:
    assert clean("select * from honest where settlement = 'cash' and amount > 1000").height == 0


def test_persons_get_large_sums_only_as_wages_and_support(clean: Ask) -> None:
    found = clean("""
        select * from honest where payee_type = 'person' and amount >= 10000 and dep_eco_code[:3] not in ('301', '303')""")
    assert found.height == 0


def test_nobody_pays_its_own_account(clean: Ask) -> None:
    found = clean(
        "select * from honest where payee_name = agency_name or payee_type = 'own_unit' or payee_account_type = 'basic'"
    )
    assert found.height == 0


def test_only_finance_pays_treasuries(clean: Ask) -> None:
    found = clean(
        "select * from honest where payee_type = 'fiscal_account' and agency_name not like '%财政局' and line_type <> 'debt'"
    )
    assert found.height == 0


def test_no_round_monthly_totals(clean: Ask) -> None:
    found = clean("""
        select agency_code from honest group by agency_code, payee_account, date_trunc('month', pay_date)
        having count(*) >= 2 and sum(amount) % 10000 = 0""")
    assert found.height == 0


def test_a_payee_has_one_account_and_an_account_one_payee(clean: Ask) -> None:
    assert clean("select payee_name from honest group by 1 having count(distinct payee_account) > 1").height == 0
    assert clean("select payee_account from honest group by 1 having count(distinct payee_name) > 1").height == 0


def test_no_company_takes_half_of_a_units_projects(city: City, clean: Ask) -> None:
    found = clean("""
        with p as (select agency_code, budget_year, payee_account, sum(amount) as amount, count(*) as n from payment
            where line_type = 'project' group by all),
        s as (select *, amount / sum(amount) over w as share, sum(n) over w as all_n from p window w as (partition by agency_code, budget_year))
        select agency_code, budget_year, max(share) as top, sum(share * share) as hhi from s where all_n >= 10
        group by all having top > 0.5 or hhi > 0.25""")
    planted = {(a["agency_code"], a["budget_year"]) for a in city.answers("payee_concentration")}
    assert planted <= _units(found)
    assert _units(found) - planted <= city.units()


def test_purposes_use_no_words_that_give_rise_to_doubt(clean: Ask) -> None:
    words = "礼品|烟|酒|茶叶|购物卡|充值卡|土特产|月饼|旅游|健身|KTV|高尔夫|会所|红包|慰问品"
    assert clean(f"select distinct purpose from honest where regexp_matches(purpose, '{words}')").height == 0
    meals = "招待|接待|餐费|工作餐"
    assert (
        clean(
            f"select distinct purpose from honest where regexp_matches(purpose, '{meals}') and dep_eco_code <> '30217'"
        ).height
        == 0
    )
    cars = "加油|过路|车辆运行|维修车"
    assert (
        clean(
            f"select distinct purpose from honest where regexp_matches(purpose, '{cars}') and dep_eco_code <> '30231'"
        ).height
        == 0
    )
    assert clean("select * from honest where purpose is null or length(purpose) < 4 or purpose like '%{%'").height == 0


def test_three_public_costs_stay_in_budget_and_fall(city: City, clean: Ask) -> None:
    found = clean("""
        with p as (select agency_code, budget_year, dep_eco_code, sum(amount) as amount from payment
            where dep_eco_code in ('30212', '30217', '30231', '31013') group by all)
        select a.agency_code, a.budget_year from p a join p b on b.agency_code = a.agency_code and b.dep_eco_code = a.dep_eco_code
        and b.budget_year = a.budget_year - 1 where a.amount > b.amount""")
    assert _units(found) <= {
        (a["agency_code"], a["budget_year"]) for a in city.answers("three_public_over_budget", "three_public_growth")
    }


def test_bonds_pay_for_works_only(city: City, clean: Ask) -> None:
    assert (
        clean("select * from honest where fund_source like '%bond' and dep_eco_code[:3] not in ('309', '310')").height
        == 0
    )


def test_spending_before_the_approval_is_below_the_year_before(city: City, clean: Ask) -> None:
    found = clean("""
        with approved as (select adm_div_code, budget_year, event_date from calendar_event where event_type = 'budget_approved'),
        early as (select p.agency_code, p.budget_year, p.adm_div_code, sum(p.amount) as amount from payment p join approved a
            on a.adm_div_code = coalesce((select any_value(b.adm_div_code) from approved b where b.adm_div_code = p.adm_div_code), p.adm_div_code[:6])
            and a.budget_year = p.budget_year where p.pay_date < a.event_date group by all)
        select a.agency_code, a.budget_year from early a left join early b on b.agency_code = a.agency_code and b.budget_year = a.budget_year - 1
        where a.amount > b.amount""")
    early = city.answers("spending_before_approval", "paid_out_of_year")
    assert _units(found) <= {(a["agency_code"], a["budget_year"]) for a in early}


def test_reserves_lie_between_one_and_three_per_cent(city: City) -> None:
    found = city.sql("""
        select adm_div_code, budget_year, sum(amount) filter (line_type = 'reserve') as reserve, sum(amount) as everything,
        sum(amount) filter (line_type not in ('transfer', 'reserve')) as own from budget_line
        where stage in ('approved', 'draft') and direction = 'expenditure' and book = '1' group by adm_div_code, budget_year, stage, version
        having reserve / everything not between 0.01 and 0.03 or reserve / own not between 0.01 and 0.03""")
    planted = {(a["adm_div_code"], a["budget_year"]) for a in city.answers("small_reserve")}
    assert {(d, y) for d, y in found.select("adm_div_code", "budget_year").iter_rows()} == planted


def test_general_transfers_do_not_lose_ground(city: City) -> None:
    shares = city.sql("""
        select adm_div_code, budget_year, sum(amount) filter (type = 'general') / sum(amount) as share from transfer
        where direction = 'sent' group by all order by 1, 2""")
    extra = {a["budget_year"] for a in city.answers("transfer_unallocated")}
    cut = {(a["adm_div_code"], a["budget_year"]) for a in city.answers("general_transfers_cut")}
    for (place,), rows in shares.group_by("adm_div_code"):
        by_year = {y: share for y, share in rows.select("budget_year", "share").iter_rows() if (place, y) not in cut}
        assert min(by_year.values()) > 0.6
        for year, share in by_year.items():
            if year - 1 in by_year and not {year, year - 1} & extra:
                assert share >= by_year[year - 1]


def test_carry_over_is_young_and_small(city: City) -> None:
    old = city.sql("select agency_code, budget_year from carryover where form_year <= budget_year - 2 and balance > 0")
    assert _units(old) == {(a["agency_code"], a["budget_year"]) for a in city.answers("old_carryover")}
    assert (
        city.sql("select * from carryover where balance <> formed - coalesce(used, 0) - coalesce(recovered, 0)").height
        == 0
    )


def test_debt_stays_under_its_ceilings(city: City) -> None:
    over = city.sql("select adm_div_code, budget_year from debt_limit where balance > ceiling")
    assert set(over.iter_rows()) == {(a["adm_div_code"], a["budget_year"]) for a in city.answers("debt_over_ceiling")}
    heavy = city.sql(
        "select adm_div_code, budget_year from debt_limit group by all having sum(balance) > 1.2 * max(fiscal_capacity)"
    )
    assert set(heavy.iter_rows()) == {(a["adm_div_code"], a["budget_year"]) for a in city.answers("heavy_debt")}


def test_projects_keep_to_estimate_and_progress(city: City) -> None:
    over = city.sql(
        """select pro_code from project_invest where paid_total > approved_estimate or contract_amount > approved_estimate"""
    )
    assert set(over["pro_code"]) == {a["keys"]["pro_code"] for a in city.answers("over_estimate")}
    ahead = city.sql("select pro_code from project_invest where paid_total / contract_amount - physical_progress > 0.1")
    assert {a["keys"]["pro_code"] for a in city.answers("paid_ahead")} <= set(ahead["pro_code"])
    assert set(ahead["pro_code"]) <= {
        a["keys"]["pro_code"] for a in city.answers("paid_ahead", "over_estimate", "idle_bond")
    }
    early = city.sql("select pro_code from project_invest where start_date < estimate_approved_date")
    assert set(early["pro_code"]) == {a["keys"]["pro_code"] for a in city.answers("started_early")}


def _late(city: City, start: str, end: str, days: int, *, each: bool = True) -> set[str]:
    """The ids of `end` events that answer a `start` event more than so many days later."""
    found = city.sql(f"""
        select e.event_id from calendar_event e join calendar_event s on s.event_id = e.refers_to
        where e.event_type = '{end}' and s.event_type = '{start}' and date_diff('day', s.event_date, e.event_date) > {days}""")
    return set(found["event_id"])


def _planted(city: City, *kinds: str) -> set[str]:
    return {a["keys"]["event_id"] for a in city.answers(*kinds)}


def test_deadlines_are_met_but_for_what_was_planted(city: City) -> None:
    assert _late(city, "budget_approved", "department_budget_approved", 20) == _planted(
        city, "late_department_approval"
    )
    assert _late(city, "department_budget_approved", "unit_budget_approved", 15) == _planted(city, "late_unit_approval")
    assert _late(city, "department_budget_approved", "department_published", 20) == _planted(
        city, "late_department_publication"
    )
    assert _late(city, "unit_budget_approved", "unit_published", 20) == _planted(city, "late_unit_publication")
    assert _late(city, "budget_approved", "government_published", 20) == _planted(city, "late_government_publication")
    assert _late(city, "accounts_approved", "government_published", 20) == set()
    assert _late(city, "department_budget_approved", "copied_to_congress", 10) == set()
    assert _late(city, "audit_reported", "rectification_reported", 181) == _planted(city, "late_rectification")
    assert _late(city, "suggestion_assigned", "suggestion_answered", 90) == _planted(city, "late_suggestion_answer")


def test_what_must_come_before_comes_early_enough(city: City) -> None:
    for start, end, kind in (
        ("congress_open", "draft_submitted", "late_draft"),
        ("standing_committee", "adjustment_submitted", "late_adjustment_proposal"),
    ):
        found = city.sql(f"""
            select e.event_id from calendar_event e join calendar_event s on s.event_id = e.refers_to
            where e.event_type = '{end}' and s.event_type = '{start}' and date_diff('day', e.event_date, s.event_date) < 30""")
        assert set(found["event_id"]) == _planted(city, kind)
    late = city.sql("""
        select s.event_id from calendar_event s join calendar_event a using (adm_div_code, budget_year)
        where s.event_type = 'accounts_submitted' and a.event_type = 'accounts_approved' and date_diff('day', s.event_date, a.event_date) < 30""")
    assert set(late["event_id"]) == _planted(city, "late_accounts")


def test_every_congress_hears_voters_and_a_mid_year_report(city: City) -> None:
    silent = city.sql("""
        select adm_div_code, budget_year from calendar_event where event_type = 'congress_open' and length(adm_div_code) > 6
        and (adm_div_code, budget_year) not in (select (adm_div_code, budget_year) from calendar_event where event_type = 'voters_consulted')""")
    assert set(silent.iter_rows()) == {
        (a["adm_div_code"], a["budget_year"]) for a in city.answers("voters_not_consulted")
    }
    reported = city.sql(
        "select event_id from calendar_event where event_type = 'execution_reported' and month(event_date) not between 6 and 9"
    )
    assert set(reported["event_id"]) == _planted(city, "late_execution_report")


def test_every_department_approval_is_copied(city: City) -> None:
    missed = city.sql("""
        select event_id from calendar_event where event_type = 'department_budget_approved' and event_id not in
        (select refers_to from calendar_event where event_type = 'copied_to_congress' and refers_to is not null)""")
    assert set(missed["event_id"]) == _planted(city, "missed_copy")


def test_transfers_are_passed_on_in_time(city: City) -> None:
    late = city.sql("""
        select t.doc_no from transfer t join calendar_event a on a.adm_div_code = t.adm_div_code and a.budget_year = t.budget_year
        and a.event_type = 'budget_approved' where t.direction = 'sent' and month(t.issued_date) < 8
        and date_diff('day', a.event_date, t.issued_date) > case t.type when 'general' then 30 else 60 end""")
    assert set(late["doc_no"]) == {a["keys"]["doc_no"] for a in city.answers("late_transfer", "late_special_transfer")}
    idle = city.sql(
        "select doc_no from transfer where registered_date is not null and (allocated_date is null or allocated_date > registered_date + 30)"
    )
    kept = {a["keys"]["doc_no"] for a in city.answers("transfer_unallocated")}
    slow = {a["keys"]["doc_no"] for a in city.answers("late_special_transfer", "special_money_kept_back")}
    assert kept <= set(idle["doc_no"]) <= kept | slow


def test_special_money_is_spent_within_half_a_year(city: City) -> None:
    stuck = city.sql("""
        select distinct tracking_id from transfer t where tracking_id is not null and issued_date is not null
        and not exists (select 1 from payment p where p.tracking_id = t.tracking_id and p.pay_date <= t.issued_date + 180)""")
    known = {a["keys"]["tracking_id"] for a in city.answers("funds_stuck", "transfer_unallocated")}
    assert set(stuck["tracking_id"]) == known


def test_virements_stay_below_a_fifth(city: City) -> None:
    found = city.sql("""
        select agency_code, budget_year from indicator where initial > 0 and greatest(added, reduced) / initial > 0.2""")
    assert _units(found) == {(a["agency_code"], a["budget_year"]) for a in city.answers("large_virement")}


def test_own_revenue_grows_and_meets_its_budget(city: City) -> None:
    found = city.sql("""
        with r as (select adm_div_code, budget_year, stage, sum(amount) as amount from budget_line
            where direction = 'revenue' and fund_source = 'own' and book = '1' and stage in ('approved', 'final') group by all)
        select a.adm_div_code, a.budget_year, a.stage, a.amount / b.amount as growth from r a join r b on b.adm_div_code = a.adm_div_code
        and b.stage = a.stage and b.budget_year = a.budget_year - 1 where a.stage = 'approved' and growth < 0.97
        union all select f.adm_div_code, f.budget_year, f.stage, f.amount / b.amount from r f join r b using (adm_div_code, budget_year)
        where f.stage = 'final' and b.stage = 'approved' and f.amount < 0.95 * b.amount""")
    disturbed = {(a["adm_div_code"], a["budget_year"] + n) for a in city.answers("unbalanced_budget") for n in (0, 1)}
    disturbed |= {(a["adm_div_code"], a["budget_year"]) for a in city.answers("revenue_shortfall")}
    assert {(d, y) for d, y in found.select("adm_div_code", "budget_year").iter_rows()} <= disturbed


def test_published_figures_agree_with_the_books(city: City) -> None:
    wrong = city.sql("""
        with book as (select budget_year, stage, agency_code, sum(amount) as amount from budget_line where direction = 'expenditure'
            and line_type in ('personnel', 'operating', 'project') group by all)
        select d.agency_code, d.budget_year from disclosure d join book b using (budget_year, stage, agency_code)
        where d.item = 'expenditure_total' and d.place is null and d.amount <> b.amount""")
    assert _units(wrong) == {(a["agency_code"], a["budget_year"]) for a in city.answers("document_unit_error")}
