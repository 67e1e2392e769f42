"""Drafting editions of rules and taking them through their life, one transaction an act; every act is logged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch.access import audit
from budgetwatch.access.viewer import POWERS, Viewer
from budgetwatch.calendar import today
from budgetwatch.db import serialise
from budgetwatch.errors import BadRule, Conflict, Denied, Invalid, NotFound
from budgetwatch.lifecycle import machine, writing
from budgetwatch.rulebooks import body_digest, rule_of
from budgetwatch.rules.packs import Packs
from budgetwatch.rules.rule import Rule
from budgetwatch.tables import BackTestRule, RuleEdition, RuleStep, User
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: A rule's text is some pages at most.
LONGEST_BODY = 100_000


def draft(home: Home, viewer: Viewer, body: str, *, note: str = "", base: RuleEdition | None = None) -> RuleEdition:
    """A new edition of the rule that the text says, numbered after its last. `BadRule` names the line that is wrong.

    Without `base` it is taken as made from the text in force. A text that is already an edition's latest is refused.
    """
    if not viewer.may("draft_rules") or viewer.id is None:
        raise Denied(
            Text("您的角色不能起草规则。", "Your role may not draft rules."),
            fix=Text("请让经办、负责人或审计人员起草。", "Ask a reviewer, a lead or an auditor."),
        )
    body = body.replace("\r\n", "\n").strip("\n") + "\n"
    if len(body) > LONGEST_BODY:
        raise Invalid(
            Text(f"规则文字超过 {LONGEST_BODY} 字。", f"The text is longer than {LONGEST_BODY} characters."),
            where="body",
        )
    rule = rule_of(body, home.files.laws, "draft")
    digest = body_digest(body)
    with home.session() as session:
        serialise(session)  # numbers follow each other
        last = session.scalars(
            sa.select(RuleEdition).where(RuleEdition.rule_id == rule.id).order_by(RuleEdition.no.desc()).limit(1)
        ).first()
        if last is not None and last.digest == digest and machine.state_of(steps_of(session, last.id)) != "withdrawn":
            raise Conflict(
                Text(f"第 {last.no} 版就是这段文字。", f"Edition {last.no} is this very text."),
                where=rule.id,
                fix=Text("请先修改。", "Change something first."),
                edition=last.id,
            )
        held = base.body if base is not None else current_body(home, rule.id)
        if body_digest(held) == digest and base is None:
            raise Conflict(
                Text("与正在执行的文字完全相同。", "This is the text in force, unchanged."),
                where=rule.id,
                fix=Text("请先修改。", "Change something first."),
            )
        in_force = home.effective.editions.get(rule.id)
        edition = RuleEdition(
            rule_id=rule.id,
            no=(last.no if last else 0) + 1,
            body=body,
            digest=digest,
            base_digest=body_digest(held) if held else "",
            base_no=base.no if base is not None else in_force.no if in_force else None,
            author_id=viewer.id,
            author_name=viewer.name,
            region=viewer.region,
            note=note.strip(),
        )
        session.add(edition)
        session.flush()
        _step(session, viewer, edition.id, [], machine.Decision("draft", "draft", None, note.strip()))
        audit.record(session, viewer, "draft_rule", "rule_edition", edition.id, {"rule": rule.id, "digest": digest})
    return edition


def set_params(home: Home, viewer: Viewer, rule_id: str, values: Mapping[str, Any], note: str = "") -> RuleEdition:
    """A new edition of the rule in force with other thresholds, within the bounds its parameters state."""
    return draft(home, viewer, writing.with_params(body_in_force(home, rule_id), values), note=note)


def set_enabled(home: Home, viewer: Viewer, rule_id: str, enabled: bool, note: str = "") -> RuleEdition:
    """A new edition of the rule in force, switched on or off."""
    return draft(home, viewer, writing.with_enabled(body_in_force(home, rule_id), enabled), note=note)


def roll_back(home: Home, viewer: Viewer, edition_id: int, note: str = "") -> RuleEdition:
    """A new edition with the text of an old one: what was is not rewritten, it comes again and is approved again."""
    with home.session() as session:
        old = one(session, edition_id)
    return draft(
        home, viewer, old.body, note=note or f"回到第 {old.no} 版 / back to edition {old.no}", base=_latest(home, old)
    )


def roll_back_to_file(home: Home, viewer: Viewer, rule_id: str, note: str = "") -> RuleEdition:
    """A new edition with the text that the rule files hold."""
    return draft(home, viewer, home.files[rule_id].body, note=note or "回到规则文件 / back to the rule file")


def act(
    home: Home,
    viewer: Viewer,
    edition_id: int,
    action: str,
    *,
    note: str = "",
    day: dt.date | None = None,
    back_test_id: int | None = None,
) -> RuleEdition:
    """Take one step with an edition in this person's name; what is not possible is refused with what is."""
    with home.session() as session:
        serialise(session)  # of two who act at once, the second sees what the first did
        edition = one(session, edition_id)
        steps = steps_of(session, edition_id)
        decision = machine.decide(
            action, viewer, steps, today=today(), whole=covers_all(session, viewer), note=note, day=day
        )
        if action == "backtest" and back_test_id is None:
            raise Invalid(
                Text("回测要由回测本身记下。", "A back-test is recorded by the back-test itself."),
                where="action",
                fix=Text(
                    "请运行 budgetwatch rules backtest，或在页面上回测。",
                    "Run `budgetwatch rules backtest`, or press it on the page.",
                ),
            )
        if action in ("propose", "approve", "activate"):
            _sound(home, edition)
        if action == "propose":
            back_test_id = latest_test(session, edition)
        _step(session, viewer, edition_id, steps, decision, back_test_id)
        detail = {"rule": edition.rule_id, "no": edition.no, "digest": edition.digest}
        if decision.day:
            detail["day"] = decision.day.isoformat()
        audit.record(session, viewer, f"{action}_rule", "rule_edition", edition_id, detail)
    home.look_again()
    return edition


