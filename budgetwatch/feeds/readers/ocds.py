"""Procurement as the Open Contracting Data Standard 1.1 has it becomes rows of the procurement feed, one an award.

Read are release packages, record packages, single releases, and one of any of these a line. What several releases
say of one contracting process (`ocid`) is put together, the later one winning, as the standard merges them. The
headings are our own columns' names; what a profile must add is who is meant (`adm_div_code`), where the buyer's
numbers are not ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from budgetwatch.errors import BadFile
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers import encodings
from budgetwatch.feeds.readers.json import DEEPEST, NOT_JSON, depth, is_lines, loads, streaming
from budgetwatch.feeds.readers.records import JOINT, Record, sheet_of
from budgetwatch.feeds.readers.sheet import Sheet
from budgetwatch.text import Text

#: The standard's words → our codes.
_METHODS = {"open": "open", "selective": "selective", "limited": "negotiation", "direct": "single"}
_NOTICES = {
    "tender": ("tenderNotice",), "award": ("awardNotice",), "contract": ("contractNotice", "contractSigned"),
}  # fmt: skip


def read(
    path: Path, profile: Profile, work: Path, where: str, sha256: str, progress: Callable[[float], None] | None = None
) -> Sheet:
    """The awards of the file, numbered in the order of their processes; a process without an award is one row."""
    text = encodings.as_utf8(path, profile.encoding, work, where)
    return sheet_of(_rows(text, where), work, where, path, sha256)


def _rows(path: Path, where: str) -> Iterator[Record]:
    merged: dict[str, dict[str, Any]] = {}
    strange: list[str] = []
    try:
        for release in _releases(path):
            if not isinstance(release, dict) or not isinstance(release.get("ocid"), str) or depth(release) > DEEPEST:
                strange.append(
                    json.dumps(release, ensure_ascii=False, default=str)
                    if isinstance(release, dict | list)
                    else str(release)
                )
            else:
                _merge(merged.setdefault(release["ocid"], {}), release)
    except (*NOT_JSON, RecursionError) as error:
        raise BadFile(
            Text(f"不是完好的 JSON（第 {len(merged) + 1} 个采购过程附近）。", f"Not valid JSON (near process {len(merged) + 1}: {str(error)[:200]})."),
            where=where, fix=Text("请发送方重新导出。", "Ask the sender to export it again."),
        ) from None  # fmt: skip
    number = 0
    for release in merged.values():
        for row in _awards(release):
            number += 1
            yield number, {name: value for name, value in row.items() if value}
    for said in strange:
        number += 1
        yield number, said


def _releases(path: Path) -> Iterator[Any]:
    """Every release in the file, in whatever it is packed; later ones of a process last."""
    if is_lines(path):
        with path.open("rb") as file:
            for line in file:
                if line := line.removeprefix(b"\xef\xbb\xbf").strip():
                    try:
                        said = loads(line)
                    except (ValueError, RecursionError):
                        yield line.decode("utf-8", "replace")
                        continue
                    yield from _unpacked(said)
        return
    engine = streaming(path)
    with path.open("rb") as file:
        kind = _kind(file, engine)
        file.seek(3 if file.seek(0) == 0 and file.read(3) == b"\xef\xbb\xbf" else 0)
        for said in engine.items(file, kind, use_float=False):
            yield from _unpacked(said)


def _kind(file: Any, engine: Any) -> str:
    """The way to the releases of a document, for what streams it."""
    file.seek(3 if file.read(3) == b"\xef\xbb\xbf" else 0)
    for prefix, event, value in engine.parse(file):
        if prefix == "" and event == "start_array":
            return "item"
        if prefix == "" and event == "map_key" and value in ("releases", "records"):
            return f"{value}.item"
    return ""


def _unpacked(said: Any) -> Iterator[Any]:
    """The releases in a release, a record or a package."""
    if not isinstance(said, dict):
        yield said
    elif isinstance(said.get("compiledRelease"), dict):
        yield said["compiledRelease"]
    elif isinstance(said.get("releases"), list):
        yield from sorted(said["releases"], key=lambda r: str(r.get("date", "")) if isinstance(r, dict) else "")
    elif isinstance(said.get("records"), list):
        for record in said["records"]:
            yield from _unpacked(record)
    else:
        yield said


def _merge(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    """What a later release says: values are replaced, things with an id within lists are put together, null takes away."""
    if str(new.get("date", "")) < str(into.get("date", "")):
        older, later = dict(into), dict(new)
        into.clear()
        _merge(into, later)
        _merge(into, older)
        return
    for name, value in new.items():
        if value is None:
            into.pop(name, None)
        elif isinstance(value, Mapping):
            held = into.setdefault(name, {})
            if isinstance(held, dict):
                _merge_plain(held, value)
            else:
                into[name] = value
        elif isinstance(value, list) and isinstance(into.get(name), list):
            into[name] = _merged_list(into[name], value)
        else:
            into[name] = value


def _merge_plain(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    held = into.pop("date", None)
    _merge(into, {k: v for k, v in new.items() if k != "date"})
    if (date := new.get("date", held)) is not None:
        into["date"] = date


def _merged_list(old: list[Any], new: list[Any]) -> list[Any]:
    if not all(isinstance(item, dict) and "id" in item for item in (*old, *new)):
        return new
    by_id = {str(item["id"]): dict(item) for item in old}
    for item in new:
        _merge_plain(by_id.setdefault(str(item["id"]), {}), item)
    return list(by_id.values())


def _awards(release: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    tender, budget = _map(release.get("tender")), _map(_map(release.get("planning")).get("budget"))
    buyer = _map(release.get("buyer")) or _map(tender.get("procuringEntity"))
    bidders = _list(tender.get("tenderers"))
    details = _list(_map(release.get("bids")).get("details"))
    names = [_text(b.get("name")) for b in bidders] or [
        _text(t.get("name")) for d in details for t in _list(d.get("tenderers"))
    ]
    expected = _map(budget.get("amount")) or _map(tender.get("value"))
    common = {
        "proc_id": _text(release.get("ocid")),
        "agency_code": _text(buyer.get("id")),
        "agency_name": _text(buyer.get("name")),
        "pro_code": _text(budget.get("projectID")),
        "title": _text(tender.get("title")),
        "item": _items(tender),
        "item_code": _joined(_text(_map(i.get("classification")).get("id")) for i in _list(tender.get("items"))),
        "category": _text(tender.get("mainProcurementCategory")),
        "method": _METHODS.get(_text(tender.get("procurementMethod")), _text(tender.get("procurementMethod"))),
        "budget": _text(expected.get("amount")),
        "notice_date": _day(tender, "tender") or _text(_map(tender.get("tenderPeriod")).get("startDate")),
        "bidders": _text(tender.get("numberOfTenderers")) or (str(len(names)) if names else ""),
        "bidder_names": _joined(names),
    }
    awards = _list(release.get("awards"))
    for award in awards or [{}]:
        contracts = [c for c in _list(release.get("contracts")) if not awards or c.get("awardID") == award.get("id")]
        value = _map(award.get("value"))
        row = {
            **common,
            "lot": _text(award.get("id")),
            "award": _text(value.get("amount")),
            "currency": _text(value.get("currency")) or _text(expected.get("currency")),
            "award_date": _text(award.get("date")),
            "award_notice_date": _day(award, "award"),
            "supplier": _joined(_text(s.get("name")) for s in _list(award.get("suppliers"))),
            "supplier_code": _joined(_identity(release, s) for s in _list(award.get("suppliers"))),
            "contract_no": _joined(_text(c.get("id")) for c in contracts),
            "contract_amount": _sum(contracts),
            "contract_date": min((d for c in contracts if (d := _text(c.get("dateSigned")))), default=""),
            "contract_notice_date": min((d for c in contracts if (d := _day(c, "contract"))), default=""),
        }
        if award.get("items"):
            row["item"] = _items(award)
        if len(items := _list(award.get("items")) or _list(tender.get("items"))) == 1:
            unit = _map(items[0].get("unit"))
            row |= {"quantity": _text(items[0].get("quantity")), "measure": _text(unit.get("name")),
                    "unit_price": _text(_map(unit.get("value")).get("amount"))}  # fmt: skip
        when = row["award_date"] or row["contract_date"] or row["notice_date"] or _text(release.get("date"))
        row["budget_year"] = when[:4]
        yield row


def _identity(release: Mapping[str, Any], supplier: Mapping[str, Any]) -> str:
    """The supplier's registered number, by its own word or by what the list of parties says; else its id in the file."""
    party = next((p for p in _list(release.get("parties")) if p.get("id") == supplier.get("id")), {})
    for one in (supplier, party):
        if number := _text(_map(one.get("identifier")).get("id")):
            return number
    return _text(supplier.get("id"))


def _day(thing: Mapping[str, Any], kind: str) -> str:
    """The day on which the notice of that kind was published."""
    kinds = _NOTICES[kind]
    found = [
        _text(d.get("datePublished")) for d in _list(thing.get("documents")) if _text(d.get("documentType")) in kinds
    ]
    return min(filter(None, found), default="")


def _sum(contracts: list[Mapping[str, Any]]) -> str:
    """The contracts' amounts together, where each has one and it is a number."""
    texts = [_text(_map(c.get("value")).get("amount")) for c in contracts]
    try:
        amounts = [Decimal(text) for text in texts if text]
    except ArithmeticError:
        return texts[0]
    return format(sum(amounts, Decimal(0)), "f") if amounts else ""


def _items(thing: Mapping[str, Any]) -> str:
    return _joined(_text(i.get("description")) for i in _list(thing.get("items")))


def _joined(texts: Any) -> str:
    return JOINT.join(dict.fromkeys(filter(None, texts)))


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    return ("true" if value else "false") if isinstance(value, bool) else str(value).strip()
