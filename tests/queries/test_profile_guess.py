"""Which profile reads a file is told from its first lines: only those that know every heading, last month's first."""

from __future__ import annotations

import gzip
import io

import pytest
import xlsxwriter

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.errors import Denied
from budgetwatch.home import Home
from budgetwatch.queries.profile_guess import MOST_BYTES, guess
from tests.feeds.senders import HEADING, csv, payment, profile

OWN = {"voucher_no": "单据号", "amount": "金额（元）", "pay_date": "付款日"}
HEAD = "单据号,金额（元）,付款日,budget_year,adm_div_code,agency_code\n1,2.00,2025-01-01,2025,990102,U1\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_text_is_known_by_its_headings(home: Home, encoding: str) -> None:
    profile(home, name="ours", columns=OWN, encoding="gb18030" if encoding == "gb18030" else "utf-8")
    profile(home, name="other", columns={"voucher_no": "凭证"})
    found = guess(home, SYSTEM, HEAD.encode(encoding))
    assert found[0] == "ours"
    assert "other" not in found
    assert guess(home, SYSTEM, gzip.compress(HEAD.encode(encoding)))[0] == "ours"


def test_a_workbook_is_known_by_its_headings(home: Home) -> None:
    profile(home, name="book", columns=OWN, format="xlsx")
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet().write_row(0, 0, HEAD.splitlines()[0].split(","))
    assert guess(home, SYSTEM, out.getvalue()) == ["book"]


def test_of_several_that_fit_the_one_of_last_month_s_file_comes_first(home: Home, tmp_path: object) -> None:
    for name in ("a-first", "b-second"):
        profile(home, name=name)
    head = ",".join(HEADING).encode() + b"\n"
    fitting = [name for name in guess(home, SYSTEM, head, "march_2025-03.csv") if name in ("a-first", "b-second")]
    assert fitting == ["a-first", "b-second"]
    intake.take_in(home, csv(tmp_path / "march_2025-02.csv", [payment("1")]), "b-second", actor="me")  # type: ignore[operator]
    assert guess(home, SYSTEM, head, "march_2025-03.csv")[0] == "b-second"


@pytest.mark.parametrize(
    "head", [b"", b"\0\0\0\0", b"PK\x03\x04broken", b"\x1f\x8bbroken", b"x" * (MOST_BYTES + 1), b"a,b\n1,2\n"]
)
def test_what_nobody_knows_is_not_guessed(home: Home, head: bytes) -> None:
    assert guess(home, SYSTEM, head) == []


def test_only_those_who_send_files_ask(home: Home) -> None:
    with pytest.raises(Denied):
        guess(home, Viewer(1, "d", "d", "deputy"), b"x")
