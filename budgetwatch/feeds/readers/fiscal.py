"""A Fiscal Data Package: CSV files with a `datapackage.json` that says what their columns mean.

Sent as a .zip of both. The descriptor is judged by `frictionless` (an optional dependency: `pip install
budgetwatch[fiscal]`); the rows are read by our own reader. A column gets the name of ours that its `columnType`
(version 1) or the `model` (version 0.3) stands for, unless the profile names its heading itself; of several levels of
one classification the deepest counts. Nothing is fetched: what the descriptor points to outside is refused.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from budgetwatch.errors import BadFile
from budgetwatch.feeds.profile import Profile, nearest
from budgetwatch.feeds.readers import delimited
from budgetwatch.feeds.readers.several import joined
from budgetwatch.feeds.readers.sheet import Sheet, column
from budgetwatch.feeds.readers.unpack import unpacked, unzipped
from budgetwatch.settings import Settings
from budgetwatch.text import Text

DESCRIPTOR = "datapackage.json"
_LARGEST = 8 << 20
#: The beginning of a columnType, or of `dimension type:attribute` of the older model → our columns, the first that the feed has.
_MEANINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("value-currency", ("currency",)),
    ("value-kind", ()),
    ("value", ("amount",)),
    ("direction", ("direction",)),
    ("phase", ("stage",)),
    ("date:fiscal-year", ("budget_year",)),
    ("date:fiscal", ()),
    ("date", ("pay_date", "adj_date", "issue_date", "as_of")),
    ("administrative-classification", ("agency_code", "agency_name")),
    ("administrator", ("agency_code", "agency_name")),
    ("functional-classification", ("func_code",)),
    ("economic-classification", ("eco_code", "dep_eco_code")),
    ("activity", ("pro_code", "pro_name")),
    ("recipient", ("supplier_code", "payee_name", "supplier")),
    ("transaction-id", ("voucher_no",)),
    ("geo:target", ("adm_div_code",)),
)
#: Words of the standard → our codes.
_WORDS = {
    "stage": {"proposed": "proposal", "approved": "approved", "adjusted": "adjusted", "executed": "final"},
    "direction": {"expenditure": "expenditure", "revenue": "revenue", "spending": "expenditure", "income": "revenue"},
}


def read(
    path: Path, profile: Profile, work: Path, settings: Settings, progress: Callable[[float], None] | None = None
) -> Sheet:
    """The rows of the resource that `sheet` names (its name, or its place among the tabular ones)."""
    files, sha256 = _files(path, work, settings)
    said, folder = _descriptor(files, path.name)
    package = _judged(said, path.name)
    resource = _resource(package, profile, path.name)
    how = _how(resource, profile)
    sheets = []
    for number, name in enumerate(resource.paths or [resource.path]):
        inner = files.get(f"{folder}{name}")
        if inner is None:
            _refuse(path.name, f"描述文件里的 {name} 不在包内。", f"{name} of the descriptor is not in the package.")
        if name.lower().endswith((".gz", ".zip")):
            room = work / f"inner-{number}"
            room.mkdir()
            inner, _ = unpacked(inner.rename(room / Path(name).name), room, settings)
        (room := work / f"resource-{number}").mkdir()
        sheets.append((name, inner, delimited.read(inner, how, room, f"{path.name}: {name}", sha256, progress)))
    sheet = sheets[0][2] if len(sheets) == 1 else joined(sheets, how, path.name)
    return _meant(sheet, _meanings(resource, said, profile), _fixed(said, resource, profile))


def named(path: Path, work: Path, settings: Settings) -> list[str]:
    """The names of the tabular resources; a package that is none is refused."""
    files, _ = _files(path, work, settings)
    said, _ = _descriptor(files, path.name)
    return [resource.name for resource in _tabular(_judged(said, path.name))]


def _files(path: Path, work: Path, settings: Settings) -> tuple[dict[str, Path], str]:
    if path.suffix.lower() != ".zip":
        _refuse(path.name, "财政数据包应为 .zip，内含 datapackage.json 和数据文件。",
                "A fiscal data package is a .zip of its datapackage.json and the data files.")  # fmt: skip
    members, sha256 = unzipped(path, work, settings)
    return {name.replace("\\", "/"): inner for name, inner in members}, sha256


def _descriptor(files: Mapping[str, Path], where: str) -> tuple[dict[str, Any], str]:
    """What the descriptor says, and the folder within the archive in which it stands."""
    found = sorted((name for name in files if name.rpartition("/")[2] == DESCRIPTOR), key=len)
    if not found:
        _refuse(where, "包内没有 datapackage.json。", "There is no datapackage.json in it.")
    try:
        said = json.loads(files[found[0]].read_bytes()[:_LARGEST])
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        _refuse(where, "datapackage.json 不是有效的 JSON。", "datapackage.json is not valid JSON.")
    return said, found[0].removesuffix(DESCRIPTOR)


def _judged(said: Mapping[str, Any], where: str) -> Any:
    """The package as frictionless understands it. What would make it fetch something is left out or refused."""
    try:
        from frictionless import FrictionlessException, Package
    except ImportError:
        raise BadFile(
            Text("读取财政数据包需要 frictionless，尚未安装。", "Reading a fiscal data package needs frictionless, which is not installed."),
            where=where, fix=Text("请管理员执行：pip install \"budgetwatch[fiscal]\"。", 'An administrator can run: pip install "budgetwatch[fiscal]".'),
        ) from None  # fmt: skip
    resources = said.get("resources")
    for resource in resources if isinstance(resources, list) else []:
        if isinstance(resource, dict) and (
            isinstance(resource.get("schema"), str) or isinstance(resource.get("dialect"), str)
        ):
            _refuse(
                where,
                "schema 与 dialect 应写在 datapackage.json 之内。",
                "schema and dialect must stand in datapackage.json itself.",
            )
    plain = {name: value for name, value in said.items() if name not in ("profile", "$schema", "profiles")}
    if isinstance(resources, list):
        plain["resources"] = [
            {k: v for k, v in one.items() if k not in ("profile", "$schema", "$dialect")}
            if isinstance(one, dict)
            else one
            for one in resources
        ]
    try:
        return Package.from_descriptor(plain)
    except FrictionlessException as error:
        notes = "; ".join(str(reason.note) for reason in error.reasons[:3]) or str(error.error.note)
        _refuse(
            where, f"datapackage.json 不符合规范：{notes}。", f"datapackage.json does not follow the standard: {notes}."
        )
    except (TypeError, ValueError, AttributeError, KeyError, RecursionError):
        _refuse(where, "datapackage.json 不符合规范。", "datapackage.json does not follow the standard.")


def _tabular(package: Any) -> list[Any]:
    return [
        one for one in package.resources
        if all(isinstance(p, str) and "://" not in p for p in (one.paths or [one.path])) and one.schema.fields
    ]  # fmt: skip


def _resource(package: Any, profile: Profile, where: str) -> Any:
    tables = _tabular(package)
    names = [one.name for one in tables]
    if isinstance(profile.sheet, int) and profile.sheet < len(tables):
        return tables[profile.sheet]
    if profile.sheet in names:
        return tables[names.index(str(profile.sheet))]
    near = nearest(str(profile.sheet), names) or names
    raise BadFile(
        Text(f"包内没有表 {profile.sheet!r}。", f"There is no table {profile.sheet!r} in the package."), where=where,
        fix=Text(f"现有：{'、'.join(near)}。请写在 sheet 里。" if near else "它没有写明字段的表。",
                 f"There are: {', '.join(near)}; name one under `sheet`." if near else "It has no table whose fields are named."),
    )  # fmt: skip


def _how(resource: Any, profile: Profile) -> Profile:
    """The profile by which the resource's files are read as CSV; what the descriptor says of them counts."""
    control = resource.dialect.to_descriptor().get("csv", {})
    said = resource.to_descriptor()
    changes: dict[str, Any] = {
        "format": "csv",
        "delimiter": control.get("delimiter", ","),
        "quote": control.get("quoteChar", '"'),
    }
    if isinstance(said.get("encoding"), str):
        changes["encoding"] = (said["encoding"],)
    if resource.dialect.to_descriptor().get("header") is False:
        changes["headings"] = tuple(field.name for field in resource.schema.fields)
    return dataclasses.replace(profile, **changes)


