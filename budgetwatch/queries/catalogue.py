"""The rules as people read them: what each asks, why, by which law, and how it has fared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.backtest.report import Precision, precision
from budgetwatch.queries.casefile import both
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.scope import demand, one_of, spellings, within
from budgetwatch.records import ALL
from budgetwatch.records.codes import SEVERITIES
from budgetwatch.rules.reasons import sentence
from budgetwatch.rules.rule import Rule
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

_COLUMNS = (
    heading("rule_id", "编号", "Rule", "code"),
    heading("name", "规则", "Name"),
    heading("subject", "主题", "Subject", "code"),
    heading("enabled", "启用", "On", "flag"),
    heading("edition", "版本", "Edition", "integer"),
    heading("kind", "类型", "Kind", "code"),
    heading("severity", "级别", "Severity", "severity"),
    heading("over_label", "对象数据", "Looks at"),
    heading("law", "依据", "Basis"),
    heading("looked_at", "已检查", "Looked at", "integer"),
    heading("flagged", "疑点", "Flagged", "integer"),
    heading("could_not_judge", "无法判断", "Could not judge", "integer"),
    heading("flags", "范围内疑点", "Flags in scope", "integer"),
    heading("precision", "认定率", "Precision"),
    heading("confirmed", "已认定", "Confirmed", "integer"),
    heading("dismissed", "已排除", "Dismissed", "integer"),
    heading("why", "为什么", "Why"),
)


@dataclass(frozen=True, slots=True)
class ParamView:
    """A threshold in force, with its unit and the bounds within which it may be set."""

    name: str
    label: Text
    value: Any
    kind: str
    unit: str
    minimum: Any
    maximum: Any


@dataclass(frozen=True, slots=True)
class ExampleView:
    """One of the rule's own examples and what it must give: flags, clear or cannot."""

    name: Text
    expect: str


@dataclass(frozen=True, slots=True)
class RuleDetail:
    """One rule whole. `results`: what it said in the latest runs (run_id, as_of, looked_at, flagged, could_not_judge,
    reasons, exempted, seconds); `states`: its cases in scope by state."""

    id: str
    name: Text
    enabled: bool
    kind: str
    severity: str
    why: Text
    law: tuple[Text, ...]
    check: tuple[Text, ...]
    otherwise: tuple[Text, ...]
    over: str
    over_label: Text
    needs: tuple[tuple[str, Text], ...]
    params: list[ParamView]
    examples: list[ExampleView]
    message: Text
    digest: str
    body: str
    results: list[dict[str, Any]]
    states: dict[str, int]
    edition: int | None
    since: dt.date | None
    precision: Precision | None
    unread: Text | None


def rules(
    home: Home,
    viewer: Viewer,
    *,
    text: str = "",
    severities: Sequence[str] | None = None,
    subject: str = "",
    enabled: bool | None = None,
) -> Listing:
    """In the order in which an auditor reads them: subject by subject. `subject` and `enabled` narrow it.

    Rows: rule_id name(Text) subject enabled edition(None: the file's) precision(Precision or None) kind severity why(Text)
    law(Text) over over_label(Text) looked_at flagged could_not_judge
    (of the latest run) flags (in scope) confirmed dismissed; what the viewer may not see is None."""
    demand(viewer, "rules")
    for severity in severities or ():
        one_of(severity, SEVERITIES, "severity")
    with home.session() as session:
        latest = _latest(session) if viewer.may("flags") or viewer.may("run") else {}
        states = _states(session, viewer) if viewer.may("flags") else None
    rows = []
    held = home.effective.editions
    for rule in sorted(home.rules.values(), key=lambda one: reading_order(subject_of(one))):
        if not _mentions(rule, text) or (severities and rule.severity not in severities):
            continue
        if (subject and subject_of(rule) != subject) or (enabled is not None and rule.enabled != enabled):
            continue
        said, mine = latest.get(rule.id), (states or {}).get(rule.id, {})
        rows.append(
            {
                "rule_id": rule.id,
                "name": rule.name,
                "subject": subject_of(rule),
                "enabled": rule.enabled,
                "edition": held[rule.id].no if rule.id in held else None,
                "precision": _precision(mine) if states is not None else None,
                "kind": rule.kind,
                "severity": rule.severity,
                "why": rule.why,
                "law": Text("；".join(b.text.zh for b in rule.law), "; ".join(b.text.en for b in rule.law)),
                "over": rule.over,
                "over_label": ALL[rule.over].label,
                "looked_at": said.looked_at if said else None,
                "flagged": said.flagged if said else None,
                "could_not_judge": said.could_not_judge if said else None,
                "flags": sum(mine.values()) if states is not None else None,
                "confirmed": mine.get("confirmed", 0) if states is not None else None,
                "dismissed": mine.get("dismissed", 0) if states is not None else None,
            }
        )
    return Listing(_COLUMNS, rows, len(rows))


