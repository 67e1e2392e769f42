"""What we remember, as tables: people, batches, rules' versions, runs, flags, cases and decisions.

Facts themselves live in the fact store; here stands everything that people and runs did with them.
Some tables are only ever added to (see `db.APPENDED`).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from budgetwatch.calendar import now


class Money(TypeDecorator[Decimal]):
    """Exact yuan: NUMERIC(20,2) on PostgreSQL, integer 分 on SQLite (which has no exact decimal)."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(Numeric(20, 2) if dialect.name == "postgresql" else BigInteger())

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return int(Decimal(value).scaleb(2).to_integral_exact())

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:
        if value is None or dialect.name == "postgresql":
            return value
        return Decimal(int(value)).scaleb(-2)


class Moment(TypeDecorator[dt.datetime]):
    """An instant in UTC, aware on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: Any, dialect: Any) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


Json = JSON().with_variant(postgresql.JSONB(), "postgresql")
BigId = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class User(Base):
    """A person who may sign in: one role, one scope (a region prefix, for units also a unit code)."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(128))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(32))
    region: Mapped[str] = mapped_column(String(32), default="", doc="prefix of region codes in scope; empty: all")
    agency_code: Mapped[str | None] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    expires_on: Mapped[dt.date | None] = mapped_column(Date, doc="end of term: sign-in is refused after it")
    demo: Mapped[bool] = mapped_column(Boolean, default=False)
    failures: Mapped[int] = mapped_column(default=0, doc="wrong passwords since the last right one")
    locked_until: Mapped[dt.datetime | None] = mapped_column(Moment)
    created_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)


class Token(Base):
    """A key for programs, shown once and kept only as a hash; acts as its user."""

    __tablename__ = "tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(128), default="")
    created_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    expires_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Moment)


class BrowserSession(Base):
    """Someone signed in with a browser; kept as a hash of what the cookie holds, until it is over."""

    __tablename__ = "browser_sessions"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    opened_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Moment)


