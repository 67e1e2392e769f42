"""Facts fetched from a sender's own SQL database, from where the last time ended.

`sources.yml` under home says what to fetch; the address of the database stays in the environment:

    - name: treasury-payments
      profile: treasury            # a profile of format csv, utf-8, that knows the columns of the query
      url: TREASURY_URL            # the environment variable that holds the SQLAlchemy URL
      select: SELECT * FROM payments WHERE changed_at >= :since ORDER BY changed_at
      watermark: changed_at
      since: "2025-01-01"          # where the first fetch begins

What was fetched is taken in like a file. How far it went is kept with the batch, in the same step as its rows, so
nothing is missed or doubled after a crash. Rows at the very watermark are fetched again and known by their key.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from budgetwatch.errors import BadProfile, Conflict, NotFound
from budgetwatch.feeds import profile as profiles
from budgetwatch.feeds.profile import nearest
from budgetwatch.home import Home
from budgetwatch.intake.receipt import Receipt
from budgetwatch.intake.take import take_in
from budgetwatch.progress import Progress
from budgetwatch.tables import Batch
from budgetwatch.text import Text

FILE = "sources.yml"
_KEYS = {"name", "profile", "url", "select", "watermark", "since"}
#: Rows fetched at a time; the whole is never in memory.
_AT_A_TIME = 10_000


@dataclass(frozen=True, slots=True)
class Source:
    """One query on a sender's database."""

    name: str
    profile: str
    url: str
    select: str
    watermark: str
    since: str


def sources(home: Home) -> dict[str, Source]:
    """The sources of the deployment by name; an unknown key is refused with the names nearest to it."""
    file = home.path / FILE
    if not file.exists():
        return {}
    try:
        body = yaml.safe_load(file.read_text("utf-8")) or []
    except (yaml.YAMLError, UnicodeDecodeError):
        raise _wrong(Text("不是有效的 YAML。", "It is not valid YAML.")) from None
    found: dict[str, Source] = {}
    for one in body if isinstance(body, list) else [body]:
        if not isinstance(one, dict):
            raise _wrong(Text("应为一列来源。", "It must be a list of sources."))
        for key in one:
            if key not in _KEYS:
                near = ", ".join(nearest(str(key), _KEYS) or sorted(_KEYS))
                raise _wrong(Text(f"「{key}」不认识，可用：{near}。", f"'{key}' is not known; known are {near}."))
        if missing := sorted(_KEYS - {"since"} - set(one)):
            raise _wrong(Text(f"缺少 {'、'.join(missing)}。", f"{', '.join(missing)} is missing."))
        source = Source(**{"since": "", **{k: str(v) for k, v in one.items()}})
        if ":since" not in source.select:
            raise _wrong(
                Text(f"{source.name} 的 select 中没有 :since。", f"The select of {source.name} has no :since.")
            )
        if not profiles.find(source.profile, home.path / "profiles").key:
            raise _wrong(
                Text(f"{source.name} 的方案没有标识，重取的行无法识别。", f"The profile of {source.name} has no key, so rows fetched again would not be known.")
            )  # fmt: skip
        found[source.name] = source
    return found


def pull(home: Home, name: str, *, actor: str = "pull", progress: Progress | None = None) -> Receipt | None:
    """Fetch what is new and take it in; None when there is nothing new."""
    known = sources(home)
    if name not in known:
        near = nearest(name, known) or sorted(known)
        raise NotFound(
            Text(f"没有名为「{name}」的来源。", f"There is no source named '{name}'."), where=FILE,
            fix=Text(f"现有：{'、'.join(near) or '无'}。", f"There are: {', '.join(near) or 'none'}."),
        )  # fmt: skip
    source = known[name]
    since = reached(home, name) or source.since
    with _engine(source) as engine, tempfile.TemporaryDirectory(prefix="pull-", dir=home.path / "tmp") as folder:
        path = Path(folder) / f"{name}.csv"
        last = _fetch(engine, source, since, path)
        if last is None:
            return None
        return take_in(
            home, path, source.profile, actor=actor, progress=progress, origin={"source": name, "reached": last}
        )


def reached(home: Home, name: str) -> str | None:
    """The watermark up to which the source was taken in, or None before the first time."""
    with home.session() as session:
        rows = session.execute(
            sa.select(Batch.written).where(Batch.status == "accepted").order_by(Batch.id.desc())
        ).scalars()
        for written in rows:
            origin = (written or {}).get("origin") or {}
            if origin.get("source") == name:
                return str(origin["reached"])
    return None


def _fetch(engine: sa.Engine, source: Source, since: str, path: Path) -> str | None:
    """Write the rows as CSV with every value exact; the greatest watermark among them, None when there are none."""
    last: Any = None
    try:
        with engine.connect().execution_options(stream_results=True, yield_per=_AT_A_TIME) as connection:
            rows = connection.execute(sa.text(source.select), {"since": since})
            names = list(rows.keys())
            if source.watermark not in names:
                raise _wrong(
                    Text(f"{source.name} 的结果中没有列 {source.watermark}。", f"The result of {source.name} has no column {source.watermark}.")
                )  # fmt: skip
            at = names.index(source.watermark)
            with path.open("w", encoding="utf-8", newline="") as file:
                out = csv.writer(file)
                out.writerow(names)
                for row in rows:
                    out.writerow([_text(value) for value in row])
                    if row[at] is not None and (last is None or row[at] > last):
                        last = row[at]
    except sa.exc.SQLAlchemyError as error:
        raise Conflict(
            Text(f"取数失败：{_short(error)}", f"Fetching failed: {_short(error)}"), where=source.name,
            fix=Text("检查数据库是否可达、账号权限和 select 语句。", "Check that the database answers, the account's rights, and the select."),
        ) from None  # fmt: skip
    return None if last is None else _text(last)


def _text(value: Any) -> str:
    """Exact and unambiguous: decimals plain, moments in ISO."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.isoformat(" ") if value.time() != dt.time() else value.date().isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@contextmanager
def _engine(source: Source) -> Iterator[sa.Engine]:
    url = os.environ.get(source.url)
    if not url:
        raise NotFound(
            Text(f"环境变量 {source.url} 没有设置。", f"The environment variable {source.url} is not set."), where=source.name,
            fix=Text("它应为发送方数据库的 SQLAlchemy 地址。", "It must hold the SQLAlchemy URL of the sender's database."),
        )  # fmt: skip
    try:
        engine = sa.create_engine(url)
    except (sa.exc.SQLAlchemyError, ModuleNotFoundError) as error:
        raise Conflict(
            Text(f"数据库地址不可用：{_short(error)}", f"The database URL cannot be used: {_short(error)}"), where=source.url,
            fix=Text("检查地址的写法和驱动是否安装。", "Check how it is written, and that its driver is installed."),
        ) from None  # fmt: skip
    try:
        yield engine
    finally:
        engine.dispose()


def _short(error: Exception) -> str:
    """The first line, without the address of the database, which may hold a password."""
    return str(getattr(error, "orig", None) or error).splitlines()[0][:300]


def _wrong(what: Text) -> BadProfile:
    return BadProfile(what, where=FILE, fix=Text("见 docs/feeds.md。", "See docs/feeds.md."))
