"""What a profile makes of a file before its headings are looked up: columns put together, constants from the file's name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from budgetwatch.errors import BadFile
from budgetwatch.feeds.headings import fold
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers.sheet import Sheet, column
from budgetwatch.records.codes import LISTS
from budgetwatch.text import Text

#: Between the values of columns that are put together.
JOINT = "-"


def with_joined(sheet: Sheet, profile: Profile, where: str) -> Sheet:
    """The sheet with a column more, right of the sender's own, for each name under `join`; empty parts are left out."""
    if not profile.join:
        return sheet
    places = {fold(heading): at for at, heading in enumerate(sheet.headings)}
    added: list[pl.Expr] = []
    for number, (name, parts) in enumerate(profile.join.items()):
        missing = [part for part in parts if fold(part) not in places]
        if missing or fold(name) in places:
            raise BadFile(
                Text(f"拼接「{name}」时，文件中{'没有 ' + '、'.join(missing) if missing else '已有同名表头'}。",
                     f"'{name}' cannot be put together: " + (f"the file has no {', '.join(missing)}." if missing else "the file has a heading of that name.")),
                where=where, fix=Text("请改正报送格式中的 join。", "Correct `join` in the profile."),
            )  # fmt: skip
        values = [pl.col(column(places[fold(part)])).str.strip_chars().replace("", None) for part in parts]
        text = pl.concat_str(values, separator=JOINT, ignore_nulls=True)
        added.append(pl.when(text != "").then(text).alias(column(len(sheet.headings) + number)))
    again = sheet.again
    return dataclasses.replace(
        sheet, headings=(*sheet.headings, *profile.join), pieces=[_more(piece, added) for piece in sheet.pieces], own=len(sheet.headings),
        again=(lambda: with_joined(again(), profile, where)) if again else None,
    )  # fmt: skip


def _more(piece: Callable[[], pl.LazyFrame], added: Sequence[pl.Expr]) -> Callable[[], pl.LazyFrame]:
    return lambda: piece().with_columns(added)


def told_by_name(profile: Profile, path: Path, region: str = "") -> Profile:
    """The profile with the constants that the file's own name says by the pattern `file_name`.

    `region` is the prefix of region codes that whoever sends the file may speak for.
    """
    if not profile.file_name:
        return profile
    found = re.search(profile.file_name, path.name)
    if found is None:
        raise BadFile(
            Text(f"文件名不合约定：应合于 {profile.file_name}。", f"The file's name is not as agreed: it should match {profile.file_name}."),
            where=path.name, fix=Text("请按约定命名后重报。", "Ask the sender to name it so and send it again."),
        )  # fmt: skip
    told: dict[str, str] = {}
    for name, word in found.groupdict().items():
        if word is None:
            continue
        listed = LISTS.get(profile.feed.by_name[name].values or "")
        words = {w: code for code, text in (listed or {}).items() for w in (code, text.zh, text.en)}
        value = {**words, **profile.values.get(name, {})}.get(word, word)
        if listed is not None and value not in listed:
            raise BadFile(
                Text(f"文件名里的「{word}」不知对应哪个代码。", f"There is no telling which code '{word}' in the file's name is."),
                where=path.name, fix=Text(f"请在报送格式的 values: {name} 中写明。", f"Say so under values: {name} in the profile."),
            )  # fmt: skip
        if name == "adm_div_code" and not value.startswith(region):
            raise BadFile(
                Text(f"文件名里的区划 {value} 不在报送人的范围（{region}）内。", f"The region {value} in the file's name is outside its sender's ({region})."),
                where=path.name, fix=Text("请由该区划的财政部门报送。", "Let the finance office of that region send it."),
            )  # fmt: skip
        told[name] = value
    return dataclasses.replace(profile, constants={**profile.constants, **told})