class Batch(Base):
    """One sent file: what it was, what became of each of its rows, and the fact version it made."""

    __tablename__ = "batches"
    __table_args__ = (Index("ix_batches_sha256_profile", "sha256", "profile"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    feed: Mapped[str] = mapped_column(String(32))
    profile: Mapped[str] = mapped_column(String(64))
    sender: Mapped[str] = mapped_column(String(128), default="")
    file_name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(16), doc="receiving, accepted, refused")
    rows_in: Mapped[int] = mapped_column(BigInteger, default=0, doc="data rows of the file")
    rows_accepted: Mapped[int] = mapped_column(BigInteger, default=0, doc="rows of the file taken in as facts")
    rows_rejected: Mapped[int] = mapped_column(BigInteger, default=0)
    rows_repeated: Mapped[int] = mapped_column(BigInteger, default=0, doc="rows already known, unchanged")
    facts_added: Mapped[int] = mapped_column(BigInteger, default=0, doc="facts stored (a line may hold several)")
    amount_sum: Mapped[Decimal | None] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    first_day: Mapped[dt.date | None] = mapped_column(Date)
    last_day: Mapped[dt.date | None] = mapped_column(Date)
    regions: Mapped[list[str]] = mapped_column(
        Json, default=list, doc="region codes found in it (scope of its listing)"
    )
    fact_version: Mapped[int | None] = mapped_column(BigInteger)
    rejects_file: Mapped[str | None] = mapped_column(String(255), doc="Parquet of the rejected rows, under home")
    reasons: Mapped[dict[str, int]] = mapped_column(Json, default=dict, doc="rejects by reason")
    refusal: Mapped[dict[str, Any] | None] = mapped_column(Json, doc="why the whole file was refused")
    written: Mapped[dict[str, Any]] = mapped_column(
        Json, default=dict, server_default="{}", doc="how the file was written: headings, delimiter"
    )
    remarks: Mapped[list[dict[str, str]]] = mapped_column(
        Json, default=list, server_default="[]", doc="what was noticed though it was taken in, zh and en"
    )
    sequence: Mapped[int | None] = mapped_column(BigInteger, doc="the sender's own count of its files")
    mends: Mapped[int | None] = mapped_column(doc="the batch whose rejected rows it brings back mended")
    received_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    received_by: Mapped[str] = mapped_column(String(64), default="")


class RuleVersion(Base):
    """A rule exactly as it stood when it was first run, found again by its hash."""

    __tablename__ = "rule_versions"
    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[str] = mapped_column(String(64), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    body: Mapped[str] = mapped_column(Text, doc="the rule's YAML")
    first_seen: Mapped[dt.datetime] = mapped_column(Moment, default=now)


class Run(Base):
    """One run of the rules over one pinned version of the facts."""

    __tablename__ = "runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    finished_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    status: Mapped[str] = mapped_column(String(16), default="running", doc="running, done, failed")
    as_of: Mapped[dt.date] = mapped_column(Date, doc="the day the rules took for today")
    versions: Mapped[dict[str, int]] = mapped_column(Json, doc="feed -> fact version")
    actor: Mapped[str] = mapped_column(String(64), default="")
    new_flags: Mapped[int] = mapped_column(default=0)
    changed_flags: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(Text)


class RunRule(Base):
    """What one rule said in one run: looked at, flagged, could not judge and why."""

    __tablename__ = "run_rules"
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    rule_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    rule_version_id: Mapped[int] = mapped_column(ForeignKey("rule_versions.id"))
    looked_at: Mapped[int] = mapped_column(BigInteger, default=0)
    flagged: Mapped[int] = mapped_column(BigInteger, default=0)
    could_not_judge: Mapped[int] = mapped_column(BigInteger, default=0)
    reasons: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, doc="why, with counts")
    exempted: Mapped[int] = mapped_column(BigInteger, default=0, doc="findings covered by an approved exemption")
    seconds: Mapped[float] = mapped_column(default=0.0)
    basis: Mapped[str] = mapped_column(
        String(64), default="", server_default="", doc="a name of the product's functions and calendar at that time"
    )
    asked: Mapped[str] = mapped_column(
        String(24),
        default="",
        server_default="",
        doc="empty: of everything; narrowed: of what changed; else why not less",
    )


class Flag(Base):
    """One 疑点: (rule, subject, period), found by any number of runs, always the same flag."""

    __tablename__ = "flags"
    __table_args__ = (Index("ix_flags_region_severity", "region", "severity"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(
        String(8), default="rule", doc="rule, or outlier: ranked, no case until a person says so"
    )
    rule_id: Mapped[str] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(String(512))
    subject_name: Mapped[str] = mapped_column(String(512), default="")
    period: Mapped[str] = mapped_column(String(32), default="")
    region: Mapped[str] = mapped_column(String(32), default="")
    agency_code: Mapped[str | None] = mapped_column(String(128), index=True)
    agency_name: Mapped[str] = mapped_column(String(255), default="")
    severity: Mapped[str] = mapped_column(String(8))
    amount: Mapped[Decimal | None] = mapped_column(Money)
    score: Mapped[float | None] = mapped_column(doc="of outliers: 0 to 1, greater is rarer")
    evidence_digest: Mapped[str] = mapped_column(String(64), default="", doc="of the latest evidence")
    first_run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    last_run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    created_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)


class Evidence(Base):
    """What a flag rests on, as found by one run; appended when it changes, never edited."""

    __tablename__ = "evidence"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id"), index=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    rule_version_id: Mapped[int] = mapped_column(ForeignKey("rule_versions.id"))
    params: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    severity: Mapped[str] = mapped_column(String(8))
    amount: Mapped[Decimal | None] = mapped_column(Money)
    row_feed: Mapped[str] = mapped_column(String(32), default="", doc="the feed its rows belong to")
    row_count: Mapped[int] = mapped_column(BigInteger, default=0)
    rows: Mapped[bytes] = mapped_column(LargeBinary, default=b"", doc="the first rows' `_row`, int64 little-endian")
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, doc="the figures its message names, as strings")
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)


