"""README shows what is there: its rule is one of the rules, its profile reads, its commands and files exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer.main

from budgetwatch import intake
from budgetwatch.cli import app
from budgetwatch.home import Home

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.S)


def test_the_rule_shown_is_the_rule_shipped() -> None:
    [shown] = [text for kind, text in BLOCKS if kind == "yaml" and "- id:" in text]
    body = shown.rsplit("    examples:", 1)[0].rstrip()
    assert any(body in path.read_text(encoding="utf-8") for path in (ROOT / "rules").glob("*.yml"))


def test_the_profile_shown_takes_in_a_file(home: Home, tmp_path: Path) -> None:
    [shown] = [text for kind, text in BLOCKS if kind == "yaml" and text.startswith("name:")]
    (home.path / "profiles" / "ourtown-payments.yml").write_text(shown, encoding="utf-8")
    sent = tmp_path / "payments.csv"
    lines = [
        "单据号,支付日期,金额（元）,收款人,用途",
        "A1,2025-03-03,1200.50,示例公司,办公用品",
        "A2,2025-03-04,一百,示例公司,维修",
    ]
    sent.write_text("\n".join(lines), encoding="gb18030")
    receipt = intake.take_in(home, sent, "ourtown-payments", actor="test")
    assert (receipt.rows_accepted, receipt.rows_rejected, receipt.amount_sum) == (1, 1, Decimal("1200.50"))


def _commands() -> list[str]:
    blocks = "\n".join(text for kind, text in BLOCKS if kind == "sh")
    return sorted({line.split("#")[0].strip() for line in blocks.splitlines() if line.startswith("budgetwatch ")})


@pytest.mark.parametrize("line", _commands())
def test_every_command_shown_is_understood(line: str) -> None:
    words = shlex.split(line.split(">")[0])[1:]
    command = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    files = {"payments.csv", "payments_2010_2022.parquet"}
    words = [w for w in words if w not in files] + (["README.md"] if files & set(words) else [])
    command.make_context("budgetwatch", words, resilient_parsing=False)


def _verbs(command: Any, before: str = "") -> Iterator[str]:
    for name, one in getattr(command, "commands", {}).items():
        yield from _verbs(one, f"{before}{name} ") if hasattr(one, "commands") else (f"{before}{name}",)


def _verbs_in_the_table() -> set[str]:
    """`feeds list`, `check` in one cell are two verbs of one group; words in capitals and options are none."""
    found = set()
    for cell in re.findall(r"^\| (`[a-z].*?) \|", README, flags=re.M):
        group = ""
        for span in re.findall(r"`([^`]+)`", cell):
            words = [word for word in span.split() if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]
            group = words[0] if len(words) > 1 else group
            found.add(" ".join(words if len(words) > 1 or not group else [group, *words]))
    return found


def test_the_table_of_commands_names_every_verb() -> None:
    assert set(_verbs(typer.main.get_command(app))) - _verbs_in_the_table() == set()


def test_every_link_and_picture_of_the_documents_is_there() -> None:
    for document in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").glob("*.md"),
        ROOT / "rules" / "README.md",
    ):
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_target_of_make_named_in_the_documents_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for document in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"`make ([a-z-]+)", (ROOT / document).read_text(encoding="utf-8")):
            assert re.search(rf"^{target}:", makefile, flags=re.M), target
