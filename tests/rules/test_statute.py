"""A statute's text is cut into articles, quoted beside the rules that cite them; an article's new date finds its rules."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import BadRule, NotFound
from budgetwatch.home import Home
from budgetwatch.intake.statutes import import_laws
from budgetwatch.queries import laws as asked
from budgetwatch.rules import yamltext
from budgetwatch.rules.book import RuleBook, from_text, read_laws
from budgetwatch.rules.statute import articles, cited, in_force_since, number, numeral, touched
from budgetwatch.runs import run
from tests.builders import facts
from tests.rules.samples import CASH, SPLIT, rule_file

INVENTED = """虚构市茶叶条例

（虚构市人大常委会通过，自2021年3月1日起施行）

第一章　总则

第一条　为了喝茶，制定本条例。

第二条　茶须热饮。
　　本条例第一条所称喝茶，包括品茶。

第二条之一　冷茶另行规定。

第二章　附则

第十三条　违反第二条规定的，罚茶一杯。
第一百零三条　本条例自2021年3月1日起施行。
"""


def test_a_text_is_cut_into_its_articles() -> None:
    found = articles(INVENTED)
    assert list(found) == ["1", "2", "2之1", "13", "103"]
    assert found["2"] == "茶须热饮。\n本条例第一条所称喝茶，包括品茶。"
    assert found["2之1"] == "冷茶另行规定。"  # the chapter after it is not part of it
    assert in_force_since(INVENTED) == dt.date(2021, 3, 1)
    assert articles("没有条文的一页纸") == {}


@pytest.mark.parametrize(
    ("words", "value"),
    [("十", 10), ("十三", 13), ("二十", 20), ("一百零三", 103), ("一百一十", 110), ("二〇", None), ("57", 57), ("一千零一", 1001), ("甲", None), ("", None)],
)  # fmt: skip
def test_numerals(words: str, value: int | None) -> None:
    if value is None:
        with pytest.raises(ValueError):
            number(words)
    else:
        assert number(words) == value


@given(st.integers(1, 9999))
def test_a_number_is_read_as_it_is_written(value: int) -> None:
    assert number(numeral(value)) == value


@pytest.mark.parametrize(
    ("citation", "named"),
    [("57", ["57"]), ("57(3)", ["57"]), ("20、21", ["20", "21"]), ("133之1", ["133之1"]), ("22第2款", ["22"]), ("附则", [])],
)  # fmt: skip
def test_a_citation_names_articles(citation: str, named: list[str]) -> None:
    assert cited(citation) == named


def docx(path: Path, text: str) -> None:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in text.splitlines())
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>')


def test_a_folder_of_texts_is_taken_in_and_quoted_as_in_force_that_day(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "虚构市茶叶条例.txt").write_bytes(INVENTED.encode("gb18030"))
    later = INVENTED.replace("2021年3月1日", "2024年5月1日").replace("茶须热饮", "茶可冷饮")
    docx(folder / "虚构市茶叶条例（修订）.docx", later)
    (folder / "空白.md").write_text("无条文", encoding="utf-8")
    (folder / "坏.docx").write_bytes(b"PK not a zip")
    (folder / "图.png").write_bytes(b"")
    told = {one.file_name: one for one in import_laws(home, SYSTEM, folder)}
    assert set(told) == {"虚构市茶叶条例.txt", "虚构市茶叶条例（修订）.docx", "空白.md", "坏.docx"}
    assert (told["虚构市茶叶条例.txt"].since, told["虚构市茶叶条例.txt"].articles) == ("2021-03-01", 5)
    assert "第…条" in told["空白.md"].refusal["zh"]
    assert told["坏.docx"].refusal["en"]

    def said(law: str, on: dt.date) -> list[str]:
        return [quote.text.split("\n")[0] for quote in asked.quoted(home, SYSTEM, law, "2(1)", on)]

    assert said("虚构市茶叶条例", dt.date(2022, 1, 1)) == ["茶须热饮。"]
    assert said("虚构市茶叶条例（修订）", dt.date(2025, 1, 1)) == ["茶可冷饮。"]
    assert said("虚构市茶叶条例", dt.date(2020, 1, 1)) == []
    [quote] = asked.quoted(home, SYSTEM, "虚构市茶叶条例", "2之1", dt.date(2022, 1, 1))
    assert (quote.heading, quote.since) == ("第二条之一", dt.date(2021, 3, 1))
    with pytest.raises(NotFound):
        import_laws(home, SYSTEM, tmp_path / "nowhere")


def test_a_text_is_known_by_the_name_that_rules_cite_and_stands_beside_them(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "file-17.txt").write_text("中华人民共和国预算法\n\n第五十七条　虚构的一条。\n", encoding="utf-8")
    home.__dict__["files"] = RuleBook({}, LAWS)
    home.__dict__["rules"] = RuleBook({rule.id: rule for rule in from_text(rule_file(CASH))}, LAWS)
    [one] = import_laws(home, SYSTEM, folder)
    assert (one.law, one.known) == ("预算法", True)
    [(basis, [quote])] = asked.quoted_beside(home, SYSTEM, "PY-07")
    assert (basis.article, quote.text, quote.since) == ("57", "虚构的一条。", None)


def law_book(*articles: str) -> str:
    listed = "".join(f"      - {one}\n" for one in articles)
    return (
        "laws:\n  - name: {zh: 预算法, en: Budget Law}\n    title: {zh: 中华人民共和国预算法（改）, en: Budget Law}\n    since: 2015-01-01\n"
        + (f"    articles:\n{listed}" if listed else "")
    )


LAWS = read_laws(yamltext.parse(law_book(), "laws.yml"))
MOVED = read_laws(yamltext.parse(law_book('{article: "57", since: 2026-01-01}', '{article: "5", since: 2026-03-01}'), "laws.yml"))  # fmt: skip


def test_an_articles_own_date_moves_the_rules_that_rest_on_it() -> None:
    [before], [after] = from_text(rule_file(CASH), laws=LAWS), from_text(rule_file(CASH), laws=MOVED)
    assert (before.law[0].since, after.law[0].since) == (dt.date(2015, 1, 1), dt.date(2026, 1, 1))
    assert before.digest == after.digest  # what it finds does not change by it
    told = touched([after], MOVED)
    assert [(one.rule_id, one.article, one.changed_on, one.written_before) for one in told] == [("PY-07", "57", dt.date(2026, 1, 1), True)]  # fmt: skip
    assert touched([before], LAWS) == []
    assert touched([after], MOVED, dt.date(2026, 1, 2)) == []
    rewritten = from_text(rule_file(CASH.replace("since: 2015-01-01", "since: 2026-01-01")), laws=MOVED)
    assert [one.written_before for one in touched(rewritten, MOVED)] == [False]


@pytest.mark.parametrize(
    ("article", "words"),
    [('{article: "57", since: 2026-01-01}\n      - {article: "57", since: 2026-02-01}', "twice"),
     ('{article: fifty, since: 2026-01-01}', "fifty"), ('{article: "57"}', "since")],
)  # fmt: skip
def test_a_wrong_date_of_an_article_is_refused(article: str, words: str) -> None:
    with pytest.raises(BadRule, match=words):
        read_laws(yamltext.parse(law_book(article), "laws.yml"))


def test_the_open_flags_that_an_article_touches_are_listed(home: Home) -> None:
    rules = from_text(rule_file(CASH, SPLIT), laws=MOVED)
    home.__dict__["files"] = home.__dict__["rules"] = RuleBook({rule.id: rule for rule in rules}, MOVED)
    row = {"voucher_no": "1", "budget_year": 2025, "pay_date": "2025-03-03", "adm_div_code": "990101", "agency_code": "A",
           "amount": "15000.00", "settlement": "cash"}  # fmt: skip
    facts(home, "payment", [row])
    run(home, actor="t", rule_ids=["PY-07"], as_of=dt.date(2025, 6, 30))
    told = {one["rule_id"]: (one["flags"], len(one["flag_ids"])) for one in asked.touched_by_law(home, SYSTEM).rows}
    assert told == {"PY-07": (1, 1), "PY-08": (0, 0)}