class Case(Base):
    """A flag under work: where it stands, who has it, when it is due. Its history is in its steps."""

    __tablename__ = "cases"
    __table_args__ = (Index("ix_cases_state_region", "state", "region"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id"), unique=True)
    state: Mapped[str] = mapped_column(String(16), default="new")
    region: Mapped[str] = mapped_column(String(32), default="")
    agency_code: Mapped[str | None] = mapped_column(String(128), index=True)
    severity: Mapped[str] = mapped_column(String(8))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    due_on: Mapped[dt.date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(default=0, doc="steps taken; two people cannot take the same one")
    opened_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    closed_at: Mapped[dt.datetime | None] = mapped_column(Moment)


class CaseStep(Base):
    """One decision or message on a case: who, when, from where to where, and why. Only added."""

    __tablename__ = "case_steps"
    __table_args__ = (UniqueConstraint("case_id", "seq"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    seq: Mapped[int]
    action: Mapped[str] = mapped_column(String(24))
    from_state: Mapped[str] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    actor_name: Mapped[str] = mapped_column(String(128))
    actor_role: Mapped[str] = mapped_column(String(32))
    at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    reason: Mapped[str] = mapped_column(String(32), default="", doc="code of a reason list, where the action takes one")
    note: Mapped[str] = mapped_column(Text, default="")
    fields: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, doc="e.g. letter number, deadline")


class Counter(Base):
    """The last number given out of a series without gaps, e.g. of a year's letters."""

    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    last: Mapped[int]


class Exemption(Base):
    """A subject that a rule shall not flag, with reason, legal basis, end date and approver (白名单)."""

    __tablename__ = "exemptions"
    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[str] = mapped_column(String(64), index=True)
    region: Mapped[str] = mapped_column(
        String(32), default="", doc="prefix of region codes it holds for: its proposer's scope"
    )
    agency_code: Mapped[str] = mapped_column(String(128))
    subject: Mapped[str] = mapped_column(String(512), default="", doc="empty: everything of the unit under this rule")
    reason: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[dt.date] = mapped_column(Date)
    valid_to: Mapped[dt.date] = mapped_column(Date)
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    ended_on: Mapped[dt.date | None] = mapped_column(Date, doc="ended early: the first day on which it no longer holds")
    ended_by_id: Mapped[int | None] = mapped_column(doc="who ended it early")
    ended_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    end_note: Mapped[str] = mapped_column(Text, default="", server_default="", doc="why it was ended early")


class RuleEdition(Base):
    """One text of a rule as somebody drafted it (版本): numbered within its rule, hashed, never changed. Only added."""

    __tablename__ = "rule_editions"
    __table_args__ = (UniqueConstraint("rule_id", "no"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[str] = mapped_column(String(64), index=True)
    no: Mapped[int] = mapped_column(doc="1, 2, 3 … of its rule")
    body: Mapped[str] = mapped_column(Text, doc="the rule's YAML, at the left margin")
    digest: Mapped[str] = mapped_column(String(64), doc="SHA-256 of the body")
    base_digest: Mapped[str] = mapped_column(String(64), default="", doc="of the text it was made from; empty: new")
    base_no: Mapped[int | None] = mapped_column(doc="the edition it was made from; none: the file, or nothing")
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author_name: Mapped[str] = mapped_column(String(128))
    region: Mapped[str] = mapped_column(String(32), default="", doc="its author's scope")
    note: Mapped[str] = mapped_column(Text, default="", doc="what was changed, and why")
    created_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)


class RuleStep(Base):
    """One step of an edition's life: who, when, from where to where, and why. Only added."""

    __tablename__ = "rule_steps"
    __table_args__ = (UniqueConstraint("edition_id", "seq"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("rule_editions.id"))
    seq: Mapped[int]
    action: Mapped[str] = mapped_column(String(24))
    from_state: Mapped[str] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    actor_name: Mapped[str] = mapped_column(String(128))
    actor_role: Mapped[str] = mapped_column(String(32))
    at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    note: Mapped[str] = mapped_column(Text, default="")
    day: Mapped[dt.date | None] = mapped_column(Date, doc="from which it is active, or retired")
    back_test_id: Mapped[int | None] = mapped_column(ForeignKey("back_tests.id"), doc="on which it rests")


class BackTest(Base):
    """What a set of rules would have found in all stored years, within one person's scope. Only added."""

    __tablename__ = "back_tests"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), doc="none: on the machine itself")
    region: Mapped[str] = mapped_column(String(32), default="", doc="the scope it looked at, a prefix of region codes")
    asked: Mapped[dict[str, Any]] = mapped_column(Json, doc="rules, editions and what was tried of thresholds")
    as_of: Mapped[dt.date] = mapped_column(Date)
    versions: Mapped[dict[str, int]] = mapped_column(Json, doc="feed -> fact version")
    result: Mapped[dict[str, Any]] = mapped_column(Json, doc="the report; amounts as strings")
    seconds: Mapped[float] = mapped_column(default=0.0)
    created_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)


class BackTestRule(Base):
    """One rule of a back-test, by the hash of its text: how a proposal finds the tests that it rests on. Only added."""

    __tablename__ = "back_test_rules"
    __table_args__ = (UniqueConstraint("back_test_id", "rule_id", "digest"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    back_test_id: Mapped[int] = mapped_column(ForeignKey("back_tests.id"))
    rule_id: Mapped[str] = mapped_column(String(64), index=True)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("rule_editions.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), doc="SHA-256 of the body that was tested")


class ShadowRun(Base):
    """What an edition on trial said of live data beside one real run; no flag and no case came of it. Only added."""

    __tablename__ = "shadow_runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("rule_editions.id"), index=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id"), doc="the real run it ran beside")
    as_of: Mapped[dt.date] = mapped_column(Date)
    looked_at: Mapped[int] = mapped_column(BigInteger, default=0)
    flagged: Mapped[int] = mapped_column(BigInteger, default=0)
    could_not_judge: Mapped[int] = mapped_column(BigInteger, default=0)
    reasons: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    both: Mapped[int] = mapped_column(BigInteger, default=0, doc="found by the rule in force too")
    only_shadow: Mapped[int] = mapped_column(BigInteger, default=0, doc="found on trial only")
    only_real: Mapped[int] = mapped_column(BigInteger, default=0, doc="found by the rule in force only")
    seconds: Mapped[float] = mapped_column(default=0.0)
    failure: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[dt.datetime] = mapped_column(Moment, default=now)


class ShadowFlag(Base):
    """What would be a flag if the edition on trial were in force; kept apart, never a case."""

    __tablename__ = "shadow_flags"
    __table_args__ = (UniqueConstraint("edition_id", "key"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("rule_editions.id"))
    key: Mapped[str] = mapped_column(String(64), doc="as the flag's would be")
    subject: Mapped[str] = mapped_column(String(512))
    subject_name: Mapped[str] = mapped_column(String(512), default="")
    period: Mapped[str] = mapped_column(String(32), default="")
    region: Mapped[str] = mapped_column(String(32), default="")
    agency_code: Mapped[str | None] = mapped_column(String(128))
    agency_name: Mapped[str] = mapped_column(String(255), default="")
    severity: Mapped[str] = mapped_column(String(8))
    amount: Mapped[Decimal | None] = mapped_column(Money)
    row_count: Mapped[int] = mapped_column(BigInteger, default=0)
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, doc="the figures its message names, as strings")
    first_shadow_id: Mapped[int] = mapped_column(ForeignKey("shadow_runs.id"))
    last_shadow_id: Mapped[int] = mapped_column(ForeignKey("shadow_runs.id"), doc="the latest that found it")


class Incident(Base):
    """A rule that found far more in one run than was expected: its new findings, held until a person decides. Only added."""

    __tablename__ = "incidents"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    rule_id: Mapped[str] = mapped_column(String(64), index=True)
    rule_version_id: Mapped[int] = mapped_column(ForeignKey("rule_versions.id"))
    region: Mapped[str] = mapped_column(String(32), default="", doc="what the places of its findings have in common")
    found: Mapped[int] = mapped_column(BigInteger, doc="new findings that are held")
    expected: Mapped[int] = mapped_column(BigInteger, doc="new findings that were expected at most")
    basis: Mapped[str] = mapped_column(String(16), doc="back_test, or runs: the rule's own earlier ones")
    most: Mapped[int] = mapped_column(BigInteger, doc="so many would not have been held")
    at: Mapped[dt.datetime] = mapped_column(Moment, default=now)


class _Found:
    """What a rule found that is no flag (yet), with its evidence."""

    key: Mapped[str] = mapped_column(String(64), doc="as the flag's would be")
    subject: Mapped[str] = mapped_column(Text)
    subject_name: Mapped[str] = mapped_column(Text, default="")
    period: Mapped[str] = mapped_column(Text, default="")
    region: Mapped[str] = mapped_column(String(32), default="")
    agency_code: Mapped[str | None] = mapped_column(String(128))
    agency_name: Mapped[str] = mapped_column(String(255), default="")
    severity: Mapped[str] = mapped_column(String(8))
    amount: Mapped[Decimal | None] = mapped_column(Money)
    params: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    row_count: Mapped[int] = mapped_column(BigInteger, default=0)
    rows: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    digest: Mapped[str] = mapped_column(String(64))


class IncidentFinding(_Found, Base):
    """What would have been a flag, with its evidence. Only added."""

    __tablename__ = "incident_findings"
    __table_args__ = (UniqueConstraint("incident_id", "key"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))


class Echo(_Found, Base):
    """What a rule found that a standing flag of another rule says already: kept with that flag, no flag of its own."""

    __tablename__ = "echoes"
    __table_args__ = (UniqueConstraint("flag_id", "key", "digest"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id"), doc="the flag that says it")
    rule_id: Mapped[str] = mapped_column(String(64), index=True, doc="the rule that found it")
    rule_version_id: Mapped[int] = mapped_column(ForeignKey("rule_versions.id"))
    first_run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    last_run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))


class IncidentStep(Base):
    """How an incident was decided: released (its flags and cases were made) or discarded; by whom, why. Once, only added."""

    __tablename__ = "incident_steps"
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True, autoincrement=False)
    action: Mapped[str] = mapped_column(String(16), doc="release, discard")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    actor_name: Mapped[str] = mapped_column(String(128))
    actor_role: Mapped[str] = mapped_column(String(32))
    at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    note: Mapped[str] = mapped_column(Text, default="")


class Question(Base):
    """A deputy's question on one line of a draft budget, with the figures as they stood."""

    __tablename__ = "questions"
    id: Mapped[int] = mapped_column(primary_key=True)
    budget_year: Mapped[int]
    region: Mapped[str] = mapped_column(String(32), default="", index=True)
    agency_code: Mapped[str | None] = mapped_column(String(128))
    func_code: Mapped[str | None] = mapped_column(String(16))
    pro_code: Mapped[str | None] = mapped_column(String(64))
    line: Mapped[str] = mapped_column(String(512), doc="the line's name as the deputy saw it")
    figures: Mapped[dict[str, Any]] = mapped_column(
        Json, default=dict, doc="draft, last budget, last actual, as strings"
    )
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author_name: Mapped[str] = mapped_column(String(128))
    asked_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)


class Answer(Base):
    """What a department or the finance bureau answered to a question. Only added."""

    __tablename__ = "answers"
    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author_name: Mapped[str] = mapped_column(String(128))
    answered_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)


class Preference(Base):
    """What one person set for themselves: fields of interest, tours taken, filters to come back to."""

    __tablename__ = "preferences"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(Json, default=dict)
    changed_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)


