"""A rule put together in a form is a rule like any other: every column and relation gives one whose examples hold."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetwatch.errors import Invalid
from budgetwatch.home import Home
from budgetwatch.lifecycle.condition import RELATIONS, Condition, Group, Row, build, relations_of, sentence
from budgetwatch.lifecycle.drafting import Form, feeds, rule_text
from budgetwatch.queries.preview import preview
from budgetwatch.records import ALL
from budgetwatch.records.codes import LISTS
from budgetwatch.records.types import Column
from budgetwatch.rulebooks import rule_of
from budgetwatch.rules.examples import check_examples
from tests.builders import facts
from tests.effort import examples
from tests.lifecycle.builders import LAWS, People


def form(condition: Condition, **more: Any) -> Form:
    given = {
        "id": "PY-77",
        "name": "大额现金",
        "severity": "orange",
        "why": "现金难以追踪",
        "law": "预算法",
        "article": "57",
    }
    return Form(condition=condition, **{**given, "period": "month" if ALL[condition.over].day else "year", **more})


def one(column: str, relation: str, value: str = "", over: str = "payment") -> Condition:
    return Condition(over, (Group((Row(column, relation, value),)),))


def value_for(column: Column, relation: str) -> str:
    if column.values:
        return next(iter(LISTS[column.values]))
    return {"money": "10,000", "integer": "12", "ratio": "0.5", "date": "2024-06-26"}.get(
        column.kind, "购物卡、礼品's" if relation in ("in", "contains") else "3O'1"
    )


PAIRS = [
    (feed, column.name, relation)
    for feed in ("payment", "budget_line")
    for column in ALL[feed].columns
    for relation, _ in relations_of(column)
]


@pytest.mark.parametrize("feed", ["payment", "budget_line"])
def test_every_column_with_every_relation_gives_a_rule_whose_condition_is_sound(feed: str) -> None:
    for over, column, relation in PAIRS:
        if over == feed:
            rule_of(
                rule_text(form(one(column, relation, value_for(ALL[over].by_name[column], relation), over))), LAWS, "x"
            )


@pytest.mark.parametrize(
    ("column", "relation", "value"),
    [
        ("amount", "ge", "10000"), ("amount", "gt", "10000"), ("amount", "le", "10"), ("amount", "eq", "5000"), ("settlement", "is", "cash"),
        ("settlement", "isnt", "cash"), ("settlement", "in", "cash，card"), ("purpose", "contains", "购物卡、礼品"), ("dep_eco_code", "begins", "302"),
        ("pay_date", "holiday", ""), ("pay_date", "workday", ""), ("payee_name", "absent", ""), ("payee_name", "present", ""),
        ("pay_date", "from", "2024-03-01"),
    ],
)  # fmt: skip
def test_its_examples_flag_clear_and_cannot_be_judged(column: str, relation: str, value: str) -> None:
    if relation == "in":
        value = (
            "、".join(list(LISTS["settlement"])[:2]) if ALL["payment"].by_name[column].values == "settlement" else value
        )
    rule = rule_of(rule_text(form(one(column, relation, value))), LAWS, "x")
    assert check_examples(rule) == []


@pytest.mark.parametrize(
    "rows",
    [
        (Row("amount", "lt", "10000"), Row("amount", "lt", "50000")), (Row("amount", "lt", "50000"), Row("amount", "lt", "10000")),
        (Row("amount", "ge", "50,000"), Row("amount", "gt", "10000"), Row("amount", "le", "90000")),
        (Row("pay_date", "until", "2024-05-01"), Row("pay_date", "until", "2024-08-01")),
        (Row("dep_eco_code", "is", "30201"), Row("dep_eco_code", "begins", "302")),
        (Row("purpose", "contains", "礼品、烟酒"), Row("purpose", "isnt", "烟酒")),
        (Row("purpose", "is", "烟酒"), Row("purpose", "contains", "礼品、烟酒"), Row("purpose", "present")),
    ],
    ids=lambda rows: ", ".join(f"{one.column} {one.relation} {one.value}" for one in rows),
)  # fmt: skip
def test_several_comparisons_of_one_column_have_an_example_that_meets_them_all(rows: tuple[Row, ...]) -> None:
    rule = rule_of(rule_text(form(Condition("payment", (Group(rows),)))), LAWS, "x")
    assert check_examples(rule) == []


ENOUGH = [
    Condition("payment", (Group((Row("amount", "ge", "1000"),)),), least_rows="3"),
    Condition("payment", (Group((Row("amount", "lt", "50000"),)),), least_amount="200,000"),
    Condition("payment", (Group((Row("settlement", "is", "cash"),)),), least_amount="30000", least_rows="2"),
    Condition("payment", (Group((Row("settlement", "is", "cash"),)),), least_amount="30000"),
    Condition("payment", (Group((Row("amount", "ge", "5000"),)),), least_amount="20000", least_rows="9"),
    Condition("budget_line", (Group((Row("amount", "gt", "1"),)),), least_amount="0.5"),
]


@pytest.mark.parametrize("condition", ENOUGH, ids=lambda c: sentence(c).en)
def test_what_hits_must_come_to_is_said_and_shown_by_examples(condition: Condition) -> None:
    rule = rule_of(rule_text(form(condition)), LAWS, "x")
    assert rule.spec.least is not None
    assert check_examples(rule) == []
    assert "不少于" in rule.message.zh
    assert "at least" in rule.message.en
    assert [name for name in rule.params if name.startswith("least_")] == [
        name for name in ("least_amount", "least_rows") if getattr(condition, name)
    ]


def test_an_example_falls_just_short_of_what_hits_must_come_to() -> None:
    rule = rule_of(rule_text(form(ENOUGH[2])), LAWS, "x")
    told = {one.name.en: (one.expect, one.given["payment"][0].get("_times", 1)) for one in rule.examples}
    assert told["it holds"] == ("flags", 2)
    assert told["it does not come to enough"] == ("clear", 1)


ROWS = st.sampled_from(
    [Row("amount", "ge", "10000"), Row("settlement", "is", "cash"), Row("purpose", "contains", "礼品、烟酒"), Row("pay_date", "holiday"),
     Row("payee_name", "absent"), Row("dep_eco_code", "begins", "302"), Row("amount", "lt", "50000")]
)  # fmt: skip
GROUPS = st.builds(Group, st.lists(ROWS, min_size=1, max_size=3).map(tuple), st.sampled_from(["all", "any"]))


@settings(max_examples=examples(30))
@given(st.lists(GROUPS, min_size=1, max_size=3).map(tuple), st.sampled_from(["all", "any"]))
def test_groups_of_rows_are_joined_as_they_were_chosen(groups: tuple[Group, ...], join: Any) -> None:
    condition = Condition("payment", groups, join)
    rule = rule_of(rule_text(form(condition)), LAWS, "x")
    assert rule.sql.count(" AND ") + rule.sql.count(" OR ") == _joins(condition)
    assert sentence(condition).zh
    assert all(param.spec.min is not None for param in rule.params.values())


def _joins(condition: Condition) -> int:
    words = sum(1 for g in condition.groups for r in g.rows if r.relation == "contains")
    return sum(len(g.rows) - 1 for g in condition.groups) + len(condition.groups) - 1 + words


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (one("amount", "contains", "1"), "cannot be compared"),
        (one("amount", "ge", "many"), "cannot be read"),
        (one("amount", "ge", ""), "has no value"),
        (one("settlement", "is", "gold"), "has no value “gold”"),
        (one("nothing", "is", "1"), "no column"),
        (replace(one("amount", "ge", "1"), least_amount="much"), "cannot be read"),
        (replace(one("amount", "ge", "1"), least_amount="-5"), "more than nothing"),
        (replace(one("amount", "ge", "1"), least_rows="0"), "more than nothing"),
        (replace(one("vehicles", "ge", "1", "org_unit"), least_amount="5"), "no amount to sum"),
        (Condition("payment", ()), "no condition yet"),
        (Condition("nothing", (Group((Row("a", "is", "1"),)),)), "Choose which facts"),
        (Condition("payment", (Group((Row("amount", "ge", "1"),) * 13),)), "At most 12"),
    ],
)
def test_what_does_not_fit_is_refused_and_named(condition: Condition, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        build(condition)


def test_a_total_of_more_rows_than_an_example_has_is_refused() -> None:
    with pytest.raises(Invalid, match="no example"):
        rule_text(form(replace(one("amount", "lt", "10"), least_amount="1000000")))


@pytest.mark.parametrize("field", ["id", "name", "why"])
def test_what_must_be_filled_in_is_asked_for(field: str) -> None:
    with pytest.raises(Invalid):
        rule_text(form(one("amount", "ge", "1"), **{field: " "}))
    with pytest.raises(Invalid, match="a basis"):
        rule_text(form(one("amount", "ge", "1"), law="", practice=""))


def test_words_that_look_like_sql_stay_words(home: Home, person: People) -> None:
    facts(home, "payment", [{"agency_code": "A", "adm_div_code": "990101", "pay_date": "2025-03-03", "amount": "1.00",
                             "purpose": "x'); DROP TABLE payment; --"}])  # fmt: skip
    condition = one("purpose", "contains", "'); DROP TABLE payment; --")
    assert preview(home, person(home, "reviewer"), condition).hits == 1


def test_the_preview_counts_the_last_month_within_scope_and_masks_who_was_paid(home: Home, person: People) -> None:
    pay = {
        "settlement": "cash",
        "payee_name": "张三丰",
        "payee_type": "person",
        "agency_code": "A",
        "agency_name": "单位A",
    }
    facts(home, "payment", [
        {**pay, "adm_div_code": "990101", "pay_date": "2025-03-03", "amount": "12000.00"},
        {**pay, "adm_div_code": "990101", "pay_date": "2025-03-30", "amount": "500.00"},
        {**pay, "adm_div_code": "990101", "pay_date": "2025-03-30", "amount": "30000.00", "settlement": None},
        {**pay, "adm_div_code": "990102", "pay_date": "2025-03-31", "amount": "20000.00"},
        {**pay, "adm_div_code": "990101", "pay_date": "2025-02-28", "amount": "99000.00"},
    ])  # fmt: skip
    condition = Condition("payment", (Group((Row("amount", "ge", "10000"), Row("settlement", "is", "cash"))),))
    city = preview(home, person(home, "reviewer"), condition)
    assert (city.first, city.last) == (dt.date(2025, 3, 1), dt.date(2025, 3, 31))
    assert (city.looked_at, city.hits, city.lacking, str(city.amount)) == (4, 2, 1, "32000.00")
    assert city.rows[0]["payee_name"] == "张*"
    district = preview(home, person(home, "reviewer", region="990101"), condition)
    assert (district.looked_at, district.hits) == (3, 1)
    assert preview(home, person(home, "auditor"), condition).rows[0]["payee_name"] == "张三丰"
    # Whoever may not see a name cannot find it out by asking for it either.
    guessed = one("payee_name", "contains", "张三丰")
    assert (
        preview(home, person(home, "reviewer"), guessed).hits,
        preview(home, person(home, "auditor"), guessed).hits,
    ) == (0, 4)


def test_feeds_to_choose_from_have_a_subject_and_a_period() -> None:
    assert {"payment", "budget_line", "transfer"} <= set(feeds())
    assert set(RELATIONS) >= {relation for _, _, relation in PAIRS}


def test_the_preview_tells_how_many_flags_the_hits_make(home: Home, person: People) -> None:
    rows = [
        ("A", "2025-03-03", "40000"),
        ("A", "2025-03-20", "40000"),
        ("B", "2025-03-03", "40000"),
        ("B", "2025-02-03", "40000"),
    ]
    common = {"adm_div_code": "990101", "budget_year": 2025}
    facts(home, "payment", [{"agency_code": u, "pay_date": d, "amount": a, **common} for u, d, a in rows])
    small, lead = one("amount", "lt", "50000"), person(home, "reviewer")

    def flags(condition: Condition, **how: str) -> tuple[int, int]:
        seen = preview(home, lead, condition, **how)  # type: ignore[arg-type]
        return seen.hits, seen.flags

    assert flags(small) == (3, 2), "the last month: A twice, B once"
    assert flags(small, period="day") == (3, 3)
    assert flags(small, subject="place") == (3, 1)
    assert flags(replace(small, least_rows="2")) == (3, 1)
    assert flags(replace(small, least_amount="80,000")) == (3, 1)
    assert flags(replace(small, least_amount="80000.01")) == (3, 0)
