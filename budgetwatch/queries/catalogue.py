"""The rules as people read them: what each asks, why, by which law, and how it has fared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.queries.listing import Listing
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home


@dataclass(frozen=True, slots=True)
class ParamView:
    name: str
    label: Text
    value: Any
    kind: str
    unit: str
    minimum: Any
    maximum: Any


@dataclass(frozen=True, slots=True)
class ExampleView:
    name: Text
    expect: str


@dataclass(frozen=True, slots=True)
class RuleDetail:
    """One rule whole. `results`: what it said in the latest runs (run_id, as_of, looked_at, flagged, could_not_judge,
    reasons, exempted, seconds); `states`: its cases in scope by state."""

    id: str
    name: Text
    kind: str
    severity: str
    why: Text
    law: tuple[Text, ...]
    check: tuple[Text, ...]
    otherwise: tuple[Text, ...]
    over: str
    over_label: Text
    needs: tuple[tuple[str, Text], ...]
    params: list[ParamView]
    examples: list[ExampleView]
    message: Text
    digest: str
    body: str
    results: list[dict[str, Any]]
    states: dict[str, int]


def rules(home: Home, viewer: Viewer, *, text: str = "", severities: list[str] | None = None) -> Listing:
    """Rows: rule_id name(Text) kind severity why(Text) law(Text) over over_label(Text) looked_at flagged could_not_judge
    (of the latest run) flags (in scope) confirmed dismissed."""
    raise NotImplementedError


def rule(home: Home, viewer: Viewer, rule_id: str) -> RuleDetail:
    """One rule; NotFound with the nearest ids where there is none."""
    raise NotImplementedError
