"""Laws that hold for every sequence of acts: nobody ends a case alone, and the steps tell the whole story."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from budgetwatch import cases, db
from budgetwatch.access import audit
from budgetwatch.access.viewer import ROLES, Viewer
from budgetwatch.cases import machine
from budgetwatch.errors import BudgetwatchError
from budgetwatch.tables import Case
from tests.effort import examples

REASONS = ["", *machine.REASONS]


def test_no_sequence_of_acts_breaks_the_laws(
    migrated_sqlite: Path, person: Callable[..., Viewer], flagged: Callable[..., int]
) -> None:
    class Life(RuleBasedStateMachine):
        """Anybody tries anything on one case, in any order."""

        def __init__(self) -> None:
            super().__init__()
            self.folder = Path(tempfile.mkdtemp())
            shutil.copyfile(migrated_sqlite, self.folder / "laws.db")
            self.home = db.Database(f"sqlite:///{self.folder / 'laws.db'}")
            unit = {"region": "990102", "agency_code": "990102-A01"}
            self.people = [
                person(self.home, role, **(unit if role == "unit" else {})) for role in [*ROLES, "lead", "reviewer"]
            ]
            self.case_id = flagged(self.home)

        def teardown(self) -> None:
            self.home.engine.dispose()
            shutil.rmtree(self.folder)

        def seen(self) -> tuple[Any, list[Any]]:
            with self.home.session() as session:
                return session.get_one(Case, self.case_id), cases.steps_of(session, self.case_id)

        @rule(
            who=st.integers(0, len(ROLES) + 1),
            action=st.sampled_from(list(machine.ACTIONS)),
            reason=st.sampled_from(REASONS),
            stale=st.booleans(),
        )
        def anybody_tries_anything(self, who: int, action: str, reason: str, stale: bool) -> None:
            before, _ = self.seen()
            version = max(before.version - 1, 0) if stale else before.version
            with suppress(BudgetwatchError):
                cases.act(
                    self.home, self.people[who], self.case_id, action, note="说明", reason=reason, version=version
                )  # type: ignore[arg-type]

        @rule(who=st.integers(0, len(ROLES) + 1), pick=st.integers(0, 20))
        def somebody_does_what_they_are_offered(self, who: int, pick: int) -> None:
            before, steps = self.seen()
            offered = machine.moves(before.state, self.people[who], steps)
            offered = [m for m in offered if m.action != "comment"] or offered
            if not offered:
                return
            move = offered[pick % len(offered)]
            reason = move.reasons[pick % len(move.reasons)][0] if move.reasons else ""
            after = cases.act(self.home, self.people[who], self.case_id, move.action, note="说明", reason=reason)  # type: ignore[arg-type]
            assert after.version == before.version + 1

        @invariant()
        def nobody_ended_it_alone(self) -> None:
            case, steps = self.seen()
            if case.state in machine.ENDED:
                decision = machine.decided_by(steps)
                closing = next(s for s in reversed(steps) if s.action == "close")
                assert decision is not None
                assert closing.actor_id is not None
                assert closing.actor_id != decision.actor_id

        @invariant()
        def the_steps_tell_the_whole_story(self) -> None:
            case, steps = self.seen()
            assert machine.replay(steps) == case.state
            assert [s.seq for s in steps] == list(range(1, case.version + 1))
            assert (case.closed_at is not None) == (case.state in machine.ENDED)
            assert (case.due_on is None) == (case.state in machine.ENDED)

        @invariant()
        def the_log_is_whole_and_has_every_step(self) -> None:
            _, steps = self.seen()
            assert audit.verify(self.home) is None
            assert audit.last(self.home)[0] == len(steps)

    run_state_machine_as_test(Life, settings=effort(max_examples=examples(25), stateful_step_count=25, deadline=None))


@pytest.mark.parametrize("order", [("dismiss", "close"), ("confirm", "close")])
def test_one_lead_alone_gets_a_case_decided_but_never_closed(
    any_home: Any, person: Callable[..., Viewer], flagged: Callable[..., int], order: tuple[str, str]
) -> None:
    lead, case_id = person(any_home, "lead"), flagged(any_home)
    reason = {"dismiss": "explained", "confirm": "diverted"}[order[0]]
    cases.act(any_home, lead, case_id, "take")
    cases.act(any_home, lead, case_id, "verify")
    cases.act(any_home, lead, case_id, order[0], reason=reason, note="说明")
    with pytest.raises(BudgetwatchError, match="themselves"):
        cases.act(any_home, lead, case_id, "close")
    assert cases.act(any_home, person(any_home, "lead"), case_id, "close").state == "closed"
    with any_home.session() as session:
        assert session.scalar(sa.select(Case.state).where(Case.id == case_id)) == "closed"
