"""The guides as files: which there are, whose they are, what each says in a language, and the pictures in them.

They stand in `docs/guides/<language>/*.md` and ship inside the package; 繁體 is made from the 简体 text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, PlainTextResponse, Response

from budgetwatch.access.viewer import Viewer
from budgetwatch.queries.search import Named
from budgetwatch.text import Text
from dashboard.components.markdown import Section, sections

if TYPE_CHECKING:
    from fastapi import FastAPI

_BESIDE = Path(__file__).resolve().parent.parent / "docs"
DOCS = _BESIDE if (_BESIDE / "guides").is_dir() else Path(__file__).resolve().parent / "_docs"
PICTURES = DOCS / "pictures"
_PICTURE = re.compile(r"[a-z0-9-]+\.png")
GLOSSARY = "glossary"
BASICS = "basics"
#: How help names the guide of a role that shares one.
ALSO = {"reviewer": "committee", "lead": "committee"}


@dataclass(frozen=True, slots=True)
class Guide:
    """One guide: its name in the address, its title, in one sentence what it is for, and the roles it is written for."""

    name: str
    title: Text
    about: Text
    roles: tuple[str, ...] = ()
    #: A reference that is written in English only, in docs/.
    english: bool = False

    def source(self, language: str) -> str:
        """The Markdown of the guide in the language it is written in."""
        own = self.own(language)
        if self.name not in ROLE_GUIDES:
            return own
        # What everybody needs stands at the end of each role's guide, so that one page answers all.
        shared = BY_NAME[BASICS].own(language).split("\n<a id=")[1:]
        return own + "".join(f"\n<a id={part}" for part in shared if f"<a id={part.partition('>')[0]}>" not in own)

    def own(self, language: str) -> str:
        """What stands in the guide's own file."""
        if self.english:
            return (DOCS / f"{self.name}.md").read_text(encoding="utf-8")
        written = "en" if language == "en" else "zh"
        return (DOCS / "guides" / written / f"{self.name}.md").read_text(encoding="utf-8")


