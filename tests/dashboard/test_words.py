"""No sentence on the screens lacks its English, and none stands in the code outside `t()`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import opencc
import pytest

import dashboard
from budgetwatch.text import LANGUAGES, Text
from budgetwatch.traditional import TERMS, traditional
from dashboard.i18n import catalogue, speak, t
from tools import messages as tool

HOUSE = Path(dashboard.__file__).parent
CJK = re.compile("[㐀-鿿]")
HOLES = re.compile(r"{\w+}")
#: The product's own name stands in both languages; the rest is seen before a language is known.
AS_IS = {"预算联网监督", "跳到正文", "预算联网监督 · budgetwatch", "中文", "简体", "繁體", "简", "繁"}
#: Changed by a converter, and right in 繁體 all the same: 只有, 批准, 公里, 平台, 干預, 皇后, 系統, 表面 …
BOTH = set("只准里台干后系面布占制丑松几云采复才出回周志征卷向当冲注致升范游群体党累家借峰伙秘粽")


@cache
def _script(way: str) -> opencc.OpenCC:
    return opencc.OpenCC(way)


def simplified_only(character: str) -> bool:
    """Whether 繁體 never writes this character: it turns into another, and back only from that one."""
    return (
        bool(CJK.match(character))
        and character not in BOTH
        and _script("s2t").convert(character) != character
        and _script("t2s").convert(character) == character
    )


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(HOUSE.rglob("*.py")):
        yield file, ast.parse(file.read_text())


def messages() -> set[str]:
    return {
        call.args[0].value
        for _, tree in modules()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "t"
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
def test_every_sentence_is_translated(language: str) -> None:
    missing = sorted(m for m in messages() if m not in catalogue(language))
    assert not missing


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
def test_no_translation_is_left_over(language: str) -> None:
    assert not sorted(set(catalogue(language)) - messages())


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
def test_a_translation_has_the_same_placeholders(language: str) -> None:
    for source, said in catalogue(language).items():
        assert sorted(HOLES.findall(source)) == sorted(HOLES.findall(said)), source


def test_the_catalogues_are_as_the_tool_would_make_them() -> None:
    """`make messages` has been run: nothing missing, left over, twice, or in 繁體 other than converted or `# by hand`."""
    holds, findings, _ = tool.merge_english(tool.said(), add=False, prune=False)
    tool.merge_traditional(holds, findings)
    assert not findings.lines()


def test_traditional_sentences_hold_no_simplified_character() -> None:
    assert not [m for m in catalogue("zh-Hant").values() if any(map(simplified_only, m))]


def test_a_term_of_the_office_is_traditional_itself() -> None:
    assert not [term for term in TERMS.values() if any(map(simplified_only, term))]
    assert traditional("采购资金发放前，请看表头；账户余额由监理签认") == "採購資金發放前，請看表頭；帳戶餘額由監理簽認"


def test_a_name_is_shown_as_it_was_sent_in_every_language() -> None:
    name = Text("云岭市财政局", "云岭市财政局")
    assert {name.of(language) for language in LANGUAGES} == {"云岭市财政局"}


def test_a_correction_by_hand_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "LOCALE", tmp_path)
    (tmp_path / "zh_Hant").mkdir()
    corrected = tmp_path / "zh_Hant" / "home.po"
    corrected.write_text(
        '# by hand: the treasury says so\nmsgid "国库"\nmsgstr "公庫"\n\nmsgid "金库"\nmsgstr "x"\n', "utf-8"
    )
    made = tool.merge_traditional({"home.po": ["国库", "金库"]}, tool.Findings())[corrected]
    assert made is not None
    assert '# by hand: the treasury says so\nmsgid "国库"\nmsgstr "公庫"' in made
    assert 'msgid "金库"\nmsgstr "金庫"' in made
    again = tmp_path / "zh_Hant" / "home.po"
    again.write_text(made, "utf-8")
    assert tool.merge_traditional({"home.po": ["国库", "金库"]}, tool.Findings())[again] == made


def test_english_translations_hold_no_chinese() -> None:
    assert not [m for m in catalogue("en").values() if CJK.search(m)]


def test_t_is_only_called_with_a_literal() -> None:
    for file, tree in modules():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "t":
                assert isinstance(call.args[0], ast.Constant), f"{file.name}:{call.lineno}"


def test_no_chinese_stands_in_the_code_outside_t_and_text() -> None:
    found = []
    for file, tree in modules():
        spoken: set[int] = set()
        for node in ast.walk(tree):
            doc = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            said = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("t", "Text")
            if doc or said:
                spoken |= {id(inner) for inner in ast.walk(node)}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if (
                CJK.search(text)
                and id(node) not in spoken
                and text not in AS_IS
                and file.name != "theme.py"  # names of typefaces
            ):
                found.append(f"{file.name}:{node.lineno} {text[:30]}")
    assert not found


def test_a_missing_translation_shows_the_chinese() -> None:
    speak("en")
    source = "没有这句话"  # not a literal of the call, so that the scan of this folder never finds it
    assert t(source) == source
    speak("zh")


def test_what_rules_say_is_traditional_throughout_once_it_is_turned_into_it() -> None:
    left = {
        (file.name, words)
        for file in (HOUSE.parent / "rules").rglob("*.yml")
        for words in re.findall(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+", file.read_text("utf-8"))
        if any(map(simplified_only, traditional(words)))
    }
    assert not left