def activate(home: Home, viewer: Viewer, edition_id: int, day: dt.date | None = None, note: str = "") -> RuleEdition:
    """Put an approved edition into force from that day (today)."""
    return act(home, viewer, edition_id, "activate", note=note, day=day)


def tested(home: Home, viewer: Viewer, edition_id: int, back_test_id: int) -> None:
    """Record that a back-test covers the edition; a draft is back-tested from then on, others stay where they are."""
    with home.session() as session:
        serialise(session)
        steps = steps_of(session, edition_id)
        if machine.state_of(steps) != "draft":
            return
        decision = machine.Decision("backtest", "tested", None, "")
        _step(session, viewer, edition_id, steps, decision, back_test_id)


def one(session: Session, edition_id: int) -> RuleEdition:
    """The edition of that number."""
    found = session.get(RuleEdition, edition_id) if 0 < edition_id < 2**31 else None
    if found is None:
        raise NotFound(
            Text(f"没有规则版本 {edition_id}。", f"There is no edition {edition_id} of a rule."),
            fix=Text("budgetwatch rules editions 列出全部。", "`budgetwatch rules editions` lists them."),
        )
    return found


def steps_of(session: Session, edition_id: int) -> Sequence[RuleStep]:
    """The steps that the edition went through, in order."""
    return session.scalars(sa.select(RuleStep).where(RuleStep.edition_id == edition_id).order_by(RuleStep.seq)).all()


def rule_in(home: Home, edition: RuleEdition) -> Rule:
    """The rule that an edition says, under the laws of the files."""
    return rule_of(edition.body, home.files.laws, f"{edition.rule_id}@{edition.no}")


def current_body(home: Home, rule_id: str) -> str:
    """The text in force of a rule; empty where there is none."""
    held = home.effective.editions.get(rule_id)
    if held is not None:
        return held.body
    return home.files[rule_id].body if rule_id in home.files else ""


def body_in_force(home: Home, rule_id: str) -> str:
    """The same; `NotFound` with the nearest ids where there is no such rule."""
    return current_body(home, rule_id) or home.rules[rule_id].body


def covers_all(session: Session, viewer: Viewer) -> bool:
    """Whether this person's scope is as wide as anybody's who decides on rules here: a rule holds for every region."""
    roles = [role for role, powers in POWERS.items() if "approve_rules" in powers]
    regions = session.scalars(sa.select(User.region).where(User.role.in_(roles), User.active.is_(True))).all()
    return len(viewer.region) <= min((len(region) for region in regions), default=0) or viewer.region == ""


def latest_test(session: Session, edition: RuleEdition) -> int | None:
    """The latest back-test of exactly this text."""
    return session.scalar(
        sa.select(sa.func.max(BackTestRule.back_test_id)).where(
            BackTestRule.rule_id == edition.rule_id, BackTestRule.digest == edition.digest
        )
    )


def _latest(home: Home, edition: RuleEdition) -> RuleEdition:
    with home.session() as session:
        return session.scalars(
            sa.select(RuleEdition)
            .where(RuleEdition.rule_id == edition.rule_id)
            .order_by(RuleEdition.no.desc())
            .limit(1)
        ).one()


def _sound(home: Home, edition: RuleEdition) -> None:
    """Refuse an edition whose examples say otherwise, or whose text the rule language no longer takes."""
    from budgetwatch.rules.examples import check_examples

    rule = rule_in(home, edition)
    # A pack that sets what the edition no longer has would stop every run: it is refused here, with the pack's place.
    shipped = home.settings.rules / "packs"
    Packs.load([shipped, home.path / "packs"], home.rules.overlaid({rule.id: rule}), forgiving=[shipped])
    wrong = check_examples(rule)
    if wrong:
        raise BadRule(
            Text(wrong[0].zh + "。", wrong[0].en + "."),
            where=f"{edition.rule_id}@{edition.no}",
            fix=Text("请修改规则或例子后另起一版。", "Correct the rule or the example in a new edition."),
        )


def _step(
    session: Session,
    viewer: Viewer,
    edition_id: int,
    steps: Sequence[machine.Step],
    decision: machine.Decision,
    back_test_id: int | None = None,
) -> None:
    session.add(
        RuleStep(
            edition_id=edition_id,
            seq=len(steps) + 1,
            action=decision.action,
            from_state=machine.state_of(steps) if steps else "",
            to_state=decision.target,
            actor_id=viewer.id,
            actor_name=viewer.name,
            actor_role=viewer.role,
            note=decision.note,
            day=decision.day,
            back_test_id=back_test_id,
        )
    )
    session.flush()
