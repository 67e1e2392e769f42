"""The verb that holds what was sent against itself."""

from __future__ import annotations

from typing import Any

import typer

from budgetwatch.cli.app import app, home, language, reader
from budgetwatch.cli.out import DONE, FOUND, AsCsv, AsJson, gathered, listed, rows
from budgetwatch.queries import reconcile as asked
from budgetwatch.text import Text


@app.command()
def reconcile(
    name: str = typer.Argument("", help="show the differences of this check"),
    limit: int = typer.Option(100, min=0, help="at most so many (0: all)"),
    strict: bool = typer.Option(False, "--strict", help="exit 1 when anything differs"),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """Hold what was sent against itself: identities, sums against parents, one feed against another."""
    if name:
        found = gathered(lambda size, at: asked.differences(home(), reader(), name, limit=size, offset=at), limit)
        listed(found, language(), as_json=as_json, as_csv=as_csv)
        raise typer.Exit(FOUND if strict and found.total else DONE)
    outcomes = asked.outcomes(home(), reader())
    listed(
        rows(
            [("name", Text("核对", "Check")), ("label", Text("应相符的", "What must agree")), ("looked_at", Text("核对数", "Looked at")),
             ("differing", Text("不符", "Differ")), ("greatest", Text("最大差额", "Greatest")), ("missing", Text("缺少数据", "Lacks"))],
            [_told(o) for o in outcomes],
        ),
        language(), as_json=as_json, as_csv=as_csv,
    )  # fmt: skip
    raise typer.Exit(FOUND if strict and any(o.differing for o in outcomes) else DONE)


def _told(outcome: asked.Outcome) -> dict[str, Any]:
    return {
        "name": outcome.name, "label": outcome.label, "looked_at": outcome.looked_at, "differing": outcome.differing,
        "greatest": outcome.greatest, "missing": ", ".join(outcome.missing),
    }  # fmt: skip
