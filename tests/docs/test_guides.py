"""The guides are true: their commands run, their links lead somewhere, the words they call buttons stand on the screens."""

from __future__ import annotations

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import budgetwatch
import dashboard
from budgetwatch.access.viewer import POWERS, ROLES
from budgetwatch.glossary import TERMS, table
from budgetwatch.text import Text
from dashboard.components.markdown import markdown, sections
from dashboard.guides import ALSO, BY_NAME, GLOSSARY, GUIDES, ROLE_GUIDES, parts
from dashboard.i18n import catalogue
from tools import messages as tool

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
RUN = ("sh", "console")
#: Said of what belongs to the machine (the activation of an environment), to `make`, or to files that are not here.
ELSEWHERE = re.compile(r"^(\. \.venv|make |export BUDGETWATCH_HOME=\./var-real)", re.M)
#: Long, and the same wherever it stands: it reads the rules alone. Run for the first document that has it.
ONCE = "budgetwatch rules check rules"
WAIT = """import sys, time, urllib.request
for _ in range(600):
    try:
        urllib.request.urlopen('http://127.0.0.1:' + sys.argv[1] + '/api/health', timeout=5)
        sys.exit()
    except OSError:
        time.sleep(0.2)
sys.exit(1)
"""


def blocks(document: Path) -> Iterator[tuple[str, dict[str, str], str]]:
    """Every fenced block: its language, what its first line says besides, its text."""
    for token in MarkdownIt().parse(document.read_text(encoding="utf-8")):
        if token.type == "fence":
            language, *said = token.info.split() or [""]
            yield language, dict(word.split("=", 1) for word in said), token.content


