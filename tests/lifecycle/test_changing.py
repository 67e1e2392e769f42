"""A rule that stands comes back into the form and out of it: what the form shows can be changed, the rest stays as it is."""

from __future__ import annotations

from typing import Any

import pytest

from budgetwatch.errors import Invalid
from budgetwatch.lifecycle import changing, drafting, reading, writing
from budgetwatch.lifecycle.condition import Condition, Group, Row, build
from budgetwatch.rulebooks import rule_of
from budgetwatch.rules.book import from_text
from budgetwatch.rules.examples import check_examples
from dashboard.ruling import condition_of
from tests.rules.samples import CASH, LATE_TRANSFER, OFTEN, SPLIT, rule_file

CONDITIONS = [
    Condition("payment", (Group((Row("amount", "ge", "1000"),)),)),
    Condition("payment", (Group((Row("amount", "gt", "1000"), Row("amount", "lt", "2000"))),)),
    Condition("payment", (Group((Row("pay_date", "holiday"), Row("settlement", "is", "cash"))),)),
    Condition("payment", (Group((Row("purpose", "contains", "礼品、购物卡"), Row("payee_type", "isnt", "person"))),)),
    Condition("payment", (Group((Row("func_code", "begins", "201"), Row("payee_name", "present"))),)),
    Condition("payment", (Group((Row("payee_name", "absent"), Row("settlement", "in", "cash、card")), "any"),), "any"),
    Condition("payment", (Group((Row("pay_date", "from", "2025-01-01"), Row("pay_date", "until", "2025-06-30"))),)),
    Condition("payment", (Group((Row("amount", "lt", "1000"),)),), least_amount="5000", least_rows="3"),
    Condition(
        "payment",
        (Group((Row("amount", "ge", "1000"),)), Group((Row("payee_name", "absent"), Row("purpose", "absent")), "any")),
    ),
    Condition(
        "payment",
        (Group((Row("amount", "ge", "1000"), Row("pay_date", "workday"))), Group((Row("amount", "ge", "9000"), Row("pay_date", "holiday")))),
        "any",
    ),
]  # fmt: skip


def body_of(sample: str) -> str:
    [rule] = from_text(rule_file(sample))
    return rule.body


def changed(body: str, **fields: str) -> dict[str, Any]:
    """The parts of the rule with those fields changed, as the form sends all of them."""
    told = reading.fields_of(writing.parts(body)) | fields
    beyond = reading.read(writing.parts(body)).beyond
    text = changing.changed(body, told, None if beyond else condition_of(told))
    assert not check_examples(rule_of(text, None, "draft")), "its examples hold"
    return writing.parts(text)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda c: build(c).when)
def test_what_the_form_wrote_reads_back_to_the_same_condition(condition: Condition) -> None:
    built = build(condition)
    rule = {
        "over": "payment",
        "subject": ["agency_code"],
        "period": "month",
        "when": built.when,
        "params": built.params,
        **({"least": built.least} if built.least else {}),
    }
    said = reading.read(rule)
    assert said.beyond is None
    assert said.condition is not None
    again = build(said.condition)
    assert (again.when, again.least, again.params) == (built.when, built.least, built.params)


@pytest.mark.parametrize(
    ("when", "part"),
    [
        ("is_round(amount, 10000)", "is_round"),
        ("amount >= 1 AND budget_year <> year(pay_date)", "year"),
        ("amount >= 1 OR (amount <= 0 AND (pay_date >= DATE '2025-01-01' OR purpose IS NULL))", "OR"),
        ("amount * 2 > 10", "amount * 2"),
    ],
)
def test_what_no_row_can_say_is_named(when: str, part: str) -> None:
    said = reading.read({"over": "payment", "subject": ["agency_code"], "period": "month", "when": when})
    assert said.condition is None
    assert said.beyond is not None
    assert part in said.beyond.zh


