"""The life of a case: a bar for each state it stood in, its due day as an upright mark, what was late hatched."""

from __future__ import annotations

import datetime as dt

from budgetwatch.queries.pictures import Life, Span
from dashboard.figures.theme import BLUE, GREY, UP, Figure, height_of_rows, row_bars, rows_of_bars
from dashboard.i18n import say, t


def life(shown: Life) -> Figure:
    """A row a state, oldest on top; days run to the right. The part of a bar beyond its due mark is hatched."""
    spans = shown.spans
    if not spans:
        return rows_of_bars([], [], [], [], [])
    zero = spans[0].since
    ends = [_end(s, shown) for s in spans]
    last = max([*ends, *(s.due for s in spans if s.due and not s.until), shown.day if not shown.ended else zero])
    # A state that lasted less than a day still shows.
    least = max((last - zero).days * 0.012, 0.3)
    good = [
        min(e, s.due) if s.due and s.due > s.since else e if not s.due else s.since
        for s, e in zip(spans, ends, strict=True)
    ]
    lengths = [max((g - s.since).days, least if g == e else 0) for s, g, e in zip(spans, good, ends, strict=True)]
    starts = [float((s.since - zero).days) for s in spans]
    figure = rows_of_bars(
        [say(s.label) for s in spans],
        [word_of(s, shown) for s in spans],
        starts,
        [float(x) for x in lengths],
        [GREY if s.until or shown.ended else BLUE for s in spans],
        hover=[_told(s, shown) for s in spans],
        high=float((last - zero).days) + least,
    )
    n = len(spans)
    over: list[tuple[int, int, int, str]] = []
    marks = []
    for at, (span, fine, end) in enumerate(zip(spans, good, ends, strict=True)):
        row = n - 1 - at
        if span.due and span.late(shown.day) and end > fine:
            over.append((row, (fine - zero).days, (end - fine).days, _told(span, shown)))
        if span.due:
            x = (span.due - zero).days
            line = {"color": UP if span.late(shown.day) else GREY, "width": 2.5}
            marks.append({"type": "line", "x0": x, "x1": x, "y0": row - 0.48, "y1": row + 0.02, "line": line})
    if over:
        rows, starts_over, days, told = (list(column) for column in zip(*over, strict=True))
        late = row_bars(rows, starts_over, days, UP, [[word, ""] for word in told])
        late["marker"]["pattern"] = {"shape": "/", "solidity": 0.35}
        figure["data"].append(late)
    if not shown.ended:
        x = (shown.day - zero).days
        dotted = {"color": GREY, "width": 1, "dash": "dot"}
        marks.append({"type": "line", "x0": x, "x1": x, "y0": -0.5, "y1": n - 0.5, "line": dotted})
    figure["layout"] |= {"barmode": "overlay", "shapes": marks}
    return figure


def life_height(shown: Life) -> int:
    """How high the picture should stand."""
    return height_of_rows(len(shown.spans))


def life_sentence(shown: Life) -> str:
    """How long it has taken, where it stands, and whether that is in time."""
    if not shown.spans:
        return t("还没有办理经过。")
    first, last = shown.spans[0], shown.spans[-1]
    if shown.ended:
        told = t(
            "{first} 开始，{last} 办结，历时 {n} 天",
            first=first.since,
            last=last.since,
            n=(last.since - first.since).days,
        )
    else:
        told = t(
            "{first} 开始，已有 {n} 天，现为“{state}”",
            first=first.since,
            n=(shown.day - first.since).days,
            state=say(last.label),
        )
        if last.due:
            left = (last.due - shown.day).days
            told += (
                t("，应在 {day} 前完成，还有 {n} 天", day=last.due, n=left)
                if left >= 0
                else t("，应在 {day} 前完成，已逾期 {n} 天", day=last.due, n=-left)
            )
    late = [s for s in shown.spans[: None if shown.ended else -1] if s.late(shown.day)]
    if late:
        told += t("；此前逾期的环节：{states}", states=t("、").join(say(s.label) for s in late))
    return told + (t("。竖线是期限。") if shown.ended else t("。竖线是期限，点线是今天。"))


def word_of(span: Span, shown: Life) -> str:
    """What stands beside a state: its days, and how late it was."""
    if shown.ended and span.until is None:
        return span.since.isoformat()
    days = (_end(span, shown) - span.since).days
    late = span.late(shown.day)
    return t("{n} 天，逾期 {late} 天", n=days, late=late) if late else t("{n} 天", n=days)


def _end(span: Span, shown: Life) -> dt.date:
    return span.until or (span.since if shown.ended else max(shown.day, span.since))


def _told(span: Span, shown: Life) -> str:
    parts = [say(span.label), f"{span.since} – {span.until or t('至今')}"]
    if span.due:
        parts.append(t("期限 {day}", day=span.due))
    return "<br>".join(parts)
