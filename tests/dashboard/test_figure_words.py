"""Every figure that a rule of the book returns has a name on the case page, and is shown as what it is."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from budgetwatch.home import Home
from budgetwatch.rules import baselines, functions
from budgetwatch.rules import compile as compiled
from budgetwatch.text import Text
from dashboard.components.figure_words import FIGURES, figure_pairs
from dashboard.i18n import speak

#: Numbers that are neither money nor shares nor counted things: years, multiples, months, means. They stand as written.
BARE = {"form_year", "times", "times_so_far", "lasts", "mean_so_far", "apart"}
AS_OF = dt.date(2025, 12, 31)


def kind_of(sql_type: str) -> str:
    """What a figure of that SQL type is shown as; ratios in per cent have fewer than two places or a small scale."""
    if sql_type == "DATE":
        return "day"
    if sql_type == "VARCHAR":
        return "text"
    if sql_type.startswith("DECIMAL(9,") or sql_type.endswith(",1)"):
        return "percent"
    return "money" if sql_type.startswith("DECIMAL") else "count"


def figures_of_the_book(home: Home) -> dict[str, set[str]]:
    """Every figure's name → the kinds it comes in, over all rules."""
    found: dict[str, set[str]] = {}
    with home.session():
        from budgetwatch.facts.engine import connect

        with connect(home.store.snapshot(), home.settings) as facts:
            functions.install(facts, (2024, 2026))
            baselines.install(facts, tuple({name for rule in home.rules.values() for name in rule.baselines}))
            for rule in home.rules.values():
                if rule.kind == "outlier":
                    continue
                described = facts.execute(f"DESCRIBE {compiled.question(rule, AS_OF)}").fetchall()
                for name, sql_type, *_ in described:
                    if name not in compiled.SHAPE:
                        base = name.removesuffix("_zh").removesuffix("_en")
                        found.setdefault(base, set()).add(kind_of(sql_type))
    return found


def test_every_figure_of_every_rule_has_a_name(home: Home) -> None:
    assert not sorted(set(figures_of_the_book(home)) - set(FIGURES))


def test_every_figure_is_shown_as_what_it_is(home: Home) -> None:
    wrong = {
        name: (kinds, FIGURES[name][0])
        for name, kinds in figures_of_the_book(home).items()
        if (kinds != {FIGURES[name][0]} if len(kinds) == 1 else FIGURES[name][0]) and name not in BARE
    }
    assert not wrong


def test_no_name_stands_for_a_figure_that_no_rule_has(home: Home) -> None:
    assert not sorted(set(FIGURES) - set(figures_of_the_book(home)) - {"rank"})


def test_a_figure_in_both_languages_is_said_in_the_readers() -> None:
    speak("en")
    assert ("Stage", "draft") in figure_pairs({"stage": Text("草案", "draft")}, "CNY")
    speak("zh")
    assert ("阶段", "草案") in figure_pairs({"stage": Text("草案", "draft")}, "CNY")


def test_a_figure_that_is_not_of_its_kind_is_shown_as_it_stands() -> None:
    assert figure_pairs({"first_day": "soon", "nobody_named_this": "1", "paid": ""}, "CNY") == [("最早一天", "soon")]
    assert "1,234.50" in str(figure_pairs({"paid": str(Decimal("1234.5"))}, "CNY")[0][1])


def test_a_figure_of_several_kinds_is_shown_as_it_is_written() -> None:
    speak("zh")
    shown = {value: str(figure_pairs({"due": value}, "CNY")[0][1]) for value in ("1234.50", "2025-06-30", "3", "12.5")}
    assert "1,234.50" in shown["1234.50"]
    assert "2025-06-30" in shown["2025-06-30"]
    assert "'3'" in shown["3"]
    assert shown["12.5"] == "12.5%"
