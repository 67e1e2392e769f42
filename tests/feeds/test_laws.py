"""Laws of intake that hold for any file: nothing is lost, nothing doubled, order and division do not matter."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import BadFile
from budgetwatch.feeds.profile import parse
from budgetwatch.feeds.readers import read, survey
from budgetwatch.feeds.readers.sheet import Sheet
from budgetwatch.home import Home
from budgetwatch.settings import Settings
from tests.effort import examples
from tests.feeds.senders import HEADING, TREASURY, csv, gz, payment, profile, zipped

FEW = settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def template(migrated_sqlite: Path) -> Path:
    return migrated_sqlite


@contextmanager
def fresh(template: Path) -> Iterator[tuple[Home, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "home").mkdir()
        shutil.copyfile(template, Path(folder) / "home" / "budgetwatch.db")
        home = Home(Settings(home=Path(folder) / "home", database_url="", _env_file=None))  # type: ignore[call-arg]
        try:
            yield home, Path(folder)
        finally:
            home.close()


def facts(home: Home) -> list[tuple[Any, ...]]:
    with home.facts(SYSTEM) as connection:
        return connection.execute("SELECT * EXCLUDE (_row) FROM payment ORDER BY ALL").fetchall()


text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
quoted = text.map(lambda t: '"' + t.replace('"', '""') + '"')
field = st.one_of(
    st.sampled_from(["", "V1", "V2", "2025", "2025-03-05", "990102", "U1", "1.50", "1,5", '"1,234.00"', "x", " "]),
    quoted,
)
line = st.one_of(
    st.builds(payment, st.integers(0, 9), st.sampled_from(["1.00", "2.00", "x", "1.005", ""])),
    st.lists(field, min_size=0, max_size=8).map(tuple),
)


@FEW
@given(st.lists(line, min_size=1, max_size=25), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_rows_in_are_accepted_or_rejected_or_repeated(
    template: Path, rows: list[tuple[str, ...]], end: str, last: bool
) -> None:
    with fresh(template) as (home, folder):
        file = csv(folder / "f.csv", rows)
        content = end.join(file.read_text("utf-8").split("\n"))
        file.write_bytes((content if last else content.rstrip("\r\n")).encode())
        try:
            receipt = intake.take_in(home, file, profile(home), actor="me")
        except BadFile:
            assert facts(home) == []
            return
        assert receipt.rows_in == receipt.rows_accepted + receipt.rows_rejected + receipt.rows_repeated
        assert len(facts(home)) == receipt.facts_added
        assert intake.rejects(home, receipt.batch)["line"].n_unique() == receipt.rows_rejected
        before = facts(home)
        assert intake.take_in(home, file, "treasury", actor="me").facts_added == 0
        assert facts(home) == before


@FEW
@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(1, 9)), min_size=1, max_size=30, unique_by=lambda r: r[0]),
    st.data(),
)
def test_any_order_and_division_into_files_gives_the_same_facts(
    template: Path, rows: list[tuple[int, int]], data: st.DataObject
) -> None:
    sent = [payment(f"V{no}", f"{amount}.00") for no, amount in rows]
    shuffled = data.draw(st.permutations(sent))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=3)))
    parts = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True) if a < b]
    with fresh(template) as (home, folder):
        intake.take_in(home, csv(folder / "whole.csv", sent), profile(home), actor="me")
        whole = facts(home)
    with fresh(template) as (home, folder):
        for number, part in enumerate(parts):
            # every file repeats the one before it, as senders do
            overlap = parts[number - 1] if number else []
            receipt = intake.take_in(home, csv(folder / f"{number}.csv", [*overlap, *part]), profile(home), actor="me")
            assert receipt.rows_repeated in (0, len(overlap))
        assert facts(home) == whole


@FEW
@given(st.lists(line, min_size=1, max_size=25), st.integers(1, 300), st.booleans())
def test_a_file_parsed_in_many_pieces_gives_what_it_gives_in_one(
    template: Path, rows: list[tuple[str, ...]], size: int, written_over: bool
) -> None:
    """Pieces are read over each other in one memory where the system has such, else one by one."""

    def outcome() -> tuple[Any, ...]:
        with fresh(template) as (home, folder):
            try:
                receipt = intake.take_in(home, csv(folder / "f.csv", rows), profile(home), actor="me")
            except BadFile as refused:
                return (str(refused),)
            rejected = intake.rejects(home, receipt.batch).rows()
            return facts(home), rejected, receipt.rows_in, receipt.rows_accepted, receipt.rows_repeated

    whole = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey, "CHUNK", size)
        patch.setattr(survey, "PIECE", size)
        if not written_over:
            patch.delattr("os.memfd_create", raising=False)
        assert outcome() == whole


#: How one and the same rows may be written; each gives the file and what the profile says of it.
WAYS: dict[str, Callable[[Path, Sequence[Sequence[str]]], tuple[Path, dict[str, Any]]]] = {
    "csv": lambda p, rows: (csv(p / "f.csv", rows), {}),
    "semicolons in gb18030": lambda p, rows: (csv(p / "f.txt", rows, encoding="gb18030", delimiter=";"), {"encoding": "gb18030", "delimiter": ";"}),
    "gz": lambda p, rows: (gz(p / "f.csv.gz", csv(p / "f.csv", rows).read_bytes()), {}),
    "zip of two": lambda p, rows: (
        zipped(p / "f.zip", **{f"{at}.csv": csv(p / "f.csv", part).read_bytes() for at, part in enumerate((rows[:1], rows[1:])) if part}), {},
    ),
    "json": lambda p, rows: (written(p / "f.json", json.dumps([dict(zip(HEADING, row, strict=True)) for row in rows])), {"format": "json"}),
    "ndjson": lambda p, rows: (
        written(p / "f.ndjson", "".join(json.dumps(dict(zip(HEADING, row, strict=True))) + "\n" for row in rows)), {"format": "json"},
    ),
    "xml": lambda p, rows: (
        written(p / "f.xml", "<r>" + "".join("<v>" + "".join(f"<{n}>{v}</{n}>" for n, v in zip(HEADING, row, strict=True)) + "</v>" for row in rows) + "</r>"),
        {"format": "xml"},
    ),
    "xlsx": lambda p, rows: (sheet(p / "f.xlsx", rows), {"format": "xlsx"}),
    "parquet": lambda p, rows: (table(p / "f.parquet", rows), {"format": "parquet"}),
}  # fmt: skip


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def sheet(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False}) as book:
        page = book.add_worksheet()
        for at, row in enumerate([HEADING, *rows]):
            page.write_row(at, 0, list(row))
    return path


def table(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    pl.DataFrame(rows, schema=list(HEADING), orient="row").write_parquet(path)
    return path


mixed = st.builds(
    payment,
    st.integers(0, 99),
    st.sampled_from(["1.00", "2.50", "(3.00)", "x", "1.005"]),
    st.sampled_from(["2025-03-05", "2025/3/6", "soon"]),
)


@FEW
@given(st.lists(mixed, min_size=1, max_size=20, unique_by=lambda r: r[0]), st.data())
def test_however_the_rows_are_written_ordered_and_divided_the_facts_are_the_same(
    template: Path, rows: list[tuple[str, ...]], data: st.DataObject
) -> None:
    with fresh(template) as (home, folder):
        whole = intake.take_in(home, csv(folder / "whole.csv", rows), profile(home), actor="me")
        wanted = facts(home)
    assert whole.rows_in == len(rows) == whole.rows_accepted + whole.rows_rejected
    shuffled = data.draw(st.permutations(rows))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    with fresh(template) as (home, folder):
        seen = rejected = 0
        for number, (a, b) in enumerate(zip([0, *cuts], [*cuts, len(rows)], strict=True)):
            if a == b:
                continue
            (place := folder / str(number)).mkdir()
            file, how = WAYS[data.draw(st.sampled_from(list(WAYS)))](place, shuffled[a:b])
            receipt = intake.take_in(home, file, profile(home, name=f"way{number}", **how), actor="me")
            assert receipt.rows_in == receipt.rows_accepted + receipt.rows_rejected == b - a
            seen, rejected = seen + receipt.rows_in, rejected + receipt.rows_rejected
        assert facts(home) == wanted
        assert (seen, rejected) == (whole.rows_in, whole.rows_rejected)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(field, min_size=0, max_size=5), min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_the_fast_and_the_exact_lane_read_the_same_rows(tmp_path: Path, rows: list[list[str]], end: str) -> None:
    file = tmp_path / "f.csv"
    file.write_bytes(end.join(["a,b,c", *(",".join(row) for row in rows), ""]).encode())
    how = parse(TREASURY, "x")
    try:
        fast = read(file, how, tmp_path, Settings(home=tmp_path), quickly=True)
    except BadFile:
        return
    if fast.again is None:
        return
    exact = fast
    while exact.again:
        exact = exact.again()
    values = [r for p in exact.pieces for r in p().collect().rows()]
    taken, found = rows_of(fast)
    assert found == values
    assert taken.rows == exact.rows
    assert (
        taken.broken.select("line", "fields", "values").rows() == exact.broken.select("line", "fields", "values").rows()
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey, "CHUNK", 8)
        patch.setattr(survey, "PIECE", 8)
        many = read(file, how, tmp_path, Settings(home=tmp_path), quickly=True)
    assert many.held
    assert len(many.pieces) > 1 or "\n" not in file.read_text("utf-8")[50:]
    with many.held.one_at_a_time():
        assert rows_of(many)[1] == values


def rows_of(sheet: Sheet) -> tuple[Sheet, list[tuple[Any, ...]]]:
    """The rows of the sheet, or of the more exact one that takes its place where it cannot be read."""
    try:
        return sheet, [r for p in sheet.pieces for r in p().collect().rows()]
    except pl.exceptions.PolarsError:
        assert sheet.again
        return rows_of(sheet.again())
