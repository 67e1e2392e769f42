"""Parameters that many addresses share, with bounds that every database can hold."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

Id = Annotated[int, Path(ge=1, le=2**62)]
Limit = Annotated[int, Query(ge=0, le=1000, description="rows of the page")]
Offset = Annotated[int, Query(ge=0, le=10**9, description="rows before the page")]
Words = Annotated[str, Query(max_length=200, description="words to look for; simplified or traditional")]
Region = Annotated[str, Query(max_length=32, description="prefix of region codes, e.g. 990102")]
Code = Annotated[str, Query(max_length=64)]
Year = Annotated[int | None, Query(ge=1900, le=2200)]
Currency = Annotated[
    str | None, Query(max_length=3, description="ISO 4217; amounts of different currencies are never added")
]
#: Named otherwise inside: the framework's thread pool has a parameter of its own called `func`.
Func = Annotated[str, Query(max_length=16, alias="func", description="prefix of a functional subject, e.g. 205")]
