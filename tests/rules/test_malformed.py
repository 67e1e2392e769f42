"""A malformed rule is refused with file, line, rule, reason and a way out; the product never guesses."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from budgetwatch.errors import BadRule
from budgetwatch.rules import RuleBook
from budgetwatch.rules.book import from_text
from budgetwatch.rules.check import check_folder
from budgetwatch.rules.rule import Law
from budgetwatch.text import Text
from tests.rules.samples import BOOKS, CASH, LATE_TRANSFER, OFTEN, RANKED, SPLIT, rule_file

LAWS = {"预算法": Law(Text("预算法", "Budget Law"), Text("预算法", "Budget Law"), dt.date(2015, 1, 1))}
WHEN = "settlement = 'cash' and amount >= $floor"
FROM = "FROM payment WHERE"
JUDGED = SPLIT.replace("max(amount) AS largest", "max(amount) AS largest, 'red' AS severity")


def select(sql: str) -> tuple[str, str, str]:
    """The sample SELECT with its whole text replaced."""
    start, end = SPLIT.index("      SELECT"), SPLIT.index("    message:")
    return SPLIT, SPLIT[start:end], "".join(f"      {line}\n" for line in sql.splitlines())


# name, (sample, what to replace, by what), words that must stand in the sentence
MALFORMED = [
    ("a key with a typo", (CASH, "severity:", "severty:"), ["severty", "severity"]),
    ("a nested key with a typo", (CASH, "min: ", "mim: "), ["mim", "min"]),
    ("an unknown key", (CASH, "    over:", "    colour: red\n    over:"), ["colour"]),
    ("a missing key", (CASH, "    over: payment\n", ""), ["over", "missing"]),
    ("English missing", (CASH, "name: {zh: 名称, en: A name}", "name: {zh: 名称}"), ["name.en"]),
    ("中文 missing", (CASH, "why: {zh: 原因, en: A reason}", "why: {en: A reason}"), ["why.zh"]),
    ("an empty translation", (CASH, "en: A reason", 'en: ""'), ["why.en", "empty"]),
    ("lists of different length", (CASH, "check: {zh: [看凭证]", "check: {zh: [看凭证, 再看]"), ["check", "2", "1"]),
    ("a text that YAML breaks at a comma", (CASH, "en: A reason", "en: A reason, and another"), ["and another", "quotes"]),
    ("an id that is not text", (CASH, "id: PY-07", "id: 7"), ["id"]),
    ("an id of another shape", (CASH, "id: PY-07", "id: seven"), ["seven"]),
    ("a severity that is none", (CASH, "severity: orange", "severity: purple"), ["purple", "orange"]),
    ("a rule neither on nor off", (CASH, "    over:", "    enabled: perhaps\n    over:"), ["enabled"]),
    ("an octal trap", (CASH, "article: \"57\"", "article: 0301"), ["0301", "quotes"]),
    ("a boolean trap", (CASH, "settlement: cash}", "settlement: NO}"), ["NO", "quotes"]),
    ("a key that YAML reads as true", (CASH, "    over:", "    on: payment\n    over:"), ["on", "quotes"]),
    ("a number with underscores", (CASH, 'value: "10000.00"', "value: 10_000"), ["10_000"]),
    ("a sexagesimal number", (CASH, 'article: "57"', "article: 12:30"), ["12:30"]),
    ("a day that does not exist", (CASH, "since: 2015-01-01", "since: 2015-02-30"), ["2015-02-30"]),
    ("the same key twice", (CASH, "    over:", "    severity: red\n    over:"), ["severity", "twice"]),
    ("a law that is not listed", (CASH, "law: 预算法,", "law: 预算法案,"), ["预算法案", "预算法"]),
    ("a law without its article", (CASH, ', article: "57", since: 2015-01-01', ""), ["article"]),
    ("no basis at all", (CASH, 'law: [{law: 预算法, article: "57", since: 2015-01-01}]', "law: []"), ["law"]),
    ("facts that do not exist", (CASH, "over: payment", "over: paiment"), ["paiment", "payment"]),
    ("other facts that do not exist", (CASH, "    over:", "    feeds: [org_units]\n    over:"), ["org_units", "org_unit"]),
    ("a needed column that does not exist", (CASH, "needs: [settlement]", "needs: [setlement]"), ["setlement", "settlement"]),
    ("a subject that does not exist", (CASH, "subject: [agency_code]", "subject: [agency]"), ["agency"]),
    ("a period that is none", (CASH, "period: month", "period: week"), ["week", "month"]),
    ("no period", (CASH, "    period: month\n", ""), ["period"]),
    ("no question", (CASH, f"    when: {WHEN}\n    subject: [agency_code]\n    period: month\n", ""), ["exactly one"]),
    ("two questions", (CASH, "    subject:", "    select: SELECT 1\n    subject:"), ["exactly one", "select"]),
    ("a subject beside a select", (SPLIT, "    select:", "    subject: [agency_code]\n    select:"), ["when"]),
    ("a parameter of an unknown type", (CASH, "type: money", "type: cash"), ["cash", "money"]),
    ("a parameter of another type", (CASH, 'value: "10000.00"', "value: plenty"), ["floor", "plenty"]),
    ("a parameter with a third decimal", (CASH, 'value: "10000.00"', 'value: "1.005"'), ["1.005", "two places"]),
    ("a parameter above its bound", (CASH, 'max: "1000000.00"', 'max: "500.00"'), ["floor", "500.00"]),
    ("a parameter below its bound", (LATE_TRANSFER, "value: 30", "value: 0"), ["days", "below"]),
    ("a whole number with a point", (LATE_TRANSFER, "value: 30", "value: 30.5"), ["days", "30.5"]),
    ("a parameter that nobody uses", (CASH, "amount >= $floor", "amount >= 5"), ["floor", "not used"]),
    ("a parameter that is not defined", (CASH, "$floor", "$flor"), ["flor", "floor"]),
    ("a parameter called as_of", (CASH, "      floor:", "      as_of:"), ["as_of"]),
    ("a message with an unknown figure", (CASH, "zh: \"{subject_name} 现金", "zh: \"{subject_nam} 现金"), ["subject_nam", "subject_name"]),
    ("a message with code in it", (CASH, "{subject_name} paid", "{subject_name.__class__} paid"), ["braces"]),
    ("a message with an open brace", (CASH, "{subject_name} paid", "{subject_name paid"), ["braces"]),
    ("too few examples", (CASH, CASH[CASH.rindex("      - {name"):], ""), ["examples"]),
    ("no example that cannot be judged", (CASH, "expect: cannot", "expect: clear"), ["cannot"]),
    ("an example with an unknown column", (CASH, '{agency_code: "1", pay', '{agencycode: "1", pay'), ["agencycode", "agency_code"]),
    ("an example with an unquoted code", (CASH, 'agency_code: "1"', "agency_code: 1"), ["agency_code", "quotes"]),
    ("an example with a value off the list", (CASH, "settlement: cash}", "settlement: coin}"), ["coin", "cash"]),
    ("an example with facts the rule does not read", (CASH, "given: {payment:", "given: {transfer:"), ["transfer"]),
    ("an example with parameters out of bounds", (CASH, "expect: flags,", 'expect: flags, params: {floor: "-1.00"},'), ["floor"]),
    ("a condition with an unknown column", (CASH, "settlement = 'cash'", "setlement = 'cash'"), ["setlement", "settlement"]),
    ("a condition that is no condition", (CASH, WHEN, "amount + $floor"), ["true or false"]),
    ("a condition with a subquery", (CASH, WHEN, "amount >= $floor and agency_code IN (SELECT agency_code FROM payment)"), ["subquery"]),
    ("a condition with an aggregate", (CASH, WHEN, "amount >= $floor and sum(amount) > 5"), ["aggregate"]),
    ("a condition with a window", (CASH, WHEN, "amount >= $floor and row_number() over () > 5"), ["window"]),
    ("a condition that closes its bracket", (CASH, WHEN, "amount >= $floor) OR (true"), ["brackets"]),
    ("a condition that adds a FROM", (CASH, WHEN, "amount >= $floor) AS hit FROM payment WHERE (true"), ["brackets"]),
    ("a condition with a comma", (CASH, WHEN, "amount >= $floor, true"), []),
    ("a condition that says nothing of absent values", (CASH, WHEN, "amount >= $floor and procurement_no = ''"), ["procurement_no", "coalesce"]),
    ("SQL that does not parse", select("SELEC 1"), ["parse"]),
    ("two statements", select("SELECT 1; SELECT 2"), ["2 statements"]),
    ("DROP", select("DROP VIEW payment"), ["SELECT"]),
    ("DELETE", select("DELETE FROM payment"), ["SELECT"]),
    ("COPY", select("COPY payment TO '/tmp/stolen.csv'"), ["SELECT"]),
    ("ATTACH", select("ATTACH '/etc/passwd' AS p"), ["SELECT"]),
    ("PRAGMA", select("PRAGMA database_list"), ["SELECT"]),
    ("SET", select("SET memory_limit = '1TB'"), ["SELECT"]),
    ("CREATE TABLE AS", select("CREATE TABLE x AS SELECT 1"), ["SELECT"]),
    ("EXPLAIN", select("EXPLAIN SELECT 1"), []),
    ("a file read by function", select("SELECT * FROM read_csv('/etc/passwd')"), ["read_csv"]),
    ("a file read by name", select("SELECT * FROM '/etc/passwd.csv'"), ["passwd.csv"]),
    ("a list of files", select("SELECT * FROM glob('/*')"), ["glob"]),
    ("the environment", select("SELECT getenv('HOME') AS subject FROM payment"), ["getenv"]),
    ("a query in a string", select("SELECT * FROM query('SELECT 1')"), ["query"]),
    ("the settings", select("SELECT * FROM duckdb_settings()"), ["duckdb_settings"]),
    ("a system table", select("SELECT * FROM information_schema.tables"), ["tables"]),
    ("a system table behind a WITH of its name", select("SELECT * FROM (WITH pg_tables AS (SELECT 1) SELECT * FROM pg_tables) a, pg_tables"), ["pg_tables"]),
    ("facts that are not named", select("SELECT * FROM transfer"), ["transfer", "feeds"]),
    ("facts of another schema", select("SELECT * FROM main.payment"), ["payment"]),
    ("a WITH that hides the facts", select("WITH payment AS (SELECT 1) SELECT * FROM payment"), ["payment"]),
    ("a WITH without end", select("WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT * FROM n"), []),
    ("chance", select("SELECT random() AS subject FROM payment"), ["random"]),
    ("today's date", select("SELECT current_date AS subject FROM payment"), ["current_date"]),
    ("a quoted dollar", select("SELECT $x$ a $x$ AS subject FROM payment"), ["dollar"]),
    ("a select without rows", (SPLIT, "list(_row) AS rows,", ""), ["rows"]),
    ("a select without subject", (SPLIT, "AS subject,", "AS subjekt,"), ["subject"]),
    ("a select whose money is a float", (SPLIT, "sum(amount) AS amount", "avg(amount) AS amount"), ["amount", "DOUBLE"]),
    ("a select whose subject is a number", (SPLIT, "agency_code || '|' || payee_name AS subject", "length(agency_code) AS subject"), ["subject", "BIGINT"]),
    ("a select with an unknown column", (SPLIT, "max(amount) AS largest", "max(amout) AS largest"), ["amout", "amount"]),
    ("a select that adds words to numbers", (SPLIT, "max(amount) AS largest", "max(agency_name) + 1 AS largest"), []),
    ("a deadline with an unknown column", (LATE_TRANSFER, "day: issued_date", "day: isued_date"), ["isued_date", "issued_date"]),
    ("a deadline on a column that is no day", (LATE_TRANSFER, "day: issued_date", "day: amount"), ["amount", "days"]),
    ("a deadline with an unknown parameter", (LATE_TRANSFER, "days: $days", "days: $day"), ["$day", "$days"]),
    ("a deadline over facts it does not name", (LATE_TRANSFER, "end: {from: transfer", "end: {from: payment"), ["payment"]),
    ("a deadline with an unknown clock", (LATE_TRANSFER, "      days: $days\n", "      days: $days\n      clock: lunar\n"), ["lunar", "calendar"]),
    ("a deadline with an unsafe condition", (LATE_TRANSFER, "direction = 'received'", "getenv('A') = 'b'"), ["getenv"]),
    ("a band with an unknown severity", (BOOKS, "severity: red,", "severity: crimson,"), ["crimson", "red"]),
    ("a band with an unknown figure", (BOOKS, "amount >= $red_floor", "amout >= $red_floor"), ["amout", "amount"]),
    ("a band that is no condition", (BOOKS, "amount >= $red_floor", "amount - $red_floor"), ["true or false"]),
    ("a band that reads facts", (BOOKS, "difference > 0 AND n = 1", "difference > (SELECT 1)"), ["subquery"]),
    ("a band with an undefined parameter", (BOOKS, "amount >= $red_floor", "amount >= $floor"), ["$floor", "red_floor"]),
    ("a band that compares words with numbers", (BOOKS, "difference > 0 AND n = 1", "difference = 'much' AND subject + 1 = 2"), ["does not hold"]),
    ("bands that are empty", (BOOKS, BOOKS[BOOKS.index("    bands:"):BOOKS.index("    message:")], "    bands: []\n"), ["bands"]),
    ("a least that says nothing", (OFTEN, "least: {amount: $total, rows: $times}", "least: {}"), ["least", "amount"]),
    ("a least of no parameter", (OFTEN, "amount: $total, rows", "amount: $totl, rows"), ["least.amount", "$totl", "$total"]),
    ("a least of the wrong type", (OFTEN, "amount: $total, rows: $times", "amount: $times, rows: $times"), ["least.amount", "money"]),
    ("a least that is no parameter's name", (OFTEN, "amount: $total, rows", "amount: 5, rows"), ["least"]),
    ("a least beside a select", (SPLIT, "    select:", "    least: {rows: $limit}\n    select:"), ["least", "when"]),
    ("a least of a part unknown", (OFTEN, "rows: $times}", "rows: $times, units: $times}"), ["units"]),
    ("bands of a model", (RANKED, "    needs: []\n", "    needs: []\n    bands: [{severity: red, when: amount > 0}]\n"), ["outlier", "bands"]),
    ("bands beside a severity", (JUDGED, "    message:", "    bands: [{severity: red, when: amount > 0}]\n    message:"), ["severity"]),
    ("a balance over facts it does not name", (BOOKS, "    feeds: [treasury_report]\n", ""), ["treasury_report"]),
    ("a balance whose sides are other facts", (BOOKS, "over: payment", "over: transfer"), ["transfer", "left"]),
    ("a balance of an unknown column", (BOOKS, "treasury_report, sum: amount}", "treasury_report, sum: amont}"), ["amont", "amount"]),
    ("a balance of words", (BOOKS, "right: {from: treasury_report, sum: amount}", "right: {from: treasury_report, sum: func_code}"), ["VARCHAR", "money"]),
    ("a balance of a sum within a sum", (BOOKS, "{from: payment, sum: amount", "{from: payment, sum: sum(amount)"), ["aggregate"]),
    ("a balance of parts of a cent", (BOOKS, "{from: payment, sum: amount", "{from: payment, sum: amount * 0.001"), ["two places"]),
    ("a balance by an unknown column", (BOOKS, "by: [adm_div_code,", "by: [adm_div,"), ["adm_div", "adm_div_code"]),
    ("a balance by things of two types", (BOOKS, "right: month,", "right: adm_div_code,"), ["different types"]),
    ("a balance by an unsafe function", (BOOKS, "left: month(pay_date)", "left: getenv('A')"), ["getenv"]),
    ("a balance whose side is a bare condition", (BOOKS, "when: \"coalesce(book, '1') = '1'\"", "when: amount"), ["true or false"]),
    ("a balance with an unknown subject", (BOOKS, "subject: [adm_div_code]", "subject: [agency_code]"), ["agency_code"]),
    ("a balance with an unknown period", (BOOKS, "period: [budget_year, month]", "period: [budget_year, mont]"), ["mont", "month"]),
    ("a balance without a subject", (BOOKS, "      subject: [adm_div_code]\n", ""), ["subject"]),
    ("a balance with a tolerance that is no money", (BOOKS, "tolerance: $tolerance", "tolerance: some"), ["some", "$tolerance"]),
    ("a balance with an unknown way with what is missing", (BOOKS, "missing: cannot", "missing: guess"), ["guess", "ignore"]),
    ("an unknown model", (RANKED, "model: pair_lift", "model: crystal_ball"), ["crystal_ball", "pair_lift"]),
    ("a model over an unknown column", (RANKED, "columns: [agency_code, item_name]", "columns: [agency_code, item]"), ["item", "item_name"]),
    ("a model that keeps nothing", (RANKED, "keep: 5", "keep: 0"), ["keep"]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), [m[1:] for m in MALFORMED], ids=[m[0] for m in MALFORMED])
def test_it_is_refused_with_a_sentence(change: tuple[str, str, str], words: list[str]) -> None:
    sample, old, new = change
    assert old in sample
    changed = rule_file(sample.replace(old, new, 1) if "expect: cannot" not in old else sample.replace(old, new))
    with pytest.raises(BadRule) as refused:
        from_text(changed, "pay.yml", LAWS)
    error = refused.value
    sentence = error.sentence("en")
    assert error.where.startswith("pay.yml:")
    assert int(error.where.split(":")[1].split(" ")[0]) >= 1
    assert error.fix is not None
    assert error.fix.zh
    assert error.what.zh
    assert "Traceback" not in sentence
    for word in words:
        assert word in sentence


def test_the_samples_themselves_are_sound() -> None:
    assert [rule.id for rule in from_text(rule_file(CASH, SPLIT, LATE_TRANSFER, RANKED), "pay.yml", LAWS)] == [
        "PY-07",
        "PY-08",
        "TR-90",
        "OM-90",
    ]


def test_the_line_is_that_of_the_wrong_word() -> None:
    text = rule_file(CASH).replace("period: month", "period: week")
    with pytest.raises(BadRule) as refused:
        from_text(text, "pay.yml", LAWS)
    line = 1 + text[: text.index("period: week")].count("\n")
    assert refused.value.where == f"pay.yml:{line} PY-07"


def test_the_same_id_in_two_files_is_refused(tmp_path: Path) -> None:
    _folder(tmp_path, a=rule_file(CASH), b=rule_file(CASH))
    with pytest.raises(BadRule, match=r"b\.yml:\d+ PY-07.*twice.*a\.yml"):
        RuleBook.load(tmp_path)


def test_every_problem_of_a_folder_is_told_at_once(tmp_path: Path) -> None:
    wrong = rule_file(
        CASH.replace("period: month", "period: week"), SPLIT, LATE_TRANSFER.replace("2025-02-01", "2025-01-05")
    )
    _folder(tmp_path, a=wrong, b="- just a list", c="rules: [", d=rule_file(RANKED))
    problems = [(p.where.split(" ")[0].split(":")[0], p.rule_id) for p in check_folder(tmp_path)]
    assert problems == [("a.yml", "PY-07"), ("b.yml", ""), ("c.yml", ""), ("a.yml", "TR-90")]
    said = check_folder(tmp_path)[-1].sentence("en")
    assert "expects flags and gets clear" in said
    with pytest.raises(BadRule) as refused:
        RuleBook.load(tmp_path)
    assert refused.value.facts["problems"] == 3


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00rules",
        b"",
        b"rules:",
        b"rules: {}",
        b"- 1",
        b"rules: [1]",
        b"rules: []\nmore: 1",
        b"\t- x: :",
        b"a: &a [*a]",
    ],
)
def test_a_file_that_is_no_rule_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.yml").write_bytes(content)
    with pytest.raises(BadRule, match=r"x\.yml"):
        RuleBook.load(tmp_path)


def test_a_bomb_of_aliases_is_refused(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    (tmp_path / "x.yml").write_text(bomb)
    with pytest.raises(BadRule, match="too large"):
        RuleBook.load(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRule, match="no such folder"):
        RuleBook.load(tmp_path / "nowhere")


def test_an_unknown_rule_is_refused_with_the_nearest(tmp_path: Path) -> None:
    _folder(tmp_path, a=rule_file(CASH))
    book = RuleBook.load(tmp_path)
    assert book.get("PY-70") is None
    assert "PY-07" in book
    assert "PY-70" not in book
    with pytest.raises(KeyError, match="PY-07"):
        book["PY-70"]


def _folder(path: Path, **files: str) -> None:
    (path / "laws.yml").write_text(
        "laws:\n  - {name: {zh: 预算法, en: Budget Law}, since: 2015-01-01}\n", encoding="utf-8"
    )
    for name, text in files.items():
        (path / f"{name}.yml").write_text(text, encoding="utf-8")
