"""YAML as rule files use it: exact values with the line of each, and no traps of YAML 1.1.

Plain `0301`, `NO`, `on:` or `1_000` mean something else to YAML than to people; they are refused with
a sentence, not guessed. Numbers with a point become `Decimal` from their text, never a float.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import yaml

from budgetwatch.errors import BadRule
from budgetwatch.text import Text

Path_ = tuple[str | int, ...]
#: A rule file has a few hundred nodes a rule; far more means an alias bomb or not a rule file.
_MOST_NODES = 200_000
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_TAG = "tag:yaml.org,2002:"
#: libyaml where it is there: a tenth of the time of the same in Python.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Document:
    """A YAML text as plain values, the line on which each stands, and the text of a part of it."""

    value: Any
    name: str
    text: str
    lines: dict[Path_, int] = field(default_factory=dict)
    spans: dict[Path_, tuple[int, int, int]] = field(default_factory=dict)

    def line(self, path: Path_) -> int:
        """The line of the value at `path`, or of the nearest part above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def body(self, path: Path_) -> str:
        """The text of one part as it stands in the file, moved to the left margin."""
        start, end, column = self.spans[path]
        lines = self.text[start:end].splitlines()
        rest = [line[column:] if not line[:column].strip() else line.lstrip() for line in lines[1:]]
        kept = [lines[0], *rest]
        while kept and (not kept[-1].strip() or kept[-1].lstrip().startswith("#")):
            kept.pop()
        return "\n".join(kept) + "\n"


def read(path: Path) -> Document:
    """The YAML file as a document."""
    return parse(decoded(content(path), path.name), path.name)


def content(path: Path) -> bytes:
    """The file as it stands on the disk."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadRule(
            Text("规则文件无法读取。", "the rule file cannot be read."),
            where=str(path),
            reason=error.strerror or "unreadable",
        ) from None


def decoded(content: bytes, name: str) -> str:
    """The text of a file's content, with plain line ends."""
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise BadRule(
            Text("规则文件不是 UTF-8 编码。", "the rule file is not UTF-8."),
            where=name,
            fix=Text("请另存为 UTF-8。", "Save it as UTF-8."),
        ) from None


def parse(text: str, name: str) -> Document:
    """The YAML text as a document; `name` stands in the sentences of what is refused."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        told = getattr(error, "problem", None) or "not YAML"
        raise BadRule(
            Text(f"不是合法的 YAML：{told}。", f"this is not YAML: {told}."),
            where=f"{name}:{mark.line + 1}" if mark else name,
            fix=Text("请检查缩进、冒号和引号。", "Check indentation, colons and quotes."),
        ) from None
    document = Document(None, name, text)
    if node is not None:
        document.value = _Builder(document).build(node, ())
    return document


class _Builder:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.nodes = 0

    def refuse(self, node: yaml.Node, what: Text, fix: Text) -> BadRule:
        return BadRule(what, where=f"{self.document.name}:{node.start_mark.line + 1}", fix=fix)

    def build(self, node: yaml.Node, path: Path_) -> Any:
        self.nodes += 1
        if self.nodes > _MOST_NODES or len(path) > 40:
            raise self.refuse(
                node,
                Text("内容过大或嵌套过深。", "this is too large or too deeply nested for a rule file."),
                Text("请删去别名引用或拆分文件。", "Remove aliases or split the file."),
            )
        self.document.lines[path] = node.start_mark.line + 1
        self.document.spans[path] = (node.start_mark.index, node.end_mark.index, node.start_mark.column)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, at)) for at, item in enumerate(node.value)]
        return self.scalar(cast(yaml.ScalarNode, node))

    def mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _TAG + "str":
                shown = key_node.value if isinstance(key_node, yaml.ScalarNode) else "…"
                raise self.refuse(
                    key_node,
                    Text(f"键 {shown} 在 YAML 中不是文字。", f"the key {shown} is not text to YAML (a YAML 1.1 trap)."),
                    Text(f'请写成 "{shown}"，或换一个名字。', f'Write "{shown}" in quotes, or use another name.'),
                )
            key = key_node.value
            if key in found:
                raise self.refuse(
                    key_node,
                    Text(f"键 {key} 出现了两次。", f"the key {key} stands here twice."),
                    Text("请只保留一个。", "Keep one of them."),
                )
            found[key] = self.build(value_node, (*path, key))
            self.document.lines[(*path, key)] = key_node.start_mark.line + 1
        return found

    def scalar(self, node: yaml.ScalarNode) -> Any:
        text, tag = node.value, node.tag.removeprefix(_TAG)
        if tag == "str":
            return text
        if tag == "null":
            return None
        if tag == "bool" and text in ("true", "false"):
            return text == "true"
        if tag == "int" and _INTEGER.fullmatch(text):
            return int(text)
        if tag in ("int", "float") and _DECIMAL.fullmatch(text):
            return Decimal(text)
        if tag == "timestamp" and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            try:
                return dt.date.fromisoformat(text)
            except ValueError:
                raise self.refuse(
                    node,
                    Text(f"没有 {text} 这一天。", f"there is no day {text}."),
                    Text("请改正日期。", "Correct the date."),
                ) from None
        kind = {"int": "a number", "float": "a number", "bool": "yes or no", "timestamp": "a moment"}.get(tag, tag)
        raise self.refuse(
            node,
            Text(
                f"未加引号的 {text} 会被 YAML 读成别的东西。",
                f"without quotes, {text} is read as {kind}, not as what is written (a YAML 1.1 trap).",
            ),
            Text(f'代码和文字请加引号："{text}"。', f'Put codes and words in quotes: "{text}".'),
        )
