"""Who asks for which page, in what language and unit: everything a page may know about the request.

The state of every filter stands in the address, so that a page is a function of `Asking` alone: links,
bookmarks and the back button work because there is no other state.
"""

from __future__ import annotations

import datetime as dt
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import Invalid
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home


@dataclass(frozen=True, slots=True)
class Asking:
    """One request for a page. `unit` is what amounts are shown in; `chosen` says that the reader asked for it."""

    home: Home
    viewer: Viewer
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    unit: str = "yuan"
    chosen: bool = False
    theme: str = "auto"
    parts: dict[str, str] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        """The value of a filter, or `default` where it was not set."""
        values = self.query.get(name)
        return values[-1].strip() if values and values[-1].strip() else default

    def many(self, name: str) -> list[str]:
        """All values of a filter that takes several."""
        return [v.strip() for v in self.query.get(name, ()) if v.strip()]

    def number(self, name: str, default: int | None = None, least: int | None = None) -> int | None:
        """A whole number from the address; nonsense counts as not set, as an address is easily mistyped."""
        text = self.one(name)
        try:
            value = int(text)
        except ValueError:
            return default
        return value if least is None else max(least, value)

    def day(self, name: str, label: Text) -> dt.date | None:
        """A day from the address; refuses what is no day, because a silently dropped filter would mislead."""
        text = self.one(name)
        try:
            return dt.date.fromisoformat(text) if text else None
        except ValueError:
            raise Invalid(
                Text("这不是一个日期：{text}。", "This is not a date: {text}.").fill(text=text),
                where=label.zh,
                fix=Text("请写成 2025-06-30 的样子。", "Write it like 2025-06-30."),
            ) from None

    def amount(self, name: str, label: Text) -> Decimal | None:
        """An amount in yuan from the address; refuses what is no number."""
        text = self.one(name).replace(",", "").replace("，", "")
        try:
            value = Decimal(text) if text else None
        except InvalidOperation:
            value = Decimal("NaN")
        if value is not None and not value.is_finite():
            raise Invalid(
                Text("这不是一个金额：{text}。", "This is not an amount: {text}.").fill(text=text),
                where=label.zh,
                fix=Text("请只写数字，例如 10000 或 1234.56。", "Write digits only, such as 10000 or 1234.56."),
            )
        return value

    def same(self, **changes: Any) -> str:
        """This page's address with some filters changed (None or "" removes one); a new filter starts at page one."""
        query = {k: list(v) for k, v in self.query.items()}
        if "page" not in changes:
            query.pop("page", None)
        for name, value in changes.items():
            values = value if isinstance(value, list) else [] if value in (None, "") else [value]
            query[name] = [str(v) for v in values]
        return href(self.path, **query)


def href(path: str, **query: Any) -> str:
    """An address with the given filters, empty ones left out."""
    pairs = [
        (name, str(item))
        for name, value in query.items()
        for item in (value if isinstance(value, list) else [value])
        if item not in (None, "")
    ]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def read_query(search: str | None) -> dict[str, list[str]]:
    """`?a=1&a=2` → {"a": ["1", "2"]}."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl((search or "").lstrip("?"), keep_blank_values=False):
        found.setdefault(name, []).append(value)
    return found


_asking: ContextVar[Asking] = ContextVar("asking")


def begin(asking: Asking) -> Asking:
    """From here on, in this request, this is what is asked."""
    _asking.set(asking)
    return asking


def unit_chosen() -> bool:
    """Whether the reader chose the unit, rather than the page."""
    asking = _asking.get(None)
    return asking is not None and asking.chosen


def unit_in_force() -> str:
    """The unit that amounts of this request are shown in."""
    asking = _asking.get(None)
    return asking.unit if asking else "yuan"
