"""Verbs about what is sent: the demo city, profiles, taking files in, batches and their rejects."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from budgetwatch.cli.app import HELP, app, home, language, reader
from budgetwatch.cli.out import DONE, FAILED, FOUND, AsCsv, AsJson, listed, printed_json, progress, remark, rows
from budgetwatch.errors import BudgetwatchError, Conflict, Invalid, NotFound
from budgetwatch.queries import feeds as asked
from budgetwatch.queries import timeliness
from budgetwatch.text import Text

# The engines that read files are loaded by the verbs that read files.
if TYPE_CHECKING:
    from budgetwatch.intake import Receipt

feeds = typer.Typer(
    no_args_is_help=True, context_settings=HELP, help="Profiles of senders, and judging a file without taking it in."
)
batches = typer.Typer(
    no_args_is_help=True, context_settings=HELP, help="The files that were taken in, and their rejected rows."
)
app.add_typer(feeds, name="feeds")
app.add_typer(batches, name="batches")

Profile = typer.Option(..., "--profile", "-p", help="the profile that reads the file; see `feeds list`")


@app.command()
def demo(
    years: int = typer.Option(3, min=1, max=10, help="how many past years"),
    payments: int = typer.Option(200_000, min=5_000, max=200_000_000, help="payments in all"),
    seed: int = typer.Option(7, help="another seed, another city"),
    as_json: bool = AsJson,
) -> None:
    """Build an invented city in an empty home: files as senders would send them, taken in by the ordinary road."""
    from budgetwatch.demo.build import build

    with progress("demo", language()) as report:
        told = build(home(), years=years, payments=payments, seed=seed, progress=report)
    if as_json:
        printed_json(told, language())
        return
    remark({"zh": f"示范市已建成：{home().path}", "en": f"The demo city stands in {home().path}."}[language()])
    remark({"zh": "budgetwatch serve 打开它。", "en": "`budgetwatch serve` opens it."}[language()])


@feeds.command("list")
def feeds_list(as_json: bool = AsJson, as_csv: bool = AsCsv) -> None:
    """The profiles at hand: the built-in ones and those under BUDGETWATCH_HOME/profiles."""
    from budgetwatch.feeds import profile as profiles

    known = profiles.load_all(home().path / "profiles")
    listed(
        rows(
            [("name", Text("方案", "Profile")), ("feed", Text("数据", "Feed")), ("format", Text("格式", "Format")),
             ("sender", Text("报送方", "Sender")), ("title", Text("说明", "Title"))],
            [{"name": p.name, "feed": p.feed.name, "format": p.format, "sender": p.sender, "title": p.title} for p in known.values()],
        ),
        language(), as_json=as_json, as_csv=as_csv,
    )  # fmt: skip


@feeds.command("check")
def feeds_check(
    files: list[Path] = typer.Argument(..., help="files to judge"),
    profile: str = Profile,
    strict: bool = typer.Option(False, "--strict", help="exit 1 when any row would be rejected"),
    as_json: bool = AsJson,
) -> None:
    """Judge files as `take-in` would, and keep nothing."""
    from budgetwatch import intake

    receipts, code = _each(files, as_json, lambda path, report: intake.check(home(), path, profile, progress=report))
    raise typer.Exit(code or (FOUND if strict and any(r.rows_rejected for r in receipts) else DONE))


@feeds.command("learn")
def feeds_learn(
    file: Path = typer.Argument(..., help="a file of a sender that has no profile yet"),
    feed: str | None = typer.Option(None, help="which facts it holds, where that is known"),
    name: str = typer.Option("", help="what the profile shall be called"),
    save: bool = typer.Option(False, "--save", help="write it to BUDGETWATCH_HOME/profiles"),
    as_json: bool = AsJson,
) -> None:
    """Look at a new sender's file and write a first profile for it; what is doubtful is said, not guessed over."""
    from budgetwatch.feeds.learn import learn

    found = learn(_there(file), home().settings, feed=feed, name=name)
    for doubt in found.doubts:
        remark(f"? {doubt.of(language())}")
    if as_json:
        printed_json(found, language())
    else:
        print(found.yaml, end="")  # noqa: T201
    if not save:
        return
    target = home().path / "profiles" / f"{found.name}.yml"
    if target.exists():
        raise Conflict(
            Text("已有这个方案。", "There is a profile of that name."), where=str(target),
            fix=Text("用 --name 另起名字，或先移走旧的。", "Choose another --name, or move the old one away."),
        )  # fmt: skip
    target.write_text(found.yaml, "utf-8")
    remark(
        {"zh": f"已写入 {target}。接着试判：budgetwatch feeds check {file} --profile {found.name}",
         "en": f"Written to {target}. Now try it: budgetwatch feeds check {file} --profile {found.name}"}[language()]
    )  # fmt: skip


