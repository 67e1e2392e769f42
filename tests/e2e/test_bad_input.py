"""What people really get wrong, at the command line and the API: each gets a sentence with what, where and what to do."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from budgetwatch.api.app import create_app
from budgetwatch.home import Home

HEADINGS = "凭证号,预算年度,支付日期,区划代码,单位代码,金额"
ROW = "A1,2025,2025-03-03,990101,990101001,12.50"
PROFILE = """
name: plain
feed: payment
sender: 示例财政局
title: {zh: 支付明细, en: Payments}
"""
RULE = """
rules:
  - id: "PY-90"
    name: {zh: 现金, en: Cash}
    severity: orange
    why: {zh: 现金难以追踪。, en: Cash cannot be traced.}
    law: [{practice: {zh: 审计经验, en: audit practice}}]
    check: {zh: [看凭证], en: [Look at the voucher]}
    otherwise: {zh: [备用金], en: [Petty cash]}
    over: payment
    needs: [settlement]
    QUESTION
    message: {zh: "{n} 笔", en: "{n} payments"}
    examples:
      - {name: {zh: 现金, en: cash}, given: {payment: [{agency_code: A, pay_date: 2025-03-03, settlement: cash}]}, as_of: 2025-06-30, expect: flags}
      - {name: {zh: 转账, en: transfer}, given: {payment: [{agency_code: A, pay_date: 2025-03-03, settlement: transfer}]}, as_of: 2025-06-30, expect: clear}
      - {name: {zh: 未知, en: unknown}, given: {payment: [{agency_code: A, pay_date: 2025-03-03}]}, as_of: 2025-06-30, expect: cannot}
"""


def _text(name: str, text: str, encoding: str = "utf-8") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_text(text, encoding=encoding)
        return folder / name

    return make


def _bomb(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("payments.csv", b"0" * (200 << 20))
    return folder / "bomb.zip"


def _not_a_gzip(folder: Path) -> Path:
    (folder / "payments.csv.gz").write_bytes(gzip.compress(b"x" * 100)[:40])
    return folder / "payments.csv.gz"


def _said(folder: Path, *arguments: str) -> tuple[int, str]:
    env = {**os.environ, "BUDGETWATCH_HOME": str(folder / "home"), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-m", "budgetwatch", *arguments], env=env, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("make", "tells"),
    [
        (_text("p.csv", f"{HEADINGS},神秘列\n{ROW},x\n"), ["p.csv", "神秘列"]),
        (_text("p.csv", f"{HEADINGS}\n{ROW}\n", "gb18030"), ["p.csv", "encoding"]),
        (_text("p.csv", ""), ["p.csv", "empty"]),
        (_text("p.csv", HEADINGS.replace("金额", "数额多少") + f"\n{ROW}\n"), ["p.csv", "数额多少"]),
        (_bomb, ["bomb.zip"]),
        (_not_a_gzip, ["payments.csv.gz"]),
        (lambda folder: folder / "nowhere.csv", ["nowhere.csv"]),
    ],
    ids=["unknown heading", "wrong encoding", "empty file", "missing column", "zip bomb", "broken gzip", "no such file"],
)  # fmt: skip
def test_a_bad_file_gets_a_sentence(make: Callable[[Path], Path], tells: list[str], tmp_path: Path) -> None:
    (tmp_path / "home" / "profiles").mkdir(parents=True)
    (tmp_path / "home" / "profiles" / "plain.yml").write_text(PROFILE, encoding="utf-8")
    code, said = _said(tmp_path, "take-in", str(make(tmp_path)), "--profile", "plain")
    assert code == 2
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) <= 3
    for word in tells:
        assert word in said, said


@pytest.mark.parametrize(
    ("question", "tells"),
    [
        ("whn: settlement = 'cash'\n    subject: [agency_code]\n    period: year", ["whn", "when"]),
        ("when: setlement = 'cash'\n    subject: [agency_code]\n    period: year", ["setlement", "settlement"]),
        ("select: |\n      DROP TABLE payment", ["SELECT"]),
        ("select: |\n      SELECT 1; SELECT 2", ["SELECT"]),
        ("select: |\n      SELECT * FROM read_csv('/etc/passwd')", ["read_csv"]),
    ],
    ids=["a typo in a key", "a typo in a column", "not a SELECT", "two SELECTs", "a file of the machine"],
)  # fmt: skip
def test_a_bad_rule_gets_a_sentence_with_file_and_line(question: str, tells: list[str], tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "laws.yml").write_text("laws: []\n", encoding="utf-8")
    (rules / "mine.yml").write_text(RULE.replace("QUESTION", question), encoding="utf-8")
    code, said = _said(tmp_path, "rules", "check", str(rules))
    assert code == 1
    assert "Traceback" not in said
    assert "mine.yml:" in said
    for word in tells:
        assert word in said, said


def test_a_strangers_token_gets_a_sentence(home: Home) -> None:
    with TestClient(create_app(home, dashboard=False), raise_server_exceptions=False) as client:
        for path in ("/api/queue", "/api/payments", "/api/budget/preview"):
            refused = client.get(path, headers={"Authorization": "Bearer bw_stranger", "Accept-Language": "en"})
            assert refused.status_code == 401
            told = refused.json()["error"]
            assert told["what"]
            assert told["fix"]
