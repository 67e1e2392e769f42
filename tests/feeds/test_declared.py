"""The canonical feeds are declared once: every feed, what identifies a row, what it holds, and no name with two meanings."""

from __future__ import annotations

import pytest

from budgetwatch.feeds.headings import fold
from budgetwatch.records import ALL, SENT
from budgetwatch.records.codes import LISTS

#: The feeds that a congress needs, and the least that each must say.
LEAST = {
    "org_unit": "agency_code budget_year agency_name parent_code adm_div_code level unit_type staff_quota staff_actual uscc",
    "subject_dict": "type budget_year code name parent level valid_from valid_to",
    "budget_line": "book budget_year stage agency_code pro_code func_code eco_code gov_eco_code amount fund_source note last_exec procurement_amount",
    "indicator": "indicator_no agency_code pro_code func_code dep_eco_code initial added reduced frozen available paid doc_no issue_date source"
    " tracking_id plan_approved",
    "adjustment": "adj_no from_line to_line amount type approval_doc approval_body adj_date copied_date from_func to_func from_agency to_agency",
    "payment": "voucher_no budget_year pay_date pay_time amount payee_name payee_account payee_type payee_account_type payer_account"
    " payer_account_type settlement purpose procurement_no contract_no invoice_no tracking_id indicator_no refund_of",
    "revenue": "adm_div_code month code budget amount ytd last_ytd refund refund_basis",
    "transfer": "doc_no direction upper_doc type received_date registered_date allocated_date issued_date recipient_div amount tracking_id"
    " allocated_amount issued_amount advance beneficiaries",
    "carryover": "agency_code pro_code form_year formed used balance recovered",
    "debt_bond": "bond_id proceeds balance rate due_date arrival_date spent physical_progress expected_income use principal_due interest_due",
    "debt_project": "pro_code bonds_issued bonds_spent arrival_date physical_progress expected_income debt_service",
    "project_invest": "pro_code proposal_date feasibility_date estimate_approved_date feasibility_estimate approved_estimate contract_amount"
    " annual_plan annual_done paid_total physical_progress milestone milestone_due milestone_done change_amount completed_date"
    " final_account_date residual residual_returned",
    "procurement": "proc_id item method budget award award_date contract_date award_notice_date contract_notice_date filing_date supplier bidders"
    " small_business supplements publicity_date publicity_end bid_deposit performance_deposit unit_price quantity acceptance_date prepayment"
    " bidder_names bidder_contacts bidder_addresses",
    "asset": "asset_id agency_code category quantity quota state acquired_date original_value voucher_no disposal_way appraised income_due income_paid rent",
    "soe_dividend": "company_code due paid due_date paid_date transferred",
    "insurance_fund": "scheme month income expenditure opening closing subsidy_due subsidy account_type",
    "performance": "pro_code indicator stage target measure completion grade amount due_date done_date",
    "nontax_item": "item_code collected remitted receipts_drawn valid_from valid_to collected_date remitted_date last_year spent_direct",
    "audit_issue": "issue_id agency_code amount due_date state mended_date mended_amount rule_ids",
    "livelihood_item": "item_id term standing seats votes agency_code investment funded paid milestone milestone_due planned_progress progress"
    " photos rating satisfied fairly_satisfied unsatisfied changed_date change_reported",
    "calendar_event": "event_id event_type event_date refers_to doc_no due_date",
}


@pytest.mark.parametrize("feed", LEAST)
def test_every_canonical_feed_holds_at_least(feed: str) -> None:
    assert set(LEAST[feed].split()) <= ALL[feed].by_name.keys()


@pytest.mark.parametrize("feed", SENT)
def test_every_feed_has_a_key_a_region_and_a_year_where_it_speaks_of_one(feed: str) -> None:
    declared = ALL[feed]
    assert declared.key
    assert declared.label.zh != declared.label.en
    assert "budget_year" in declared.by_name
    assert ("adm_div_code" in declared.by_name) == (feed != "subject_dict")
    money = [c.name for c in declared.columns if c.kind == "money"]
    assert ("currency" in declared.by_name) == bool(money)


#: Two columns with a heading in common: the one that stands first takes it, the other where the first has a better one.
SHARED = {("payment", fold("VouDate"))}


@pytest.mark.parametrize("feed", ALL)
def test_no_heading_means_two_columns(feed: str) -> None:
    meant: dict[str, set[str]] = {}
    for column in ALL[feed].columns:
        for name in (column.name, column.label.en, *column.aliases):
            meant.setdefault(fold(name), set()).add(column.name)
    assert {name for name, columns in meant.items() if len(columns) > 1 and (feed, name) not in SHARED} == set()


def test_every_code_list_that_a_column_names_is_there_and_every_list_is_used() -> None:
    named = {c.values for feed in ALL.values() for c in feed.columns if c.values}
    assert named == LISTS.keys()
    for codes in LISTS.values():
        assert len({text.zh for text in codes.values()}) == len(codes)
