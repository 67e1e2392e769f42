"""The whole result as a file: every column, every row, and a note of what was asked, by whom and of which facts.

Text that a spreadsheet would run as a formula stays text: in XLSX it is written as a string, in CSV it
gets an apostrophe in front. Both formats are streamed; neither ever holds the result in memory.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.csv

from budgetwatch import tables as t
from budgetwatch.access.viewer import ROLES, Viewer
from budgetwatch.errors import Invalid
from budgetwatch.progress import Progress
from budgetwatch.queries import seen, sheet_xml
from budgetwatch.queries.payment_filter import PaymentFilter, asked, where
from budgetwatch.queries.scope import demand, one_of
from budgetwatch.records import ALL
from budgetwatch.records.rowid import SQL_BATCH, SQL_LINE
from budgetwatch.text import Text

if TYPE_CHECKING:
    import duckdb

    from budgetwatch.home import Home

XLSX_ROWS = 1_048_575
_CHUNK = 10_000
_BOM = b"\xef\xbb\xbf"
_EXTRA = (
    ("batch", SQL_BATCH, Text("批次", "Batch"), "integer"),
    ("line", SQL_LINE, Text("文件行", "Line in the file"), "integer"),
)
_NARROW = {"date": 11, "money": 18, "integer": 9}
_FILTER_NAMES: dict[str, Text] = {
    "region": Text("地区", "Region"),
    "own": Text("仅本级", "Own level only"),
    "agency": Text("单位", "Unit"),
    "year": Text("预算年度", "Budget year"),
    "first_day": Text("起始日期", "From"),
    "last_day": Text("截止日期", "To"),
    "func": Text("功能科目", "Function"),
    "eco": Text("经济科目", "Economic subject"),
    "pro": Text("项目", "Project"),
    "payee": Text("收款人", "Payee"),
    "item": Text("支出事项", "Item"),
    "text": Text("文字", "Text"),
    "min_amount": Text("最小金额", "Amount from"),
    "max_amount": Text("最大金额", "Amount to"),
    "book": Text("预算类型", "Budget book"),
    "currency": Text("币种", "Currency"),
    "batch": Text("批次", "Batch"),
}


def export(
    home: Home,
    viewer: Viewer,
    f: PaymentFilter,
    format: Literal["csv", "xlsx"],
    path: Path,
    *,
    language: str = "zh",
    progress: Progress | None = None,
) -> Path:
    """The whole result in `path`: CSV (UTF-8 with BOM), or XLSX with a second sheet that says what was asked.

    A result that no sheet can hold is refused with the way out. The file appears whole or not at all.
    """
    demand(viewer, "export")
    demand(viewer, "vouchers")
    one_of(format, ("csv", "xlsx"), "format")
    versions = home.store.current()
    condition, params = where(viewer, f)
    columns = [(c.name, seen.expression(viewer, c.name), c.label, c.kind) for c in ALL["payment"].columns]
    columns += list(_EXTRA)  # type: ignore[arg-type]
    partial = path.with_name(path.name + ".part")
    with home.facts(viewer, versions) as facts:
        count, totals = _size(facts, condition, params)
        if format == "xlsx" and count > XLSX_ROWS:
            raise Invalid(
                Text(
                    f"结果有 {count:,} 行，超过 Excel 工作表的上限 {XLSX_ROWS:,} 行。",
                    f"The result has {count:,} rows; a sheet of Excel holds {XLSX_ROWS:,}.",
                ),
                fix=Text("请导出 CSV，或缩小筛选范围。", "Export it as CSV, or narrow the filter."),
            )
        query = f"FROM payment WHERE {condition} ORDER BY pay_date, _row"
        # Recorded before a byte is written: what cannot be recorded is not taken away.
        seen.audit(
            home,
            viewer,
            "export_payments",
            "payment",
            format,
            filter=asked(f),
            rows=count,
            version=versions.get("payment"),
        )
        try:
            if format == "csv":
                _csv(facts, query, params, columns, partial, language, count, progress)
            else:
                about = _about(viewer, f, count, totals, versions, language)
                _xlsx(facts, query, params, columns, partial, language, about, count, progress)
            partial.replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                partial.unlink()
    return path


def _size(facts: duckdb.DuckDBPyConnection, condition: str, params: dict[str, Any]) -> tuple[int, dict[str, Decimal]]:
    found = facts.execute(
        f"SELECT coalesce(currency, 'CNY'), count(*), sum(amount) FROM payment WHERE {condition} GROUP BY 1 ORDER BY 1",
        params,
    ).fetchall()
    return sum(n for _, n, _ in found), {currency: amount for currency, _, amount in found}


def _counted(chunks: Iterable[Any], count: int, progress: Progress | None) -> Iterator[Any]:
    """The same chunks of rows, telling how much of `count` has passed."""
    done = 0
    for chunk in chunks:
        yield chunk
        done += chunk.num_rows
        if progress:
            progress(min(1.0, done / max(count, 1)), Text(f"已写出 {done:,} 行", f"{done:,} rows written"))


def _csv(
    facts: Any,
    query: str,
    params: dict[str, Any],
    columns: list[Any],
    path: Path,
    language: str,
    count: int,
    progress: Progress | None,
) -> None:
    picked = ", ".join(
        f'{harmless(sql)} AS "{name}"' if kind in ("text", "code") else f'({sql})::VARCHAR AS "{name}"'
        for name, sql, _, kind in columns
    )
    reader = facts.sql(f"SELECT {picked} {query}", params=params).to_arrow_reader(_CHUNK)
    schema = pa.schema([pa.field(label.of(language), pa.string()) for _, _, label, _ in columns])
    options = pyarrow.csv.WriteOptions(quoting_style="needed")
    with path.open("wb") as out:
        out.write(_BOM)
        with pyarrow.csv.CSVWriter(out, schema, write_options=options) as writer:
            for batch in _counted(reader, count, progress):
                writer.write_batch(
                    pa.RecordBatch.from_arrays([c.cast(pa.string()) for c in batch.columns], schema=schema)
                )


def harmless(sql: str) -> str:
    """The SQL of a text that no spreadsheet takes for a formula."""
    return f"CASE WHEN regexp_matches({sql}, '^\\s*[=+\\-@]|^[\\t\\r]') THEN '''' || ({sql}) ELSE {sql} END"


def _xlsx(
    facts: Any,
    query: str,
    params: dict[str, Any],
    columns: list[Any],
    path: Path,
    language: str,
    about: list[tuple[str, str]],
    count: int,
    progress: Progress | None,
) -> None:
    """A workbook whose frame (styles, widths, second sheet) is made around one row; all rows are then streamed in its place."""
    kinds = [kind for *_, kind in columns]
    frame = sheet_xml.frame(
        Text("支付明细", "Payments").of(language),
        [(label.of(language), _NARROW.get(kind, 20), kind) for _, _, label, kind in columns],
        Text("说明", "About").of(language),
        about,
    )
    styles = sheet_xml.styles(frame, kinds)
    cells = " || ".join(
        sheet_xml.cell(f"x{at}", kind, sheet_xml.letters(at), styles[at]) for at, kind in enumerate(kinds)
    )
    inner = ", ".join(f"{sql} AS x{at}" for at, (_, sql, _, _) in enumerate(columns))
    rows = facts.sql(f"SELECT {sheet_xml.ROW} || {cells} || '</row>' FROM (SELECT {inner} {query})", params=params)
    chunks = _counted(rows.to_arrow_reader(_CHUNK), count, progress)
    sheet_xml.fill(frame, (chunk.column(0) for chunk in chunks), path)


def _about(
    viewer: Viewer, f: PaymentFilter, count: int, totals: dict[str, Decimal], versions: dict[str, int], language: str
) -> list[tuple[str, str]]:
    """What the second sheet says: who asked what, when, of which version of the facts, and what it sums to."""

    def say(zh: str, en: str) -> str:
        return Text(zh, en).of(language)

    role = ROLES.get(viewer.role, Text(viewer.role, viewer.role)).of(language)
    lines = [
        (say("导出人", "Exported by"), f"{viewer.name} ({viewer.login}, {role})"),
        (say("权限范围", "Scope"), viewer.region or say("全部", "everything")),
        (say("导出时间 (UTC)", "Exported at (UTC)"), t.now().isoformat(timespec="seconds")),
        (say("支付数据版本", "Version of the payments"), str(versions.get("payment", ""))),
        (say("行数", "Rows"), f"{count:,}"),
    ]
    lines += [(f"{say('合计', 'Total')} {currency}", f"{amount:,.2f}") for currency, amount in totals.items()]
    lines += [(f"{say('筛选', 'Filter')}: {_FILTER_NAMES[key].of(language)}", value) for key, value in asked(f).items()]
    if not viewer.may("payees"):
        lines.append(
            (say("脱敏", "Masked"), say("个人收款人姓名与账号已脱敏", "names and accounts of individual payees"))
        )
    return lines
