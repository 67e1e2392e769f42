"""Verbs about the law that rules rest on: texts to quote, and what an article's new date touches."""

from __future__ import annotations

from pathlib import Path

import typer

from budgetwatch.cli.app import HELP, app, home, language, reader
from budgetwatch.cli.out import DONE, FOUND, AsCsv, AsJson, day, listed, rows
from budgetwatch.errors import NotFound
from budgetwatch.queries import laws as asked
from budgetwatch.text import Text

laws = typer.Typer(
    no_args_is_help=True,
    context_settings=HELP,
    help="The law: texts that screens may quote, an article, and what an article's new date touches.",
)
app.add_typer(laws, name="laws")

_TAKEN = [
    ("file_name", Text("文件", "File")), ("law", Text("法规", "Law")), ("since", Text("施行", "In force since")),
    ("articles", Text("条数", "Articles")), ("known", Text("规则引用", "Cited by rules")), ("refusal", Text("未收的原因", "Why not")),
]  # fmt: skip
_QUOTED = [
    ("article", Text("条", "Article")),
    ("since", Text("施行", "In force since")),
    ("text", Text("条文", "Text")),
]


@laws.command("import")
def laws_import(folder: Path, as_json: bool = AsJson, as_csv: bool = AsCsv) -> None:
    """Take in the statutes' texts of a folder (.txt, .md, .docx); exit 1 when one of them could not be read."""
    from budgetwatch.intake.statutes import import_laws

    told = import_laws(home(), reader(), folder)
    shown = [
        {"file_name": one.file_name, "law": one.law, "since": one.since, "articles": one.articles, "known": one.known,
         "refusal": one.refusal.get(language(), "")} for one in told
    ]  # fmt: skip
    listed(rows(_TAKEN, shown), language(), as_json=as_json, as_csv=as_csv)
    raise typer.Exit(FOUND if any(one.refusal for one in told) else DONE)


@laws.command("show")
def laws_show(
    law: str = typer.Argument(..., help="its short name as rules cite it, e.g. 预算法"),
    article: str = typer.Argument(..., help="e.g. 57"),
    on: str | None = typer.Option(None, "--on", help="the text in force that day; default: today"),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """An article, where its text has been taken in."""
    found = asked.quoted(home(), reader(), law, article, day(on, "--on"))
    if not found:
        raise NotFound(
            Text(f"没有收入《{law}》第 {article} 条的条文。", f"No text of {law}, art. {article}, has been taken in."),
            fix=Text("用 budgetwatch laws import 收入。", "`budgetwatch laws import` takes texts in."),
        )
    shown = [{"article": one.heading, "since": one.since, "text": one.text} for one in found]
    listed(rows(_QUOTED, shown), language(), as_json=as_json, as_csv=as_csv)


@laws.command("touched")
def laws_touched(
    since: str | None = typer.Option(None, "--since", help="only articles in force since that day or later"),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """The rules that rest on an article with a new date (laws.yml), and the open flags that they raised."""
    found = asked.touched_by_law(home(), reader(), day(since, "--since"))
    listed(found, language(), as_json=as_json, as_csv=as_csv)
