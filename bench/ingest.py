"""What taking a file in costs, against bare DuckDB CSV → Parquet of the same file, in one run.

    python bench/ingest.py --rows 2000000                    # makes a file of its own
    python bench/ingest.py --file payments.csv --profile my-payments

Each side runs in a process of its own; CPU is user + system time of that process, peak its resident memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROFILE = """\
name: bench-payments
feed: payment
sender: bench
title: {zh: 基准测试支付, en: Bench payments}
"""

#: Twenty columns as a treasury's payment file has them; heavy-tailed amounts, repeated units and payees.
MAKE = """
COPY (SELECT 'V' || lpad((i * 7)::VARCHAR, 10, '0') AS "凭证号", 2023 + i * 3 // {rows} AS "预算年度",
    (DATE '2023-01-01' + (i * 1095 // {rows})::INTEGER)::VARCHAR AS "支付日期",
    '9901' || lpad((h % 40)::VARCHAR, 2, '0') AS "区划代码", 'U' || lpad((h % 400)::VARCHAR, 4, '0') AS "单位代码",
    '虚构市第' || (h % 400) || '单位' AS "单位名称", '1' AS "预算类型", '本级财力' AS "资金来源",
    (2010101 + h % 97 * 100)::VARCHAR AS "功能科目编码", (30201 + h % 30)::VARCHAR AS "部门经济分类",
    'P' || lpad((h % 5000)::VARCHAR, 6, '0') AS "项目代码", (['人员类', '公用类', '项目类'])[1 + h % 3] AS "支出类型",
    'ZB' || lpad((h % 20000)::VARCHAR, 8, '0') AS "指标号", round(exp((h % 1400)::DOUBLE / 100), 2)::DECIMAL(18,2) AS "金额",
    '支付' || (h % 5000) || '号合同第' || (1 + h % 9) || '期进度款' AS "用途", '虚构' || (h % 30000) || '有限公司' AS "收款人",
    '6222' || lpad((h % 30000 * 7919)::VARCHAR, 12, '0') AS "收款账号", '虚构银行第' || (h % 60) || '支行' AS "收款银行",
    (['单位', '个人'])[1 + h % 2] AS "收款人类型", (['转账', '现金', '公务卡'])[1 + h % 3] AS "结算方式"
  FROM (SELECT i, (hash(i) % 1000000007)::BIGINT AS h FROM range({rows}) t(i))) TO '{path}' (HEADER)
"""

BARE = """
import duckdb, sys
c = duckdb.connect(); c.execute("SET preserve_insertion_order=true; SET memory_limit='2GB'; SET temp_directory='" + sys.argv[2] + ".tmp'")
c.execute(f"COPY (SELECT * FROM read_csv('{sys.argv[1]}', all_varchar=true)) TO '{sys.argv[2]}' (FORMAT parquet)")
"""

OURS = """
import json, sys
from pathlib import Path
from budgetwatch import intake
from budgetwatch.home import Home
from budgetwatch.settings import Settings
home = Home(Settings(home=Path(sys.argv[2])))
r = intake.take_in(home, Path(sys.argv[1]), sys.argv[3], actor="bench")
print(json.dumps(dict(rows_in=r.rows_in, accepted=r.rows_accepted, rejected=r.rows_rejected, sum=str(r.amount_sum))))
"""


def measured(code: str, *arguments: str) -> dict[str, float | str]:
    """CPU seconds, wall seconds and peak MB of a Python process that runs the code."""
    root = str(Path(__file__).resolve().parent.parent)
    begun = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    printed = child.stdout.read() if child.stdout else ""
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"a measured process failed with status {status}")
    return {
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": time.perf_counter() - begun,
        "peak_mb": usage.ru_maxrss / 1024,
        "printed": printed.strip(),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rows", type=int, default=2_000_000)
    arguments.add_argument("--file", type=Path)
    arguments.add_argument("--profile", default="bench-payments")
    arguments.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        work = Path(folder)
        (work / "home" / "profiles").mkdir(parents=True)
        (work / "home" / "profiles" / "bench.yml").write_text(PROFILE, "utf-8")
        file = given.file
        if file is None:
            import duckdb

            file = work / "payments.csv"
            duckdb.execute(MAKE.format(rows=given.rows, path=file))
        bare = measured(BARE, str(file), str(work / "bare.parquet"))
        ours = measured(OURS, str(file), str(work / "home"), given.profile)
        result = {
            "file_mb": round(file.stat().st_size / 2**20),
            "bare": {k: round(v, 2) for k, v in bare.items() if isinstance(v, float)},
            "take_in": {k: round(v, 2) for k, v in ours.items() if isinstance(v, float)},
            "cpu_ratio": round(float(ours["cpu"]) / float(bare["cpu"]), 2),
            **json.loads(str(ours["printed"]).splitlines()[-1]),
        }
    if given.json:
        print(json.dumps(result))
        return
    print(f"file {result['file_mb']} MB, {result['rows_in']:,} rows: {result['accepted']:,} accepted, {result['rejected']:,} rejected")
    for name in ("bare", "take_in"):
        side = result[name]
        print(f"{name:8} CPU {side['cpu']:7.1f} s   wall {side['wall']:7.1f} s   peak {side['peak_mb']:6.0f} MB")
    print(f"CPU ratio {result['cpu_ratio']:.2f} (goal: at most 1.5)")


if __name__ == "__main__":
    main()
