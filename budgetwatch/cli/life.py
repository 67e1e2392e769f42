"""Verbs about a rule's life: draft an edition, see and compare editions, and take each step in a person's name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from budgetwatch import lifecycle
from budgetwatch.cli.app import acting, home, language, reader
from budgetwatch.cli.judge import rules
from budgetwatch.cli.out import DONE, FOUND, AsCsv, AsJson, day, listed, printed_json, progress, remark, rows
from budgetwatch.errors import Invalid
from budgetwatch.lifecycle import writing
from budgetwatch.queries import editions as read
from budgetwatch.queries.scope import one_of
from budgetwatch.records import ALL
from budgetwatch.text import LANGUAGES, Text

if TYPE_CHECKING:
    from budgetwatch.backtest import Precision, RuleReport, Tried

As = typer.Option(..., "--as", help="the login of the person who decides")
Note = typer.Option("", "--note", help="why")


@rules.command("draft")
def draft(
    what: str = typer.Argument(..., help="a file with one rule, or the id of a rule to change"),
    login: str = As,
    set_: list[str] | None = typer.Option(None, "--set", help="another threshold, NAME=VALUE; may be repeated"),
    on: bool | None = typer.Option(None, "--on/--off", help="switch the rule on or off"),
    note: str = Note,
    as_json: bool = AsJson,
) -> None:
    """A new edition of a rule: from a file's text, or a rule of the catalogue with other thresholds, on or off."""
    viewer = acting(login)
    path = Path(what)
    if path.suffix in (".yml", ".yaml") or path.is_file():
        try:
            body = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise Invalid(
                Text("文件无法读取。", "The file cannot be read."),
                where=what,
                fix=Text("请检查路径和编码（UTF-8）。", "Check the path, and that it is UTF-8."),
            ) from None
        body = _only_rule(body)
    else:
        body = lifecycle.service.body_in_force(home(), what)
    if set_:
        params = writing.parts(body).get("params") or {}
        given = dict(_pair(one) for one in set_)
        body = writing.with_params(
            body, {n: writing.as_param(params[n]["type"] if n in params else "code", v) for n, v in given.items()}
        )
    if on is not None:
        body = writing.with_enabled(body, on)
    made = lifecycle.draft(home(), viewer, body, note=note)
    if as_json:
        printed_json({"edition_id": made.id, "rule_id": made.rule_id, "no": made.no, "digest": made.digest}, language())
    else:
        said = Text(
            f"{made.rule_id} 第 {made.no} 版，版本号 {made.id}", f"{made.rule_id} edition {made.no}, number {made.id}"
        )
        remark(said.of(language()))


