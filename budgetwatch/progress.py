"""How long work tells that it goes on: the share done, from 0 to 1, and what is being done."""

from __future__ import annotations

from collections.abc import Callable

from budgetwatch.text import Text

Progress = Callable[[float, Text], None]
