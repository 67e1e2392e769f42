"""Asking the facts: a DuckDB connection with one view a feed, scope built in, and every door shut.

The views hold only what the viewer may see. After they are made, the connection can read the files
of its own snapshot and nothing else: no other file, no network, no extension, no change of settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import duckdb

from budgetwatch.facts.reading import lacking, source
from budgetwatch.facts.store import REPLACES, ROW, Ranges, Snapshot
from budgetwatch.records import ALL, Feed
from budgetwatch.settings import Settings


class Scope(Protocol):
    """Who is asking, as far as facts are concerned: a prefix of region codes, and perhaps one unit."""

    @property
    def region(self) -> str: ...
    @property
    def agency_code(self) -> str | None: ...


class Copied(Protocol):
    """A DuckDB file with the rows of these files, without those that one of them supersedes (serving.py)."""

    @property
    def path(self) -> Path: ...
    @property
    def files(self) -> frozenset[str]: ...


def connect(
    snapshot: Snapshot,
    settings: Settings,
    *,
    viewer: Scope | None = None,
    served: Mapping[str, Copied] | None = None,
    prepared: Path | None = None,
    making: bool = False,
) -> duckdb.DuckDBPyConnection:
    """A connection over the snapshot with a view for every feed; typed and empty where there are no facts.

    Without a viewer it sees everything. It spills to `home/tmp/duckdb` past the memory limit. `served` names DuckDB
    files that hold a feed's rows of some files of this snapshot (serving.py): its view reads them instead of those.
    `prepared` is a DuckDB file that is attached under that name beside the views: for reading, or where it is `making`,
    to be filled (rules/prepared.py).
    """
    spill = (settings.home / "tmp" / "duckdb").resolve()
    spill.mkdir(parents=True, exist_ok=True)
    config: dict[str, str | int | bool] = {
        "memory_limit": settings.memory,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        # It lays whole feeds into memory where two parts of a question read the same rows; to read them twice costs less.
        "disabled_optimizers": "common_subplan",
    }
    if settings.threads:
        config["threads"] = settings.threads
    connection = duckdb.connect(":memory:", config=config)  # type: ignore[arg-type]
    try:
        for name, copy in (served or {}).items():
            connection.execute(f'ATTACH {literal(copy.path)} AS "served_{name}" (READ_ONLY)')
        if prepared is not None:
            connection.execute(f"ATTACH {literal(prepared)} AS prepared{'' if making else ' (READ_ONLY)'}")
        for feed in ALL.values():
            copied = served.get(feed.name) if served else None
            connection.execute(f'CREATE VIEW "{feed.name}" AS {view(feed, snapshot, viewer, copied)}')
        allowed = ", ".join(literal(path) for files in snapshot.files.values() for path in files)
        connection.execute(f"SET allowed_paths = [{allowed}]::VARCHAR[]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection


def hold(connection: duckdb.DuckDBPyConnection, feed: str) -> None:
    """Lay the rows of a feed into memory, under its name: where many questions read it, to read its files for each costs more. The
    connection must be nobody else's."""
    connection.execute(f'CREATE TABLE "_held_{feed}" AS FROM main."{feed}"')
    connection.execute(f'DROP VIEW main."{feed}"')
    connection.execute(f'ALTER TABLE "_held_{feed}" RENAME TO "{feed}"')


def view(feed: Feed, snapshot: Snapshot, viewer: Scope | None = None, copied: Copied | None = None) -> str:
    """The SELECT behind a feed's view: its columns and `_row`, without superseded rows, within scope.

    `copied` stands attached as `served_` and the feed's name; only files that it does not cover are read beside it.
    """
    files = snapshot.files.get(feed.name, ())
    if not files:
        typed = ", ".join(f'NULL::{c.duckdb} AS "{c.name}"' for c in feed.columns)
        return f"SELECT {typed}, NULL::BIGINT AS {ROW} WHERE false"
    covered = copied.files if copied else frozenset()
    sources = [f'(FROM "served_{feed.name}"."{feed.name}")'] if copied else []
    if beside := [path for path in files if path not in covered]:
        sources.append(f"(SELECT {_columns(feed, beside)} FROM {source(beside)})")
    names = ", ".join(f'f."{name}"' for name in (*feed.by_name, ROW))
    query = f"SELECT {names} FROM ({' UNION ALL BY NAME '.join(sources)}) AS f"
    # The copy has no row that one of its own files supersedes.
    correcting = [path for path in snapshot.correcting.get(feed.name, ()) if path not in covered]
    then = _within(snapshot.within.get(feed.name, ()))
    if correcting and feed.name in snapshot.replaced:
        query += (
            f" ANTI JOIN (SELECT {REPLACES} FROM {source(correcting)} WHERE {REPLACES} IS NOT NULL"
            f"{f' AND {then}' if then else ''}) AS newer ON f.{ROW} = newer.{REPLACES}"
        )
    limits = [*([then] if then else []), *_limits(feed, viewer)]
    return f"{query} WHERE {' AND '.join(limits)}" if limits else query


def _within(ranges: Ranges) -> str:
    """The condition that a row was known then, by its address; empty where all were."""
    spans = " OR ".join(f"{ROW} BETWEEN {first} AND {last}" for first, last in ranges)
    return f"({spans})" if spans else ""


def _columns(feed: Feed, files: Sequence[str]) -> str:
    """The feed's columns and the address; what none of the files has is empty."""
    absent = lacking(feed, files)
    return ", ".join(
        f'NULL::{feed.by_name[name].duckdb} AS "{name}"' if name in absent else f'"{name}"'
        for name in (*feed.by_name, ROW)
    )


def _limits(feed: Feed, viewer: Scope | None) -> list[str]:
    """What narrows a feed to the viewer's scope. Feeds without regions (subjects) are everyone's.

    A unit's people see their own unit's rows; of feeds that know no units, only the list of regions; and nothing of
    what the house notes for itself, such as cases that they have not been asked about.
    """
    limits: list[str] = []
    if viewer is None:
        return limits
    if viewer.region and "adm_div_code" in feed.by_name:
        # A range, not LIKE: the same rows, and row groups outside it are skipped.
        after = viewer.region[:-1] + chr(ord(viewer.region[-1]) + 1)
        limits.append(f"f.adm_div_code >= {literal(viewer.region)} AND f.adm_div_code < {literal(after)}")
    if viewer.agency_code is not None:
        if "agency_code" in feed.by_name and not feed.own:
            limits.append(f"f.agency_code = {literal(viewer.agency_code)}")
        elif feed.name not in ("region", "subject_dict"):
            limits.append("false")
    return limits


def literal(value: str | Path) -> str:
    """The text as an SQL string."""
    return "'" + str(value).replace("'", "''") + "'"
