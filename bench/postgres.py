"""The questions of the rules that read payments, as plain SQL in DuckDB and in PostgreSQL beside it.

The same facts of a demo city (a million payments, or fewer where fewer are asked for) are copied into a PostgreSQL of
the bench's own, which is analysed and has an index on payments by unit and day. Every question is carried over by sqlglot (DuckDB →
PostgreSQL); our own functions are defined there once. A question that cannot be carried, that is not answered within
`PATIENCE`, or whose answers are not as many as DuckDB's is left out on both sides and named. CPU is held against CPU: one
PostgreSQL backend without helpers, one DuckDB process. Without a server nothing is measured, and a remark says so.

    python -m bench postgres --rows 1000000
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measure import Figure, child, remark

if TYPE_CHECKING:
    import duckdb
    import psycopg

MOST = 1_000_000
PATIENCE = 120  # seconds a question
_KINDS = {
    "VARCHAR": "text", "BIGINT": "bigint", "INTEGER": "bigint", "DATE": "date", "BOOLEAN": "boolean", "DOUBLE": "double precision",
}  # fmt: skip
#: What our questions call that PostgreSQL lacks, said its way.
_FUNCTIONS = """
CREATE FUNCTION days_between(a date, b date) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT (b - a)::bigint';
CREATE FUNCTION add_days(day date, n bigint) RETURNS date IMMUTABLE LANGUAGE sql AS 'SELECT day + n::int';
CREATE FUNCTION iso_weekday(day date) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT extract(isodow FROM day)::int';
CREATE FUNCTION month_of(day date) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT to_char(day, ''YYYY-MM'')';
CREATE FUNCTION year(day date) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT extract(year FROM day)::bigint';
CREATE FUNCTION month(day date) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT extract(month FROM day)::bigint';
CREATE FUNCTION is_workday(d date) RETURNS boolean STABLE LANGUAGE sql AS 'SELECT is_workday FROM workday WHERE day = d';
CREATE FUNCTION workdays_between(a date, b date) RETURNS bigint STABLE LANGUAGE sql AS
    'SELECT (SELECT n FROM workday WHERE day = b)::bigint - (SELECT n FROM workday WHERE day = a)';
CREATE FUNCTION contains_any(words text, list text[]) RETURNS boolean IMMUTABLE LANGUAGE sql AS
    'SELECT CASE WHEN words IS NOT NULL THEN EXISTS (SELECT 1 FROM unnest(list) AS w WHERE position(w IN words) > 0) END';
