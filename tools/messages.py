"""The catalogues of the screens: what the code says, put into `dashboard/locale/<language>/*.po`; `make messages`.

English is written by people: a sentence that no file holds yet is reported, and with `--add` put into `messages.po`
with nothing beside it. 繁體 is converted from the 中文, a file for each English file; an entry that somebody corrected carries a
comment line that begins with `# by hand`, and is kept as it stands.

    python -m tools.messages            merge; `--add` as above; `--prune` also drops what the code no longer says
    python -m tools.messages --check    change nothing; exit 1 and say what is missing, left over or out of date
"""

from __future__ import annotations

import argparse
import ast
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from budgetwatch.traditional import traditional

ROOT = Path(__file__).resolve().parent.parent
DASHBOARD = ROOT / "dashboard"
LOCALE = DASHBOARD / "locale"
NEW = "messages.po"
BY_HAND = "by hand"
_HEAD = """# 繁體 of the sentences in {name}, made by `make messages`.
# To correct one, change it and put the line `# by hand: why` above it."""


@dataclass
class Findings:
    """What the catalogues lack, hold twice, or hold without need: file name and msgid."""

    missing: list[tuple[str, str]] = field(default_factory=list)
    left_over: list[tuple[str, str]] = field(default_factory=list)
    twice: list[tuple[str, str]] = field(default_factory=list)
    stale: list[tuple[str, str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [
            f"{word}: {name}: {source}"
            for word, found in (
                ("no English", self.missing),
                ("left over", self.left_over),
                ("stands twice", self.twice),
                ("繁體 out of date", self.stale),
            )
            for name, source in found
        ]


def said() -> dict[str, str]:
    """Every msgid of `t("…")` in the dashboard → the module that says it first."""
    found: dict[str, str] = {}
    ours = [("**.py", "tools.messages:in_code")]
    for name, _, message, _, _ in extract_from_dir(DASHBOARD, method_map=ours, keywords={"t": None}):
        found.setdefault(str(message), name)
    return found


def in_code(
    file: IO[bytes], keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Babel's way to read one module: Babel's own does not look into f-strings, where `t()` stands too."""
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t" and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, "t", first.value, []


def read(file: Path) -> Catalog:
    """The catalogue of a file; an empty one where there is none."""
    if not file.is_file():
        return Catalog(fuzzy=False)
    with file.open("rb") as opened:
        return read_po(opened)


def text_of(catalogue: Catalog) -> str:
    """The catalogue as its file holds it: one line a sentence, without dates and places that change with every edit."""
    out = io.BytesIO()
    for message in catalogue:
        message.locations = []
    write_po(out, catalogue, width=0, omit_header=True)
    return out.getvalue().decode()


def merge_english(
    sources: dict[str, str], *, add: bool, prune: bool
) -> tuple[dict[str, list[str]], Findings, dict[Path, str]]:
    """Which English file holds which msgids, what was found amiss, and the files as they should be."""
    findings, holds, wanted = Findings(), {}, {}
    seen: dict[str, str] = {}
    for file in sorted((LOCALE / "en").glob("*.po"), key=lambda each: (each.name == NEW, each.name)):
        catalogue, dropped = read(file), False
        for message in [m for m in catalogue if m.id]:
            source = str(message.id)
            if source not in sources:
                findings.left_over.append((file.name, source))
                drop = prune
            elif source in seen:
                findings.twice.append((file.name, source))
                drop = not message.string or prune
            else:
                seen[source] = file.name
                drop = False
                if not message.string:
                    findings.missing.append((sources[source], source))
            if drop:
                catalogue.delete(source)
                dropped = True
        holds[file.name] = [str(m.id) for m in catalogue if m.id and seen.get(str(m.id)) == file.name]
        if dropped:
            wanted[file] = _with_head(file, text_of(catalogue))
    new = [source for source in sources if source not in seen]
    if new:
        findings.missing += [(sources[source], source) for source in new]
        holds.setdefault(NEW, []).extend(new)
    if new and add:
        file = LOCALE / "en" / NEW
        before = wanted.get(file) or file.read_text(encoding="utf-8")
        added = Catalog(fuzzy=False)
        for source in new:
            added.add(source, flags={"python-brace-format"} if "{" in source else ())
        wanted[file] = f"{before.rstrip()}\n\n{text_of(added)}"
    return holds, findings, wanted


def merge_traditional(holds: dict[str, list[str]], findings: Findings) -> dict[Path, str | None]:
    """The 繁體 files as they should be: converted, but for what was corrected by hand; None where a file goes."""
    folder = LOCALE / "zh_Hant"
    kept = {
        str(m.id): m
        for file in sorted(folder.glob("*.po"))
        for m in read(file)
        if m.id and any(line.startswith(BY_HAND) for line in m.user_comments)
    }
    wanted: dict[Path, str | None] = {file: None for file in folder.glob("*.po") if file.name not in holds}
    for name, sources in holds.items():
        if not sources:
            continue
        catalogue, file = Catalog(fuzzy=False), folder / name
        before = {str(m.id): str(m.string) for m in read(file) if m.id}
        for source in sorted(sources):
            hand = kept.get(source)
            flags = {"python-brace-format"} if "{" in source else ()
            comments = hand.user_comments if hand else ()
            string = str(hand.string) if hand else traditional(source)
            catalogue.add(source, string, flags=flags, user_comments=comments)
            if before.get(source) != string:
                findings.stale.append((name, source))
        head = 'msgid ""\nmsgstr ""\n"Language: zh_Hant\\n"\n"MIME-Version: 1.0\\n"\n'
        head += '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        wanted[file] = f"{_HEAD.format(name='en/' + name)}\n{head}\n{text_of(catalogue)}"
    return wanted


def _with_head(file: Path, body: str) -> str:
    """The body under the header that the file already has."""
    head, _, _ = file.read_text(encoding="utf-8").partition("\n\n")
    return f"{head}\n\n{body}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tools.messages", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    parser.add_argument(
        "--add", action="store_true", help="put what has no English yet into messages.po, to be filled in"
    )
    parser.add_argument("--prune", action="store_true", help="drop what the code no longer says")
    wish = parser.parse_args(arguments)
    sources = said()
    holds, findings, english = merge_english(sources, add=wish.add, prune=wish.prune)
    if wish.check:
        merge_traditional(holds, findings)
        sys.stderr.writelines(f"{line}\n" for line in findings.lines())
        return 1 if findings.lines() else 0
    traditional_files = merge_traditional(holds, Findings())
    for file, body in {**english, **traditional_files}.items():
        if body is None:
            file.unlink()
        elif not file.is_file() or file.read_text(encoding="utf-8") != body:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body, encoding="utf-8")
    sys.stderr.writelines(f"{line}\n" for line in findings.lines())
    sys.stdout.write(f"{len(sources)} sentences in {len(holds)} files, {len(findings.missing)} without English\n")
    return 1 if findings.missing else 0


if __name__ == "__main__":
    sys.exit(main())
