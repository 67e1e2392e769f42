"""A fact's address: batch, line in the sent file, and part where one line became several rows.

`_row` is one BIGINT, `batch << 43 | line << 7 | part`: unique, stable for ever, and enough to find the
sent file and the line again. Up to 1,048,575 batches, 68 billion lines, 128 parts of a line.
"""

from __future__ import annotations

from typing import NamedTuple

LINE_BITS, PART_BITS = 36, 7
BATCH_SHIFT = LINE_BITS + PART_BITS
_LINE_MASK, _PART_MASK = (1 << LINE_BITS) - 1, (1 << PART_BITS) - 1


class Address(NamedTuple):
    """Where a fact was sent: batch number, line of the file (the heading is line 1), part of the line."""

    batch: int
    line: int
    part: int = 0


def pack(address: Address) -> int:
    """The `_row` of an address."""
    return address.batch << BATCH_SHIFT | address.line << PART_BITS | address.part


def unpack(row: int) -> Address:
    """The address behind a `_row`."""
    return Address(row >> BATCH_SHIFT, row >> PART_BITS & _LINE_MASK, row & _PART_MASK)


#: The same in SQL over a `_row` column.
SQL_BATCH = f"(_row >> {BATCH_SHIFT})"
SQL_LINE = f"((_row >> {PART_BITS}) & {_LINE_MASK})"
