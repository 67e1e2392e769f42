"""The home of each role: what is mine to do now, in numbers that lead to their rows, with nothing of others in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from budgetwatch.calendar import FIXED_DAY, today
from budgetwatch.home import Home
from tests.builders import changed
from tests.dashboard.conftest import PEOPLE, Reader, find, words
from tests.queries.test_timeliness import sent

Open = Callable[..., Reader]
Flagged = Callable[..., int]


def act(who: Reader, case_id: int, action: str, **fields: str) -> None:
    address = f"/case/{case_id}"
    version = who.open(address).by_id(f"{action}-version")["props"]["value"]
    done = who.do(address, "case.act", case_id=case_id, action=action, version=version, label=action, **fields)
    assert done.after.get("done"), words(done.notice)


def asked(who: Reader, case_id: int) -> int:
    for action in ("take", "verify"):
        act(who, case_id, action)
    act(who, case_id, "ask", note="请说明原因。")
    return case_id


@pytest.mark.parametrize(
    ("login", "blocks"),
    [
        ("reviewer", {"next", "due", "due-mine", "mine", "came-in", "odd-rules"}),
        ("lead", {"next", "due", "mine", "came-in", "odd-rules", "to-close", "exemptions"}),
        ("district", {"next", "due", "mine", "came-in", "odd-rules"}),
        ("deputy", {"headline", "my-fields", "my-area", "my-questions", "to-draft", "interests"}),
        ("auditor", {"home-search", "saved", "new-flags", "freshness", "batches"}),
        ("leader", {"numbers", "red-cases", "coverage", "loop-card"}),
        ("finance", {"next", "due", "own-questions", "decided", "sent"}),
        ("unit", {"next", "due", "own-questions", "decided"}),
        ("admin", {"feeds", "jobs", "runs", "batches", "accounts", "disk"}),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_role_comes_home_to_its_own_desk(reader: Open, login: str, blocks: set[str], language: str) -> None:
    someone = reader(login, language)
    drawn = someone.open("/home")
    assert drawn.error is None, drawn.text
    assert blocks <= drawn.ids(), blocks - drawn.ids()
    assert len(find(drawn.page, lambda n: n["type"] == "H1")) == 1
    ids = [n["props"]["id"] for n in find([drawn.frame, drawn.page], lambda n: "id" in n["props"])]
    assert len(ids) == len(set(ids)), sorted(i for i in ids if ids.count(i) > 1)


@pytest.mark.parametrize("login", sorted(PEOPLE))
def test_every_link_of_a_home_opens_for_whoever_sees_it(
    reader: Open, city_home: Home, flagged: Flagged, login: str
) -> None:
    asked(reader("reviewer"), flagged(city_home))
    changed(city_home, flagged(city_home), severity="red", due_on=today() - dt.timedelta(1))
    flagged(city_home, kind="outlier")
    someone = reader(login)
    page = someone.open("/home").page
    for link in {n["props"]["href"] for n in find(page, lambda n: "href" in n["props"])}:
        assert someone.open(link).error is None, link


def test_the_number_on_the_home_is_the_number_of_rows_behind_it(
    reader: Open, city_home: Home, flagged: Flagged
) -> None:
    for n in (-3, -1, 0, 2, 30):
        changed(city_home, flagged(city_home), due_on=today() + dt.timedelta(n))
    reviewer = reader("reviewer")
    home = reviewer.open("/home")
    for key, number in (("late", 2), ("today", 1), ("week", 1)):
        link = home.by_id(f"due-{key}")
        assert words(link).split()[0] == str(number)
        rows = find(
            reviewer.open(link["props"]["href"]).page, lambda n: str(n["props"].get("id", "")).startswith("case-link-")
        )
        assert len(rows) == number, key
    new = home.by_id("new-orange")
    assert words(new).split()[-1] == "5"
    assert len(reviewer.open(new["props"]["href"]).ids() & {f"case-link-{n}" for n in range(1, 20)}) == 5


def test_the_next_case_is_one_press_away(reader: Open, city_home: Home, flagged: Flagged) -> None:
    reviewer = reader("reviewer")
    assert "next-case" not in reviewer.open("/home").ids()
    assert "没有等您处理的了" in reviewer.open("/home").text
    case_id = flagged(city_home)
    assert reviewer.open("/home").by_id("next-case")["props"]["href"] == f"/case/{case_id}"


def test_a_unit_finds_what_it_owes_and_what_was_decided(reader: Open, city_home: Home, flagged: Flagged) -> None:
    reviewer, unit = reader("reviewer"), reader("unit")
    assert "没有等您说明的函询" in unit.open("/home").text
    case_id = asked(reviewer, flagged(city_home))
    other = asked(reviewer, flagged(city_home, region="990103", agency_code="990103-A01"))
    home = unit.open("/home")
    assert home.by_id("next-case")["props"]["href"] == f"/case/{case_id}"
    assert f"/case/{other}" not in home.links
    act(unit, case_id, "reply", note="经批准的应急采购。")
    act(reviewer, case_id, "dismiss", reason="explained", note="内部口径。")
    home = unit.open("/home")
    assert f"/case/{case_id}" in home.links
    assert "已排除" in words(home.by_id("decided"))
    assert "内部口径" not in home.text


def test_a_deputy_s_question_is_sent_within_six_taps_and_its_answer_is_news_until_read(reader: Open) -> None:
    deputy, finance = reader("deputy"), reader("finance")
    home = deputy.open("/home")  # signed in, here: taps are counted from here
    draft = deputy.open(home.by_id("to-draft")["props"]["href"])  # 1
    ask = next(i for i in sorted(draft.ids()) if i.startswith("ask-"))
    box = deputy.open(draft.by_id(ask)["props"]["href"])  # 2, then 3: into the text, 4: send
    fields = {
        n["props"]["name"]: n["props"]["value"]
        for n in find(box.by_id("ask-form"), lambda n: n["props"].get("type") == "hidden")
    }
    assert deputy.do("/deputy", "question.ask", **fields, text="为什么增加这么多？").after.get("done")
    home = deputy.open("/home")
    assert "待答复" in words(home.by_id("my-questions"))
    assert "new-answer" not in home.ids()
    link = next(x for x in finance.open("/home").links if x.startswith("/questions/"))
    sent = finance.do(link, "question.answer", question_id=link.rsplit("/", 1)[1], text="用于新建学校。")
    assert sent.after.get("done"), words(sent.notice)
    home = deputy.open("/home")
    assert "新答复" in words(home.by_id("my-questions"))
    assert deputy.open(home.by_id("new-answer")["props"]["href"]).error is None
    assert "new-answer" not in deputy.open("/home").ids()


def test_a_deputy_follows_a_field_and_a_place(reader: Open) -> None:
    deputy = reader("deputy")
    choosing = deputy.open("/home").by_id("choose")["props"]["href"]
    followed = deputy.do(choosing, "home.field", field="214")
    assert followed.by_id("field-214")["props"]["aria-pressed"] == "true"
    assert "交通运输" in words(followed.by_id("my-fields"))
    assert "教育" not in words(followed.by_id("my-fields"))
    placed = deputy.do(choosing, "home.area", area="990102")
    assert "青岚区" in words(placed.by_id("my-area"))
    assert deputy.do("/home", "home.area", area="880101").after["refused"]
    assert deputy.do("/home", "home.field", field="nonsense").after["refused"]


def test_a_home_gives_away_nothing_beyond_its_scope(reader: Open, city_home: Home, flagged: Flagged) -> None:
    theirs = changed(
        city_home,
        flagged(city_home, region="990103", agency_code="990103-A01"),
        agency_name="白石区交通局",
        severity="red",
    )
    district = reader("district").open("/home")
    assert "白石" not in district.text
    assert f"/case/{theirs}" not in district.links
    deputy = reader("deputy").open("/home")
    for secret in ("张三丰", "622202", "新华文具", "V1"):
        assert secret not in str(deputy.page)
    assert not [link for link in deputy.links if link.startswith(("/case", "/voucher", "/auditor", "/committee"))]


def test_who_was_here_before_is_told_what_came_since(
    reader: Open, city_home: Home, flagged: Flagged, monkeypatch: pytest.MonkeyPatch
) -> None:
    flagged(city_home)
    assert "最近一次运行" in words(reader("reviewer").open("/home").by_id("came-in"))
    first = today()
    monkeypatch.setenv("BUDGETWATCH_TODAY", (first + dt.timedelta(3)).isoformat())
    assert f"自您 {first.isoformat()} 上次来之后" in words(reader("reviewer").open("/home").by_id("came-in"))


def test_a_leader_works_no_case_from_home_but_reads_the_red_ones(
    reader: Open, city_home: Home, flagged: Flagged
) -> None:
    leader = reader("leader")
    assert "没有未办结的红色疑点" in leader.open("/home").text
    case_id = changed(city_home, flagged(city_home), severity="red")
    home = leader.open("/home")
    assert f"/case/{case_id}" in home.links
    assert "next-case" not in home.ids()
    assert words(home.by_id("number-red")).split()[1] == "1"


def test_the_line_under_a_home_tells_those_who_see_what_is_sent_of_every_feed(
    reader: Open, city_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FIXED_DAY, "2026-06-20")
    sent(city_home, "甲局", "2026-01-31", "2026-02-28", "2026-03-31", feed="revenue")
    for login in ("admin", "finance", "lead"):
        assert "甲局" in words(reader(login).open("/home").by_id("data-line")), login
    assert "甲局" not in words(reader("deputy").open("/home").by_id("data-line")), "what drafts do not rest on"
