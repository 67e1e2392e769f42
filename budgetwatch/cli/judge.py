"""Verbs about what is found: runs, flags, cases, rules, and recomputing a flag."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from budgetwatch import cases as service
from budgetwatch.calendar import today
from budgetwatch.cli.app import HELP, acting, app, home, language, reader, settings
from budgetwatch.cli.out import (
    DONE,
    FOUND,
    AsCsv,
    AsJson,
    day,
    gathered,
    listed,
    printed_json,
    progress,
    remark,
    rows,
)
from budgetwatch.errors import Invalid
from budgetwatch.queries import casefile, catalogue, work
from budgetwatch.queries import runs as past
from budgetwatch.text import Text

# The engines that judge are loaded by the verbs that judge.
if TYPE_CHECKING:
    from budgetwatch import runs

cases = typer.Typer(
    no_args_is_help=True, context_settings=HELP, help="Flags under work: the queue, one case, and acts on it."
)
rules = typer.Typer(
    no_args_is_help=True,
    context_settings=HELP,
    help="The rules: the catalogue, one rule, and judging a folder of them.",
)
app.add_typer(cases, name="cases")
app.add_typer(rules, name="rules")

_FEW = 50
_RECOMPUTED = [
    ("flag_id", Text("疑点", "Flag")),
    ("rule_id", Text("规则", "Rule")),
    ("identical", Text("一致", "Identical")),
    ("differences", Text("差异", "Differences")),
]
Limit = typer.Option(50, min=0, help="rows to show; 0: all (as --csv and --json do)")
Rule = typer.Option(None, "--rule", "-r", help="only this rule; may be repeated")
Severity = typer.Option(None, "--severity", help="red, orange, yellow or blue; may be repeated")
State = typer.Option(None, "--state", help="only cases in this state; may be repeated")


@app.command()
def run(
    rule: list[str] | None = Rule,
    as_of: str | None = typer.Option(None, "--as-of", help="the day the rules take for today, e.g. 2025-12-31"),
    new: bool = typer.Option(False, "--new", help="only what facts newer than a rule's last run can change"),
    due: bool = typer.Option(
        False, "--due", help="only if a run is due by the settings (after files, nightly); for cron"
    ),
    stale: bool = typer.Option(False, "--stale", help="only rules with flags whose rows were corrected since"),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """Ask the rules over the facts as known now; say what was looked at, flagged, and could not be judged."""
    from budgetwatch import runs

    actor, models = "cli", True
    if due:
        from budgetwatch.jobs import schedule

        wanted = schedule.due(home())
        if wanted is None:
            night = schedule.next_night(home())
            at = f"{night:%Y-%m-%d %H:%M}" if night else "—"
            remark(Text(f"没有到期的运行；每日运行：{at}。", f"No run is due; the nightly one: {at}.").of(language()))
            return
        new = wanted.kind == "new"
        models, actor = not new, schedule.NIGHTLY if wanted.kind == "nightly" else "cli"
    if stale:
        rule = [one for one in runs.stale_rules(home()) if not rule or one in rule]
        if not rule:
            remark(Text("没有疑点所依据的数据被更正过。", "No flag rests on rows corrected since.").of(language()))
            return
    with progress("run", language()) as report:
        done = runs.run(
            home(), actor=actor, rule_ids=rule or None, as_of=day(as_of, "--as-of"), new=new, models=models,
            progress=report,
        )  # fmt: skip
    if as_json:
        printed_json(done, language())
        return
    listed(past.results(home(), reader(), done.run_id), language(), as_csv=as_csv)
    remark(
        {
            "zh": f"运行 {done.run_id}，截至 {done.as_of}：新增疑点 {done.new_flags:,}，证据变化 {done.changed_flags:,}",
            "en": f"run {done.run_id}, as of {done.as_of}: {done.new_flags:,} new flags, {done.changed_flags:,} with changed evidence",
        }[language()]
    )
    if held := [one for one in done.rules if one.held]:
        named = "、".join(one.rule_id for one in held)
        remark(
            Text(f"暂存：{named}（budgetwatch incidents list）", f"held: {named} (`budgetwatch incidents list`)").of(
                language()
            )
        )


@app.command()
def flags(
    rule: list[str] | None = Rule,
    severity: list[str] | None = Severity,
    state: list[str] | None = State,
    kind: str = typer.Option("rule", help="rule, or outlier for the ranked leads"),
    text: str = typer.Option("", help="words to look for"),
    limit: int = Limit,
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """What was found (疑点), most severe first."""
    found = gathered(
        lambda n, at: work.flags(
            home(), reader(), rule_ids=rule, severities=severity, states=state, kind=kind, text=text, limit=n, offset=at
        ),
        0 if as_json or as_csv else limit,
    )  # fmt: skip
    listed(found, language(), as_json=as_json, as_csv=as_csv)


@cases.command("list")
def cases_list(
    state: list[str] | None = State,
    severity: list[str] | None = Severity,
    rule: list[str] | None = Rule,
    text: str = typer.Option("", help="words to look for"),
    overdue: bool = typer.Option(False, "--overdue", help="only those past their due day"),
    order: str = typer.Option("urgency", help="urgency, -amount, amount, due, newest or oldest"),
    limit: int = Limit,
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """The queue; without --state, all that are open."""
    found = gathered(
        lambda n, at: work.queue(
            home(), reader(), states=state, severities=severity, rule_ids=rule, text=text, overdue=overdue, order=order, limit=n, offset=at
        ),
        0 if as_json or as_csv else limit,
    )  # fmt: skip
    listed(found, language(), as_json=as_json, as_csv=as_csv)


@cases.command("show")
def cases_show(case_id: int, as_json: bool = AsJson) -> None:
    """One case: what was found, the law, the rows, the steps, and what can be done next."""
    view = casefile.case(home(), reader(), case_id)
    lang = language()
    if as_json:
        printed_json(view, lang)
        return
    label = {"zh": ("单位", "依据", "步骤"), "en": ("unit", "basis", "steps")}[lang]
    print(f"#{view.case_id} [{view.severity}] {view.rule.id} {view.rule.name.of(lang)} · {view.state_label.of(lang)}")  # noqa: T201
    print(view.sentence.of(lang))  # noqa: T201
    print(f"{label[0]}: {view.agency_name}")  # noqa: T201
    print(f"{label[1]}: {'; '.join(law.of(lang) for law in view.rule.law)}")  # noqa: T201
    listed(view.evidence, lang)
    print(f"{label[2]}:")  # noqa: T201
    for step in view.steps:
        print(f"  {step.seq}. {step.at:%Y-%m-%d %H:%M} {step.actor_name} {step.label.of(lang)} {step.note}".rstrip())  # noqa: T201


@cases.command("act")
def cases_act(
    case_id: int,
    action: str = typer.Argument(
        ..., help="take, verify, ask, reply, return_reply, confirm, dismiss, close, comment, release"
    ),
    login: str = typer.Option(..., "--as", help="the login of the person who decides"),
    note: str = typer.Option("", help="what to write into the step"),
    reason: str = typer.Option("", help="a reason code, where the act takes one"),
    due_on: str | None = typer.Option(None, "--due-on", help="a deadline, e.g. 2026-03-31"),
    letter_no: str = typer.Option("", "--letter-no", help="a letter number of your own"),
    as_json: bool = AsJson,
) -> None:
    """Do one act on a case in a person's name; an illegal one is refused with the acts that are possible."""
    case = service.act(
        home(),
        acting(login),
        case_id,
        action,
        note=note,
        reason=reason,
        due_on=day(due_on, "--due-on"),
        letter_no=letter_no,
    )
    if as_json:
        printed_json(
            {"case_id": case.id, "state": case.state, "version": case.version, "due_on": case.due_on}, language()
        )
    else:
        remark(f"#{case.id}: {work.machine.STATES[case.state].of(language())}")


