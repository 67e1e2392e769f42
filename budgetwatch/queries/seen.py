"""How a viewer sees what is personal: payees masked unless their role may see them, and every look recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from budgetwatch.access import audit as log
from budgetwatch.access import masking
from budgetwatch.access.viewer import Viewer

if TYPE_CHECKING:
    import duckdb

    from budgetwatch.home import Home


def expression(viewer: Viewer, name: str) -> str:
    """The SQL by which this viewer reads a column: what is personal masked, everything else as it is."""
    if masking.unmasked(viewer):
        return f'"{name}"'
    match name:
        case "payee_name":
            return f"({masking.sql_payee('payee_name', 'payee_type')})"
        case "payee_account":
            return f"({masking.sql_account('payee_account')})"
        case "purpose":
            return f"({masking.sql_text('purpose')})"
    return f'"{name}"'


def column(viewer: Viewer, name: str) -> str:
    """The same under the column's own name, for a SELECT list."""
    return f'{expression(viewer, name)} AS "{name}"'


def dicts(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The rows as dictionaries; DECIMAL stays `Decimal`."""
    keys = [d[0] for d in result.description or []]
    return [dict(zip(keys, row, strict=True)) for row in result.fetchall()]


def audit(home: Home, viewer: Viewer, action: str, object_type: str, object_id: object, **detail: Any) -> None:
    """Record that the viewer looked at or took away something that names people or accounts."""
    with home.session() as session:
        log.record(session, viewer, action, object_type, object_id, detail)