def _meanings(resource: Any, said: Mapping[str, Any], profile: Profile) -> dict[str, str]:
    """Our column for each field that has one by its type, the profile's own headings left out."""
    mine = {name for names in profile.columns.values() for name in names} | set(profile.ignore)
    given = {*profile.columns, *profile.constants}
    best: dict[str, tuple[str, tuple[int, int]]] = {}
    for place, (name, kind) in enumerate([*_typed(resource), *_modelled(said, resource.name)]):
        if name in mine:
            continue
        for ours in _ours(kind, profile):
            # A later one is deeper, and the code itself says more than a part of it; labels never stand for codes.
            rank = (kind.count(":full"), place)
            if ours not in given and (ours not in best or rank > best[ours][1]):
                best[ours] = name, rank
    return {name: ours for ours, (name, _) in best.items()}


def _ours(kind: str, profile: Profile) -> Iterator[str]:
    """The column of ours that a type stands for, if the feed has one: a label gives a name, all else a code."""
    for begin, names in _MEANINGS:
        if kind != begin and not kind.startswith((f"{begin}:", f"{begin}-")):
            continue
        label = kind.endswith(":label") or ":label" in kind
        wanted = [
            n
            for n in names
            if n in profile.feed.by_name and (n.endswith("_name") == label or n in ("stage", "direction"))
        ]
        yield from wanted[:1]
        return