def rule(home: Home, viewer: Viewer, rule_id: str) -> RuleDetail:
    """One rule; NotFound with the nearest ids where there is none."""
    demand(viewer, "rules")
    one = home.rules[rule_id]
    columns = ALL[one.over].by_name
    held, broken = home.effective.editions.get(rule_id), home.effective.unread.get(rule_id)
    with home.session() as session:
        results = _results(session, rule_id, one.over) if viewer.may("flags") or viewer.may("run") else []
        states = _states(session, viewer, rule_id).get(rule_id, {}) if viewer.may("flags") else {}
    return RuleDetail(
        id=one.id,
        name=one.name,
        enabled=one.enabled,
        kind=one.kind,
        severity=one.severity,
        why=one.why,
        law=tuple(basis.text for basis in one.law),
        check=both(one.check),
        otherwise=both(one.otherwise),
        over=one.over,
        over_label=ALL[one.over].label,
        needs=tuple((c, columns[c].label) for c in one.needs if c in columns),
        params=[
            ParamView(p.name, p.label, p.plain, p.type, p.unit or "", p.spec.min, p.spec.max)
            for p in one.params.values()
        ],
        examples=[ExampleView(Text(e.name.zh, e.name.en), e.expect) for e in one.examples],
        message=one.message,
        digest=one.digest,
        body=one.body,
        results=results,
        states=states,
        edition=held.no if held else None,
        since=held.since if held else None,
        precision=_precision(states) if viewer.may("flags") else None,
        unread=Text(broken.sentence("zh"), broken.sentence("en")) if broken else None,
    )


#: The subjects in the order of a year's work and of reading: from the budget to what becomes of it.
SUBJECTS: dict[str, Text] = {
    "calendar": Text("时限", "The calendar"),
    "budget": Text("预算编制", "Budget"),
    "documents": Text("文本公开", "Documents"),
    "execution": Text("预算执行", "Execution"),
    "nontax": Text("非税收入", "Non-tax revenue"),
    "transfers": Text("转移支付", "Transfers"),
    "three-public": Text("三公经费", "Three public expenses"),
    "payments": Text("支付", "Payments"),
    "procurement": Text("政府采购", "Procurement"),
    "investment": Text("政府投资", "Investment"),
    "debt": Text("政府债务", "Debt"),
    "carryover": Text("结转结余", "Carry-over"),
    "payees": Text("收款人", "Payees"),
    "contracts": Text("合同付款", "Payments against contracts"),
    "assets": Text("国有资产", "Assets"),
    "social-insurance": Text("社会保险基金", "Social insurance"),
    "performance": Text("绩效", "Performance"),
    "livelihood": Text("民生实事", "Livelihood projects"),
    "loop": Text("监督闭环", "The loop"),
    "quality": Text("数据质量", "Data quality"),
    "outliers": Text("异常模型", "Outlier models"),
}


