"""Verbs about incidents: rules held because they fired far beyond what was expected."""

from __future__ import annotations

import typer

from budgetwatch.cli.app import HELP, acting, app, home, language, reader
from budgetwatch.cli.out import AsCsv, AsJson, listed, printed_json, remark
from budgetwatch.queries import incidents as read
from budgetwatch.text import Text

incidents = typer.Typer(
    no_args_is_help=True,
    context_settings=HELP,
    help="Rules held because they fired far beyond what was expected: see, release or discard what they found.",
)
app.add_typer(incidents, name="incidents")
As = typer.Option(..., "--as", help="the login of the person who decides")
Limit = typer.Option(50, min=1, max=1000, help="rows to show")


@incidents.command("list")
def incidents_list(
    open_only: bool = typer.Option(False, "--open", help="only those that nobody has decided on"),
    limit: int = Limit,
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """The incidents, newest first, and how each was decided."""
    listed(
        read.incidents(home(), reader(), open_only=open_only, limit=limit), language(), as_json=as_json, as_csv=as_csv
    )


@incidents.command("show")
def incidents_show(incident_id: int, limit: int = Limit, as_json: bool = AsJson, as_csv: bool = AsCsv) -> None:
    """One incident: what was found, what was expected and why, and the findings that are held."""
    one = read.incident(home(), reader(), incident_id, limit=limit)
    if as_json:
        printed_json(one, language())
        return
    listed(one["findings"], language(), as_csv=as_csv)
    remark(
        Text(
            f"事件 {incident_id}：{one['rule_id']} 新查出 {one['found']:,}，预期至多 {one['expected']:,}（{one['basis_label'].zh}），"
            f"{one['state_label'].zh}",
            f"incident {incident_id}: {one['rule_id']} found {one['found']:,} new, at most {one['expected']:,} were expected "
            f"({one['basis_label'].en}); {one['state_label'].en}",
        ).of(language())
    )


@incidents.command("release")
def incidents_release(incident_id: int, login: str = As, note: str = typer.Option("", "--note", help="why")) -> None:
    """Make the flags and cases that were held."""
    from budgetwatch.runs.incidents import release

    made = release(home(), acting(login), incident_id, note)
    remark(
        Text(f"事件 {incident_id}：已立疑点 {made:,}", f"incident {incident_id}: {made:,} flags made").of(language())
    )


@incidents.command("discard")
def incidents_discard(
    incident_id: int, login: str = As, note: str = typer.Option("", "--note", help="why; needed")
) -> None:
    """Make none of them; the same rule does not bring the same evidence back."""
    from budgetwatch.runs.incidents import discard

    left = discard(home(), acting(login), incident_id, note)
    remark(Text(f"事件 {incident_id}：已撤销 {left:,}", f"incident {incident_id}: {left:,} discarded").of(language()))
