"""Builders: a sender's profile in a few words, and the files it would send."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from budgetwatch.home import Home

#: A treasury that writes every column as our own names have it.
TREASURY: dict[str, Any] = {
    "name": "treasury",
    "feed": "payment",
    "sender": "Invented treasury",
    "title": {"zh": "虚构国库支付", "en": "Invented treasury payments"},
}
HEADING = ("voucher_no", "budget_year", "pay_date", "adm_div_code", "agency_code", "amount")


def profile(home: Home, **changes: Any) -> str:
    """Write a profile into the deployment; returns its name."""
    body = {**TREASURY, **changes}
    (home.path / "profiles" / f"{body['name']}.yml").write_text(
        yaml.safe_dump(body, allow_unicode=True, sort_keys=False), "utf-8"
    )
    return str(body["name"])


def payment(
    no: object, amount: object = "12.30", day: str = "2025-03-05", unit: str = "U1", year: object = 2025
) -> tuple[str, ...]:
    """One payment line under HEADING."""
    return (str(no), str(year), day, "990102", unit, str(amount))


def csv(
    path: Path,
    rows: Sequence[Sequence[str]],
    heading: Sequence[str] = HEADING,
    encoding: str = "utf-8",
    delimiter: str = ",",
) -> Path:
    """A CSV with that heading; values are written as they are (quote them yourself)."""
    lines = [delimiter.join(row) for row in (heading, *rows)]
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


def gz(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content))
    return path


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path