GUIDES: tuple[Guide, ...] = (
    Guide(
        "committee",
        Text("预算工委：把疑点办到销号", "Budget committee: see a case through"),
        Text("从下一件开始，初核、函询、认定或排除、复核销号。", "Take the next case, ask the unit, decide, close."),
        ("reviewer", "lead"),
    ),
    Guide(
        "deputy",
        Text("人大代表：看懂草案，提出问题", "Deputies: read the draft and ask"),
        Text("五个数看草案，往下看一行，随手提问。", "The draft in five numbers, one line deeper, one question."),
        ("deputy",),
    ),
    Guide(
        "auditor",
        Text("审计人员：从总数查到凭证", "Auditors: from a total to a voucher"),
        Text("查询、汇总、凭证、导出。", "Search, add up, open a voucher, export."),
        ("auditor",),
    ),
    Guide(
        "leader",
        Text("常委会领导：看全局", "Congress leaders: see the whole"),
        Text("红色疑点、各地覆盖、办理快慢。", "Red cases, which places are covered, how fast work goes."),
        ("leader",),
    ),
    Guide(
        "unit",
        Text("预算单位：答复函询和提问", "Units: answer what you are asked"),
        Text("说明情况，答复代表。", "Explain, and answer deputies."),
        ("unit",),
    ),
    Guide(
        "finance",
        Text("财政局：报送数据，答复提问", "Finance bureau: send data, answer questions"),
        Text("送文件、看退回的行、答复。", "Send files, mend rejected rows, answer."),
        ("finance",),
    ),
    Guide(
        "admin",
        Text("系统管理员：数据、运行和账号", "Administrators: data, runs, accounts"),
        Text("每天看什么，账号怎么管。", "What to look at each day, and how accounts are kept."),
        ("admin",),
    ),
    Guide(
        BASICS,
        Text("人人都用得上", "What everybody needs"),
        Text(
            "登录、搜索、单位、语言、手机、键盘、打印。", "Sign in, search, units, languages, phone, keyboard, print."
        ),
    ),
    Guide(
        "operate",
        Text("安装和运维", "Install and operate"),
        Text("安装、启动、加密访问、备份、升级、磁盘。", "Install, serve, encrypt, back up, upgrade, disk."),
        ("admin",),
    ),
    Guide(
        "rule-life",
        Text("规则的一生", "A rule's life"),
        Text(
            "起草、修改、回测、批准、试运行、事件、白名单、法条。",
            "Draft, change, back-test, approve, shadow, incidents, law.",
        ),
        ("reviewer", "lead", "auditor", "admin"),
    ),
    Guide(
        "write-a-rule",
        Text("怎样写一条规则", "Write a rule"),
        Text("从一个问题到一条能运行的规则。", "From a question to a rule that runs."),
        ("reviewer", "lead", "auditor", "admin"),
    ),
    Guide(
        "write-a-profile",
        Text("怎样接入一种文件", "Take in a new kind of file"),
        Text("为一个报送方写格式说明，试读，接收。", "Describe a sender's file, try it, take it in."),
        ("finance", "admin"),
    ),
    Guide(
        "rules",
        Text("规则的全部写法（英文）", "Rules: the reference"),
        Text("规则文件的每个键。", "Every key of a rule file."),
        english=True,
    ),
    Guide(
        "runs",
        Text("运行的全部说明（英文）", "Runs: the reference"),
        Text("问哪些规则，结果怎样留存。", "Which rules are asked, and what becomes of what they find."),
        english=True,
    ),
    Guide(
        "feeds",
        Text("格式说明的全部写法（英文）", "Profiles: the reference"),
        Text("格式说明的每个键。", "Every key of a profile."),
        english=True,
    ),
)
BY_NAME = {guide.name: guide for guide in GUIDES}
ROLE_GUIDES = frozenset({"committee", "deputy", "auditor", "leader", "unit", "finance", "admin"})


def for_reader(viewer: Viewer) -> list[Guide]:
    """Every guide, those of the reader's own role first."""
    return sorted(GUIDES, key=lambda guide: viewer.role not in guide.roles)


@cache
def _parts(name: str, written: str) -> list[Section]:
    return sections(BY_NAME[name].source(written))


def parts(name: str, language: str) -> list[Section]:
    """The sections of a guide as it is written (简体 for 繁體), for searching and for lists of contents."""
    return _parts(name, "en" if language == "en" else "zh")


def named(viewer: Viewer) -> list[Named]:
    """Every section of the guides as the search finds it, by its heading and by its words, in 中文 and in English."""
    return [found for guide in for_reader(viewer) for found in _named(guide)]


@cache
def _named(guide: Guide) -> tuple[Named, ...]:
    zh, en = (sections(guide.own(written)) for written in ("zh", "en"))
    titles = [Text(a.title, b.title) for a, b in zip(zh, en, strict=True)]
    return tuple(
        Named("guide", title, guide.title, f"/guide/{guide.name}#{a.id}", also=f"{a.text} {b.text}")
        for a, b, title in zip(zh, en, titles, strict=True)
        if a.level > 1 and a.text
    )


def picture(src: str) -> str | None:
    """The address at which a picture of the guides is served; None where there is none (yet)."""
    name = src.rsplit("/", 1)[-1]
    return f"/guide/pictures/{name}" if _PICTURE.fullmatch(name) and (PICTURES / name).is_file() else None


def add_routes(api: FastAPI) -> None:
    """The pictures of the guides; they show the demonstration city only."""

    def send(name: str) -> Response:
        if picture(name) is None:
            return PlainTextResponse("no such picture", 404)
        return FileResponse(PICTURES / name, headers={"Cache-Control": "max-age=86400"})

    api.add_api_route("/guide/pictures/{name}", send, methods=["GET"], include_in_schema=False)