class SavedQuery(Base):
    """An address of one page with its filters, under a name its owner gave it."""

    __tablename__ = "saved_queries"
    __table_args__ = (UniqueConstraint("user_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(128))
    path: Mapped[str] = mapped_column(String(128), doc="of the page, e.g. /auditor")
    query: Mapped[str] = mapped_column(Text, doc="its filters as in the address, without the ?")
    created_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    used_at: Mapped[dt.datetime | None] = mapped_column(Moment)


class Job(Base):
    """Long work that somebody started and may walk away from: a file taken in, a run, a large export."""

    __tablename__ = "jobs"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24), doc="take_in, run, export")
    title: Mapped[dict[str, str]] = mapped_column(Json, doc="what it does, zh and en")
    asked: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, doc="with which the work was started")
    state: Mapped[str] = mapped_column(String(16), default="waiting", doc="waiting, running, done, failed, stopped")
    share: Mapped[float] = mapped_column(default=0.0, doc="how much is done, 0 to 1")
    words: Mapped[dict[str, str]] = mapped_column(Json, default=dict, doc="what it is doing now, zh and en")
    result: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, doc="what came of it: counts, or the refusal")
    seen: Mapped[bool] = mapped_column(Boolean, default=False, doc="whether its owner has read how it ended")
    created_at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    started_at: Mapped[dt.datetime | None] = mapped_column(Moment)
    beat_at: Mapped[dt.datetime | None] = mapped_column(Moment, doc="when its worker last gave a sign of life")
    finished_at: Mapped[dt.datetime | None] = mapped_column(Moment)


class Audit(Base):
    """One entry of the log of who did or saw what; each carries the hash of the one before."""

    __tablename__ = "audit_log"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(Moment, default=now)
    actor: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(32), default="")
    action: Mapped[str] = mapped_column(String(48))
    object_type: Mapped[str] = mapped_column(String(32), default="")
    object_id: Mapped[str] = mapped_column(String(128), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    previous: Mapped[str] = mapped_column(String(64), default="")
    digest: Mapped[str] = mapped_column(String(64), unique=True)
