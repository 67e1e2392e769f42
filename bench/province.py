"""What the rules cost in a province of ten cities: the demo city ten times over, each with codes, numbers and payees of its own.

The city is built and taken in once; its facts are then written anew for each further city, where every place, unit,
project, indicator, voucher, account and payee gets another code or name, so that groups and dictionaries are ten times
as many too. The rules that read payments are held against a scan as in `bench.rules`, with more memory than a laptop gives.

    python -m bench province --rows 100000000      a quarter of an hour, 15 GB of temporary disk
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.measure import Figure, child, remark
from bench.rules import against_scan

CITIES = 10
MEMORY = "6GB"
PEAK_GOAL = 8 * 1024
#: Columns whose first sign tells the city.
_PLACES = {"adm_div_code", "agency_code", "parent_code", "finance_code", "from_div", "to_div"}
_NUMBERS = {
    "pro_code", "indicator_no", "voucher_no", "payee_account", "payer_account", "contract_no", "procurement_no", "invoice_no",
    "refund_of", "tracking_id",
}  # fmt: skip


def figures(work: Path, rows: int) -> list[Figure]:
    """The rules that read payments over a province of so many."""
    city, province = work / "one-city", work / "province"
    remark(f"building a demo city with {rows // CITIES:,} payments and taking in its files")
    child("bench.rules", "make", str(city), str(rows // CITIES))
    remark(f"{CITIES} of it")
    child("bench.province", "make", str(city), str(province))
    remark("the rules that read payments, and the scan")
    return against_scan([child("bench.rules", "payments", str(province), MEMORY)], PEAK_GOAL)


def _make(city: str, province: str) -> dict[str, int]:
    import pyarrow.parquet as pq

    from budgetwatch.access.viewer import SYSTEM
    from budgetwatch.facts.store import REPLACES, ROW
    from budgetwatch.home import Home
    from budgetwatch.records import ALL
    from budgetwatch.records.rowid import BATCH_SHIFT, PART_BITS
    from budgetwatch.settings import Settings

    one, all_ = Home(Settings(home=Path(city))), Home(Settings(home=Path(province)))
    with one.facts(SYSTEM) as connection:
        for feed in one.store.current():
            columns = [column.name for column in ALL[feed].columns]
            for number in range(CITIES if "adm_div_code" in columns else 1):
                row = f"({number + 1}::BIGINT << {BATCH_SHIFT}) + ((row_number() OVER () + 1) << {PART_BITS})"
                named = ", ".join(_of(number, column) for column in columns)
                batches = connection.sql(
                    f"SELECT {named}, {row} AS {ROW}, NULL::BIGINT AS {REPLACES} FROM {feed}"
                ).to_arrow_reader(250_000)
                file = Path(province) / f"{feed}-{number}.parquet"
                with pq.ParquetWriter(
                    file, batches.schema, compression="zstd", compression_level=1, store_decimal_as_integer=True
                ) as out:
                    for batch in batches:
                        out.write_batch(batch)
                all_.store.commit(feed, [file], batch=number + 1, provenance={})
    one.close()
    all_.close()
    return {"cities": CITIES}


def _of(city: int, column: str) -> str:
    """The column as it is in that city; the first keeps its own."""
    if not city:
        return f'"{column}"'
    if column in _PLACES:
        return f'\'{city - 1}\' || substr("{column}", 2) AS "{column}"'
    if column in _NUMBERS:
        return f'chr({64 + city}) || substr("{column}", 2) AS "{column}"'
    if column == "payee_name":
        return f'"{column}" || \'{"甲乙丙丁戊己庚辛壬"[city - 1]}\' AS "{column}"'
    return f'"{column}"'


if __name__ == "__main__":
    print(json.dumps(_make(*sys.argv[2:])))
