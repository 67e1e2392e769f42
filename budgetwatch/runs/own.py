"""Writing down, before a run, what the house itself remembers: as facts, so that rules over it can be recomputed.

Each of the `own` feeds is read from the database in columns and held against the facts; what is new or changed is
appended in one commit a feed, a changed row superseding the one before. Where nothing changed nothing is written.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch import tables as t
from budgetwatch.cases import machine
from budgetwatch.errors import BudgetwatchError
from budgetwatch.facts.engine import view
from budgetwatch.facts.store import REPLACES, ROW
from budgetwatch.feeds import profile as profiles
from budgetwatch.feeds.keys import helper, known_already, superseding, table
from budgetwatch.feeds.stored import POLARS_TYPE, WRITING
from budgetwatch.home import Home
from budgetwatch.records import ALL
from budgetwatch.records.rowid import BATCH_SHIFT, PART_BITS
from budgetwatch.runs.noted import Noted, sign

#: The feeds that are written down here.
OWN = tuple(name for name, feed in ALL.items() if feed.own)
_REPEATS = ("repeats_line", "key_already_used")


def note_down(home: Home) -> dict[str, int]:
    """Bring the own feeds up to date; returns the rows appended to each, of those that had any."""
    noted = Noted(home.path / "tmp" / "own-noted.json")
    with home.session() as session:
        signs = {name: sign(session, name, home.store.current()) for name in OWN}
        frames = {name: _MADE[name](home, session) for name in OWN if not noted.same(name, signs[name])}
    added = {name: _append(home, name, frame) for name, frame in frames.items()}
    after = home.store.current()
    noted.keep({name: [*signs[name][:-1], after.get(name)] for name in frames})  # what came meanwhile: next time
    return {name: many for name, many in added.items() if many}


def _append(home: Home, name: str, frame: pl.DataFrame) -> int:
    """Commit the rows that the store does not know as they are; how many those were."""
    if frame.is_empty():
        return 0
    feed, store = ALL[name], home.store
    with store.writing(name), tempfile.TemporaryDirectory(prefix="own-", dir=home.path / "tmp") as folder:
        known = name in store.current()
        number = max(store.state(name).batches, default=0) + 1  # of this feed only: no file was received
        line = pl.int_range(2, frame.height + 2, dtype=pl.Int64)
        staged = Path(folder) / "rows.parquet"
        frame.select(
            *(pl.col(c.name).cast(POLARS_TYPE[c.kind]) for c in feed.columns),
            (pl.lit(number << BATCH_SHIFT, dtype=pl.Int64) + line * (1 << PART_BITS)).alias(ROW),
            pl.lit(None, dtype=pl.Int64).alias(REPLACES),
        ).write_parquet(staged, **WRITING)
        if known:
            superseding(
                [staged], known_already([staged], feed, feed.key, store.snapshot({name: store.current()[name]}))
            )
        added = int(pl.scan_parquet(staged).select(pl.len()).collect().item())
        if added:
            store.commit(name, [staged], batch=number, provenance={"operation": "noted by the house", "rows": added})
    return added


def _frame(name: str, columns: Mapping[str, list[Any] | pl.Series]) -> pl.DataFrame:
    """The columns as the feed types them; what is not given is empty."""
    height = len(next(iter(columns.values())))
    kinds = {c.name: POLARS_TYPE[c.kind] for c in ALL[name].columns}
    return pl.DataFrame(
        {c: pl.Series(c, columns[c] if c in columns else [None] * height, dtype=kind) for c, kind in kinds.items()}
    )


def _asked(session: Session, query: Any) -> dict[str, list[Any]]:
    """The answer as columns."""
    result = session.execute(query)
    names = list(result.keys())
    rows = result.all()
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def _day(moment: dt.datetime | None) -> dt.date | None:
    return moment.astimezone().date() if moment is not None else None


def _days(moments: list[dt.datetime | None]) -> list[dt.date | None]:
    return [_day(moment) for moment in moments]


# ── files received ───────────────────────────────────────────────────────────────────────────────────


def _batches(home: Home, session: Session) -> pl.DataFrame:
    b = t.Batch
    got = _asked(
        session,
        sa.select(b.id, b.profile, b.feed, b.sender, b.received_at, b.status, b.sequence, b.rows_in, b.rows_rejected,
                  b.reasons, b.refusal, b.written, b.regions).where(b.status != "receiving").order_by(b.id),
    )  # fmt: skip
    frame = _frame("batch", {
        **{name: got[name] for name in ("profile", "feed", "sender", "status", "sequence", "rows_in", "rows_rejected")},
        "batch_id": [str(number) for number in got["id"]],
        "received_on": _days(got["received_at"]),
        "digest_ok": [_agrees(*pair) for pair in zip(got["written"], got["refusal"], strict=True)],
        "duplicate_keys": [sum((told or {}).get(reason, 0) for reason in _REPEATS) for told in got["reasons"]],
        "adm_div_code": [_only(regions) for regions in got["regions"]],
    })  # fmt: skip
    # Missing as it looks now: a file that comes late fills its gap.
    taken = frame.filter((pl.col("status") == "accepted") & pl.col("sequence").is_not_null())
    gaps = taken.select("profile", "sequence").unique().sort("profile", "sequence").with_columns(
        (pl.col("sequence") - pl.col("sequence").shift(1).over("profile") - 1).fill_null(0).alias("gap")
    )  # fmt: skip
    joined = frame.join(gaps, on=["profile", "sequence"], how="left", maintain_order="left")
    return joined.with_columns(
        pl.when(pl.col("status") == "accepted").then(pl.col("gap")).alias("sequence_gap")
    ).drop("gap")  # fmt: skip


def _agrees(written: Mapping[str, Any] | None, refusal: Mapping[str, Any] | None) -> bool | None:
    """What the manifest said: kept to, not kept to, or nothing said."""
    if refusal:
        return False if refusal.get("en", {}).get("facts", {}).get("manifest") else None
    return True if (written or {}).get("manifest") else None


def _only(values: list[str] | None) -> str | None:
    return values[0] if values and len(values) == 1 else None


def _unread(home: Home, session: Session) -> pl.DataFrame:
    """Only of files that are not noted yet: what became of a file does not change."""
    noted: list[str] = []
    if "unread" in (versions := home.store.current()):
        snapshot = home.store.snapshot({"unread": versions["unread"]})
        with helper() as connection:
            noted = table(connection, f"SELECT DISTINCT batch_id FROM ({view(ALL['unread'], snapshot)})")["batch_id"].to_list()  # fmt: skip
    b = t.Batch
    got = _asked(
        session,
        sa.select(b.id, b.profile, b.feed, b.sender, b.received_at, b.rejects_file, b.regions).where(
            b.status != "receiving", b.rejects_file.is_not(None)
        ).order_by(b.id),
    )  # fmt: skip
    known, made = set(noted), []
    constants = _constants(home) if set(map(str, got["id"])) - known else {}
    for number, profile, feed, sender, received, file, regions in zip(*got.values(), strict=True):
        path = home.path / file
        if str(number) in known or not path.is_file():
            continue
        fixed = constants.get(profile, {})
        counted = (
            pl.scan_parquet(path)
            .group_by(pl.col("column").fill_null("").alias("heading"), "reason")
            .agg(pl.col("line").n_unique().cast(pl.Int64).alias("rows_rejected"))
            .sort("heading", "reason")
            .collect()
        )
        n = counted.height
        made.append(_frame("unread", {
            "heading": counted["heading"], "reason": counted["reason"], "rows_rejected": counted["rows_rejected"],
            "batch_id": [str(number)] * n, "feed": [feed] * n, "sender": [sender] * n, "received_on": [_day(received)] * n,
            "adm_div_code": [_only(regions) or fixed.get("adm_div_code")] * n, "agency_code": [fixed.get("agency_code")] * n,
        }))  # fmt: skip
    return pl.concat(made) if made else _frame("unread", {"batch_id": []})


def _constants(home: Home) -> dict[str, Mapping[str, Any]]:
    """What the profiles say of every row of their files."""
    try:
        return {name: one.constants for name, one in profiles.load_all(home.path / "profiles").items()}
    except BudgetwatchError:  # a profile that somebody is writing must not stop a run
        return {}


# ── cases and opinions ───────────────────────────────────────────────────────────────────────────────

_STEPS = ("verify", "ask", "reply", "return_reply", "confirm", "dismiss")


def _cases(home: Home, session: Session) -> pl.DataFrame:
    c, f, s = t.Case, t.Flag, t.CaseStep
    got = _asked(
        session,
        sa.select(c.id, f.rule_id, f.subject, c.severity, c.state, c.agency_code, f.agency_name, c.region, c.opened_at,
                  c.closed_at).join(f, f.id == c.flag_id).order_by(c.id),
    )  # fmt: skip
    cases = _frame("loop_case", {
        **{name: got[name] for name in ("rule_id", "subject", "severity", "state", "agency_code", "agency_name")},
        "case_id": [str(number) for number in got["id"]], "adm_div_code": [region or None for region in got["region"]],
        "opened_on": _days(got["opened_at"]), "closed_on": _days(got["closed_at"]),
        "times_returned": [0] * len(got["id"]),
    })  # fmt: skip
    anew = (
        sa.select(s.case_id, sa.func.max(s.seq).label("seq")).where(s.action == "reopen").group_by(s.case_id).subquery()
    )
    steps = _asked(
        session,
        sa.select(s.case_id, s.seq, s.action, s.to_state, s.at, s.fields).outerjoin(anew, anew.c.case_id == s.case_id)
        .where(s.action.in_((*_STEPS, "send_back")), sa.or_(anew.c.seq.is_(None), s.seq > anew.c.seq))
        .order_by(s.case_id, s.seq),
    )  # fmt: skip
    if not steps["case_id"]:
        return cases
    done = pl.DataFrame(
        {
            "case_id": pl.Series([str(number) for number in steps["case_id"]], dtype=pl.String),
            "action": pl.Series(steps["action"], dtype=pl.String),
            "seq": pl.Series(steps["seq"], dtype=pl.Int64),
            "day": pl.Series(_days(steps["at"]), dtype=pl.Date),
            "due": pl.Series([_due(fields) for fields in steps["fields"]], dtype=pl.Date),
        }
    ).sort("case_id", "seq")
    told = done.group_by("case_id", maintain_order=True).agg(
        _of("verify").last().alias("verified_on"),
        _of("ask").first().alias("asked_on"),
        _of("ask", "return_reply", column="due").last().alias("reply_due_on"),
        _of("reply").last().alias("replied_on"),
        _of("reply", column="seq").last().alias("_replied"),
        _of("return_reply", column="seq").last().alias("_returned"),
        _of("return_reply").len().cast(pl.Int64).alias("times_returned"),
        _of("confirm", "dismiss", column="action").last().alias("_judged"),
        _of("confirm", "dismiss").last().alias("_judged_on"),
        _of("confirm", "dismiss", column="seq").last().alias("_judged_seq"),
        _of("send_back", column="seq").last().alias("_sent_back"),
    )
    stands = pl.col("_sent_back").fill_null(-1) < pl.col("_judged_seq")
    told = told.with_columns(
        pl.when(pl.col("_returned").fill_null(-1) < pl.col("_replied")).then(pl.col("replied_on")).alias("replied_on"),
        pl.when(stands & (pl.col("_judged") == "confirm")).then(pl.col("_judged_on")).alias("confirmed_on"),
        pl.when(stands).then(
            pl.col("_judged").replace_strict({"confirm": "confirmed", "dismiss": "dismissed"}, default=None, return_dtype=pl.String)
        ).alias("verdict"),
    )  # fmt: skip
    confirmed = told["confirmed_on"].unique().drop_nulls().to_list()
    told = told.with_columns(
        pl.col("confirmed_on").replace_strict(
            confirmed, [machine.due("confirmed", day) for day in confirmed], default=None, return_dtype=pl.Date
        ).alias("rectify_due_on")
    )  # fmt: skip
    names = [c.name for c in ALL["loop_case"].columns]
    kept = told.select("case_id", *(name for name in names if name in told.columns and name != "case_id"))
    return (
        cases.drop(set(kept.columns) - {"case_id"}).join(kept, on="case_id", how="left", maintain_order="left")
        .with_columns(pl.col("times_returned").fill_null(0)).select(names)
    )  # fmt: skip


def _of(*actions: str, column: str = "day") -> pl.Expr:
    return pl.col(column).filter(pl.col("action").is_in(list(actions)))


def _due(fields: Mapping[str, Any] | None) -> dt.date | None:
    said = (fields or {}).get("due_on")
    return dt.date.fromisoformat(said) if said else None


def _opinions(home: Home, session: Session) -> pl.DataFrame:
    q, a = t.Question, t.Answer
    first = sa.select(a.question_id, sa.func.min(a.answered_at).label("answered_at")).group_by(a.question_id).subquery()
    got = _asked(
        session,
        sa.select(q.id, q.budget_year, q.agency_code, q.region, q.asked_at, first.c.answered_at)
        .outerjoin(first, first.c.question_id == q.id)
        .order_by(q.id),
    )
    return _frame("loop_opinion", {
        "opinion_id": [str(number) for number in got["id"]], "budget_year": got["budget_year"],
        "agency_code": got["agency_code"], "agency_name": _unit_names(home, got["agency_code"]),
        "adm_div_code": [region or None for region in got["region"]],
        "asked_on": _days(got["asked_at"]), "answered_on": _days(got["answered_at"]),
    })  # fmt: skip


def _unit_names(home: Home, codes: list[str | None]) -> list[str | None]:
    """The units' newest names, where the list of units has them."""
    versions = home.store.current()
    if not any(codes) or "org_unit" not in versions:
        return [None] * len(codes)
    snapshot = home.store.snapshot({"org_unit": versions["org_unit"]})
    with helper() as connection:
        named = table(
            connection,
            f"SELECT agency_code, arg_max(agency_name, budget_year) AS name FROM ({view(ALL['org_unit'], snapshot)}) GROUP BY agency_code",
        )
    known = dict(named.iter_rows())
    return [known.get(code) for code in codes]


_MADE: dict[str, Callable[[Home, Session], pl.DataFrame]] = {
    "batch": _batches,
    "loop_case": _cases,
    "loop_opinion": _opinions,
    "unread": _unread,
}
