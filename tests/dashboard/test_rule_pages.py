"""The pages of a rule's life: who may open which, what they say, and that each deed leads on to the next step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from budgetwatch import backtest
from budgetwatch import tables as t
from budgetwatch.access import people
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.backtest import Asked
from budgetwatch.home import Home
from budgetwatch.intake.statutes import import_laws
from budgetwatch.runs import run
from budgetwatch.tables import User
from tests.builders import facts
from tests.dashboard.conftest import Reader, find, words
from tests.lifecycle.builders import ruled
from tests.queries.city import payment
from tests.rules.samples import SPLIT
from tests.runs.test_echo import HIGH, SAME_SUBJECT
from tests.runs.test_runs import pay

Open = Callable[..., Reader]
CONDITION = {
    "over": "payment", "subject": "unit", "period": "month", "severity": "yellow", "j0": "all", "c0_0": "amount", "r0_0": "ge",
    "v0_0": "1000", "rule_id": "PY-90", "name": "大额支付", "why": "逐笔核对", "practice": "大额支付逐笔核对",
}  # fmt: skip


@pytest.fixture
def short(city_home: Home) -> Home:
    """The city with the cash rule alone."""
    return ruled(city_home)


def edition(drawn: Any) -> str:
    """Where a deed led: the edition's address."""
    assert drawn.after.get("done"), words(drawn.notice)
    return str(drawn.after["go"])


@pytest.mark.parametrize(
    ("role", "path", "may"),
    [
        ("reviewer", "/rules/new", True), ("auditor", "/rules/new", True), ("deputy", "/rules/new", False), ("admin", "/rules/new", False),
        ("lead", "/rules/tests", True), ("deputy", "/rules/tests", False), ("deputy", "/rules/editions", True),
        ("auditor", "/rules/exemptions", True), ("finance", "/rules/exemptions", False),
    ],
)  # fmt: skip
def test_who_may_open_which(short: Home, reader: Open, role: str, path: str, may: bool) -> None:
    drawn = reader(role).open(path)
    assert (drawn.error is None) == may, drawn.error


@pytest.fixture
def with_law(short: Home, tmp_path: Path) -> Home:
    """The same, with an invented text of the law that the cash rule cites."""
    (tmp_path / "预算法.txt").write_text(
        "预算法\n自2015年1月1日起施行\n第五十七条　虚构条文：钱要按数花。\n第五十八条　另行规定。\n", encoding="utf-8"
    )  # fmt: skip
    import_laws(short, SYSTEM, tmp_path)
    return short


def test_the_articles_text_stands_beside_the_citation_once_it_was_imported(with_law: Home, reader: Open) -> None:
    facts(with_law, "payment", [payment("c1", "2025-03-03", "990102-A01", "12000.00", settlement="cash")])
    run(with_law, actor="tests")
    reviewer = reader("reviewer")
    case = next(link for link in sorted(reviewer.open("/committee?rule=PY-07").links) if link.startswith("/case/"))
    form = "/rules/new?law=预算法&article=57&shown=1"
    for address in ("/rules/PY-07", case, form, "/rules/new?change=PY-07"):
        drawn = reviewer.open(address)
        assert "虚构条文：钱要按数花。" in drawn.text, address
        assert "另行规定" not in drawn.text
        assert "laws import" not in drawn.text


def test_without_a_text_it_is_said_how_one_comes(short: Home, reader: Open) -> None:
    for address in ("/rules/PY-07", "/rules/new?law=预算法&article=57&shown=1"):
        assert "budgetwatch laws import" in reader("reviewer").open(address).text
    assert "laws import" not in reader("reviewer").open("/rules/new").text


def test_a_rule_is_changed_in_the_form_and_the_one_in_force_stays(short: Home, reader: Open) -> None:
    reviewer = reader("reviewer")
    assert "/rules/new?change=PY-07" in reviewer.open("/rules/PY-07").links
    filled = reviewer.open("/rules/new?change=PY-07")
    holds = {"Input": "value", "Select": "data-value", "Textarea": "children"}
    boxes = find(filled.page, lambda n: n["type"] in holds)
    kept = {n["props"]["name"]: str(n["props"].get(holds[n["type"]]) or "") for n in boxes}
    assert (kept["c0_0"], kept["r0_0"], kept["v0_0"]) == ("settlement", "is", "cash")
    changed = {**{k: v for k, v in kept.items() if v}, "v0_1": "8000"}
    looked = reviewer.open(edition(reviewer.do("/rules/new", "rule.draft", do="preview", **changed)))
    assert "differs" in looked.ids()
    assert "8000" in words(looked.by_id("differs"))
    made = reviewer.open(edition(reviewer.do("/rules/new", "rule.draft", do="save", **changed)))
    assert "8000" in words(made.by_id("changes"))
    assert short.rules["PY-07"].params["floor"].plain == "10000.00"


def test_what_the_form_cannot_say_is_named_and_its_text_handed_out(city_home: Home, reader: Open) -> None:
    ruled(city_home, SPLIT)
    reviewer = reader("reviewer")
    drawn = reviewer.open("/rules/new?change=PY-08")
    assert "select" in words(drawn.by_id("condition"))
    assert "/api/rules/PY-08/text" in drawn.links
    got = reviewer.client.get("/api/rules/PY-08/text")
    assert got.text == city_home.rules["PY-08"].body
    words_only = {"change": "PY-08", "name": "换个名称", "why": "原因", "law": "预算法", "article": "57", "severity": "red",
                  "check": "看凭证", "otherwise": "另有缘由", "message": "{subject_name}"}  # fmt: skip
    made = reviewer.open(edition(reviewer.do("/rules/new", "rule.draft", do="save", **words_only)))
    assert "换个名称" in words(made.by_id("changes"))
    assert "SELECT" not in words(made.by_id("changes"))


