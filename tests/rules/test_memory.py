"""What a start remembers of rule files: nothing that changed goes unproved, nothing that somebody else wrote is believed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from budgetwatch.errors import BadRule
from budgetwatch.rules import RuleBook, book, memory
from budgetwatch.rules.memory import Verdicts
from tests.rules.samples import CASH, LATE_TRANSFER, RANKED, SPLIT, rule_file

SECRET = "a secret of this home"
LAWS = "laws:\n  - {name: {zh: 预算法, en: Budget Law}, since: 2015-01-01}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "rules"
    made.mkdir()
    (made / "laws.yml").write_text(LAWS, encoding="utf-8")
    (made / "a.yml").write_text(rule_file(CASH, SPLIT), encoding="utf-8")
    (made / "b.yml").write_text(rule_file(LATE_TRANSFER, RANKED), encoding="utf-8")
    return made


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the rules whose words are proved from here on; this process begins without having read any."""
    from budgetwatch.rules import verify

    proved: list[str] = []
    real: Callable[..., Any] = verify.finish
    monkeypatch.setattr(verify, "finish", lambda rule: proved.append(rule.id) or real(rule))
    book._READ.clear()
    return proved


def started(folder: Path, secret: str = SECRET) -> RuleBook:
    """The book as a new process of the same home would load it."""
    book._READ.clear()
    return RuleBook.load(folder, Verdicts(folder.parent / "verdicts.json", secret))


def test_a_second_start_proves_nothing_and_has_the_same_rules(folder: Path, proofs: list[str]) -> None:
    first = started(folder)
    assert proofs == ["PY-07", "PY-08", "TR-90", "OM-90"]
    second = started(folder)
    assert len(proofs) == 4
    for rule_id, rule in first.items():
        assert (second[rule_id], second[rule_id].digest, second[rule_id].line) == (rule, rule.digest, rule.line)


def test_a_file_that_changed_is_proved_again_and_only_that_file(folder: Path, proofs: list[str]) -> None:
    started(folder)
    proofs.clear()
    with (folder / "a.yml").open("a", encoding="utf-8") as out:
        out.write("# one more remark\n")
    started(folder)
    assert proofs == ["PY-07", "PY-08"]


def test_a_change_for_the_worse_is_refused_however_often_it_was_sound_before(folder: Path) -> None:
    started(folder)
    sound = (folder / "a.yml").read_text(encoding="utf-8")
    (folder / "a.yml").write_text(sound.replace("settlement = 'cash'", "setlement = 'cash'"), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(BadRule, match=r"a\.yml:\d+ PY-07"):
            started(folder)
    (folder / "a.yml").write_text(sound, encoding="utf-8")
    assert "PY-07" in started(folder)


def test_a_file_that_is_refused_is_never_remembered(folder: Path, proofs: list[str]) -> None:
    text = (folder / "b.yml").read_text(encoding="utf-8")
    (folder / "b.yml").write_text(text.replace("model: pair_lift", "model: crystal_ball"), encoding="utf-8")
    for _ in range(2):
        proofs.clear()
        with pytest.raises(BadRule, match="crystal_ball"):
            started(folder)
        assert "TR-90" in proofs
    proofs.clear()
    with pytest.raises(BadRule):
        started(folder)
    assert "PY-07" not in proofs, "the sound file beside it is remembered"


def test_other_laws_mean_every_file_is_read_anew(folder: Path, proofs: list[str]) -> None:
    started(folder)
    (folder / "laws.yml").write_text(LAWS.replace("预算法", "会计法"), encoding="utf-8")
    with pytest.raises(BadRule, match=r"not in laws\.yml"):
        started(folder)


def test_another_engine_believes_nothing_of_what_the_last_one_found(
    folder: Path, proofs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started(folder)
    proofs.clear()
    monkeypatch.setattr(memory, "engine", lambda: "the next release")
    started(folder)
    assert len(proofs) == 4


def test_the_engine_is_its_own_source() -> None:
    memory.engine.cache_clear()
    assert len(memory.engine()) == 64
    assert memory.digest_of(b"laws", b"file") != memory.digest_of(b"law", b"sfile")


def test_where_the_engine_cannot_read_itself_nothing_is_remembered(
    folder: Path, proofs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "engine", lambda: "")
    started(folder)
    started(folder)
    assert len(proofs) == 8
    assert not (folder.parent / "verdicts.json").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("agency_code", "payee_name"),
        lambda text: "[" * 100_000,
        lambda text: json.dumps({"seal": "0" * 64, "sound": json.loads(text)["sound"]}),
        lambda text: json.dumps({"seal": "ü", "sound": 7}),
        lambda text: "[]",
        lambda text: "\0",
    ],
)
def test_a_damaged_or_forged_list_is_not_believed_and_is_written_anew(
    folder: Path, proofs: list[str], damage: Callable[[str], str]
) -> None:
    started(folder)
    file = folder.parent / "verdicts.json"
    whole = file.read_text(encoding="utf-8")
    file.write_text(damage(whole), encoding="utf-8")
    proofs.clear()
    started(folder)
    assert len(proofs) == 4
    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(whole)


def test_a_list_of_another_home_is_not_believed(folder: Path, proofs: list[str]) -> None:
    started(folder)
    proofs.clear()
    started(folder, secret="another home's")
    assert len(proofs) == 4


def test_a_place_that_cannot_be_written_to_costs_time_and_nothing_else(folder: Path) -> None:
    book._READ.clear()
    nowhere = Verdicts(folder.parent / "no such folder" / "verdicts.json", SECRET)
    assert len(RuleBook.load(folder, nowhere)) == 4


def test_one_process_reads_a_sound_file_once(folder: Path, proofs: list[str]) -> None:
    first, second = RuleBook.load(folder), RuleBook.load(folder)
    assert len(proofs) == 4
    assert all(first[rule_id] is second[rule_id] for rule_id in first)


def test_the_whole_catalogue_loads_again_within_twenty_milliseconds() -> None:
    from budgetwatch.settings import Settings

    folder = Settings(_env_file=None).rules  # type: ignore[call-arg]
    RuleBook.load(folder)
    took = []
    for _ in range(5):
        begun = time.thread_time()
        RuleBook.load(folder)
        took.append(time.thread_time() - begun)
    assert min(took) < 0.02


def test_the_command_line_does_not_load_what_it_does_not_use() -> None:
    heavy = (
        "sqlglot",
        "numpy",
        "pandas",
        "polars",
        "pyarrow",
        "alembic",
        "opencc",
        "sklearn",
        "plotly",
        "dash",
        "xlsxwriter",
    )
    asked = f"import sys, budgetwatch.cli; print([m for m in {heavy!r} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
