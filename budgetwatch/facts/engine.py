"""Asking the facts: a DuckDB connection with one view a feed, scope built in, and every door shut.

The views hold only what the viewer may see. After they are made, the connection can read the files
of its own snapshot and nothing else: no other file, no network, no extension, no change of settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import duckdb

from budgetwatch.facts.reading import lacking, source
from budgetwatch.facts.store import REPLACES, ROW, Snapshot
from budgetwatch.records import ALL, Feed
from budgetwatch.settings import Settings


class Scope(Protocol):
    """Who is asking, as far as facts are concerned: a prefix of region codes, and perhaps one unit."""

    @property
    def region(self) -> str: ...
    @property
    def agency_code(self) -> str | None: ...


def connect(
    snapshot: Snapshot, settings: Settings, *, viewer: Scope | None = None, served: Mapping[str, Path] | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection over the snapshot with a view for every feed; typed and empty where there are no facts.

    Without a viewer it sees everything. It spills to `home/tmp/duckdb` past the memory limit. `served` names DuckDB
    files that hold a feed's rows of this snapshot (serving.py): its view reads them instead of Parquet.
    """
    spill = (settings.home / "tmp" / "duckdb").resolve()
    spill.mkdir(parents=True, exist_ok=True)
    config: dict[str, str | int | bool] = {
        "memory_limit": settings.memory,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
    }
    if settings.threads:
        config["threads"] = settings.threads
    connection = duckdb.connect(":memory:", config=config)  # type: ignore[arg-type]
    try:
        for name, path in (served or {}).items():
            connection.execute(f'ATTACH {literal(path)} AS "served_{name}" (READ_ONLY)')
        for feed in ALL.values():
            copy = f'"served_{feed.name}"."{feed.name}"' if served and feed.name in served else None
            connection.execute(f'CREATE VIEW "{feed.name}" AS {view(feed, snapshot, viewer, copy)}')
        allowed = ", ".join(literal(path) for files in snapshot.files.values() for path in files)
        connection.execute(f"SET allowed_paths = [{allowed}]::VARCHAR[]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection


def view(feed: Feed, snapshot: Snapshot, viewer: Scope | None = None, copy: str | None = None) -> str:
    """The SELECT behind a feed's view: its columns and `_row`, without superseded rows, within scope.

    `copy` is a table of just these rows, before scope.
    """
    files = snapshot.files.get(feed.name, ())
    if not files:
        typed = ", ".join(f'NULL::{c.duckdb} AS "{c.name}"' for c in feed.columns)
        return f"SELECT {typed}, NULL::BIGINT AS {ROW} WHERE false"
    absent = lacking(feed, files) if copy is None else ()
    names = ", ".join(
        f'NULL::{feed.by_name[name].duckdb} AS "{name}"' if name in absent else f'f."{name}"'
        for name in (*feed.by_name, ROW)
    )
    query = f"SELECT {names} FROM {copy or source(files)} AS f"
    if copy is None and feed.name in snapshot.replaced:
        correcting = f"read_parquet([{', '.join(literal(path) for path in snapshot.correcting.get(feed.name, files))}])"
        query += (
            f" ANTI JOIN (SELECT {REPLACES} FROM {correcting} WHERE {REPLACES} IS NOT NULL) AS newer"
            f" ON f.{ROW} = newer.{REPLACES}"
        )
    limits = _limits(feed, viewer)
    return f"{query} WHERE {' AND '.join(limits)}" if limits else query


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