def _typed(resource: Any) -> Iterator[tuple[str, str]]:
    for field in resource.schema.fields:
        kind = field.custom.get("columnType")
        if isinstance(kind, str):
            yield field.name, kind


def _modelled(said: Mapping[str, Any], resource: str) -> Iterator[tuple[str, str]]:
    """Fields and what they are by the `model` of version 0.3, in the words of columnTypes."""
    model = said.get("model")
    if not isinstance(model, dict):
        return
    for measure in _named(model.get("measures")):
        if isinstance(source := measure.get("source"), str) and measure.get("resource", resource) == resource:
            yield source, "value"
    for dimension in _named(model.get("dimensions")):
        kind = str(dimension.get("dimensionType", ""))
        if kind == "classification":
            kind = f"{dimension.get('classificationType', '')}-classification"
        kind = {"datetime": "date:fiscal-year", "entity": "administrator", "location": "geo:target"}.get(kind, kind)
        for attribute in _named(dimension.get("attributes")):
            source = attribute.get("source")
            if isinstance(source, str) and attribute.get("resource", resource) == resource:
                yield source, f"{kind}:label" if attribute.get("labelfor") else kind


def _fixed(said: Mapping[str, Any], resource: Any, profile: Profile) -> dict[str, str]:
    """What the model says of all rows alike: direction, phase and currency of its measure."""
    model = said.get("model")
    measures = _named(model.get("measures")) if isinstance(model, dict) else []
    measure = next((m for m in measures if m.get("resource", resource.name) == resource.name), {})
    told = {"direction": measure.get("direction"), "stage": measure.get("phase"), "currency": measure.get("currency")}
    return {
        name: value for name, value in told.items()
        if isinstance(value, str) and name in profile.feed.by_name and name not in {*profile.constants, *profile.columns}
    }  # fmt: skip


def _meant(sheet: Sheet, names: Mapping[str, str], fixed: Mapping[str, str]) -> Sheet:
    """The sheet under our columns' names, with what holds for all of its rows behind."""
    headings = [names.get(heading, heading) for heading in sheet.headings]
    more = {name: value for name, value in fixed.items() if name not in headings}
    added = {column(len(headings) + at): value for at, value in enumerate(more.values())}
    words = {column(at): _WORDS[name] for at, name in enumerate([*headings, *more]) if name in _WORDS}

    def changed(piece: Callable[[], pl.LazyFrame]) -> Callable[[], pl.LazyFrame]:
        def made() -> pl.LazyFrame:
            rows = piece().with_columns(pl.lit(value).alias(name) for name, value in added.items())
            return rows.with_columns(pl.col(name).replace(list(w), list(w.values())) for name, w in words.items())

        return made

    again = sheet.again
    return dataclasses.replace(
        sheet, headings=(*headings, *more), pieces=[changed(piece) for piece in sheet.pieces],
        again=(lambda: _meant(again(), names, fixed)) if again else None,
    )  # fmt: skip


def _named(value: Any) -> Sequence[Mapping[str, Any]]:
    return [item for item in value.values() if isinstance(item, dict)] if isinstance(value, dict) else []


def _refuse(where: str, zh: str, en: str) -> NoReturn:
    raise BadFile(Text(zh, en), where=where, fix=Text("请发送方改正后重报。", "Ask the sender to correct it."))
