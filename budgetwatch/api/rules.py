"""Addresses of a rule's life: editions and their steps, what differs, back-tests, shadow runs, the white list, the document."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from budgetwatch import exemptions, jobs, lifecycle
from budgetwatch.api import examples
from budgetwatch.api.fields import Id, Limit, Offset
from budgetwatch.api.jobs import accepted
from budgetwatch.api.language import answer, spoken
from budgetwatch.api.session import Here, Who
from budgetwatch.backtest import LONGEST, Asked
from budgetwatch.queries import catalogue, rule_document, trials
from budgetwatch.queries import editions as read
from budgetwatch.tables import Exemption

router = APIRouter(tags=["rules"])
RuleId = Annotated[str, Path(max_length=64)]
Which = Annotated[str, Query(max_length=16, description="the number of an edition, `file`, or `now`")]


class Draft(BaseModel):
    """A new edition: a whole text, or another threshold or switch of the rule in force. Give one of the three."""

    body: str = Field("", max_length=100_000, description="the rule's YAML, at the left margin")
    rule_id: str = Field("", max_length=64)
    params: dict[str, Any] = Field({}, max_length=64, description="thresholds of `rule_id`")
    enabled: bool | None = Field(None, description="switch `rule_id` on or off")
    note: str = Field("", max_length=20_000)


class Step(BaseModel):
    """What an act takes: a reason where one is needed, a day where it takes effect on one."""

    note: str = Field("", max_length=20_000)
    day: dt.date | None = None


class Wanted(BaseModel):
    """Rules of the catalogue, editions, and values to be tried of thresholds (of all of them, by name)."""

    rules: list[str] = Field([], max_length=LONGEST)
    editions: list[Annotated[int, Field(ge=1, le=2**31)]] = Field([], max_length=LONGEST)
    sweep: dict[str, list[Any]] | None = Field(None, max_length=16)


class Proposal(BaseModel):
    """An exemption as it is proposed."""

    rule_id: str = Field(max_length=64)
    agency_code: str = Field(max_length=128)
    subject: str = Field("", max_length=512)
    reason: str = Field(max_length=4000)
    basis: str = Field(max_length=4000)
    valid_from: dt.date
    valid_to: dt.date


@router.get("/rules/document", summary="The catalogue as a document", response_class=Response)
def document(request: Request, home: Here, viewer: Who, format: Literal["html", "md"] = "html") -> Response:
    """In reading order, those that are off among them; HTML that stands alone, or Markdown."""
    text = rule_document.document(home, viewer, format, spoken(request))
    named = {"Content-Disposition": f'attachment; filename="rules.{format}"'}
    return Response(text, media_type=f"{rule_document.FORMATS[format]}; charset=utf-8", headers=named)


@router.get("/rules/editions", summary="Editions of the rules", responses=examples.ok("editions"))
def editions(
    request: Request, home: Here, viewer: Who, rule: Annotated[str, Query(max_length=64)] = "", open_only: bool = False
) -> Response:
    """Newest first, with where each stands."""
    return answer(read.editions(home, viewer, rule_id=rule, open_only=open_only), request)


@router.post("/rules/editions", summary="Draft an edition", status_code=201, responses=examples.ok("edition", 201))
def draft(request: Request, home: Here, viewer: Who, given: Draft) -> Response:
    """Nothing changes by it: an edition is tested, proposed and approved before it comes into force."""
    if given.body:
        made = lifecycle.draft(home, viewer, given.body, note=given.note)
    elif given.enabled is not None:
        made = lifecycle.set_enabled(home, viewer, given.rule_id, given.enabled, given.note)
    else:
        made = lifecycle.set_params(home, viewer, given.rule_id, given.params, given.note)
    return answer(read.edition(home, viewer, made.id), request, 201)


@router.get("/rules/editions/{edition_id}", summary="One edition", responses=examples.ok("edition"))
def edition(request: Request, home: Here, viewer: Who, edition_id: Id) -> Response:
    """Its text, its steps, what differs from the text in force, and what you may do now."""
    return answer(read.edition(home, viewer, edition_id), request)


@router.post(
    "/rules/editions/{edition_id}/{action}", summary="Take a step with an edition", responses=examples.ok("edition")
)
def act(
    request: Request,
    home: Here,
    viewer: Who,
    edition_id: Id,
    action: Annotated[
        str,
        Path(
            max_length=24,
            description="propose, return, approve, activate, retire, withdraw, shadow, unshadow, comment; rollback drafts a new one",
        ),
    ],
    given: Step,
) -> Response:
    """Nobody approves what they drafted or proposed; what is not possible is refused with what is."""
    if action == "rollback":
        edition_id = lifecycle.roll_back(home, viewer, edition_id, given.note).id
    else:
        lifecycle.act(home, viewer, edition_id, action, note=given.note, day=given.day)
    return answer(read.edition(home, viewer, edition_id), request)


@router.get("/rules/{rule_id}/text", summary="The text in force of a rule", response_class=Response)
def text(home: Here, viewer: Who, rule_id: RuleId) -> Response:
    """As a rule file has it, at the left margin: to be changed and drafted as an edition."""
    body = catalogue.rule(home, viewer, rule_id).body
    named = {"Content-Disposition": f'attachment; filename="{quote(rule_id)}.yml"'}
    return Response(body, media_type="application/yaml; charset=utf-8", headers=named)


@router.get("/rules/{rule_id}/diff", summary="What differs between two texts of a rule", responses=examples.ok("diff"))
def diff(
    request: Request, home: Here, viewer: Who, rule_id: RuleId, before: Which = "file", after: Which = "now"
) -> Response:
    """Part by part; SQL line by line."""
    return answer({"changes": read.difference(home, viewer, rule_id, before, after)}, request)


@router.get("/rules/tests", summary="Kept back-tests", responses=examples.ok("back_tests"))
def back_tests(
    request: Request,
    home: Here,
    viewer: Who,
    rule: Annotated[str, Query(max_length=64)] = "",
    limit: Limit = 20,
    offset: Offset = 0,
) -> Response:
    """Newest first; those whose scope lies within yours."""
    return answer(trials.back_tests(home, viewer, rule_id=rule, limit=limit, offset=offset), request)


@router.post("/rules/tests", summary="Back-test rules", status_code=202, responses=examples.ok("job", 202))
def back_test(request: Request, home: Here, viewer: Who, given: Wanted) -> Response:
    """In the background, over all stored facts within your scope; no flag comes of it."""
    asked = [Asked(rule, sweep=given.sweep) for rule in given.rules]
    asked += [Asked(edition_id=number, sweep=given.sweep) for number in given.editions]
    return accepted(jobs.back_test(home, viewer, asked), request)


@router.get("/rules/tests/{back_test_id}", summary="One back-test", responses=examples.ok("back_test"))
def one_back_test(request: Request, home: Here, viewer: Who, back_test_id: Id) -> Response:
    """Hits by month, unit and level; overlap, precision with its interval and n, hours of review at each threshold."""
    return answer(trials.back_test(home, viewer, back_test_id), request)


@router.get("/rules/shadow/{edition_id}", summary="An edition on trial", responses=examples.ok("shadow"))
def shadow(
    request: Request,
    home: Here,
    viewer: Who,
    edition_id: Id,
    only_new: bool = False,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """What it said beside each real run, and what it would flag within your scope; none of it is a flag."""
    found = trials.would_be(home, viewer, edition_id, only_new=only_new, limit=limit, offset=offset)
    return answer({"runs": trials.shadow_runs(home, viewer, edition_id), "would_be": found}, request)


@router.get("/exemptions", summary="The white list", responses=examples.ok("exemptions"))
def all_exemptions(request: Request, home: Here, viewer: Who, lapsing: bool = False) -> Response:
    """What rules leave out, with reason, basis and end; `lapsing`: only what ends soon."""
    found = exemptions.listing(home, viewer)
    return answer({"exemptions": [_shown(e) for e in (exemptions.lapsing(found) if lapsing else found)]}, request)


@router.post("/exemptions", summary="Propose an exemption", status_code=201, responses=examples.ok("exemption", 201))
def propose_exemption(request: Request, home: Here, viewer: Who, given: Proposal) -> Response:
    """Without effect until another person approves it."""
    return answer(_shown(exemptions.propose(home, viewer, **given.model_dump())), request, 201)


@router.post("/exemptions/{exemption_id}/approve", summary="Approve an exemption", responses=examples.ok("exemption"))
def approve_exemption(
    request: Request, home: Here, viewer: Who, exemption_id: Annotated[int, Path(ge=1, le=2**31)]
) -> Response:
    """By a lead who did not propose it."""
    return answer(_shown(exemptions.approve(home, viewer, exemption_id)), request)


@router.post("/exemptions/{exemption_id}/end", summary="End an exemption early", responses=examples.ok("exemption"))
def end_exemption(
    request: Request, home: Here, viewer: Who, exemption_id: Annotated[int, Path(ge=1, le=2**31)], given: Step
) -> Response:
    """From that day (today) it holds no longer; a proposal is withdrawn."""
    return answer(_shown(exemptions.end(home, viewer, exemption_id, given.note, given.day)), request)


def _shown(one: Exemption) -> dict[str, Any]:
    names = (
        "id",
        "rule_id",
        "region",
        "agency_code",
        "subject",
        "reason",
        "basis",
        "valid_from",
        "valid_to",
        "ended_on",
        "end_note",
    )
    return {name: getattr(one, name) for name in names} | {"standing": exemptions.standing(one)}
