"""Which profile reads a file, judged by its first lines alone: so that whoever sends one need not know the names."""

from __future__ import annotations

import csv
import io
import re
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa

from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import BadFile
from budgetwatch.feeds.headings import lay_out
from budgetwatch.feeds.profile import Profile, load_all
from budgetwatch.queries.scope import demand
from budgetwatch.tables import Batch

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: So much of a file is looked at; a workbook must be whole to be read, and larger ones are not guessed at.
MOST_BYTES = 2 * 2**20
_LINES = 40


def guess(home: Home, viewer: Viewer, head: bytes, name: str = "") -> list[str]:
    """Names of the profiles that know every heading; [] where none does.

    First those by which a file named alike was taken in before (last month's), then those that name most headings.
    """
    demand(viewer, "take_in")
    if not head or len(head) > MOST_BYTES:
        return []
    if head.startswith(b"\x1f\x8b"):
        head = _unpacked(head)
    before = _used_before(home, name)
    fitting = []
    for profile in load_all(home.path / "profiles").values():
        headings = next((h for h in _headings(head, profile) if h), None)
        if headings is None:
            continue
        try:
            layout = lay_out(headings, profile, profile.name)
        except BadFile:
            continue
        known = profile.name not in before
        fitting.append((known, -len(profile.columns), -len(layout.at) - len(layout.melted), profile.name))
    return [name for *_, name in sorted(fitting)]


def _unpacked(head: bytes) -> bytes:
    """The beginning of a gzip file; so much at most as a heading can need."""
    try:
        return zlib.decompressobj(31).decompress(head, 2**16)
    except zlib.error:
        return b""


def _alike(name: str) -> str:
    """What stays the same in a sender's file names from month to month."""
    return re.sub(r"[\d\s_\-.年月日]+", "", name.casefold())


def _used_before(home: Home, name: str) -> set[str]:
    if not _alike(name):
        return set()
    with home.session() as session:
        rows = session.execute(sa.select(Batch.file_name, Batch.profile).where(Batch.status == "accepted").distinct())
        return {profile for file_name, profile in rows if _alike(file_name) == _alike(name)}


def _headings(head: bytes, profile: Profile) -> Iterator[list[str] | None]:
    """The heading row as that profile would read it."""
    if profile.format == "xlsx":
        if head.startswith(b"PK\x03\x04"):
            yield _of_workbook(head, profile)
        return
    if profile.format != "csv" or head.startswith((b"PK\x03\x04", b"\x1f\x8b", b"PAR1")) or b"\0" in head[:4096]:
        return
    for encoding in dict.fromkeys(("utf-8-sig", *profile.encoding)):
        try:
            text = head[: head.rfind(b"\n") + 1 or len(head)].decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        lines = text.splitlines()[profile.skip_rows : profile.skip_rows + _LINES]
        if lines:
            quote = profile.quote or None
            read = csv.reader(
                io.StringIO("\n".join(lines)),
                delimiter=profile.delimiter,
                **({"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}),
            )
            try:
                yield next(read, None)
            except csv.Error:
                continue
        return


def _of_workbook(head: bytes, profile: Profile) -> list[str] | None:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(head))
        at = profile.sheet
        sheet = book.get_sheet_by_index(at) if isinstance(at, int) else book.get_sheet_by_name(at)
        rows = sheet.to_python(nrows=profile.skip_rows + 1)
    except (CalamineError, IndexError, ValueError, OSError):
        return None
    return [str(cell) for cell in rows[profile.skip_rows]] if len(rows) > profile.skip_rows else None
