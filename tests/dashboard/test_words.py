"""No sentence on the screens lacks its English, and none stands in the code outside `t()`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import dashboard
from dashboard.i18n import catalogue, speak, t

HOUSE = Path(dashboard.__file__).parent
CJK = re.compile("[㐀-鿿]")
#: The product's own name stands in both languages; the rest is seen before a language is known.
AS_IS = {"预算联网监督", "跳到正文 · Skip to content", "预算联网监督 · budgetwatch", "中文"}


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


def test_every_sentence_has_its_english() -> None:
    missing = sorted(m for m in messages() if m not in catalogue("en"))
    assert not missing


def test_no_translation_is_left_over() -> None:
    assert not sorted(set(catalogue("en")) - messages())


def test_a_translation_has_the_same_placeholders() -> None:
    holes = re.compile(r"{\w+}")
    for source, english in catalogue("en").items():
        assert sorted(holes.findall(source)) == sorted(holes.findall(english)), source


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
                and file.name not in ("web.py", "money.py", "theme.py")
            ):
                found.append(f"{file.name}:{node.lineno} {text[:30]}")
    assert not found


def test_a_missing_translation_shows_the_chinese() -> None:
    speak("en")
    source = "没有这句话"  # not a literal of the call, so that the scan of this folder never finds it
    assert t(source) == source
    speak("zh")
