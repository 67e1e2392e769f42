"""What places set differently: inherited, dated, by level, only tighter where the law says so, and exact years later."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from budgetwatch import tables
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import BadRule, Invalid
from budgetwatch.home import Home
from budgetwatch.queries import packs as asked
from budgetwatch.rules.book import RuleBook, from_text
from budgetwatch.rules.packs import Packs, read_packs
from budgetwatch.rules.places import common, level_of, trimmed
from budgetwatch.runs import recompute, run
from tests.builders import facts
from tests.rules.samples import CASH, LATE_TRANSFER, SPLIT, rule_file

FOLDER = Path(__file__).resolve().parents[2] / "rules"
STATUTORY = LATE_TRANSFER.replace("unit: day,", "unit: day, tighten: lower,")
RULES = {rule.id: rule for rule in from_text(rule_file(CASH, SPLIT, STATUTORY))}
DAY = dt.date(2025, 6, 30)


def pack(place: str, *settings: str, more: str = "") -> str:
    listed = "".join(f"    - {setting}\n" for setting in settings)
    return f'pack:\n  place: "{place}"\n  name: {{zh: 地方{place}, en: Place {place}}}\n' + (f"  settings:\n{listed}" if listed else "") + more  # fmt: skip


def read(folder: Path, *packs: str) -> Packs:
    folder.mkdir(exist_ok=True)
    for n, text in enumerate(packs):
        (folder / f"p{n}.yml").write_text(text, encoding="utf-8")
    return Packs.load([folder], RULES)


def floor(packs: Packs, region: str, on: dt.date = DAY) -> str:
    return str(packs.values(RULES["PY-07"], region, on)["floor"].value)


@pytest.mark.parametrize(
    ("code", "level"),
    [("310000", "province"), ("31", "province"), ("370200", "city"), ("990101", "district"), ("990101003", "street"),
     ("990101103", "town"), ("990101000", "district"), ("GB-MAN", "")],
)  # fmt: skip
def test_a_code_tells_its_level(code: str, level: str) -> None:
    assert level_of(code) == level


def test_places_have_a_place_in_common() -> None:
    assert common(["990101", "990102003"]) == "9901"
    assert common(["990100", "990101"]) == "9901"
    assert common(["990101"]) == "990101"
    assert common(["310101", "330101"]) == ""
    assert common([]) == ""
    assert trimmed("370200") == "3702"


def test_a_place_inherits_from_the_place_above_and_the_nearest_wins(tmp_path: Path) -> None:
    packs = read(
        tmp_path / "p",
        pack("99", 'rule: PY-07, params: {floor: "5000.00"}'.join("{}")),
        pack("990101", 'rule: PY-07, params: {floor: "2000.00"}'.join("{}")),
    )
    assert [floor(packs, region) for region in ("31", "99", "990102", "990101", "990101003")] == [
        "10000.00", "5000.00", "5000.00", "2000.00", "2000.00",
    ]  # fmt: skip
    told = packs.values(RULES["PY-07"], "990102", DAY)["floor"]
    assert told.pack is not None
    assert told.pack.name.en == "Place 99"


def test_a_setting_holds_for_its_level_and_between_its_days(tmp_path: Path) -> None:
    packs = read(
        tmp_path / "p",
        pack(
            "99",
            '{rule: PY-07, params: {floor: "1000.00"}, level: [town]}',
            '{rule: PY-07, params: {floor: "7000.00"}, since: 2025-01-01, until: 2025-12-31}',
            '{rule: PY-07, params: {floor: "8000.00"}, since: 2026-01-01}',
        ),
    )
    assert floor(packs, "990101103") == "1000.00"
    days = [dt.date(2024, 12, 31), dt.date(2025, 1, 1), dt.date(2025, 12, 31), dt.date(2026, 1, 1)]
    assert [floor(packs, "990101", day) for day in days] == ["10000.00", "7000.00", "7000.00", "8000.00"]


def test_of_one_place_the_deployments_own_pack_has_the_last_word(tmp_path: Path) -> None:
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    read(shipped, pack("99", '{rule: PY-07, params: {floor: "5000.00"}}'))
    read(own, pack("9900", '{rule: PY-07, params: {floor: "6000.00"}}'))
    assert floor(Packs.load([shipped, own], RULES), "990101") == "6000.00"


WRONG = [
    ("an unknown key", pack("99", more="  colour: red\n"), ["colour"]),
    ("a place that is no code", pack("9"), ["place"]),
    ("an unknown rule", pack("99", "{rule: PY-70, params: {floor: 1}}"), ["PY-70", "PY-07"]),
    ("an unknown parameter", pack("99", '{rule: PY-07, params: {flor: "1.00"}}'), ["flor", "floor"]),
    ("no parameters", pack("99", "{rule: PY-07, params: {}}"), ["params"]),
    ("a value of another type", pack("99", "{rule: PY-07, params: {floor: plenty}}"), ["plenty", "floor"]),
    ("a value out of bounds", pack("99", '{rule: PY-07, params: {floor: "-1.00"}}'), ["below"]),
    ("a looser statutory value", pack("99", "{rule: TR-90, params: {days: 31}}"), ["statutory", "30", "31"]),
    ("an unknown level", pack("99", "{rule: TR-90, params: {days: 20}, level: [village]}"), ["village"]),
    ("days in the wrong order", pack("99", "{rule: TR-90, params: {days: 20}, since: 2025-01-02, until: 2025-01-01}"), ["before since"]),
    ("a basis without its article", pack("99", "{rule: TR-90, params: {days: 20}, basis: {law: 某条例, says: {zh: 甲, en: a}}}"), ["article"]),
    ("a deadline on an unknown clock", pack("99", more="  deadlines: [{task: a, name: {zh: 甲, en: a}, days: 3, clock: lunar, of: b}]\n"), ["lunar"]),
    ("something else altogether", "rules: []\n", ["rules"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_malformed_pack_is_refused_with_file_line_and_reason(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(BadRule) as refused:
        read(tmp_path / "p", text)
    assert refused.value.where.startswith("packs/p0.yml:")
    assert refused.value.what.zh
    for word in words:
        assert word in refused.value.sentence("en")


def test_a_place_below_may_not_loosen_what_the_place_above_tightened(tmp_path: Path) -> None:
    above = pack("99", "{rule: TR-90, params: {days: 20}}")
    with pytest.raises(BadRule, match="20 is inherited, this is 25"):
        read(tmp_path / "p", above, pack("990101", "{rule: TR-90, params: {days: 25}}"))
    tighter = read(tmp_path / "q", above, pack("990101", "{rule: TR-90, params: {days: 15}}"))
    assert tighter.values(RULES["TR-90"], "990101", DAY)["days"].value == 15


def test_the_shipped_packs_are_sound_and_cite_an_article_for_every_value() -> None:
    packs, problems = read_packs([FOLDER / "packs"], RuleBook.load(FOLDER))
    assert [problem.sentence("en") for problem in problems] == []
    assert {pack.place for pack in packs.all} >= {"", "31", "33", "3702", "41", "44", "50"}
    for one in packs.all:
        entries: list[Any] = [*one.spec.settings, *one.spec.actors, *one.spec.deadlines]
        assert all(entry.basis is not None for entry in entries)
        assert (one.place == "44") == (not entries)


def pay(voucher: str, region: str, amount: str, agency: str = "A") -> dict[str, Any]:
    return {
        "voucher_no": voucher, "budget_year": 2025, "pay_date": "2025-03-03", "adm_div_code": region, "agency_code": agency,
        "agency_name": "某局", "amount": amount, "settlement": "cash", "payee_name": "甲",
    }  # fmt: skip


def test_a_run_judges_each_place_by_its_own_values_and_recomputes_exactly_when_the_pack_has_gone(home: Home) -> None:
    home.__dict__["rules"] = RuleBook(RULES, {})
    own = home.path / "packs"
    own.mkdir()
    (own / "district.yml").write_text(pack("990101", '{rule: PY-07, params: {floor: "3000.00"}}'), encoding="utf-8")
    facts(home, "payment", [
        pay("1", "990101", "5000.00", "A1"), pay("2", "990102", "5000.00", "A2"), pay("3", "990102", "20000.00", "A2"),
        pay("4", "990101003", "4000.00", "A3"), pay("5", "990101", "6000.00", "A4"), pay("6", "990102", "9000.00", "A4"),
    ])  # fmt: skip
    [result] = run(home, actor="t", rule_ids=["PY-07"], as_of=DAY).rules
    with home.session() as session:
        found = session.execute(
            sa.select(tables.Flag.id, tables.Flag.subject, tables.Flag.amount, tables.Evidence.params)
            .join(tables.Evidence, tables.Evidence.flag_id == tables.Flag.id).order_by(tables.Flag.subject)
        ).all()  # fmt: skip
    told = {subject: (str(amount), params["floor"]) for _, subject, amount, params in found}
    # A4 pays in two districts and is of neither: the values of the city judge it, by which it did nothing.
    assert told == {"A1": ("5000.00", "3000.00"), "A2": ("20000.00", "10000.00"), "A3": ("4000.00", "3000.00")}
    assert (result.looked_at, result.flagged) == (6, len(found))
    (own / "district.yml").unlink()
    assert all(recompute(home, flag_id).identical for flag_id, *_ in found)


def test_a_rule_whose_places_agree_is_asked_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from budgetwatch.rules import placed

    asked_of: list[int] = []
    judge = placed.judge
    monkeypatch.setattr(
        placed, "judge", lambda c, rules, *rest, **more: asked_of.append(len(rules)) or judge(c, rules, *rest, **more)
    )
    home.__dict__["rules"] = RuleBook(RULES, {})
    own = home.path / "packs"
    own.mkdir()
    (own / "city.yml").write_text(pack("9901", '{rule: PY-07, params: {floor: "3000.00"}}'), encoding="utf-8")
    facts(home, "payment", [pay("1", "990101", "5000.00"), pay("2", "990102", "2000.00")])
    [result] = run(home, actor="t", rule_ids=["PY-07"], as_of=DAY).rules
    assert (asked_of, result.flagged) == ([1], 1)


def test_it_is_told_where_each_value_comes_from(home: Home) -> None:
    told = {row["name"]: row for row in asked.params_at(home, SYSTEM, "BP-02", "370203", DAY).rows}
    assert (told["answer_days"]["value"], told["answer_days"]["source"].zh) == (7, "青岛市")
    assert told["answer_days"]["basis"].zh == "《青岛市预算审查监督条例》第21条"
    assert (told["opinion_days"]["value"], told["opinion_days"]["source"].en) == (15, "the rule")
    steps = {row["task"]: row for row in asked.procedure_at(home, SYSTEM, "310101101", DAY).rows}
    assert "主席团" in steps["receives_draft"]["what"].zh
    assert "15 days before" in steps["draft_submitted"]["what"].en
    with pytest.raises(Invalid, match="region code"):
        asked.params_at(home, SYSTEM, "BP-02", "Shanghai", DAY)
