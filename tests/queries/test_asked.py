"""Every code by which a run says of how much it asked has its sentence in both languages."""

from __future__ import annotations

import re
from pathlib import Path

from budgetwatch.queries.asked import _WHY, asked

CODE = re.compile(r'Whole\("(\w+)"\)')


def test_every_reason_that_the_code_gives_has_a_sentence() -> None:
    house = Path(__file__).resolve().parents[2] / "budgetwatch"
    given = {
        code
        for folder in ("rules", "runs")
        for file in (house / folder).glob("*.py")
        for code in CODE.findall(file.read_text("utf-8"))
    }
    assert len(given) > 10
    assert given <= set(_WHY)


def test_everything_and_what_changed_are_said_plainly() -> None:
    assert (asked("").en, asked("narrowed").en) == ("everything", "what changed")
    assert asked("much").en.startswith("everything: ")
