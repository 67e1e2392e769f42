"""Long work: started by one person, done by one worker, stopped when asked, found again after a crash, seen by nobody else."""

from __future__ import annotations

import datetime as dt
import io
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa

from budgetwatch import jobs, tables
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.calendar import now, today
from budgetwatch.errors import Conflict, Denied, Invalid, NotFound
from budgetwatch.home import Home
from budgetwatch.jobs import kinds, ledger, service, uploads, worker
from budgetwatch.queries.payments import PaymentFilter
from budgetwatch.rules.book import RuleBook, from_text
from budgetwatch.text import Text
from tests.builders import facts
from tests.feeds.senders import HEADING, payment, profile
from tests.rules.samples import CASH, rule_file

Person = Callable[..., Viewer]


def sent(*rows: tuple[str, ...]) -> io.BytesIO:
    lines = [",".join(row) for row in (HEADING, *(rows or (payment("V1"), payment("V2"))))]
    return io.BytesIO(("\n".join(lines) + "\n").encode())


def paid(home: Home, count: int = 3) -> None:
    facts(home, "payment", [
        {"voucher_no": f"P{n}", "budget_year": 2025, "pay_date": "2025-03-03", "adm_div_code": "990102", "agency_code": "A",
         "agency_name": "甲单位", "amount": "12000.00", "currency": "CNY", "settlement": "cash", "payee_name": "乙"}
        for n in range(count)
    ])  # fmt: skip


def with_rules(home: Home) -> Home:
    home.__dict__["rules"] = RuleBook({rule.id: rule for rule in from_text(rule_file(CASH))}, {})
    return home


# ------------------------------------------------------------------ what the kinds do


def test_a_sent_file_is_taken_in_as_the_person_who_sent_it(any_home: Home, person: Person) -> None:
    admin = person(any_home, "admin")
    job = jobs.take_in(any_home, admin, "march.csv", sent(), profile(any_home))
    assert (job.state, job.ahead, job.title.zh) == ("waiting", 0, "接收 march.csv")
    assert jobs.work_off(any_home) == [job.id]
    done = jobs.one(any_home, admin, job.id)
    assert (done.state, done.share, done.seen) == ("done", 1.0, False)
    assert done.result["rows_accepted"] == 2
    assert Decimal(done.result["amount_sum"]) == Decimal("24.60")
    assert "收到 2 行：采纳 2" in jobs.ended(done).zh
    with any_home.session() as session:
        batch = session.get_one(tables.Batch, done.result["batch"])
        assert (batch.received_by, batch.file_name) == (admin.login, "march.csv")
    assert not list((any_home.path / "tmp").glob("upload-*")), "the upload is gone once it is in"


def test_a_check_keeps_nothing_but_its_verdict_and_the_file_until_it_is_taken_in(home: Home, person: Person) -> None:
    admin = person(home, "admin")
    checked = jobs.check(home, admin, "march.csv", sent(payment("V1"), payment("V2", "12,3x")), profile(home))
    jobs.work_off(home)
    said = jobs.one(home, admin, checked.id)
    assert said.state == "done"
    assert (said.result["rows_accepted"], said.result["rows_rejected"]) == (1, 1)
    assert not home.store.current()
    taken = jobs.take_in_checked(home, admin, checked.id)
    jobs.work_off(home)
    assert jobs.one(home, admin, taken.id).result["status"] == "accepted"
    with pytest.raises(NotFound):
        jobs.take_in_checked(home, admin, checked.id)


def test_a_check_of_a_file_that_would_be_refused_is_done_and_says_why(home: Home, person: Person) -> None:
    admin = person(home, "admin")
    job = jobs.check(home, admin, "odd.csv", io.BytesIO(b"a,b\n1,2\n"), profile(home))
    jobs.work_off(home)
    said = jobs.one(home, admin, job.id)
    assert said.state == "done"
    assert jobs.ended(said).zh.startswith("这个文件会被整份退回：")
    with home.session() as session:
        assert not session.scalar(sa.select(sa.func.count()).select_from(tables.Batch))


def test_a_refused_file_fails_with_the_reason_and_its_batch(home: Home, person: Person) -> None:
    admin = person(home, "admin")
    job = jobs.take_in(home, admin, "odd.csv", io.BytesIO(b"a,b\n1,2\n"), profile(home))
    jobs.work_off(home)
    said = jobs.one(home, admin, job.id)
    assert said.state == "failed"
    assert said.result["refusal"]["zh"]["what"]
    with home.session() as session:
        assert session.get_one(tables.Batch, said.result["batch"]).status == "refused"


