"""What a sender says of its own file, in a small file beside it, and whether that is so.

`payments.csv` may come with `payments.csv.manifest.json`:

    {"rows": 1200, "sum": "345678.90", "sha256": "…", "sequence": 17}

Every entry may be missing. `rows` are data rows; `sum` is of the amounts in yuan; `sm3` may stand for `sha256`
(GB/T 32905); `sequence` counts the sender's files of one profile, so that a lost one is noticed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from budgetwatch.errors import BadFile
from budgetwatch.feeds.profile import Profile, nearest
from budgetwatch.feeds.readers.unpack import hashed
from budgetwatch.feeds.staging import Staged
from budgetwatch.home import Home
from budgetwatch.intake.receipt import Figures
from budgetwatch.tables import Batch
from budgetwatch.text import Text

SUFFIX = ".manifest.json"
_KNOWN = ("rows", "sum", "sha256", "sm3", "sequence", "sent_at", "schema_version", "sender", "note")
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """A sender's word on one file; None where it says nothing."""

    rows: int | None = None
    sum: Decimal | None = None
    sha256: str | None = None
    sm3: str | None = None
    sequence: int | None = None


def beside(path: Path) -> Manifest | None:
    """The manifest that came with the file, or None; one that cannot be read is refused."""
    file = path.with_name(path.name + SUFFIX)
    if not file.is_file():
        return None
    try:
        said = json.loads(file.read_bytes()[:_LARGEST])
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise _refused(file, Text("不是有效的 JSON。", "It is not valid JSON."))
    for name in said:
        if name not in _KNOWN:
            near = nearest(name, _KNOWN) or _KNOWN
            raise _refused(
                file,
                Text(
                    f"「{name}」不认识，可用：{'、'.join(near)}。",
                    f"'{name}' is not known; known are {', '.join(near)}.",
                ),
            )
    return Manifest(
        _whole(file, said, "rows"), _amount(file, said), _hex(file, said, "sha256"), _hex(file, said, "sm3"),
        _whole(file, said, "sequence"),
    )  # fmt: skip


def agreed(said: Manifest) -> list[str]:
    """What the manifest said and was held against the file, by name."""
    return [name for name in ("rows", "sum", "sha256", "sm3") if getattr(said, name) is not None]


def same_bytes(said: Manifest, path: Path, sha256: str = "") -> None:
    """Refuse a file whose bytes are not those that were sent."""
    if said.sha256 is not None and said.sha256 != (found := sha256 or hashed(path)):
        raise _differs(path, "sha256", said.sha256, found)
    if said.sm3 is not None and said.sm3 != (found := _sm3(path)):
        raise _differs(path, "sm3", said.sm3, found)


def same_figures(said: Manifest, staged: Staged, figures: Figures, path: Path) -> None:
    """Refuse a file whose rows, or sum where every row was readable, are not those that were sent."""
    if said.rows is not None and said.rows != staged.rows_in:
        raise _differs(path, "rows", f"{said.rows:,}", f"{staged.rows_in:,}")
    read_whole = not staged.rows_rejected and figures.lines == staged.rows_in
    if said.sum is not None and read_whole and figures.amount_sum is not None and said.sum != figures.amount_sum:
        raise _differs(path, "sum", f"{said.sum:,.2f}", f"{figures.amount_sum:,.2f}")


def gaps(home: Home, how: Profile, said: Manifest) -> list[dict[str, str]]:
    """What the sequence number says is missing before this file, or was sent before; for the batch's remarks."""
    if said.sequence is None:
        return []
    with home.session() as session:
        last = session.scalar(
            sa.select(sa.func.max(Batch.sequence)).where(Batch.profile == how.name, Batch.status == "accepted")
        )
    if last is None or said.sequence == last + 1:
        return []
    if said.sequence <= last:
        what = Text(
            f"序号 {said.sequence} 不在前一份（{last}）之后：可能重发，或序号有误。",
            f"Its sequence number {said.sequence} does not come after the last one ({last}): sent again, or misnumbered.",
        )
    else:
        first, until = last + 1, said.sequence - 1
        span = f"{first}" if first == until else f"{first}–{until}"
        what = Text(
            f"缺少序号 {span} 的文件，请向发送方查询。",
            f"Files {span} of its sequence are missing: ask the sender for them.",
        )
    return [{"zh": what.zh, "en": what.en}]


def _whole(file: Path, said: dict[str, Any], name: str) -> int | None:
    value = said.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not str(value).isdigit():
        raise _refused(
            file, Text(f"「{name}」应为整数，写的是 {value!r}。", f"'{name}' must be a whole number, not {value!r}.")
        )
    return int(value)


def _amount(file: Path, said: dict[str, Any]) -> Decimal | None:
    value = said.get("sum")
    if value is None:
        return None
    try:
        amount = Decimal(str(value).replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if isinstance(value, float | bool) or not amount.is_finite():
        raise _refused(
            file, Text(f"「sum」应为带引号的金额，如 \"1234.50\"，写的是 {value!r}。", f"'sum' must be a quoted amount, such as \"1234.50\", not {value!r}.")
        )  # fmt: skip
    return amount


def _hex(file: Path, said: dict[str, Any], name: str) -> str | None:
    value = said.get(name)
    if value is None:
        return None
    text = str(value).strip().lower()
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise _refused(file, Text(f"「{name}」应为 64 位十六进制。", f"'{name}' must be 64 hexadecimal digits."))
    return text


def _sm3(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sm3").hexdigest()
    except ValueError:
        raise BadFile(
            Text("本机的密码库没有 SM3，无法核对。", "The cryptographic library of this machine has no SM3, so it cannot be verified."),
            where=path.name,
            fix=Text("请发送方改附 sha256，或更换带 SM3 的 OpenSSL。", "Ask the sender for sha256, or use an OpenSSL that has SM3."),
        ) from None  # fmt: skip


def _differs(path: Path, name: str, said: str, found: str) -> BadFile:
    words = {
        "sha256": ("SHA-256", "SHA-256"), "sm3": ("SM3", "SM3"), "rows": ("行数", "row count"), "sum": ("金额合计", "sum"),
    }[name]  # fmt: skip
    return BadFile(
        Text(f"与清单不符：{words[0]}应为 {said}，实为 {found}。", f"Not what its manifest says: the {words[1]} should be {said} but is {found}."),
        where=path.name,
        manifest=name,
        fix=Text("文件可能传输不完整或发错，请发送方连同清单重新报送。", "It may be cut short or the wrong one: ask for file and manifest again."),
    )  # fmt: skip


def _refused(file: Path, what: Text) -> BadFile:
    return BadFile(
        Text(f"清单有误：{what.zh}", f"The manifest is wrong. {what.en}"), where=file.name,
        fix=Text("请发送方改正清单后重新报送。", "Ask the sender to mend the manifest and send both again."),
    )  # fmt: skip
