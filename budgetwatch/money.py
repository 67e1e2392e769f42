"""Money is exact: `Decimal` yuan with two places, or integer 分; 万元 exists only on screens."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")
#: What a screen may show amounts in, as (unit, yuan in one).
UNITS: dict[str, Decimal] = {"yuan": Decimal(1), "wan": Decimal(10_000), "yi": Decimal(100_000_000)}


def yuan(value: Decimal | int | str) -> Decimal:
    """`value` as yuan with exactly two places; refuses floats, which are not exact."""
    if isinstance(value, float):
        raise TypeError("money is never a float: pass a Decimal, an int or a string")
    return Decimal(value).quantize(CENT, rounding=ROUND_HALF_EVEN)


def fen(value: Decimal) -> int:
    """The same amount in integer 分 (hundredths of a yuan)."""
    return int(yuan(value) * 100)


def shown(value: Decimal | None, unit: str = "yuan", places: int | None = None) -> str:
    """The amount as a screen prints it, in 元 (`yuan`), 万元 (`wan`) or 亿元 (`yi`), grouped by thousands."""
    if value is None:
        return ""
    scaled = Decimal(value) / UNITS[unit]
    return f"{scaled:,.{2 if places is None else places}f}"