def test_a_check_judges_the_regions_that_its_sender_may_send_for(home: Home, person: Person) -> None:
    elsewhere = person(home, "finance", region="990103")
    job = jobs.check(home, elsewhere, "march.csv", sent(), profile(home, key=["voucher_no"]))
    jobs.work_off(home)
    assert jobs.one(home, elsewhere, job.id).result["reasons"] == {"outside_scope": 2}


def test_a_run_of_the_rules_tells_what_it_found(any_home: Home, person: Person) -> None:
    paid(with_rules(any_home))
    reviewer = person(any_home, "reviewer")
    job = jobs.run(any_home, reviewer)
    jobs.work_off(any_home)
    done = jobs.one(any_home, reviewer, job.id)
    assert done.state == "done"
    assert (done.result["rules"], done.result["new_flags"]) == (1, 1)
    with any_home.session() as session:
        assert session.get_one(tables.Run, done.result["run"]).actor == reviewer.login


def test_an_unknown_rule_or_profile_is_refused_at_once(home: Home, person: Person) -> None:
    with pytest.raises(NotFound):
        jobs.run(home, person(home, "lead"), ["XX-99"])
    with pytest.raises(NotFound):
        jobs.take_in(home, person(home, "admin"), "a.csv", sent(), "no-such-profile")
    assert not list((home.path / "tmp").glob("upload-*"))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_waits_for_its_owner(home: Home, person: Person, form: str) -> None:
    paid(home)
    auditor = person(home, "auditor")
    job = jobs.export(home, auditor, PaymentFilter(year=2025, first_day=dt.date(2025, 1, 1)), form)
    jobs.work_off(home)
    path, name = jobs.file(home, auditor, job.id)
    assert name.endswith(f".{form}")
    assert path.parent == home.path / "exports"
    if form == "csv":
        assert len(path.read_text("utf-8-sig").splitlines()) == 4
    with home.session() as session:
        kept = list(session.scalars(sa.select(tables.Audit.action).order_by(tables.Audit.id)))
    assert kept == ["export_payments", "fetch_export"]


def test_a_filter_is_kept_whole() -> None:
    f = PaymentFilter(
        region="9901", own=True, year=2025, first_day=dt.date(2025, 1, 2), min_amount=Decimal("1.50"), batch=3
    )
    assert kinds.kept_filter(kinds.filter_kept(f)) == f