def subject_of(rule: Rule) -> str:
    """The subject that a rule belongs to: its file's; one that came in by an edition is under `own`."""
    return rule.path.stem if rule.path.suffix in (".yml", ".yaml") else "own"


def subject_name(subject: str) -> Text:
    return SUBJECTS.get(subject) or (Text("自定义", "Our own") if subject == "own" else Text(subject, subject))


def reading_order(subject: str) -> tuple[int, str]:
    order = list(SUBJECTS)
    return (order.index(subject) if subject in order else len(order), subject)


def _precision(states: dict[str, int]) -> Precision:
    confirmed, dismissed = states.get("confirmed", 0), states.get("dismissed", 0)
    return precision(confirmed, confirmed + dismissed, sum(states.values()))


def _mentions(rule: Rule, text: str) -> bool:
    told = " ".join(
        (rule.id, rule.name.zh, rule.name.en, rule.why.zh, rule.why.en, *(b.text.zh + b.text.en for b in rule.law))
    ).lower()
    return all(any(form in told for form in spellings(word)) for word in text.split())


def _latest(session: Session) -> dict[str, t.RunRule]:
    """What each rule said in the latest finished run that asked it."""
    newest = (
        sa.select(t.RunRule.rule_id, sa.func.max(t.RunRule.run_id).label("run"))
        .join(t.Run, t.Run.id == t.RunRule.run_id)
        .where(t.Run.status == "done")
        .group_by(t.RunRule.rule_id)
        .subquery()
    )
    query = sa.select(t.RunRule).join(
        newest, sa.and_(t.RunRule.rule_id == newest.c.rule_id, t.RunRule.run_id == newest.c.run)
    )
    return {said.rule_id: said for said in session.scalars(query)}


def _states(session: Session, viewer: Viewer, rule_id: str | None = None) -> dict[str, dict[str, int]]:
    """For each rule its flags in scope by the state of their case ("" where none was opened).

    A closed case counts as what it was closed as.
    """
    closed_as = (
        sa.select(t.CaseStep.to_state)
        .where(t.CaseStep.case_id == t.Case.id, t.CaseStep.action.in_(("confirm", "dismiss")))
        .order_by(t.CaseStep.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    state = sa.func.coalesce(sa.case((t.Case.state == "closed", closed_as), else_=t.Case.state), "").label("state")
    query = (
        sa.select(t.Flag.rule_id, state, sa.func.count())
        .outerjoin(t.Case, t.Case.flag_id == t.Flag.id)
        .where(within(viewer, t.Flag.region, t.Flag.agency_code), t.Flag.rule_id == rule_id if rule_id else sa.true())
        .group_by(t.Flag.rule_id, state)
    )
    found: dict[str, dict[str, int]] = {}
    for rule, name, count in session.execute(query):
        found.setdefault(rule, {})[name] = count
    return found


def _results(session: Session, rule_id: str, over: str) -> list[dict[str, Any]]:
    query = (
        sa.select(t.RunRule, t.Run.as_of, t.Run.started_at)
        .join(t.Run, t.Run.id == t.RunRule.run_id)
        .where(t.RunRule.rule_id == rule_id, t.Run.status == "done")
        .order_by(t.Run.id.desc())
        .limit(12)
    )
    return [
        {
            "run_id": said.run_id,
            "started_at": started,
            "as_of": as_of,
            "looked_at": said.looked_at,
            "flagged": said.flagged,
            "could_not_judge": said.could_not_judge,
            "reasons": reasons(said.reasons, over),
            "exempted": said.exempted,
            "seconds": said.seconds,
        }
        for said, as_of, started in session.execute(query)
    ]


def reasons(counted: dict[str, Any], over: str) -> list[dict[str, Any]]:
    """Why something could not be judged: [{code, sentence(Text), count}], the most frequent first."""
    found = [{"code": code, "sentence": sentence(code, over), "count": count} for code, count in counted.items()]
    return sorted(found, key=lambda r: -r["count"] if isinstance(r["count"], int) else 0)
