"""The three journeys at the level of addresses and forms: the browser tests walk them again with a real one."""

from __future__ import annotations

from collections.abc import Callable

from budgetwatch.home import Home
from tests.dashboard.conftest import Reader, find, words

Open = Callable[..., Reader]


def test_a_case_goes_from_the_queue_to_its_close(reader: Open, city_home: Home, flagged: Callable[..., int]) -> None:
    case_id = flagged(city_home)
    reviewer, lead, unit = reader("reviewer"), reader("lead"), reader("unit")
    queue = reviewer.open("/committee")
    assert f"case-link-{case_id}" in queue.ids()
    assert queue.by_id("next-case")["props"]["href"] == f"/case/{case_id}"
    address = f"/case/{case_id}"

    def act(who: Reader, action: str, **fields: str) -> str:
        drawn = who.open(address)
        assert f"do-{action}" in drawn.ids(), (action, sorted(i for i in drawn.ids() if i.startswith("do-")))
        version = drawn.by_id(f"{action}-version")["props"]["value"]
        after = who.do(address, "case.act", case_id=case_id, action=action, version=version, label=action, **fields)
        assert after.after.get("done"), words(after.notice)
        return after.text

    act(reviewer, "take")
    act(reviewer, "verify")
    act(reviewer, "ask", note="请说明原因。")
    assert f"reply-{case_id}" in unit.open("/unit").ids()
    act(unit, "reply", note="经批准的应急采购。")
    shown = reviewer.open(address)
    assert "经批准的应急采购。" in words(shown.by_id("reply"))
    act(reviewer, "dismiss", reason="explained", note="说明成立。")
    assert "do-close" not in reviewer.open(address).ids()
    act(lead, "close")
    assert "已销号" in lead.open(address).text


def test_an_impossible_move_is_refused_with_a_sentence_and_the_page_stays(
    reader: Open, city_home: Home, flagged: Callable[..., int]
) -> None:
    case_id = flagged(city_home)
    reviewer = reader("reviewer")
    drawn = reviewer.do(f"/case/{case_id}", "case.act", case_id=case_id, action="close", version=1, label="")
    assert drawn.page is None
    assert drawn.after["refused"]
    assert words(drawn.notice)
    again = reviewer.do(f"/case/{case_id}", "case.act", case_id=case_id, action="take", version=99, label="")
    assert again.after["refused"]


def test_before_anything_is_confirmed_the_case_page_speaks_of_no_problem(
    reader: Open, city_home: Home, flagged: Callable[..., int]
) -> None:
    text = reader("reviewer").open(f"/case/{flagged(city_home)}").text
    assert "疑点" in text
    assert "拦截" not in text


def test_a_lead_becomes_a_case_only_when_a_person_says_why(
    reader: Open, city_home: Home, flagged: Callable[..., int]
) -> None:
    flag = flagged(city_home, kind="outlier")
    reviewer = reader("reviewer")
    assert f"promote-{flag}" in reviewer.open("/leads").ids()
    assert reviewer.do("/leads", "lead.promote", flag_id=flag, note="").after["refused"]
    done = reviewer.do("/leads", "lead.promote", flag_id=flag, note="金额异常集中。")
    assert done.after["go"].startswith("/case/")
    assert f"promote-{flag}" not in reader("auditor").open("/leads").ids()


def test_a_deputy_drills_down_and_asks_and_reads_the_answer(reader: Open) -> None:
    deputy, finance = reader("deputy"), reader("finance")
    top = deputy.open("/deputy")
    assert {"headline", "preview", "preview-chart"} <= top.ids()
    drill = next(i for i in sorted(top.ids()) if i.startswith("drill-"))
    below = deputy.open(top.by_id(drill)["props"]["href"])
    assert below.error is None
    assert "preview" in below.ids()
    ask = next(i for i in sorted(top.ids()) if i.startswith("ask-"))
    box = deputy.open(top.by_id(ask)["props"]["href"])
    assert {"ask-dialog", "ask-text", "ask-submit", "ask-close"} <= box.ids()
    form = box.by_id("ask-form")
    fields = {n["props"]["name"]: n["props"]["value"] for n in find(form, lambda n: n["props"].get("type") == "hidden")}
    done = deputy.do("/deputy", "question.ask", **fields, text="为什么增加这么多？")
    assert done.after.get("done"), words(done.notice)
    mine = deputy.open("/questions")
    assert "为什么增加这么多？" in mine.text
    to_answer = finance.open("/unit")
    link = next(
        n["props"]["href"] for n in find(to_answer.page, lambda n: str(n["props"].get("id", "")).startswith("answer-"))
    )
    sent = finance.do(link, "question.answer", question_id=link.rsplit("/", 1)[1], text="用于新建学校。")
    assert sent.after.get("done"), words(sent.notice)
    assert "用于新建学校。" in deputy.open(link).text


def test_an_auditor_reaches_a_voucher_with_its_line_in_two_links_from_a_total(reader: Open) -> None:
    auditor = reader("auditor")
    totals = auditor.open("/auditor?by=agency")
    rows = auditor.open(totals.by_id("total-row-0")["props"]["href"])
    voucher = next(link for link in rows.links if link.startswith("/voucher/"))
    page = auditor.open(voucher)
    assert {"voucher", "voucher-source", "voucher-flags"} <= page.ids()
    assert "行号" in words(page.by_id("voucher-source"))


def test_the_export_links_carry_the_filter_of_the_screen(reader: Open) -> None:
    link = reader("auditor").open("/auditor?text=办公&year=2026&page=2").by_id("export-xlsx")["props"]["href"]
    assert "year=2026" in link
    assert "text=" in link
    assert "page=" not in link
    assert "format=xlsx" in link
