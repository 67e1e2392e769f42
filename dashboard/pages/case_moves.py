"""What can be done with a case now, by this person: a form for each move."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.queries.work import CaseView, MoveView
from dashboard.components import area, button, card, chooser, field, hidden, note
from dashboard.i18n import say, t

#: Moves that do not carry the case forward.
ASIDE = ("comment", "release", "send_back", "return_reply")


def moves_card(case: CaseView) -> Any:
    """The moves open to the reader, or that there are none."""
    if not case.moves:
        return card(note(t("现在没有轮到您做的事。"), tone="calm"), title=t("可以做什么"), id="moves", kind="moves")
    forward = [m.action for m in case.moves if m.action not in ASIDE]
    return card(
        # The one way forward stands open; where there are several, nobody is nudged.
        *[_move(case, move, opened=forward == [move.action]) for move in case.moves],
        title=t("可以做什么"),
        id="moves",
        kind="moves",
    )


def _move(case: CaseView, move: MoveView, *, opened: bool) -> Any:
    """One possible move: a button at once where nothing need be said, else a form that opens."""
    key, label = move.action, say(move.label)
    fields = [
        f
        for f in (
            _field(key, name, move)
            for name in ("reason", "letter_no", "due_on", "note")
            if name in move.takes | move.needs
        )
        if f
    ]
    form = html.Form(
        [
            *fields,
            hidden("case_id", case.case_id, id=f"{key}-case"),
            hidden("version", case.version, id=f"{key}-version"),
            hidden("action", key, id=f"{key}-action"),
            hidden("label", label, id=f"{key}-label"),
            button(label, id=f"do-{key}", kind="" if key in (*ASIDE, "dismiss") else "primary"),
        ],
        id=f"form-{key}",
        className="move-form",
        **{"data-deed": "case.act"},
    )
    return html.Details(
        [html.Summary(label, id=f"move-{key}"), form],
        open=opened,
        className="move",
        id=f"move-box-{key}-{case.version}",
    )


def _field(action: str, name: str, move: MoveView) -> Any:
    must = name in move.needs
    suggested = move.suggested.get(name)
    value = "" if suggested is None else str(suggested)
    id_ = f"{action}-{name}"
    if name == "reason":
        options = [(code, say(word)) for code, word in move.reasons]
        return chooser(t("理由"), name, options, id=id_, every=t("请选择"), required=must)
    if name == "due_on":
        return field(
            t("答复期限"),
            name,
            id=id_,
            kind="date",
            value=value,
            required=must,
            hint="" if value else t("不填则为十个工作日"),
        )
    if name == "letter_no":
        return field(t("函询文号"), name, id=id_, value=value, required=must, hint=t("不填则自动编号"))
    words = {"ask": t("要问单位什么"), "reply": t("说明内容")}.get(action, t("说明"))
    return area(words, name, id=id_, required=must)