@pytest.mark.parametrize("sample", [SPLIT, LATE_TRANSFER])
def test_of_another_form_the_words_change_and_the_question_stays(sample: str) -> None:
    body = body_of(sample)
    assert reading.read(writing.parts(body)).beyond is not None
    now, before = changed(body, name="换个名称", severity="red"), writing.parts(body)
    assert (now["name"]["zh"], now["severity"]) == ("换个名称", "red")
    assert {k: v for k, v in now.items() if k not in ("name", "severity")} == {
        k: v for k, v in before.items() if k not in ("name", "severity")
    }


def test_nothing_changed_changes_nothing() -> None:
    assert changed(body_of(CASH)) == writing.parts(body_of(CASH))


def test_another_value_keeps_the_parameter_its_bounds_and_the_words() -> None:
    now, before = changed(body_of(CASH), v0_1="8000"), writing.parts(body_of(CASH))
    assert now["params"]["floor"] == {**before["params"]["floor"], "value": "8000"}
    assert "$floor" in now["when"]
    assert (now["message"], now["needs"], now["law"]) == (before["message"], before["needs"], before["law"])
    assert {one["expect"] for one in now["examples"]} == {"flags", "clear", "cannot"}


def test_a_further_row_is_added_and_examples_that_no_longer_hold_give_way() -> None:
    now = changed(body_of(CASH), c0_2="pay_date", r0_2="holiday", v0_2="")
    assert "is_workday" in now["when"]
    flagged = [one for one in now["examples"] if one["expect"] == "flags"]
    assert all(one["given"]["payment"][0]["pay_date"].isoweekday() > 5 for one in flagged)


def test_a_row_taken_away_takes_its_parameter_along() -> None:
    now = changed(body_of(CASH), c0_1="")
    assert "params" not in now
    assert "{floor}" not in str(now["message"])


def test_what_hits_must_come_to_is_added_changed_and_taken_away() -> None:
    once = changed(body_of(CASH), least_rows="3")
    assert once["least"] == {"rows": "$least_rows"}
    assert once["params"]["least_rows"]["value"] == 3
    often = writing.parts(body_of(OFTEN))
    more = changed(body_of(OFTEN), least_amount="80000")
    assert (more["least"], more["params"]["total"]) == (often["least"], {**often["params"]["total"], "value": "80000"})
    fewer = changed(body_of(OFTEN), least_amount="")
    assert fewer["least"] == {"rows": "$times"}
    assert "total" not in fewer["params"]
    none = changed(body_of(OFTEN), least_amount="", least_rows="")
    assert "least" not in none
    assert list(none["params"]) == ["limit"]
    assert changed(body_of(OFTEN)) == often


def test_a_parameter_that_the_condition_has_too_is_not_changed_with_the_total() -> None:
    lines = [line for line in OFTEN.splitlines(keepends=True) if not line.lstrip().startswith("limit:")]
    shared = body_of("".join(lines).replace("$limit", "$total"))
    now, before = changed(shared, least_amount="120000"), writing.parts(shared)
    assert now["params"]["total"] == before["params"]["total"]
    assert now["least"]["amount"] == "$least_amount"
    assert now["params"]["least_amount"]["value"] == "120000"
    assert changed(shared) == before


def test_the_sentence_that_the_form_made_follows_the_condition() -> None:
    form = drafting.Form("PY-90", "大额", "yellow", "逐笔看", CONDITIONS[0], practice="逐笔核对")
    now = changed(drafting.rule_text(form), v0_0="5000")
    assert "5000" in now["message"]["zh"]
    assert (
        changed(drafting.rule_text(form), message="{subject_name} 看一看")["message"]["zh"] == "{subject_name} 看一看"
    )


def test_the_basis_and_english_change_by_themselves() -> None:
    body = body_of(CASH)
    now = changed(body, law="", article="", practice="单位之间转账")
    assert now["law"] == [{"practice": {"zh": "单位之间转账", "en": "单位之间转账"}}]
    assert changed(body, why_en="Another reason")["why"] == {"zh": "原因", "en": "Another reason"}
    with pytest.raises(Invalid, match="Give a basis"):
        changed(body, law="", article="", practice="")
    with pytest.raises(Invalid, match="lines in Chinese"):
        changed(body, check="一\n二", check_en="one")