@pytest.fixture(scope="session")
def resting_city(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    def make(folder: Path) -> None:
        _run(f"{sys.executable} -m budgetwatch demo --years 1 --payments 5000 --seed 3", folder, folder)

    return made_once("docs-city", make)


@pytest.fixture
def desk(resting_city: Path, tmp_path: Path) -> Path:
    """A folder as the guides suppose it: a home with the demo city, the rules, a file that somebody sent."""
    shutil.copytree(resting_city, tmp_path / "home")
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    for document in (DOCS / "guides" / "en" / "write-a-profile.md",):
        for _, said, text in blocks(document):
            _keep(said, text, tmp_path)
    return tmp_path


def _keep(said: dict[str, str], text: str, desk: Path) -> None:
    if "file" in said:
        file = desk / said["file"].replace("$BUDGETWATCH_HOME", "home")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _run(script: str, desk: Path, home: Path) -> str:
    """What the script prints, remarks too; it must succeed at every line."""
    bin_folder = Path(sys.executable).parent
    place = {**os.environ, "BUDGETWATCH_HOME": str(home), "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    place |= {"LANG": "C.UTF-8", "COLUMNS": "200", "BUDGETWATCH_LANGUAGE": "en"}
    done = subprocess.run(
        ["sh", "-ec", script], cwd=desk, env=place, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{script}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout + done.stderr


def _served(found: re.Match[str]) -> str:
    """`budgetwatch serve` in a script: started, asked whether it lives, stopped."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = f"{found[0].partition(' --port')[0]} --port {port}"
    return f"{command} & server=$!\ntrap 'kill $server' EXIT\npython -c \"{WAIT}\" {port}"


def _with_commands() -> list[Path]:
    return [d for d in DOCUMENTS if any(language in RUN for language, *_ in blocks(d))]


def _run_elsewhere(document: Path) -> set[str]:
    """The blocks of a 中文 guide that stand in the English one too, which runs them; only what is quoted may be in words of its own."""
    if document.parent != DOCS / "guides" / "zh":
        return set()
    return {_unquoted(text) for *_, text in blocks(DOCS / "guides" / "en" / document.name)}


_RAN: set[str] = set()


def _again(line: str) -> bool:
    """Whether the line is the long one, and a document ran it before."""
    command = line.partition("#")[0].strip()
    if command != ONCE or command in _RAN:
        return command == ONCE
    _RAN.add(command)
    return False


def _unquoted(text: str) -> str:
    return re.sub(r'"[^"\n]*"', '""', text)


@pytest.mark.timeout(1800)  # a guide has twenty commands, each a process of its own
@pytest.mark.parametrize("document", _with_commands(), ids=lambda d: str(d.relative_to(ROOT)))
def test_every_command_of_a_document_runs(document: Path, desk: Path) -> None:
    elsewhere = _run_elsewhere(document)
    for _, said, text in blocks(document):
        _keep(said, text, desk)
    for language, _, text in blocks(document):
        if _unquoted(text) in elsewhere:
            continue
        if language == "sh":
            if "make run" in text or "var-real" in text:  # held by tests/docs/test_readme.py
                continue
            lines = [line for line in text.splitlines() if not ELSEWHERE.match(line) and not _again(line)]
            _run(re.sub(r"^budgetwatch serve.*$", _served, "\n".join(lines), flags=re.M), desk, desk / "home")
        elif language == "console":
            for command, shown in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n?)*)", text, flags=re.M):
                printed = _run(command, desk, desk / "home")
                pattern = re.escape(shown.strip()).replace("…", "(?s:.*)")
                assert re.search(pattern, printed), f"{command}\nshown: {shown}\nprinted: {printed}"


def _anchors(document: Path) -> set[str]:
    return {part.id for part in sections(document.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: str(d.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if target.startswith(("http:", "https:")):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), target
        assert not anchor or anchor in _anchors(file), target


@pytest.mark.parametrize("guide", [g for g in GUIDES if not g.english], ids=lambda g: g.name)
def test_a_guide_says_the_same_in_both_languages(guide: object) -> None:
    """The same sections in the same order, and the same files and outputs."""
    zh, en = ([p.id for p in sections(guide.own(language))[1:]] for language in ("zh", "en"))  # type: ignore[attr-defined]
    assert zh == en
    files = [
        [(said, text) for _, said, text in blocks(DOCS / "guides" / language / f"{guide.name}.md") if said]  # type: ignore[attr-defined]
        for language in ("zh", "en")
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_guide_is_drawn_with_every_id_once_and_no_html(name: str) -> None:
    for language in ("zh", "en"):
        source = BY_NAME[name].source(language)
        assert markdown(source)
        ids = [part.id for part in parts(name, language)]
        assert len(ids) == len(set(ids)), [i for i in ids if ids.count(i) > 1]
        assert not re.findall(r"^<(?!a id=\"[a-z-]+\"></a>$)", re.sub(r"```.*?```", "", source, flags=re.S), flags=re.M)


@cache
def _texts() -> dict[str, set[str]]:
    """Every word that a screen may say, by language: `t("…")` and `Text(zh, en)`."""
    said: dict[str, set[str]] = {"zh": set(tool.said()), "en": set(catalogue("en").values())}
    for house in (dashboard, budgetwatch):
        for file in Path(str(house.__file__)).parent.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
                    for language, argument in zip(("zh", "en"), node.args, strict=False):
                        if isinstance(argument, ast.Constant):
                            said[language].add(str(argument.value))
    return said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_words_in_bold_stand_on_the_screens(language: str) -> None:
    unknown = [
        f"{file.name}: {word}"
        for file in sorted((DOCS / "guides" / language).glob("*.md"))
        for word in re.findall(r"\*\*(.+?)\*\*", file.read_text(encoding="utf-8"))
        if word.strip() not in _texts()[language] | {"疑点"}
    ]
    assert not unknown


def test_help_leads_to_a_section_of_the_readers_guide() -> None:
    """`/guide/<role>#<page>`: every page of a role's work is spoken of in its guide, under the name of its address."""
    from dashboard.router import ROUTES

    missing = []
    for role in ROLES:
        ids = {part.id for part in parts(ALSO.get(role, role), "zh")}
        for route in ROUTES:
            page = route.path.split("/")[1]
            of_role = not route.powers or set(route.powers) & POWERS[role]
            if of_role and page not in ids and page not in ("guide", "kit"):
                missing.append(f"{role}: {page}")
    assert not missing


def test_links_into_the_guides_name_sections_that_are_there() -> None:
    for file in Path(str(dashboard.__file__)).parent.rglob("*.py"):
        for name, section in re.findall(r"\"/guide/([a-z-]+)(?:#([a-z-]+))?\"", file.read_text(encoding="utf-8")):
            name = ALSO.get(name, name)
            assert name in {*BY_NAME, GLOSSARY}, name
            assert not section or section in {part.id for part in parts(name, "zh")}, (name, section)


def test_every_role_has_its_guide() -> None:
    assert {ALSO.get(role, role) for role in ROLES} == ROLE_GUIDES


def test_the_glossary_in_docs_is_made_from_the_one_in_the_product() -> None:
    assert (DOCS / "glossary.md").read_text(encoding="utf-8") == table()


def test_a_word_has_one_meaning() -> None:
    for language in ("zh", "en"):
        words = [term.word.of(language) for term in TERMS.values()]
        assert len(words) == len(set(words))
    assert all(isinstance(term.meaning, Text) and term.meaning.zh and term.meaning.en for term in TERMS.values())
