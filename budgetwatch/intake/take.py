"""Taking a sent file in: once, whole or not at all, with every row of it accounted for.

A batch's row in the database goes receiving → accepted; between the two its facts are committed to the
store in one step that carries the batch. After a crash `recover` asks the store whether the batch is
in, and finishes or discards the row accordingly.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from budgetwatch.errors import BadFile, BudgetwatchError
from budgetwatch.feeds import profile as profiles
from budgetwatch.feeds.keys import known_already, superseding
from budgetwatch.feeds.packing import loose, packed
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.staging import Staged, stage
from budgetwatch.home import Home
from budgetwatch.intake import manifest
from budgetwatch.intake.batch import fill, receiving, recover, refuse
from budgetwatch.intake.keeping import keep_rejects, keep_sent
from budgetwatch.intake.limits import acceptable, accepted_before, may_send, taken_before, there
from budgetwatch.intake.receipt import Receipt, add_up, noticed, receipt_of
from budgetwatch.intake.space import NoSpace, room, watched
from budgetwatch.progress import Progress
from budgetwatch.tables import Batch
from budgetwatch.text import Text


def take_in(
    home: Home,
    path: Path,
    profile: str,
    *,
    actor: str,
    allowed_region: str = "",
    progress: Progress | None = None,
    origin: Mapping[str, str] | None = None,
    at: dt.datetime | None = None,
) -> Receipt:
    """Take the file in by that profile. The same file again changes nothing and says `already`.

    A file that cannot be taken in raises `BadFile` and leaves a batch with status `refused`. One of which
    not a single row was accepted may be tried again, for its profile may have been mended.

    `allowed_region` is the prefix of region codes that the sender may send for (empty: all): rows of other regions
    are rejected as `outside_scope`, and rows that would supersede a fact of another region as `key_outside_scope`.
    Whoever may send for those regions can take the same file in again. `origin` is kept with the batch (see `pull`).
    `at` is when the file was received, for one that came before this house stood (default: now).
    """
    path = there(path)
    how = profiles.find(profile, home.path / "profiles")
    if loose(path, how):
        with workshop(home) as room:
            whole = packed(path, room)
            return take_in(
                home, whole, profile, actor=actor, allowed_region=allowed_region, progress=progress, origin=origin
            )
    may_send(how, allowed_region)
    said = manifest.beside(path)
    if said is not None:
        try:
            manifest.same_bytes(said, path)
        except BadFile as differs:
            if "manifest" in differs.facts:  # other bytes than were sent: kept as a refused batch, for rules to count
                with receiving(home, path, how, actor, at) as batch:
                    refuse(home, batch, path, differs, home.path / "tmp")
            raise
    try:
        with watched(home, path):
            recover(home)
            if (before := taken_before(home, path, how, allowed_region)) is not None:
                return before
            with receiving(home, path, how, actor, at) as batch, _settled(home, path, how, batch):
                return _taken(home, path, how, batch, progress, allowed_region, said, origin)
    except NoSpace:
        with suppress(sa.exc.SQLAlchemyError, OSError):
            recover(home)
            if (before := taken_before(home, path, how, allowed_region)) is not None:
                return before  # the disk was full only after its commit
        raise


def _taken(
    home: Home,
    path: Path,
    how: Profile,
    batch: int,
    progress: Progress | None,
    allowed_region: str,
    said: manifest.Manifest | None,
    origin: Mapping[str, str] | None,
) -> Receipt:
    with workshop(home, batch) as work:
        try:
            staged = stage(path, how, batch, work, home.settings, progress, allowed_region)
            acceptable(staged, how, path)
            if said is not None:
                manifest.same_figures(said, staged, add_up(staged, how), path)
        except BudgetwatchError as refused:
            refuse(home, batch, path, refused, work)
            raise
        remarks = [*(manifest.gaps(home, how, said) if said is not None else []), *noticed(staged)]
        told = {
            "written": {"headings": list(staged.headings), "delimiter": staged.delimiter,
                        **({"origin": dict(origin)} if origin else {}),
                        **({"manifest": manifest.agreed(said)} if said is not None else {})},
            "sequence": said.sequence if said is not None else None, "remarks": remarks, "mends": staged.mends,
        }  # fmt: skip
        return commit(home, path, how, batch, staged, progress, work, allowed_region, told)


@contextmanager
def _settled(home: Home, path: Path, how: Profile, batch: int) -> Iterator[None]:
    """A file for which there is no room is refused, and nothing of it is left; unless its commit had already gone in."""
    try:
        with watched(home, path):
            room(home, path)
            yield
    except NoSpace as full:
        if home.store.holds(how.feed.name, batch) is None:
            (home.path / "rejects" / f"{batch}.parquet").unlink(missing_ok=True)
            refuse(home, batch, path, full, home.path / "tmp")
        raise


def check(
    home: Home, path: Path, profile: str, *, allowed_region: str = "", progress: Progress | None = None
) -> Receipt:
    """Judge the file as `take_in` would, and keep nothing."""
    path = there(path)
    how = profiles.find(profile, home.path / "profiles")
    may_send(how, allowed_region)
    with workshop(home) as work:
        path = packed(path, work) if loose(path, how) else path
        staged = stage(path, how, 0, work, home.settings, progress, allowed_region)
        acceptable(staged, how, path)
        if how.key and staged.files:
            superseding(staged.files, known_already(staged.files, how.feed, how.key, home.store.snapshot()))
        figures = add_up(staged, how)
        return receipt_of(0, "accepted", how, path, staged, figures, None, noticed(staged))


def commit(
    home: Home,
    path: Path,
    how: Profile,
    batch: int,
    staged: Staged,
    progress: Progress | None,
    work: Path,
    region: str,
    told: dict[str, Any],
) -> Receipt:
    feed = how.feed
    if progress:
        progress(0.95, Text("正在入库", "Committing"))
    if how.keep_sent:  # before our turn to write, which others wait for
        keep_sent(home, path, staged.sha256)
    with home.store.writing(feed.name):
        if (
            before := accepted_before(home, staged.sha256, how, region)
        ) is not None:  # taken in by another process meanwhile
            with home.session() as session:
                session.execute(sa.delete(Batch).where(Batch.id == batch))
            return before
        if how.key and staged.files and feed.name in home.store.current():
            known = known_already(staged.files, feed, how.key, home.store.snapshot(), region)
            if not known.foreign.is_empty():
                staged.turn_away(known.foreign, ", ".join(how.key), "key_outside_scope", work)
            superseding(staged.files, known)
        figures = add_up(staged, how)
        kept = keep_rejects(home, batch, staged.rejects)
        receipt = receipt_of(batch, "accepted", how, path, staged, figures, None, told["remarks"])
        said = {
            **{k: v for k, v in asdict(receipt).items() if k not in ("batch", "status", "version", "refusal")},
            "first_day": figures.first_day, "last_day": figures.last_day, "regions": list(figures.regions),
            "rejects_file": kept, **told,
        }  # fmt: skip
        version = home.store.current().get(feed.name)
        if figures.facts:
            version = home.store.commit(feed.name, staged.files, batch=batch, provenance=said)
        with home.session() as session:
            row = session.get_one(Batch, batch)
            fill(row, said, version)
    if progress:
        progress(1.0, Text("完成", "Done"))
    return receipt_of(batch, "accepted", how, path, staged, figures, version, told["remarks"])


@contextmanager
def workshop(home: Home, batch: int = 0) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"take-{batch}-", dir=home.path / "tmp") as folder:
        yield Path(folder)