CREATE FUNCTION share(part numeric, whole numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS
    'SELECT CASE WHEN whole <> 0 THEN (part / whole)::numeric(18,6) END';
CREATE FUNCTION is_round(amount numeric, unit numeric) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT amount % unit = 0';
CREATE FUNCTION list_contains(list text[], word text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT word = ANY(list)';
CREATE FUNCTION payee_shown(name text, kind text) RETURNS text IMMUTABLE LANGUAGE sql AS
    'SELECT CASE WHEN kind = ''person'' OR (kind IS NULL AND char_length(btrim(name)) <= 4) THEN left(btrim(name), 1) || ''*'' ELSE name END';
CREATE FUNCTION date_from_parts(y bigint, m bigint, d bigint) RETURNS date IMMUTABLE LANGUAGE sql AS 'SELECT make_date(y::int, m::int, d::int)';
CREATE FUNCTION regexp_extract(words text, pattern text, part int) RETURNS text IMMUTABLE LANGUAGE sql AS
    'SELECT CASE WHEN words IS NOT NULL THEN coalesce((regexp_match(words, pattern))[part], '''') END';
CREATE FUNCTION array_sort(list anyarray) RETURNS anyarray IMMUTABLE LANGUAGE sql AS 'SELECT array(SELECT unnest(list) ORDER BY 1)';
CREATE FUNCTION array_distinct(list anyarray) RETURNS anyarray IMMUTABLE LANGUAGE sql AS 'SELECT array(SELECT DISTINCT unnest(list))';
CREATE FUNCTION list_slice(list anyarray, a int, b int) RETURNS anyarray IMMUTABLE LANGUAGE sql AS 'SELECT list[a:b]';
CREATE FUNCTION flatten(list anyarray) RETURNS anyarray IMMUTABLE LANGUAGE sql AS 'SELECT array(SELECT unnest(list))';
CREATE FUNCTION either(a anyelement, b anyelement) RETURNS anyelement IMMUTABLE LANGUAGE sql AS 'SELECT coalesce(a, b)';
CREATE AGGREGATE any_value(anyelement) (sfunc = either, stype = anyelement);
"""


def figures(work: Path, rows: int, home: Path | None) -> list[Figure]:
    """One line: DuckDB's CPU against PostgreSQL's, over the questions that both answer alike."""
    with ExitStack() as stack:
        server = stack.enter_context(_server())
        if server is None:
            remark("no PostgreSQL server here (initdb, or BUDGETWATCH_TEST_POSTGRES): rules beside PostgreSQL left out")
            return []
        if home is None:
            rows = min(rows, MOST)
            home = work / "city-postgres"
            remark(f"building a demo city with {rows:,} payments for PostgreSQL")
            child("bench.rules", "make", str(home), str(rows))
        with tempfile.TemporaryDirectory(dir=work) as folder:
            (Path(folder) / "facts").symlink_to((home / "facts").resolve())
            said = child("bench.postgres", folder, server).said
    for rule, why in said["left"].items():
        remark(f"left out on both sides: {rule}: {why}")
    if not said["asked"]:
        return []
    name = f"{len(said['asked'])} of {len(said['asked']) + len(said['left'])} questions over {said['payments']:,} payments, plain SQL"
    return [
        Figure(f"{name}: CPU, DuckDB against PostgreSQL", said["ours"]["cpu"], "s", said["theirs"]["cpu"], goal=1.0),
        Figure("  … by the clock", said["ours"]["wall"], "s", said["theirs"]["wall"]),
    ]


@contextmanager
def _server() -> Iterator[str | None]:
    """The address of a running server: the one named, or one of our own, gone at the end; None where there is none."""
    if given := os.environ.get("BUDGETWATCH_TEST_POSTGRES"):
        yield given.replace("+psycopg", "")
        return
    found = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(4))
    binaries = Path(found).resolve().parent if found else next(iter(installed[::-1]), None)
    if binaries is None or not (binaries / "initdb").exists():
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="bw-bench-pg-"))
    user: str | None = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"
        shutil.chown(folder, user)

    def call(program: str, *words: str) -> bool:
        with (folder / "bench.log").open("a") as out:
            done = subprocess.run(
                [str(binaries / program), *words],
                user=user,
                cwd=folder,
                stdout=out,
                stderr=out,
                timeout=120,
                check=False,
            )
        return done.returncode == 0

    data = str(folder / "data")
    options = (
        f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c shared_buffers=1GB -c work_mem=256MB"
        " -c max_wal_size=4GB -c jit=off"
    )
    try:
        started = call(
            "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"
        ) and (call("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(folder / "server.log"), "start"))
        yield f"postgresql://postgres@/postgres?host={folder}" if started else None
        call("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ── both sides, in a process of its own ──────────────────────────────────────────────────────────────


def _measure(folder: str, server: str) -> dict[str, Any]:
    import psycopg

    from budgetwatch.access.viewer import SYSTEM
    from budgetwatch.home import Home
    from budgetwatch.rules import baselines, functions
    from budgetwatch.rules.compile import question
    from budgetwatch.runs.day import last_day
    from budgetwatch.settings import Settings

    home = Home(Settings(home=Path(folder)))
    present = set(home.store.current())
    rules = [home.rules[rule] for rule in home.rules.active]
    rules = [r for r in rules if r.form != "outlier" and "payment" in r.reads and present.issuperset(r.reads)]
    left: dict[str, str] = {}
    asked: list[str] = []
    ours, theirs = {"cpu": 0.0, "wall": 0.0}, {"cpu": 0.0, "wall": 0.0}
    with home.facts(SYSTEM) as duck, psycopg.connect(server, autocommit=True) as other:
        day = last_day(duck)
        functions.install(duck, (day.year - 6, day.year + 1))
        baselines.install(duck, tuple(sorted({name for rule in rules for name in rule.baselines})))
        other.execute("SET max_parallel_workers_per_gather = 0")
        other.execute(f"SET statement_timeout = '{PATIENCE}s'")
        for feed in sorted({feed for rule in rules for feed in rule.reads}):
            _copied(duck, other, feed)
        _copied(duck, other, "workday")
        other.execute(_FUNCTIONS)
        other.execute("CREATE INDEX ON payment (agency_code, pay_date)")
        other.execute("CREATE UNIQUE INDEX ON workday (day)")
        other.execute("ANALYZE")
        for rule in rules:
            said = question(rule, day)
            here, there, why = _both(duck, other, said)
            if why:
                left[rule.id] = why
                continue
            asked.append(rule.id)
            for what in ours:
                ours[what] += here[what]
                theirs[what] += there[what]
        [(payments,)] = duck.execute("SELECT count(*) FROM payment").fetchall()
    home.close()
    return {"asked": asked, "left": left, "ours": ours, "theirs": theirs, "payments": payments}


def _both(
    duck: duckdb.DuckDBPyConnection, other: psycopg.Connection[Any], said: str
) -> tuple[dict[str, float], dict[str, float], str]:
    """What the question costs here and there; why it is left out, or nothing."""
    import psycopg
    from sqlglot.errors import SqlglotError

    none: dict[str, float] = {}
    try:
        carried = _carried(said)
    except SqlglotError as error:
        return none, none, str(error).splitlines()[0]
    pid = other.info.backend_pid
    wall, cpu = time.perf_counter(), _cpu_of(pid)
    try:
        answered = len(other.execute(carried).fetchall())
    except psycopg.errors.QueryCanceled:
        return none, none, f"PostgreSQL gave no answer within {PATIENCE} s"
    except psycopg.Error as error:
        return none, none, str(error).splitlines()[0]
    there = {"wall": time.perf_counter() - wall, "cpu": _cpu_of(pid) - cpu}
    wall, cpu = time.perf_counter(), time.process_time()
    found = duck.sql(said).to_arrow_table().num_rows
    here = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    return here, there, "" if found == answered else f"{found} answers here, {answered} there"


def _carried(said: str) -> str:
    """The question in PostgreSQL's words: the value beside the greatest is the first of a list in that order, and what stands
    under FROM has a name."""
    import sqlglot
    from sqlglot import exp

    plain = said.replace("main.", "public.").replace("count_star()", "count(*)")
    for name in ("row", "share"):  # quoted, as DuckDB writes them, they would be functions in capitals
        plain = plain.replace(f'"{name}"(', f"{name}(")

    def worded(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.ArgMax):
            ordered = exp.Order(
                this=node.this, expressions=[exp.Ordered(this=node.expression, desc=True, nulls_first=False)]
            )
            return exp.Bracket(this=exp.Paren(this=exp.ArrayAgg(this=ordered)), expressions=[exp.Literal.number(0)])
        nameless = (
            isinstance(node, exp.Subquery) and isinstance(node.this, (exp.Select, exp.SetOperation)) and not node.alias
        )
        if nameless and isinstance(node.parent, (exp.From, exp.Join)):
            return exp.alias_(node, "nameless", table=True)
        return node

    return sqlglot.parse_one(plain, read="duckdb").transform(worded).sql(dialect="postgres")


def _cpu_of(pid: int) -> float:
    """The CPU seconds that a process of this machine has had; 0 where it is on another."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _copied(duck: duckdb.DuckDBPyConnection, other: psycopg.Connection[Any], name: str) -> None:
    """The rows of a view as a table of that name."""
    relation = duck.sql(f"SELECT * FROM {name}")
    columns = [
        f'"{column}" {_KINDS.get(str(kind), "numeric" if str(kind).startswith(("DECIMAL", "HUGEINT")) else "text")}'
        for column, kind in zip(relation.columns, relation.types, strict=True)
    ]
    other.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
    asked = duck.execute(f"SELECT * FROM {name}")
    with other.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN") as copy:
        while rows := asked.fetchmany(20_000):
            for row in rows:
                copy.write_row(row)


if __name__ == "__main__":
    print(json.dumps(_measure(*sys.argv[1:])))