def _there(path: Path) -> Path:
    if not path.is_file():
        raise NotFound(
            Text("没有这个文件。", "There is no such file."), where=str(path),
            fix=Text("请检查路径。", "Check the path."),
        )  # fmt: skip
    return path


@app.command("take-in")
def take_in(
    files: list[Path] = typer.Argument(..., help="files of one sender"),
    profile: str = Profile,
    as_json: bool = AsJson,
) -> None:
    """Take files in: every row ends accepted, rejected with its reason, or already known. Twice changes nothing."""
    from budgetwatch import intake

    _, code = _each(
        files, as_json, lambda path, report: intake.take_in(home(), path, profile, actor="cli", progress=report)
    )
    raise typer.Exit(code)


@app.command()
def pull(
    name: str = typer.Argument("", help="a source of BUDGETWATCH_HOME/sources.yml; none: all of them"),
    as_json: bool = AsJson,
) -> None:
    """Fetch what is new from senders' own databases, and take it in."""
    from budgetwatch.intake import pull as pulling

    names = [name] if name else list(pulling.sources(home()))
    receipts = []
    for one in names:
        with progress(one, language()) as report:
            receipt = pulling.pull(home(), one, actor="cli", progress=report)
        if receipt is None:
            remark({"zh": f"{one}：没有新数据。", "en": f"{one}: nothing new."}[language()])
            continue
        receipts.append(receipt)
        if not as_json:
            _tell(receipt)
    if as_json:
        printed_json(receipts, language())


@app.command()
def watch(
    every: float = typer.Option(10.0, min=1.0, help="seconds between two looks"),
    once: bool = typer.Option(False, "--once", help="look once and stop"),
) -> None:
    """Take in whatever senders drop into BUDGETWATCH_HOME/inbox/PROFILE/, until Ctrl-C."""
    from budgetwatch.intake import inbox

    folder = home().path / inbox.FOLDER
    remark({"zh": f"正在看守 {folder}", "en": f"Watching {folder}"}[language()])
    failed = False
    while True:
        for done in inbox.sweep(home()):
            if done.receipt is not None:
                _tell(done.receipt)
            elif done.refusal is not None:
                failed = True
                remark(done.refusal.sentence(language()))
        if once:
            raise typer.Exit(FAILED if failed else DONE)
        time.sleep(every)


def _each(files: list[Path], as_json: bool, handle: Any) -> tuple[list[Receipt], int]:
    """Handle every file; one that is refused is told about and does not stop the others."""
    receipts: list[Receipt] = []
    refused: list[dict[str, Any]] = []
    for path in files:
        try:
            with progress(path.name, language()) as report:
                receipts.append(handle(path, report))
        except BudgetwatchError as no:
            refused.append({"file": str(path), **no.shape(language())})
            remark(no.sentence(language()))
        else:
            if not as_json:
                _tell(receipts[-1])
    if as_json:
        told: list[Any] = [*receipts, *refused]
        printed_json(told[0] if len(files) == 1 else told, language())
    return receipts, FAILED if refused else DONE