@rules.command("editions")
def editions(
    rule_id: str = typer.Argument("", help="only of this rule"),
    open_only: bool = typer.Option(False, "--open", help="only those on which something is still to be done"),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """The editions of the rules and where each stands, newest first."""
    listed(
        read.editions(home(), reader(), rule_id=rule_id, open_only=open_only),
        language(),
        as_json=as_json,
        as_csv=as_csv,
    )


@rules.command("edition")
def edition(edition_id: int, as_json: bool = AsJson) -> None:
    """One edition: where it stands, its steps, and what differs from the text in force."""
    view, lang = read.edition(home(), reader(), edition_id), language()
    if as_json:
        printed_json(view, lang)
        return
    _say(f"{view.rule_id}@{view.no} {view.name.of(lang)} · {view.label.of(lang)} · {view.digest}")
    for step in view.steps:
        when = f" {step.day}" if step.day else ""
        _say(f"  {step.at:%Y-%m-%d %H:%M} {step.actor_name} {step.label.of(lang)}{when} {step.note}".rstrip())
    _changes(list(view.changes))


@rules.command("diff")
def diff(
    rule_id: str,
    before: str = typer.Argument("file", help="the number of an edition, `file`, or `now`"),
    after: str = typer.Argument("now", help="the same"),
    as_json: bool = AsJson,
) -> None:
    """What differs between two texts of a rule; exit 1 when anything does."""
    found = read.difference(home(), reader(), rule_id, before, after)
    if as_json:
        printed_json(found, language())
    else:
        _changes(found)
    raise typer.Exit(FOUND if found else DONE)


@rules.command("act")
def act(
    edition_id: int,
    action: str = typer.Argument(
        ..., help="propose, return, approve, activate, retire, withdraw, shadow, unshadow, comment"
    ),
    login: str = As,
    note: str = Note,
    on_day: str | None = typer.Option(None, "--on", help="the day from which it is active or retired, e.g. 2026-01-01"),
    as_json: bool = AsJson,
) -> None:
    """Take one step with an edition in a person's name; nobody approves their own."""
    lifecycle.act(home(), acting(login), edition_id, action, note=note, day=day(on_day, "--on"))
    view = read.edition(home(), reader(), edition_id)
    if as_json:
        printed_json(
            {"edition_id": edition_id, "state": view.state, "standing": view.standing, "since": view.since}, language()
        )
    else:
        remark(f"{view.rule_id}@{view.no}: {view.label.of(language())}")


@rules.command("rollback")
def rollback(
    edition_id: int = typer.Argument(..., help="the edition to go back to"), login: str = As, note: str = Note
) -> None:
    """A new edition with the text of an old one; it is tested, proposed and approved like any other."""
    made = lifecycle.roll_back(home(), acting(login), edition_id, note)
    remark(
        Text(
            f"{made.rule_id} 第 {made.no} 版，版本号 {made.id}", f"{made.rule_id} edition {made.no}, number {made.id}"
        ).of(language())
    )


@rules.command("backtest")
def backtest_(
    what: list[str] = typer.Argument(None, help="ids of rules, or numbers of editions; with --every: all there are"),
    login: str | None = typer.Option(
        None, "--as", help="in whose name and scope; an edition counts as tested only then"
    ),
    every: bool = typer.Option(False, "--every", help="every rule of the catalogue, on or off, but models"),
    try_: list[str] | None = typer.Option(None, "--try", help="values of a threshold, NAME=V1,V2; may be repeated"),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """What rules would have found in all stored facts, and the hours of review it takes; no flag comes of it."""
    from budgetwatch import backtest
    from budgetwatch.queries import trials

    wanted = list(what or ())
    if every:
        wanted += [rule.id for rule in home().rules.values() if rule.kind == "rule" and rule.id not in wanted]
    sweep = {name: values.split(",") for name, values in map(_pair, try_ or ())} if try_ else None
    asked = [
        backtest.Asked(edition_id=int(one), sweep=sweep) if one.isdigit() else backtest.Asked(one, sweep=sweep)
        for one in wanted
    ]
    viewer = acting(login) if login else reader()
    with progress("backtest", language()) as report:
        number = backtest.run(home(), viewer, asked, progress=report)
    view = trials.back_test(home(), viewer, number)
    if as_json:
        printed_json(view, language())
        return
    listed(rows(_TESTED, [_hit(rule) for rule in view.report.rules]), language(), as_csv=as_csv)
    for rule in () if as_csv else view.report.rules:
        for swept in rule.sweeps:
            remark(f"{rule.rule_id} {swept.label.of(language())}")
            listed(rows(_TRIED, [_tried(one) for one in swept.tried]), language())
    told = view.report
    remark(
        Text(
            f"回测 {number}：{told.first_year}—{told.last_year} 年，每条核查 {told.minutes:g} 分钟，用时 {view.seconds:.1f} 秒",
            f"back-test {number}: {told.first_year} to {told.last_year}, {told.minutes:g} minutes a flag, {view.seconds:.1f} s",
        ).of(language())
    )


@rules.command("backtests")
def backtests(
    rule_id: str = typer.Argument("", help="only those of this rule"), as_json: bool = AsJson, as_csv: bool = AsCsv
) -> None:
    """The kept back-tests, newest first."""
    from budgetwatch.queries import trials

    listed(trials.back_tests(home(), reader(), rule_id=rule_id), language(), as_json=as_json, as_csv=as_csv)


@rules.command("document")
def document(
    to: Path | None = typer.Argument(None, help="a .md or .html file; default: Markdown to stdout"),
    tongue: str = typer.Option("", "--language", help="zh, zh-Hant or en; default: of the command line"),
) -> None:
    """The catalogue as a document, in reading order: why, law, what to check, what else could explain it, thresholds."""
    if tongue:
        one_of(tongue, LANGUAGES, "language")
    from budgetwatch.queries import rule_document

    form = to.suffix.lstrip(".").lower() if to else "md"
    text = rule_document.document(home(), reader(), form, tongue or language())
    if to is None:
        _say(text)
    else:
        to.write_text(text, encoding="utf-8")
        remark(str(to))


@rules.command("shadow")
def shadow(
    edition_id: int | None = typer.Argument(None, help="show what this edition would flag; without: ask all on trial"),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """Editions on trial beside the real rules: ask them over the latest run's facts, or show what one would flag."""
    from budgetwatch import runs
    from budgetwatch.queries import trials

    if edition_id is None:
        made = runs.shadow(home())
        remark(Text(f"试运行 {len(made)} 个版本。", f"{len(made)} editions asked in shadow.").of(language()))
        return
    if not (as_json or as_csv):
        listed(trials.shadow_runs(home(), reader(), edition_id), language())
    listed(trials.would_be(home(), reader(), edition_id), language(), as_json=as_json, as_csv=as_csv)


_TESTED = [
    ("rule_id", Text("规则", "Rule")),
    ("hits", Text("命中", "Hits")),
    ("amount", Text("金额", "Amount")),
    ("units", Text("单位数", "Units")),
    ("known", Text("已是疑点", "Flags already")),
    ("gone", Text("不再命中", "Gone")),
    ("marginal", Text("仅此规则", "Only here")),
    ("precision", Text("认定率", "Precision")),
    ("hours", Text("每年小时", "Hours a year")),
    ("seconds", Text("秒", "Seconds")),
    ("failure", Text("失败原因", "Failure")),
]
_TRIED = [
    ("value", Text("取值", "Value")),
    ("current", Text("现值", "Now")),
    ("hits", Text("命中", "Hits")),
    ("amount", Text("金额", "Amount")),
    ("precision", Text("认定率", "Precision")),
    ("hours", Text("每年小时", "Hours a year")),
]


def _hit(rule: RuleReport) -> dict[str, Any]:
    names = ("rule_id", "hits", "amount", "units", "known", "gone", "marginal", "hours", "seconds", "failure")
    told: dict[str, Any] = {name: getattr(rule, name) for name in names} | {"precision": _share(rule.precision)}
    if rule.missing:
        labels = [ALL[feed].label if feed in ALL else Text(feed, feed) for feed in rule.missing]
        zh, en = "、".join(one.zh for one in labels), ", ".join(one.en for one in labels)
        told |= {"hits": None, "precision": None, "hours": None, "failure": Text(f"没有数据：{zh}", f"no facts: {en}")}
    return told


def _tried(one: Tried) -> dict[str, Any]:
    names = ("value", "current", "hits", "amount", "hours")
    return {name: getattr(one, name) for name in names} | {"precision": _share(one.precision)}


def _share(one: Precision) -> Text:
    if one.share is None or one.low is None or one.high is None:
        return Text("尚无认定", "no verdicts yet")
    told = f"{one.share:.0%} ({one.low:.0%}–{one.high:.0%}), n = {one.n}"
    return Text(told, told)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise Invalid(
            Text(f"“{text}”缺少等号。", f"“{text}” has no equals sign."),
            where="--set",
            fix=Text("写成 名字=值。", "Write NAME=VALUE."),
        )
    return name.strip(), value


def _only_rule(text: str) -> str:
    """The rule at the left margin, also where the file wraps it in `rules:` as the rule folder does."""
    from budgetwatch.rules import yamltext

    document = yamltext.parse(text, "draft")
    value = document.value
    if isinstance(value, dict) and set(value) == {"rules"} and isinstance(value["rules"], list):
        if len(value["rules"]) != 1:
            raise Invalid(
                Text("一个版本只写一条规则。", "An edition holds one rule."),
                where="draft",
                fix=Text("请只留一条。", "Leave one in the file."),
            )
        return document.body(("rules", 0))
    return text


def _changes(found: list[read.diff.Change]) -> None:
    lang = language()
    for one in found:
        if one.lines:
            _say(f"{one.label.of(lang)}:")
            for line in one.lines:
                _say(f"  {({'same': ' ', 'added': '+', 'removed': '-'})[line.kind]} {line.text}")
        else:
            _say(f"{one.label.of(lang)}: {_flat(one.before)} → {_flat(one.after)}")


def _flat(value: str | None) -> str:
    return "—" if value is None else value.replace("\n", " ⏎ ")


def _say(text: str) -> None:
    sys.stdout.write(text.rstrip() + "\n")
