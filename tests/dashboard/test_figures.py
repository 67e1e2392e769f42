"""Charts are pure: rows in, figure out; their sentences say what the rows say, and nothing is ever a blank chart.

Figures are plain dicts; here each is read by plotly's own classes, which refuse any property that there is not.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import plotly
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetwatch.queries.outlook import TrendPoint
from budgetwatch.queries.pictures import (
    Calendar,
    Day,
    Execution,
    Flow,
    Kind,
    Life,
    Part,
    Parts,
    PlaceLine,
    Places,
    Span,
    Step,
    Transfers,
    Waterfall,
    YearLine,
)
from budgetwatch.text import Text
from dashboard import first, offline, tokens
from dashboard.figures import budget, calendar, execution, life, multiples, parts, theme, totals, transfers, waterfall
from dashboard.i18n import speak

PLACE = Text("云岭市", "Yunling")
money = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


@pytest.fixture(autouse=True)
def chinese() -> None:
    speak("zh")


def d(amount: str | int) -> Decimal:
    return Decimal(str(amount))


def name(word: str) -> Text:
    return Text(word, word)


def total(word: str, amount: str, currency: str = "CNY") -> dict[str, Any]:
    return {"code": word, "name": name(word), "amount": Decimal(amount), "currency": currency, "count": 1}


def year(of: int, budget_: str | None, *spent: str) -> YearLine:
    sums = [d(s) for s in spent]
    return YearLine(of, d(budget_) if budget_ else None, "approved", (*sums, *[None] * (12 - len(sums))))


def spending(now: YearLine | None, *earlier: YearLine) -> Execution:
    return Execution(2025, "9901", PLACE, None, "CNY", dt.date(2025, 3, 31), now, earlier)


def budget_of(*pieces: Part) -> Parts:
    whole = sum((p.amount for p in pieces), d(0))
    return Parts(2026, "draft", "9901", PLACE, "function", "CNY", pieces, whole)


def changes(start: str | None, *amounts: str, others: tuple[str, ...] = ()) -> Waterfall:
    steps = tuple(Step("change", name(f"第{n}项"), d(a), None, str(n)) for n, a in enumerate(amounts))
    rest = tuple(Step("change", name(f"余{n}"), d(a), None, f"r{n}") for n, a in enumerate(others))
    end = None if start is None else d(start) + sum((s.amount for s in (*steps, *rest)), d(0))
    return Waterfall(2026, "9901", PLACE, "CNY", "draft", d(start) if start else None, end, steps, rest)


def drawn_words(figure: theme.Figure) -> list[str]:
    return [w for trace in read(figure).data if trace.type == "scatter" and trace.mode == "text" for w in trace.text]


def read(figure: theme.Figure) -> go.Figure:
    """The figure as plotly understands it; an error where it does not."""
    return go.Figure(figure)


# --- one look ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", ["light", "dark"])
@pytest.mark.parametrize("colour", sorted({theme.BLUE, theme.DEEP, theme.UP, theme.DOWN, theme.GREY, *theme.CYCLE}))
def test_marks_stand_out_from_the_light_ground_and_from_the_dark(colour: str, ground: str) -> None:
    assert tokens.contrast(colour, tokens.colours(ground)["surface"]) >= 3


@pytest.mark.parametrize("colour", sorted({theme.GREY, *theme.CYCLE}))
def test_white_words_are_legible_on_every_block(colour: str) -> None:
    assert tokens.contrast("#ffffff", colour) >= 4.5


@pytest.mark.parametrize("colour", [theme.INK, theme.QUIET])
def test_words_of_a_picture_taken_away_are_legible_on_white(colour: str) -> None:
    assert tokens.contrast(colour, "#ffffff") >= 4.5


EVERY = (
    lambda: execution.execution(spending(year(2025, "100", "10", "20"), year(2024, "90", *["9"] * 12))),
    lambda: multiples.multiples(
        Places(2025, "9901", PLACE, "CNY", None, (PlaceLine("1", PLACE, year(2025, "9", "1")),))
    ),
    lambda: parts.parts(budget_of(Part("1", name("甲"), d(5), None))),
    lambda: waterfall.waterfall(changes("100", "5", "-3")),
    lambda: transfers.transfers(Transfers(2025, "1", PLACE, "CNY", (Kind("general", PLACE, d(9), d(0)),), ())),
    lambda: calendar.calendar(
        Calendar(2025, "CNY", (Day(dt.date(2025, 3, 3), d(9), 1, False),), frozenset(), (2025,), True)
    ),
    lambda: life.life(
        Life((Span("new", PLACE, dt.date(2025, 3, 3), None, dt.date(2025, 3, 10), ""),), dt.date(2025, 3, 5), False)
    ),
    lambda: totals.totals([total("甲", "9")], "agency"),
    lambda: totals.totals([total("2025-01", "9")], "month"),
    lambda: budget.trend([TrendPoint(2025, d(1), d(1), None)]),
)


@pytest.mark.parametrize("make", EVERY)
def test_no_figure_zooms_under_a_thumb_and_all_do_with_a_small_plotly(make: Any) -> None:
    figure = read(make())
    assert figure.layout.xaxis.fixedrange
    assert figure.layout.yaxis.fixedrange
    assert {trace.type for trace in figure.data} <= {"bar", "scatter"}


def test_the_script_that_draws_is_the_one_that_the_python_package_speaks_of() -> None:
    script = first.ASSETS / offline.PLOTLY.removeprefix("/assets/")
    whole = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    version = re.search(r"v(\d+\.\d+\.\d+)", whole.read_text("utf-8")[:200])
    assert version
    assert f".v{version[1]}.min.js" in script.name  # an address with a version is kept by browsers for good
    assert f"v{version[1]}" in script.read_text("utf-8")[:200]
    assert hashlib.sha256(script.read_bytes()).hexdigest() in (script.parent / "README.md").read_text("utf-8")
    assert f'"{offline.PLOTLY}"' in (first.ASSETS / "pictures.js").read_text("utf-8")


def full_year() -> Calendar:
    every = [dt.date(2025, 1, 1) + dt.timedelta(n) for n in range(365)]
    closed = frozenset(d for d in every if d.weekday() > 4)
    days = tuple(Day(d, Decimal(n * 1_234_567), n, d in closed) for n, d in enumerate(every) if d.weekday() < 5)
    return Calendar(2025, "CNY", days, closed, (2025,), True)


def many_places() -> Places:
    lines = (PlaceLine(f"9901010{n:02}", name(f"第{n}镇街"), year(2025, "90", *["7"] * 12)) for n in range(44))
    return Places(2025, "990101", PLACE, "CNY", None, tuple(lines))


def many_recipients() -> Transfers:
    kinds = tuple(Kind(str(k), name(f"第{k}类"), d(10**9), d(9 * 10**8)) for k in range(4))
    flows = (Flow(str(k), f"9901010{n:02}", name(f"第{n}镇街"), d(n + 1)) for n in range(44) for k in range(4))
    return Transfers(2025, "990101", PLACE, "CNY", kinds, tuple(flows))


LARGEST = (
    lambda: calendar.calendar(full_year(), link=lambda day: f"/auditor?first_day={day}&last_day={day}"),
    lambda: multiples.multiples(many_places(), link=lambda code: f"/places?place={code}"),
    lambda: transfers.transfers(many_recipients(), link=lambda code: f"/transfers?region={code}"),
)


@pytest.mark.parametrize("make", LARGEST)
def test_the_largest_figures_are_small_and_quick_to_make(make: Any) -> None:
    read(make())
    assert len(json.dumps(make(), ensure_ascii=False, separators=(",", ":")).encode()) <= 15_000
    spent = []
    for _ in range(5):
        begun = time.process_time()
        make()
        spent.append(time.process_time() - begun)
    assert min(spent) <= 0.020


# --- spending against time ---------------------------------------------------------------------------------------


def test_the_sentence_of_spending_tells_share_time_and_earlier_years() -> None:
    shown = spending(
        year(2025, "1000", "10", "20", "310.50"), year(2023, "100", *["20"] * 12), year(2024, "100", *["25"] * 12)
    )
    assert execution.execution_sentence(shown) == (
        "云岭市：到 2025 年 3 月底累计支出 310.50 元，占批准的预算 1,000.00 元的 31.0%；时间过去了 25.0%。"
        "2023–2024 年同期为 20.0% 至 25.0%，这一年高于往年。"
    )


def test_spending_with_no_earlier_year_or_nothing_at_all_says_so() -> None:
    assert "没有可比的往年" in execution.execution_sentence(spending(year(2025, "100", "10")))
    assert "还没有支付" in execution.execution_sentence(spending(None))
    assert spending(None).listing.rows == []


def test_the_band_is_drawn_round_every_earlier_year() -> None:
    shown = spending(year(2025, "100", "1"), year(2023, "100", *["20"] * 12), year(2024, "100", *["-5"] * 12))
    low, high = read(execution.execution(shown)).data[:2]
    assert list(low.y) == [-5.0] * 12
    assert list(high.y) == [20.0] * 12
    assert high.fill == "tonexty"


# --- parts, changes ----------------------------------------------------------------------------------------------


@given(st.lists(money.filter(lambda x: x > 0), min_size=1, max_size=30))
def test_small_parts_put_together_keep_the_sum(amounts: list[Decimal]) -> None:
    pieces = tuple(Part(str(n), name(str(n)), a, None) for n, a in enumerate(amounts))
    whole = sum(amounts, d(0))
    assert sum((p.amount for p in parts.together(pieces, whole, parts.LEAST)), d(0)) == whole


def test_the_sentence_of_parts_names_the_greatest_and_what_is_in_it() -> None:
    shown = budget_of(
        Part(
            "205",
            name("教育"),
            d(60),
            None,
            (Part("20502", name("普通教育"), d(50), None), Part("20501", name("管理"), d(10), None)),
        ),
        Part("214", name("交通"), d(40), None),
    )
    assert parts.parts_sentence(shown) == (
        "2026 年云岭市预算 100.00 元，最大的一块是教育，占 60.0%。其中教育里最多的是普通教育。"
    )
    assert "没有可以拆分" in parts.parts_sentence(budget_of())


@given(st.lists(money, max_size=12), st.lists(money, max_size=5), money)
def test_bars_of_a_waterfall_join_end_to_end(amounts: list[Decimal], others: list[Decimal], start: Decimal) -> None:
    shown = changes(str(start or 1), *map(str, amounts), others=tuple(map(str, others)))
    bars = waterfall.waterfall(shown)["data"][0]
    at = 0.0
    for step, base, length in zip(shown.steps, bars["base"], bars["x"], strict=True):
        if step.kind in ("change", "others"):
            assert base == pytest.approx(at, abs=1e-3)
            at += length
    assert bars["x"][-1] == pytest.approx(at, abs=1e-2)
    assert waterfall.waterfall_sentence(shown)


def test_falls_are_hatched_and_the_sentence_counts_both_ways() -> None:
    shown = changes("100", "30", "-10.50", others=("1", "-2"))
    bars = read(waterfall.waterfall(shown)).data[0]
    assert list(bars.marker.pattern.shape) == ["", "", "/", "/", ""]
    assert waterfall.waterfall_sentence(shown) == (
        "从 2025 年的 100.00 元到 2026 年的 118.50 元，净增 18.50 元（18.5%）：2 项增加、2 项减少，"
        "增加最多的是第0项（+30.00），减少最多的是第1项（−10.50）。"
    )
    assert "没有上年预算" in waterfall.waterfall_sentence(changes(None))


# --- transfers, days, cases --------------------------------------------------------------------------------------


@given(st.lists(st.tuples(money, st.lists(money, max_size=6)), max_size=3))
def test_streams_into_a_kind_are_those_out_of_it(kinds: list[tuple[Decimal, list[Decimal]]]) -> None:
    made, flows = [], []
    for n, (received, out) in enumerate(kinds):
        received, out = abs(received), [abs(a) for a in out]
        made.append(Kind(str(n), name(str(n)), received, sum(out, d(0))))
        flows += [Flow(str(n), f"r{m}", name(f"r{m}"), a) for m, a in enumerate(out)]
    shown = Transfers(2025, "9901", PLACE, "CNY", tuple(made), tuple(flows))
    bands = transfers.streams(shown)
    for kind in made:
        node = f"kind:{kind.code}"
        assert sum((b.amount for b in bands if b.target == node), d(0)) == sum(
            (b.amount for b in bands if b.source == node), d(0)
        )
    transfers.transfers(shown)
    assert transfers.transfers_sentence(shown)


def test_the_sentence_of_transfers_says_who_got_most() -> None:
    shown = Transfers(
        2025, "990100", PLACE, "CNY", (Kind("general", name("一般"), d(100), d(60)),),
        (Flow("general", "a", name("甲区"), d(45)), Flow("general", "b", name("乙区"), d(15))),
    )  # fmt: skip
    assert transfers.transfers_sentence(shown) == (
        "2025 年云岭市收到上级转移支付 100.00 元，下达 60.00 元；得到最多的是甲区，占下达的 75.0%。"
    )


def test_every_day_of_a_leap_year_has_its_own_square() -> None:
    days = [dt.date(2024, 1, 1) + dt.timedelta(n) for n in range(366)]
    assert len({calendar._place(day) for day in days}) == 366


def test_the_sentence_of_the_calendar_counts_days_off() -> None:
    days = (Day(dt.date(2025, 3, 3), d(100), 2, False), Day(dt.date(2025, 3, 8), d("25.00"), 1, True))
    shown = Calendar(2025, "CNY", days, frozenset({dt.date(2025, 3, 8)}), (2025,), True)
    assert calendar.calendar_sentence(shown) == (
        "2025 年有 2 天发生支付，最多的是 2025-03-03（100.00 元）；休息日 1 天、1 笔、25.00 元，占 20.00%。"
    )
    assert "空的" in calendar.calendar_sentence(Calendar(2025, "CNY", (), frozenset(), (), True))


def test_days_of_refunds_only_are_crossed_out_not_filled() -> None:
    day = Day(dt.date(2025, 3, 3), d(-5), 1, False)
    assert calendar.levels((day,)) == {}
    calendar.calendar(Calendar(2025, "CNY", (day,), frozenset(), (2025,), True))


def test_the_sentence_of_a_case_tells_what_is_late() -> None:
    spans = (
        Span("new", name("待初核"), dt.date(2025, 3, 3), dt.date(2025, 3, 14), dt.date(2025, 3, 10), ""),
        Span("asked", name("函询中"), dt.date(2025, 3, 14), None, dt.date(2025, 3, 28), "甲"),
    )
    shown = Life(spans, dt.date(2025, 3, 31), False)
    assert life.life_sentence(shown) == (
        "2025-03-03 开始，已有 28 天，现为“函询中”，应在 2025-03-28 前完成，已逾期 3 天；此前逾期的环节：待初核。竖线是期限，点线是今天。"
    )
    assert [row["late"] for row in shown.listing.rows] == [4, 3]
    late = [t for t in read(life.life(shown)).data if t.type == "bar" and t.marker.pattern.shape == "/"]
    assert [list(t.x) for t in late] == [[4, 3]]


# --- sums, the years ---------------------------------------------------------------------------------------------


def test_sums_over_time_keep_their_order_and_others_put_the_greatest_on_top() -> None:
    months = read(totals.totals([total("2025-01", "3"), total("2025-03", "9")], "month"))
    assert months.data[0].x[1] - months.data[0].x[0] == 2  # a month without payments is a gap
    assert list(months.layout.xaxis.ticktext) == ["1月<br>2025", "2月", "3月"]
    units = totals.totals([total("甲", "9"), total("乙", "3")], "agency")
    assert list(read(units).data[0].x) == [9.0, 3.0]
    assert list(read(units).data[0].y) == [1, 0]
    assert drawn_words(units) == ["甲", "乙", "9.00 元", "3.00 元"]


def test_currencies_never_share_an_axis() -> None:
    rows = [total("甲", "9"), total("乙", "3", "GBP"), total("丙", "1")]
    assert len(totals.totals(rows, "agency")["data"][0]["x"]) == 2
    assert "9.00 元（90.0%）" in totals.totals_sentence(rows, "agency")


@given(st.lists(money, max_size=40))
def test_any_sums_make_a_figure_and_a_sentence(amounts: list[Decimal]) -> None:
    sums = [total(str(n), str(a)) for n, a in enumerate(amounts)]
    for by in ("month", "agency"):
        totals.totals(sums, by)
        assert totals.totals_sentence(sums, by)


def test_a_draft_stands_where_its_budget_will_stand() -> None:
    figure = read(budget.trend([TrendPoint(2025, d(10), d(9), None), TrendPoint(2026, None, None, d(12))]))
    assert {bar.name: bar.offsetgroup for bar in figure.data}["草案"] == "plan"
    assert figure.layout.xaxis.type == "category"


@pytest.mark.parametrize(
    ("most", "unit"), [("1500000000", "亿元"), ("20000", "万元"), ("9999", "元")], ids=["亿", "万", "元"]
)
def test_an_axis_is_in_a_unit_that_its_figures_are_short_in(most: str, unit: str) -> None:
    figure = read(totals.totals([total("2025-01", most)], "month"))
    assert figure.layout.annotations[0].text == unit
    assert figure.data[0].y[0] < 10_000


def test_years_stand_once_under_their_first_month() -> None:
    codes = [f"{2023 + n // 12}-{n % 12 + 1:02}" for n in range(36)]
    ticks = read(totals.totals([total(c, "5") for c in codes], "month")).layout.xaxis.ticktext
    assert list(ticks) == ["1月<br>2023", "7月", "1月<br>2024", "7月", "1月<br>2025", "7月"]


def test_where_there_are_many_places_the_slowest_are_drawn_and_the_rest_is_said() -> None:
    assert len(multiples.drawn_places(many_places())) == multiples.MOST
    assert "共 44 个" in multiples.left_out(many_places())
    assert multiples.left_out(Places(2025, "9901", PLACE, "CNY", None, ())) == ""


def test_small_recipients_are_drawn_as_one() -> None:
    words = drawn_words(transfers.transfers(many_recipients()))
    assert "其余 31 个" in words
    assert sum(w.endswith("镇街") for w in words) == transfers.MOST - 1


def test_the_sentence_of_a_trend_is_exact() -> None:
    points = [TrendPoint(2024, d("100.00"), None, None), TrendPoint(2026, None, None, d("125.00"))]
    assert budget.trend_sentence(points) == "从 2024 年到 2026 年，由 100.00 元到 125.00 元，增长 25.0%。"
    assert "一年" in budget.trend_sentence(points[:1])


def test_places_stand_with_the_slowest_first_and_those_without_a_budget_last() -> None:
    made = [PlaceLine("a", name("甲"), year(2025, "10", "9")), PlaceLine("b", name("乙"), year(2025, None, "1")),
            PlaceLine("c", name("丙"), year(2025, "10", "2"))]  # fmt: skip
    shown = Places(2025, "9901", PLACE, "CNY", None, tuple(made))
    assert [p.code for p in multiples.ordered(shown)] == ["c", "a", "b"]
    assert "2 个地区中丙最慢（20.0%），甲最快（90.0%）" in multiples.multiples_sentence(shown)
    assert "无预算" in drawn_words(multiples.multiples(shown))