_ALREADY = Text(
    "{file}：已于批次 {batch} 接收，未作改动。", "{file}: taken in before, as batch {batch}; nothing changed."
)
_ROWS = Text(
    "{file}：共 {all:,} 行 = 接收 {ok:,} + 退回 {bad:,} + 已有 {known:,}",
    "{file}: {all:,} rows = {ok:,} accepted + {bad:,} rejected + {known:,} already known",
)


def _tell(receipt: Receipt) -> None:
    from budgetwatch.feeds.reasons import REASONS

    lang = language()
    if receipt.status == "already":
        remark(_ALREADY.fill(file=receipt.file_name, batch=receipt.batch).of(lang))
        return
    counts = _ROWS.fill(
        file=receipt.file_name, all=receipt.rows_in, ok=receipt.rows_accepted, bad=receipt.rows_rejected, known=receipt.rows_repeated
    )  # fmt: skip
    number = f"#{receipt.batch} " if receipt.batch else ""
    amount = "" if receipt.amount_sum is None else f"  {receipt.amount_sum:,.2f} {receipt.currency}"
    print(f"{number}{counts.of(lang)}{amount}")  # noqa: T201
    for reason, count in receipt.reasons.items():
        kind = (
            REASONS[reason].of(lang).replace("{column}", "…").replace("{value}", "…") if reason in REASONS else reason
        )
        remark(f"  {count:,} × {kind}")
    for said in receipt.remarks:
        remark(f"  {said[lang]}")


@batches.command("list")
def batches_list(
    feed: str = "", profile: str = "", status: str = "", limit: int = 50, as_json: bool = AsJson, as_csv: bool = AsCsv
) -> None:
    """The files sent, newest first, and what became of their rows."""
    listed(
        asked.batches(home(), reader(), feed=feed, profile=profile, status=status, limit=limit),
        language(), as_json=as_json, as_csv=as_csv,
    )  # fmt: skip


@batches.command("rejects")
def batches_rejects(batch: int, limit: int = 1000, as_json: bool = AsJson, as_csv: bool = AsCsv) -> None:
    """The rejected rows of one batch: line, column, value, reason and the row as it was sent."""
    listed(asked.rejects(home(), reader(), batch, limit=limit), language(), as_json=as_json, as_csv=as_csv)


@batches.command("return")
def batches_return(
    batch: int, target: Path = typer.Argument(..., help="where to write them: a .csv or .xlsx file")
) -> None:
    """Give rejected rows back: a file in the sender's own columns with the reasons beside, to be mended and sent again."""
    if target.suffix.lower() not in (".csv", ".xlsx"):
        raise Invalid(
            Text("只能写成 .csv 或 .xlsx。", "Only .csv and .xlsx can be written."), where=str(target),
            fix=Text("换一个扩展名。", "Choose one of these endings."),
        )  # fmt: skip
    count = asked.rejects_file(home(), reader(), batch, target, language=language())
    remark({"zh": f"{count:,} 行已写入 {target}。", "en": f"{count:,} rows written to {target}."}[language()])


@batches.command("freshness")
def batches_freshness(as_json: bool = AsJson, as_csv: bool = AsCsv) -> None:
    """How much of each feed there is, and how recent."""
    listed(asked.freshness(home(), reader()), language(), as_json=as_json, as_csv=as_csv)


@batches.command("late")
def batches_late(
    everybody: bool = typer.Option(False, "--all", help="those in time too"),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """Who is late with which data and since when, measured by the rhythm in which they have sent so far."""
    listed(timeliness.timeliness(home(), reader(), late=not everybody), language(), as_json=as_json, as_csv=as_csv)


@batches.command("linked")
def batches_linked(as_json: bool = AsJson, as_csv: bool = AsCsv) -> None:
    """Which places send what they should, up to which day, and what never came."""
    listed(timeliness.linked(home(), reader()), language(), as_json=as_json, as_csv=as_csv)