def test_an_export_is_removed_after_its_time(home: Home, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    paid(home)
    auditor = person(home, "auditor")
    job = jobs.export(home, auditor, PaymentFilter())
    jobs.work_off(home)
    worker.sweep(home)
    jobs.file(home, auditor, job.id)
    monkeypatch.setattr(worker, "today", lambda: today() + dt.timedelta(kinds.KEPT_DAYS + 1))
    worker.sweep(home)
    with pytest.raises(NotFound):
        jobs.file(home, auditor, job.id)
    assert not list((home.path / "exports").iterdir())
    assert "已过保留期" in jobs.ended(jobs.one(home, auditor, job.id)).zh


def test_files_that_nobody_came_back_for_are_swept(home: Home) -> None:
    old, new, needed = (uploads.keep(home, "a.csv", sent()) for _ in range(3))
    for token in (old, needed):
        os.utime(home.path / "tmp" / f"upload-{token}", (1, 1))
    assert uploads.sweep(home, [needed]) == 1
    assert (uploads.there(home, old), uploads.there(home, new), uploads.there(home, needed)) == (False, True, True)


# ------------------------------------------------------------------ whose it is


def test_nobody_sees_the_job_or_the_file_of_another(home: Home, person: Person) -> None:
    paid(home)
    owner, other, admin = person(home, "auditor"), person(home, "auditor"), person(home, "admin")
    job = jobs.export(home, owner, PaymentFilter())
    jobs.work_off(home)
    for stranger in (other, admin, SYSTEM):
        for look in (jobs.one, jobs.stop, jobs.again, jobs.file):
            with pytest.raises(NotFound):
                look(home, stranger, job.id)
        jobs.seen(home, stranger, job.id)
        assert jobs.mine(home, stranger) == []
    assert jobs.tally(home, owner) == jobs.Tally(0, 1)
    jobs.seen(home, owner, job.id)
    assert jobs.tally(home, owner) == jobs.Tally(0, 0)


@pytest.mark.parametrize(
    ("role", "kind"), [("deputy", "run"), ("auditor", "take_in"), ("reviewer", "export"), ("unit", "check")]
)
def test_a_job_takes_the_power_that_its_work_takes(home: Home, person: Person, role: str, kind: str) -> None:
    with pytest.raises(Denied):
        jobs.start(home, person(home, role), kind, Text("", ""), {})


def test_who_was_switched_off_meanwhile_has_nothing_done(home: Home, person: Person) -> None:
    paid(with_rules(home))
    reviewer = person(home, "reviewer")
    job = jobs.run(home, reviewer)
    with home.session() as session:
        session.get_one(tables.User, reviewer.id).active = False
    jobs.work_off(home)
    assert jobs.one(home, reviewer, job.id).state == "failed"
    with home.session() as session:
        assert not session.scalar(sa.select(sa.func.count()).select_from(tables.Run))


def test_the_same_is_not_started_twice_while_it_waits_and_nobody_floods(home: Home, person: Person) -> None:
    lead = person(with_rules(home), "lead")
    assert jobs.run(home, lead).id == jobs.run(home, lead).id
    for day in range(1, service.MOST_OPEN):
        jobs.run(home, lead, as_of=dt.date(2025, 1, day))
    with pytest.raises(Conflict):
        jobs.run(home, lead, as_of=dt.date(2025, 2, 1))
    assert [job.ahead for job in jobs.mine(home, lead)] == list(range(service.MOST_OPEN))


def test_an_unknown_kind_is_refused(home: Home, person: Person) -> None:
    with pytest.raises(Invalid):
        jobs.start(home, person(home, "admin"), "dig", Text("", ""), {})


# ------------------------------------------------------------------ stopping


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The run of the rules becomes work of a thousand small steps; the event is set once it is under way."""
    begun = threading.Event()

    def do(home: Home, viewer: Viewer, asked: object, progress: object) -> dict[str, object]:
        for step in range(1000):
            progress(step / 1000, Text(f"第 {step} 步", f"Step {step}"))  # type: ignore[operator]
            begun.set()
            threading.Event().wait(0.01)
        return {}

    monkeypatch.setitem(kinds.KINDS, "run", kinds.Kind(Text("慢", "Slow"), "run", do, alone=True))  # type: ignore[arg-type]
    monkeypatch.setattr(worker, "NOTE", 0.02)
    return begun


def test_one_that_waits_is_stopped_at_once_and_can_be_started_again(home: Home, person: Person) -> None:
    lead = person(with_rules(home), "lead")
    job = jobs.stop(home, lead, jobs.run(home, lead).id)
    assert (job.state, job.seen) == ("stopped", True)
    assert jobs.work_off(home) == []
    more = jobs.again(home, lead, job.id)
    assert (more.kind, more.asked, more.state) == ("run", job.asked, "waiting")
    with pytest.raises(Conflict):
        jobs.again(home, lead, more.id)


def test_one_that_runs_stops_after_the_step_at_hand(any_home: Home, person: Person, slow: threading.Event) -> None:
    lead = person(with_rules(any_home), "lead")
    job = jobs.run(any_home, lead)
    thread = threading.Thread(target=jobs.work_off, args=(any_home,))
    thread.start()
    assert slow.wait(10)
    assert jobs.stop(any_home, lead, job.id).state == "stopping"
    thread.join(10)
    ended = jobs.one(any_home, lead, job.id)
    assert ended.state == "stopped"
    assert ended.share < 0.95
    assert "由您停止" in jobs.ended(ended).zh
    assert jobs.stop(any_home, lead, job.id).state == "stopped", "stopping it again changes nothing"


def test_a_file_whose_taking_in_was_stopped_leaves_no_fact_and_can_be_taken_in_again(
    home: Home, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = person(home, "admin")
    job = jobs.take_in(home, admin, "march.csv", sent(), profile(home))
    monkeypatch.setattr(worker, "NOTE", 0.0)
    claim = ledger.claim(home, kinds.ALONE)
    assert claim is not None
    jobs.stop(home, admin, job.id)
    reporter = worker.Reporter(home, job.id, threading.Event())
    state, result = worker._done(home, claim, reporter)
    ledger.end(home, job.id, state, result)
    claim.release(home)
    assert (state, result) == ("stopped", {"why": "asked"})
    assert not home.store.current()
    assert service.may_start_again(home, jobs.one(home, admin, job.id))
    again = jobs.again(home, admin, job.id)
    jobs.work_off(home)
    assert jobs.one(home, admin, again.id).result["rows_accepted"] == 2


def test_progress_is_written_at_most_twice_a_second(
    home: Home, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = person(with_rules(home), "lead")
    jobs.run(home, lead)
    claim = ledger.claim(home, kinds.ALONE)
    assert claim is not None
    written: list[object] = []
    monkeypatch.setattr(ledger, "beat", lambda *_, **values: written.append(values) or "running")
    reporter = worker.Reporter(home, claim.id, threading.Event())
    for step in range(500):
        reporter(step / 500, Text("", ""))
    assert len(written) <= 2
    claim.release(home)


# ------------------------------------------------------------------ several workers, dead ones


def test_two_workers_claim_a_job_once(any_home: Home, person: Person) -> None:
    paid(any_home)
    auditor = person(any_home, "auditor")
    for year in range(2020, 2026):
        jobs.export(any_home, auditor, PaymentFilter(year=year))
    claimed: list[int] = []

    def take() -> None:
        while ours := ledger.claim(any_home, kinds.ALONE):
            claimed.append(ours.id)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(claimed) == sorted({job.id for job in jobs.mine(any_home, auditor)})


def test_of_the_runs_one_goes_at_a_time(any_home: Home, person: Person) -> None:
    lead = person(with_rules(any_home), "lead")
    jobs.run(any_home, lead)
    jobs.run(any_home, lead, as_of=dt.date(2025, 6, 30))
    first = ledger.claim(any_home, kinds.ALONE)
    assert first is not None
    assert ledger.claim(any_home, kinds.ALONE) is None
    ledger.end(any_home, first.id, "done", {})
    first.release(any_home)
    assert ledger.claim(any_home, kinds.ALONE) is not None


def test_a_job_whose_process_died_is_found_stopped_and_says_what_to_do(home: Home, person: Person) -> None:
    lead = person(with_rules(home), "lead")
    job = jobs.run(home, lead)
    script = f"""
        import os
        from budgetwatch.home import Home
        from budgetwatch.jobs import kinds, ledger
        from budgetwatch.settings import Settings
        assert ledger.claim(Home(Settings(home={str(home.path)!r})), kinds.ALONE).id == {job.id}
        os._exit(9)
    """
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False).returncode == 9
    assert jobs.one(home, lead, job.id).state == "running", "as its last sign of life was a moment ago"
    assert ledger.recover(home) == [job.id]
    found = jobs.one(home, lead, job.id)
    assert (found.state, found.seen) == ("stopped", False)
    assert "请重新开始" in jobs.ended(found).zh
    assert ledger.recover(home) == []
    jobs.again(home, lead, job.id)
    assert len(jobs.work_off(home)) == 1


def test_a_living_worker_is_not_taken_for_dead(home: Home, person: Person) -> None:
    lead = person(with_rules(home), "lead")
    jobs.run(home, lead)
    claim = ledger.claim(home, kinds.ALONE)
    assert claim is not None
    assert ledger.recover(home) == []
    claim.release(home)


def test_a_worker_that_was_silent_too_long_loses_its_job_and_notices(home: Home, person: Person) -> None:
    lead = person(with_rules(home), "lead")
    job = jobs.run(home, lead)
    claim = ledger.claim(home, kinds.ALONE)
    assert claim is not None
    with home.session() as session:
        session.get_one(tables.Job, job.id).beat_at = now() - 2 * ledger.SILENT
    assert jobs.one(home, lead, job.id).state == "stopped"
    assert ledger.recover(home) == [job.id]
    reporter = worker.Reporter(home, job.id, threading.Event())
    with pytest.raises(kinds.Stopped):
        reporter(0.5, Text("", ""))
    assert not ledger.end(home, job.id, "done", {}), "the last word was said"
    claim.release(home)


def test_an_unforeseen_failure_is_told_with_a_reference(
    home: Home, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> dict[str, object]:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setitem(kinds.KINDS, "run", kinds.Kind(Text("坏", "Broken"), "run", breaks))
    lead = person(with_rules(home), "lead")
    job = jobs.run(home, lead)
    jobs.work_off(home)
    said = jobs.one(home, lead, job.id)
    assert said.state == "failed"
    assert "编号" in jobs.ended(said).zh
    assert "secret" not in str(said.result)


def test_the_threads_of_a_server_do_what_is_started_and_stop_with_it(
    home: Home, person: Person, slow: threading.Event
) -> None:
    lead = person(with_rules(home), "lead")
    with jobs.Worker(home):
        job = jobs.run(home, lead)
        assert slow.wait(10), "begun without waiting for the next look"
    ended = jobs.one(home, lead, job.id)
    assert ended.state == "stopped"
    assert "服务关闭" in jobs.ended(ended).zh
