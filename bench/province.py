"""What the rules cost in a province of ten cities: the demo city ten times over, each with codes, numbers and payees of its own.

The city is built and taken in once; its facts are then written anew for each further city, where every place, unit,
project, indicator, voucher, account and payee gets another code or name, so that groups and dictionaries are ten times
as many too. One day's payments are held back. The rules that read payments are held against a scan as in `bench.rules`,
with more memory than a laptop gives; then that day comes, and the rules are asked again as in `bench.narrowed`.

    python -m bench province --rows 100000000      half an hour, 20 GB of temporary disk
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.measure import Figure, child, remark
from bench.narrowed import against_full, asked_again, ready_rules
from bench.rules import against_scan
from budgetwatch.home import Home
from budgetwatch.runs import run
from budgetwatch.settings import Settings

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
    scan = child("bench.rules", "payments", str(province), MEMORY)
    remark("everything asked on the eve of a day")
    child("bench.province", "before", str(province))
    told = {}
    for way in ("new", "kept", "full"):
        remark(f"that day's payments: {way}")
        told[way] = child("bench.province", "after", str(province), way).said
    name = f"{told['new']['added']:,} payments onto {scan.said['payments']:,}, rules without models"
    return [*against_scan([scan], PEAK_GOAL), *against_full(name, told["new"], told["kept"], told["full"])]


def _make(city: str, province: str) -> dict[str, int]:
    import pyarrow.parquet as pq

    from budgetwatch.access.viewer import SYSTEM
    from budgetwatch.facts.store import REPLACES, ROW
    from budgetwatch.records import ALL
    from budgetwatch.records.rowid import BATCH_SHIFT, PART_BITS

    one, all_ = Home(Settings(home=Path(city))), Home(Settings(home=Path(province)))
    with one.facts(SYSTEM) as connection:
        # Some weeks before the end, so that no year is just over.
        days = connection.execute("SELECT DISTINCT pay_date FROM payment ORDER BY 1 DESC LIMIT 32").fetchall()
        (day,), (eve,) = days[30], days[31]
        (Path(province) / "days.json").write_text(json.dumps([day.isoformat(), eve.isoformat()]))
        columns = [column.name for column in ALL["payment"].columns]
        parts = [
            f"SELECT {', '.join(_of(number, column) for column in columns)} FROM payment WHERE pay_date = DATE '{day}'"
            for number in range(CITIES)
        ]
        row = f"({CITIES + 1}::BIGINT << {BATCH_SHIFT}) + ((row_number() OVER () + 1) << {PART_BITS})"
        that_day = f"SELECT *, {row} AS {ROW}, NULL::BIGINT AS {REPLACES} FROM ({' UNION ALL '.join(parts)})"
        pq.write_table(connection.sql(that_day).to_arrow_table(), Path(province) / "day.parquet")
        for feed in one.store.current():
            columns = [column.name for column in ALL[feed].columns]
            for number in range(CITIES if "adm_div_code" in columns else 1):
                row = f"({number + 1}::BIGINT << {BATCH_SHIFT}) + ((row_number() OVER () + 1) << {PART_BITS})"
                named = ", ".join(_of(number, column) for column in columns)
                batches = connection.sql(
                    f"SELECT {named}, {row} AS {ROW}, NULL::BIGINT AS {REPLACES} FROM {feed}"
                    + (f" WHERE pay_date <> DATE '{day}'" if feed == "payment" else "")
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


def _before(province: str) -> dict[str, Any]:
    home, _, eve = _opened(province)
    run(home, actor="bench", rule_ids=ready_rules(home, models=False), as_of=eve)
    home.close()
    shutil.copy(Path(province) / "budgetwatch.db", Path(province) / "eve.db")
    return {}


def _after(province: str, way: str) -> dict[str, Any]:
    for old in Path(province).glob("budgetwatch.db*"):
        old.unlink()
    shutil.copy(Path(province) / "eve.db", Path(province) / "budgetwatch.db")
    if way == "full":
        shutil.rmtree(Path(province) / "prepared", ignore_errors=True)
    home, day, _ = _opened(province)
    home.store.commit("payment", [Path(province) / "day.parquet"], batch=CITIES + 1, provenance={})
    [added] = [one.rows_added for one in home.store.versions("payment") if one.batch == CITIES + 1]
    told = asked_again(home, ready_rules(home, models=False), day, new=way == "new")
    home.close()
    return {**told, "added": added}


def _opened(province: str) -> tuple[Home, dt.date, dt.date]:
    day, eve = map(dt.date.fromisoformat, json.loads((Path(province) / "days.json").read_text()))
    return Home(Settings(home=Path(province), memory=MEMORY)), day, eve


if __name__ == "__main__":
    sides: dict[str, Callable[..., Any]] = {"make": _make, "before": _before, "after": _after}
    print(json.dumps(sides[sys.argv[1]](*sys.argv[2:])))