def test_the_form_shows_what_it_hits_and_saves_an_edition(short: Home, reader: Open) -> None:
    reviewer = reader("reviewer")
    looked = reviewer.do("/rules/new", "rule.draft", do="preview", **CONDITION)
    shown = reviewer.open(edition(looked))
    assert "preview-stats" in shown.ids()
    assert "归集成疑点" in words(shown.by_id("preview-stats"))
    made = reviewer.open(edition(reviewer.do("/rules/new", "rule.draft", do="save", **CONDITION)))
    assert made.error is None
    assert "edition-backtest" in made.ids()
    assert "do-propose" not in made.ids(), "what was not back-tested cannot be proposed"


def test_what_hits_must_come_to_is_asked_said_and_saved(short: Home, reader: Open) -> None:
    reviewer, often = reader("reviewer"), {**CONDITION, "least_amount": "30,000", "least_rows": "2"}
    shown = reviewer.open(edition(reviewer.do("/rules/new", "rule.draft", do="preview", **often)))
    assert "合计不少于 30,000 元，笔数不少于 2" in words(shown.by_id("preview-said"))
    assert shown.by_id("draft-least-rows")["props"]["value"] == "2"
    made = reviewer.open(edition(reviewer.do("/rules/new", "rule.draft", do="save", **often)))
    assert "归集后至少" in words(made.by_id("changes"))
    refused = reviewer.open(
        edition(reviewer.do("/rules/new", "rule.draft", do="preview", **{**often, "least_rows": "many"}))
    )
    assert "many" in words(refused.by_id("preview-box"))
    place = {"over": "org_unit", "subject": "unit", "period": "year", "shown": "1"}
    ids = reviewer.open("/rules/new?" + urlencode(place)).ids()
    assert "draft-least-rows" in ids
    assert "draft-least-amount" not in ids, "there is no amount to sum"


def test_an_edition_goes_on_to_a_second_person(short: Home, reader: Open) -> None:
    reviewer, lead = reader("reviewer"), reader("lead")
    address = edition(reviewer.do("/rules/PY-07", "rule.params", rule_id="PY-07", p_floor="8000"))
    number = int(address.rpartition("/")[2])
    with short.session() as session:
        viewer = people.viewer_of(short, session.scalars(sa.select(User.id).where(User.login == "reviewer")).one())
    test = backtest.run(short, viewer, [Asked(edition_id=number)])
    page = reviewer.open(f"/rules/tests/{test}")
    assert "准确程度未知" in page.text
    assert "尚无认定" in page.text
    reviewer.do(address, "rule.act", edition=str(number), action="propose", note="可行")
    assert "do-approve" not in reviewer.open(address).ids()
    assert "do-approve" in lead.open(address).ids()
    lead.do(address, "rule.act", edition=str(number), action="approve")
    lead.do(address, "rule.act", edition=str(number), action="activate")
    assert str(short.rules["PY-07"].params["floor"].value) == "8000.00"
    assert "第 1 版" in lead.open("/rules/PY-07").text


def test_what_other_rules_found_of_the_same_stands_on_the_case(city_home: Home, reader: Open) -> None:
    ruled(city_home, HIGH, SAME_SUBJECT)
    facts(city_home, "payment", [pay("E1", "E", "2025-03-03", "50000.00", adm_div_code="990102")])
    made = run(city_home, actor="tests")
    with city_home.session() as session:
        case = session.scalar(
            sa.select(t.Case.id).join(t.Flag).where(t.Flag.first_run_id == made.run_id, t.Flag.subject == "E")
        )
    drawn = reader("reviewer").open(f"/case/{case}")
    assert {"echoes", "echo-1"} <= drawn.ids()
    assert "/rules/PY-07" in drawn.links
    assert "不另立疑点" in drawn.text


def test_a_rule_that_verdicts_speak_against_is_proposed_for_retirement_to_who_could(short: Home, reader: Open) -> None:
    facts(
        short,
        "payment",
        [pay(f"W{n}", f"W{n:02d}", "2025-03-03", "50000.00", adm_div_code="990102") for n in range(20)],
    )
    run(short, actor="tests")
    assert not {i for i in reader("lead").open("/rules").ids() if i.startswith("weak-")}
    with short.session() as session:
        person = session.scalars(sa.select(User).where(User.role == "lead")).first()
        assert person is not None
        for case in session.scalars(sa.select(t.Case.id).join(t.Flag).where(t.Flag.rule_id == "PY-07")).all():
            session.add(
                t.CaseStep(
                    case_id=case, seq=1, action="dismiss", from_state="new", to_state="closed", actor_id=person.id, note="",
                    actor_name=person.name, actor_role=person.role, at=t.now(), fields={},
                )
            )  # fmt: skip
    drawn = reader("lead").open("/rules")
    assert "weak-PY-07" in drawn.ids()
    assert "/rules/PY-07" in drawn.links
    assert not {i for i in reader("finance").open("/rules").ids() if i.startswith("weak-")}
