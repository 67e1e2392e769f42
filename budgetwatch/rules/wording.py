"""What is wrong with a rule's shape, said to the person who wrote it: which key, why, and what was meant."""

from __future__ import annotations

import types
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from budgetwatch.rules.refusal import Said, nearest
from budgetwatch.text import Text

Path_ = tuple[str | int, ...]
_LOOK = Text("请对照 docs/rules.md。", "See docs/rules.md.")
_TYPES = {
    "string_type": ("应为文字（代码请加引号）", "must be text (put codes in quotes)"),
    "list_type": ("应为列表", "must be a list"),
    "dict_type": ("应为键值", "must be keys with values"),
    "model_type": ("应为键值", "must be keys with values"),
    "int_type": ("应为整数", "must be a whole number"),
    "date_type": ("应为日期，如 2025-01-31", "must be a day, like 2025-01-31"),
    "string_too_short": ("不能为空", "must not be empty"),
    "string_too_long": ("太长", "is too long"),
    "too_short": ("条目太少", "has too few entries"),
    "greater_than_equal": ("太小", "is too small"),
    "less_than_equal": ("太大", "is too large"),
}


def told(error: ValidationError, model: type[BaseModel], value: Any) -> tuple[Path_, Text, Text]:
    """Where the first thing wrong stands, what it is, and what to do; an unknown key comes before a missing one."""
    errors = error.errors()
    first = min(errors, key=lambda e: (e["type"] != "extra_forbidden", e["type"] == "missing"))
    path: Path_ = tuple(first["loc"])
    key = str(path[-1]) if path else ""
    name = ".".join(str(part) for part in path)
    kind, context = first["type"], first.get("ctx", {})
    if kind == "extra_forbidden":
        known = _keys(_model_at(model, path[:-1]))
        if " " in key:
            comma = Text("花括号内的文字若含逗号，须加引号。", "Inside { } a text with a comma needs quotes.")
            return path[:-1], Text(f"不认识的键「{key}」。", f"“{key}” is read as a key."), comma
        return path, Text(f"不认识的键 {key}。", f"the key {key} is unknown here."), nearest(key, known)
    if kind == "missing":
        return path[:-1], Text(f"缺少 {name}。", f"{name} is missing."), Text(f"请补上 {key}。", f"Add {key}.")
    if kind == "literal_error":
        expected = [str(choice) for choice in _choices(context.get("expected", ""))]
        return (
            path,
            Text(f"{name} 不能是 {first['input']}。", f"{name} cannot be {first['input']}."),
            nearest(str(first["input"]), expected),
        )
    if kind == "value_error" and isinstance(context.get("error"), Said):
        said = context["error"].text
        head = f"{name}: " if name else ""
        return path, Text(f"{head}{said.zh}。", f"{head}{said.en}."), _LOOK
    if kind == "string_pattern_mismatch":
        return (
            path,
            Text(f"{name} 的写法不对：{first['input']}。", f"{name} is not well formed: {first['input']}."),
            _LOOK,
        )
    zh, en = _TYPES.get(kind, ("不合要求", f"is not acceptable: {first['msg']}"))
    return path, Text(f"{name} {zh}。", f"{name} {en}."), _LOOK


def _choices(expected: str) -> list[str]:
    return [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(",") if word.strip()]


def _keys(model: type[BaseModel] | None) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _model_at(model: type[BaseModel] | None, path: Path_) -> type[BaseModel] | None:
    """The model that stands at the path below `model`."""
    annotation: Any = model
    for part in path:
        found = _model_in(annotation)
        if isinstance(part, int) or found is None or get_origin(annotation) is dict:
            args = get_args(annotation)
            annotation = args[-1] if args and get_origin(annotation) in (list, dict) else annotation
            continue
        fields = {field.alias or name: field.annotation for name, field in found.model_fields.items()}
        if part not in fields:
            continue
        annotation = fields[part]
    return _model_in(annotation)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType, list, dict) or hasattr(annotation, "__metadata__"):
        for part in get_args(annotation):
            if (found := _model_in(part)) is not None:
                return found
    return None
