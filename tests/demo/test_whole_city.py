"""What comes in, what is bought, promised and reported agrees with the books, and keeps the law but for what was planted."""

from __future__ import annotations

from budgetwatch import calendar
from tests.demo.conftest import City


def _places(city: City, *kinds: str) -> set[tuple[str, int]]:
    return {(a["adm_div_code"], a["budget_year"]) for a in city.answers(*kinds)}


def test_the_treasury_reports_what_was_paid(city: City) -> None:
    wrong = city.sql("""
        with paid as (select adm_div_code, year(pay_date) as y, month(pay_date) as m, book, sum(amount) as amount from payment group by all),
        told as (select adm_div_code, budget_year as y, month as m, book, sum(amount) as amount from treasury_report group by all)
        select adm_div_code, y from paid full join told using (adm_div_code, y, m, book)
        where coalesce(paid.amount, 0) <> coalesce(told.amount, 0)""")
    assert set(wrong.iter_rows()) == _places(city, "payments_differ_from_report")


def test_the_treasurys_months_add_up(city: City) -> None:
    wrong = city.sql("""
        select distinct adm_div_code, budget_year from (select *, sum(amount) over
            (partition by budget_year, adm_div_code, book, func_code order by month) as added from treasury_report) where added <> ytd""")
    assert set(wrong.iter_rows()) == _places(city, "report_does_not_add_up")


def test_a_years_revenue_is_that_of_its_accounts(city: City) -> None:
    wrong = city.sql("""
        with final as (select adm_div_code, budget_year, book, func_code as code, amount from budget_line
            where stage = 'final' and direction = 'revenue' and fund_source = 'own')
        select r.adm_div_code from revenue r join final f using (adm_div_code, budget_year, book, code) where r.month = 12 and r.ytd <> f.amount""")
    assert wrong.height == 0
    added = city.sql("""select adm_div_code from (select *, sum(amount) over (partition by budget_year, adm_div_code, book, code order by month)
        as added from revenue) where added <> ytd""")
    assert added.height == 0


def test_revenue_comes_in_as_budgeted_but_where_it_was_planted_not_to(city: City) -> None:
    short = city.sql("""
        select adm_div_code, budget_year from revenue where book = '1' group by adm_div_code, budget_year, month
        having sum(ytd) / sum(budget) < case month when 12 then 0.95 else month / 12 - 0.1 end""")
    assert set(short.iter_rows()) == _places(city, "revenue_shortfall")


def test_contracts_hold_what_was_paid_and_keep_their_dates(city: City) -> None:
    over = city.sql("""
        select b.proc_id from procurement b join (select procurement_no, sum(amount) as paid from payment group by 1) p
        on p.procurement_no = b.proc_id where p.paid > b.contract_amount + b.supplements""")
    assert over.height == 0
    late = city.sql("select proc_id from procurement where contract_date - award_letter_date > 30")
    assert set(late["proc_id"]) == {a["keys"]["proc_id"] for a in city.answers("late_contract")}
    noticed = city.sql("select proc_id, contract_date, contract_notice_date from procurement")
    slow = {p for p, signed, told in noticed.iter_rows() if told > calendar.add_workdays(signed, 2)}
    assert slow == {a["keys"]["proc_id"] for a in city.answers("late_contract_notice")}
    more = city.sql("select proc_id from procurement where supplements * 10 > contract_amount")
    assert set(more["proc_id"]) == {a["keys"]["proc_id"] for a in city.answers("large_supplement")}


def test_what_a_project_buys_much_of_is_tendered(city: City) -> None:
    found = city.sql("""
        select agency_code, budget_year from procurement where method <> 'open' group by agency_code, budget_year, pro_code, category
        having count(*) >= 2 and sum(award) > 2000000""")
    assert set(found.iter_rows()) == {(a["agency_code"], a["budget_year"]) for a in city.answers("avoided_tender")}


def test_deputies_have_a_choice_of_projects(city: City) -> None:
    found = city.sql("""
        select adm_div_code, budget_year from livelihood_item group by all
        having count(distinct item_id) < 1.2 * count(distinct item_id) filter (standing = 'chosen')""")
    assert set(found.iter_rows()) == _places(city, "no_choice_of_projects")


