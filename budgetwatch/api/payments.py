"""Addresses of the auditors' query: payments, sums, one voucher, whole exports."""

from __future__ import annotations

import datetime as dt
import secrets
from decimal import Decimal
from pathlib import Path as File
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from budgetwatch.api import examples
from budgetwatch.api.fields import Code, Func, Id, Limit, Offset, Region, Words, Year
from budgetwatch.api.language import answer, spoken
from budgetwatch.api.session import Here, Who
from budgetwatch.calendar import today
from budgetwatch.queries import payments
from budgetwatch.queries.payments import PaymentFilter

router = APIRouter(tags=["payments"])
Amount = Annotated[Decimal | None, Query(ge=Decimal(-(10**15)), le=Decimal(10**15), decimal_places=2)]
Long = Annotated[str, Query(max_length=512)]
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def asked(
    region: Region = "",
    own: Annotated[bool, Query(description="that region's own level only")] = False,
    agency: Code = "",
    year: Year = None,
    first_day: dt.date | None = None,
    last_day: dt.date | None = None,
    function: Func = "",
    eco: Code = "",
    pro: Code = "",
    payee: Long = "",
    item: Long = "",
    text: Words = "",
    min_amount: Amount = None,
    max_amount: Amount = None,
    book: Code = "",
    currency: Annotated[str, Query(max_length=3)] = "",
    batch: Annotated[int | None, Query(ge=0, le=2**20)] = None,
) -> PaymentFilter:
    """What to look for; what is left out asks nothing."""
    return PaymentFilter(
        region,
        own,
        agency,
        year,
        first_day,
        last_day,
        function,
        eco,
        pro,
        payee,
        item,
        text,
        min_amount,
        max_amount,
        book,
        currency,
        batch,
    )


Asked = Annotated[PaymentFilter, Depends(asked)]


@router.get("/payments", summary="Payments", responses=examples.ok("payments"))
def search(
    request: Request,
    home: Here,
    viewer: Who,
    f: Asked,
    order: Annotated[
        str, Query(max_length=16, description="amount, pay_date, agency or payee; - turns it round")
    ] = "-amount",
    limit: Limit = 50,
    offset: Offset = 0,
    known_on: Annotated[dt.date | None, Query(description="as they were known at the end of this day")] = None,
) -> Response:
    """One page, with the count and the exact totals (by currency) of the whole result."""
    then = None if known_on is None else home.store.as_of(known_on)
    return answer(payments.search(home, viewer, f, order=order, limit=limit, offset=offset, versions=then), request)


@router.get("/payments/totals", summary="Sums of payments", responses=examples.ok("totals"))
def totals(
    request: Request,
    home: Here,
    viewer: Who,
    f: Asked,
    by: Annotated[
        str,
        Query(
            max_length=16, description="month, year, agency, function, economic, payee, region, project, item or book"
        ),
    ] = "month",
    limit: Annotated[int, Query(ge=0, le=10_000)] = 500,
) -> Response:
    """Each row's `filter` holds the parameters that show only its payments."""
    return answer(payments.totals(home, viewer, f, by, limit=limit), request)  # type: ignore[arg-type]


@router.get("/payments/choices", summary="What the filter can be set to", responses=examples.ok("choices"))
def choices(request: Request, home: Here, viewer: Who) -> Response:
    """Years, regions, units, subjects and currencies within your scope."""
    return answer(payments.choices(home, viewer), request)


@router.get("/payments/export", summary="The whole result as a file", response_class=FileResponse)
def export(request: Request, home: Here, viewer: Who, f: Asked, format: Literal["csv", "xlsx"] = "csv") -> Response:
    """Every row and column: CSV (UTF-8 with BOM) or XLSX with a sheet that says what was asked."""
    path: File = home.path / "tmp" / f"export-{secrets.token_hex(8)}.{format}"
    payments.export(home, viewer, f, format, path, language=spoken(request))
    name = f"payments-{today():%Y%m%d}.{format}"
    return FileResponse(
        path, media_type=MEDIA[format], filename=name, background=BackgroundTask(path.unlink, missing_ok=True)
    )


@router.get("/vouchers/{row}", summary="One payment whole", responses=examples.ok("voucher"))
def voucher(request: Request, home: Here, viewer: Who, row: Id) -> Response:
    """Every field as sent, the file and line it came from, and the flags that rest on it. `row` is a payment's `_row`."""
    return answer(payments.voucher(home, viewer, row), request)
