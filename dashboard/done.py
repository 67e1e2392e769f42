"""What a deed is given and hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Done:
    """What to tell the person, and where to go from here (None: stay, and see the page anew)."""

    sentence: Any
    go: str | None = None