@rules.command("list")
def rules_list(
    text: str = typer.Argument("", help="words to look for"),
    weak: bool = typer.Option(
        False, "--weak", help="only those that a year's verdicts speak against: think of retiring them"
    ),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """The catalogue, with what each rule said in its latest run."""
    if weak:
        from budgetwatch.queries.weak import weak as hardly_confirmed

        listed(hardly_confirmed(home(), reader()), language(), as_json=as_json, as_csv=as_csv)
        return
    listed(catalogue.rules(home(), reader(), text=text), language(), as_json=as_json, as_csv=as_csv)


@rules.command("show")
def rules_show(rule_id: str, as_json: bool = AsJson) -> None:
    """One rule: why, law, what to check, what else could explain it, thresholds, and its question."""
    view = catalogue.rule(home(), reader(), rule_id)
    if as_json:
        printed_json(view, language())
    else:
        print(home().rules[rule_id].body)  # noqa: T201


@rules.command("params")
def rules_params(
    rule_id: str = typer.Argument("", help="a rule; without it: who does what there, and by when"),
    at: str = typer.Option(..., "--at", help="a region code, e.g. 310101"),
    on: str | None = typer.Option(None, "--on", help="a day; default: today"),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """The values in force at a place on a day, and where each comes from: the rule, or the pack of a place above."""
    from budgetwatch.queries import packs

    when = day(on, "--on") or today()
    found = (
        packs.params_at(home(), reader(), rule_id, at, when)
        if rule_id
        else packs.procedure_at(home(), reader(), at, when)
    )
    listed(found, language(), as_json=as_json, as_csv=as_csv)


@rules.command("check")
def rules_check(
    folder: Path | None = typer.Argument(None, help="a folder of rule files; default: the rules in force"),
    as_json: bool = AsJson,
) -> None:
    """Judge rule files, their laws, their questions and their examples; exit 1 when anything is wrong."""
    from budgetwatch.rules.check import check_folder

    where = folder or settings().rules
    problems = check_folder(where)
    if as_json:
        printed_json(problems, language())
    for problem in () if as_json else problems:
        print(problem.sentence(language()))  # noqa: T201
    if not problems:
        remark(
            {"zh": f"{where}：全部规则及其例子无误。", "en": f"{where}: every rule and every example holds."}[
                language()
            ]
        )
    raise typer.Exit(FOUND if problems else DONE)


@app.command()
def recompute(
    flag_ids: list[int] | None = typer.Argument(None, help="numbers of flags"),
    everything: bool = typer.Option(False, "--all", help="every flag there is"),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """Ask again what a flag rests on (rule version, parameters, facts as known then); exit 1 when anything differs.

    Of one that differs: the rows added and gone, by key or voucher, and each figure from → to.
    """
    from budgetwatch import runs

    wanted = list(flag_ids or [])
    if everything:
        wanted = [
            row["flag_id"]
            for row in gathered(lambda n, at: work.flags(home(), reader(), kind="", limit=n, offset=at), 0).rows
        ]
    if not wanted:
        raise Invalid(
            Text("没有指明疑点。", "No flag was named."),
            where="recompute",
            fix=Text("给出编号，或用 --all。", "Name some, or say --all."),
        )
    with progress("recompute", language()) as report:
        told = runs.recompute_many(home(), wanted, progress=report)
    differ = [r for r in told if not r.identical]
    shown = told if as_json or as_csv or len(told) <= _FEW else differ
    listed(rows(_RECOMPUTED, [_told(r) for r in shown]), language(), as_json=as_json, as_csv=as_csv)
    remark(
        {
            "zh": f"重算 {len(told):,}，一致 {len(told) - len(differ):,}",
            "en": f"{len(told):,} recomputed, {len(told) - len(differ):,} identical",
        }[language()]
    )
    raise typer.Exit(FOUND if differ else DONE)


def _told(one: runs.Recomputation) -> dict[str, Any]:
    return {
        "flag_id": one.flag_id,
        "rule_id": one.rule_id,
        "identical": one.identical,
        "differences": one.told(),
        "figures": one.figures,
        "rows_added": list(one.added),
        "rows_gone": list(one.gone),
    }