def test_promised_projects_keep_pace_with_plan_money_and_works(city: City) -> None:
    found = city.sql("""
        select item_id, max(planned_progress - progress) as behind, max(month(as_of) / 12 - funded / investment) as unfunded,
        max(abs(paid / investment - progress)) as apart from livelihood_item where votes is not null and month(as_of) % 3 = 0
        and day(as_of) >= 30 group by 1""")
    for column, line, kinds in (("behind", 0.1, ("livelihood_behind", "livelihood_paid_ahead")), ("unfunded", 0.2, ("livelihood_unfunded",)),
                                ("apart", 0.15, ("livelihood_paid_ahead", "livelihood_unfunded"))):  # fmt: skip
        wrong = {item for item, value in found.select("item_id", column).iter_rows() if value > line}
        assert {a["keys"]["item_id"] for a in city.answers(kinds[0])} <= wrong
        assert wrong <= {a["keys"]["item_id"] for a in city.answers(*kinds)}


def test_congresses_look_after_what_was_promised(city: City) -> None:
    events = city.sql("select * from calendar_event")
    places = city.sql("select distinct adm_div_code, budget_year from livelihood_item")
    for kind, least, planted in (("livelihood_bulletin", 4, "bulletin_missing"), ("livelihood_inspected", 1, "inspection_missing"),
                                 ("livelihood_reviewed", 1, "review_missing")):  # fmt: skip
        counted = {key: n for *key_, n in events.filter(event_type=kind).group_by("adm_div_code", "budget_year").len().iter_rows()
                   for key in [tuple(key_)]}  # fmt: skip
        missing = {key for key in places.iter_rows() if counted.get(key, 0) < least}
        assert missing == _places(city, planted)


def test_towns_are_told_in_advance_of_most_of_next_years_money(city: City) -> None:
    found = city.sql("""
        with years as (select adm_div_code, budget_year, type = 'general' as general, sum(amount) as whole,
            sum(amount) filter (advance) as early from transfer where direction = 'sent' group by all)
        select n.adm_div_code, n.budget_year from years n join years o on o.adm_div_code = n.adm_div_code and o.general = n.general
        and o.budget_year = n.budget_year - 1 where n.early < case when n.general then 0.9 else 0.7 end * o.whole""")
    assert _places(city, "thin_advance") <= set(found.iter_rows())
    assert set(found.iter_rows()) <= _places(city, "thin_advance", "general_transfers_cut", "transfer_unallocated") | {
        (d, y + 1) for d, y in _places(city, "transfer_unallocated")
    }


def test_published_tables_add_up_and_agree(city: City) -> None:
    wrong = city.sql("""
        pivot (select agency_code, budget_year, coalesce(place, 'summary') || '_' || item as what, amount from disclosure
            where stage = 'approved') on what using sum(amount)""")
    kinds = {
        "revenue_total": "summary_revenue_total <> summary_expenditure_total",
        "rows": "summary_basic + summary_project <> summary_expenditure_total",
        "basic": "basic_table_basic <> basic_table_personnel + basic_table_operating or basic_table_basic <> summary_basic",
        "text": "abs(text_expenditure_total - summary_expenditure_total) > 100",
    }
    expected = {
        "revenue_total": ("totals_unequal", "document_unit_error"), "rows": ("rows_do_not_add_up", "document_unit_error"),
        "basic": ("basic_does_not_add_up", "basic_differs_between_tables", "document_unit_error"),
        "text": ("text_differs_from_table", "document_unit_error"),
    }  # fmt: skip
    for name, condition in kinds.items():
        found = set(wrong.sql(f"select agency_code, budget_year from self where {condition}").iter_rows())
        kinds_ = expected[name]
        assert {(a["agency_code"], a["budget_year"]) for a in city.answers(*kinds_[:-1])} <= found
        assert found <= {(a["agency_code"], a["budget_year"]) for a in city.answers(*kinds_)}


def test_borrowing_is_approved_before_the_money_comes(city: City) -> None:
    found = city.sql("""
        select distinct b.adm_div_code, b.budget_year from debt_bond b left join calendar_event e on e.event_type = 'borrowing_approved'
        and e.doc_no = b.approval_doc and e.adm_div_code = left(b.adm_div_code, 6) and e.budget_year = b.budget_year
        where e.event_date is null or e.event_date > b.arrival_date""")
    assert set(found.iter_rows()) == _places(city, "unapproved_borrowing")
