"""`learn` manages files as offices send them: what it writes reads the very file, and says what it could not tell."""

from __future__ import annotations

import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.feeds.learn import learn
from budgetwatch.home import Home
from tests.feeds import test_fiscal, test_ocds
from tests.feeds.senders import csv, payment
from tests.feeds.test_senders_habits import HEADING, archive, rows_of, workbook


def learnt(home: Home, file: Path, feed: str | None = None, **settled: Any) -> tuple[dict[str, Any], Any]:
    """The learnt profile with what a person settles in it, and the receipt of the very file."""
    found = learn(file, home.settings, feed=feed)
    body = {**yaml.safe_load(found.yaml), **settled}
    (home.path / "profiles" / "learnt.yml").write_text(yaml.safe_dump(body, allow_unicode=True), "utf-8")
    receipt = intake.take_in(home, file, found.name, actor="me")
    assert receipt.rows_rejected == 0, intake.rejects(home, receipt.batch).rows()
    return body, receipt


def asked(home: Home, query: str) -> list[tuple[Any, ...]]:
    with home.facts(SYSTEM) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("serial", [False, True])
def test_a_workbook_with_titles_merged_headings_and_units_totals_and_notes(
    home: Home, tmp_path: Path, serial: bool
) -> None:
    body, receipt = learnt(home, workbook(tmp_path / "3月.xlsx", serial=serial), feed="payment")
    assert (body["skip_rows"], body["heading_rows"]) == (3, 2)
    assert {"合计", "注："} <= set(body["aside"])
    assert body["fill_down"] == ["agency_code"]
    assert receipt.rows_in == 3
    found = asked(home, "SELECT voucher_no, agency_code, pay_date::VARCHAR, amount FROM payment ORDER BY _row")
    assert found[1] == ("V2", "990102001", "2024-03-05", Decimal("-3.00"))


def test_an_old_xls(home: Home) -> None:
    _, receipt = learnt(home, Path(__file__).parent / "files" / "old.xls", feed="payment")
    assert receipt.rows_accepted == 2


def test_a_csv_whose_heading_takes_two_rows(home: Home, tmp_path: Path) -> None:
    text = (
        "单位代码,预算年度,区划代码,指标号,金额,,,\n,,,,年初,追加,调减,冻结\n"
        "U1,2024,990102,Z1,100.00,5.00,-,-\nU1,2024,990102,Z2,7.00,-,-,-\n合计,,,,107.00,5.00,,\n"
    )
    (file := tmp_path / "指标.csv").write_bytes(text.encode("gb18030"))
    body, _ = learnt(home, file)
    assert (body["feed"], body["heading_rows"], body["encoding"], body["aside"], body["empty"]) == (
        "indicator",
        2,
        "gb18030",
        ["合计"],
        ["-"],
    )
    assert asked(home, "SELECT initial, added, reduced FROM indicator ORDER BY _row") == [
        (Decimal("100.00"), Decimal("5.00"), None),
        (Decimal("7.00"), None, None),
    ]


@pytest.mark.parametrize(("form", "day"), [("%y.%m.%d", "24.3.{}"), ("excel", "453{}"), ("%d/%m/%Y", "{}/03/2024")])
def test_days_in_the_senders_own_way(home: Home, tmp_path: Path, form: str, day: str) -> None:
    rows = [payment(f"V{i}", day=day.format(i)) for i in range(13, 29)]
    body, _ = learnt(home, csv(tmp_path / "f.csv", rows, HEADING))
    assert body["dates"] == {"pay_date": [form]}


def test_amounts_with_a_comma_for_a_point(home: Home, tmp_path: Path) -> None:
    rows = [payment(f"V{i}", amount) for i, amount in enumerate(["1.234,50", "12,5", "-7,00", "1.000.000,00"])]
    body, receipt = learnt(home, csv(tmp_path / "f.csv", rows, delimiter=";"))
    assert body["amounts"] == {"decimal": ","}
    assert receipt.amount_sum == Decimal("1001240.00")


def test_an_archive_of_several_files(home: Home, tmp_path: Path) -> None:
    file = archive(
        tmp_path / "f.zip", {"a.csv": rows_of(payment("V1"), payment("V2")), "b.csv": rows_of(payment("V3"))}
    )
    _, receipt = learnt(home, file)
    assert receipt.rows_accepted == 3


def test_open_contracting_releases(home: Home, tmp_path: Path) -> None:
    (file := tmp_path / "releases.json").write_text(
        json.dumps(test_ocds.package(test_ocds.RELEASE), ensure_ascii=False), "utf-8"
    )
    body, receipt = learnt(home, file, constants={"adm_div_code": "990102"})
    assert (body["format"], body["feed"], receipt.rows_accepted) == ("ocds", "procurement", 2)


def test_a_fiscal_data_package(home: Home, tmp_path: Path) -> None:
    pytest.importorskip("frictionless")
    file = test_fiscal.sent(tmp_path / "b.zip", test_fiscal.ONE)
    body, receipt = learnt(home, file, feed="budget_line", constants=test_fiscal.MORE["constants"])
    assert (body["format"], body["amounts"], receipt.rows_accepted) == ("fiscal", {"decimal": ","}, 2)


def test_vouchers_in_the_messages_names_need_no_mapping(home: Home, tmp_path: Path) -> None:
    names = {
        "AdmDivCode": "990102", "StYear": "2024", "VtCode": "5201", "VouDate": "2024-03-04", "VoucherNo": "V1", "MOFDepCode": "003", "SupDepCode": "U",
        "AgencyCode": "U1", "AgencyName": "虚构教育局", "ExpFuncCode": "2050201", "GovExpEcoCode": "50201", "DepExpEcoCode": "30201", "DepProCode": "P1",
        "PayeeAcctNo": "62", "PayeeAcctName": "虚构公司", "PayeeAcctBankName": "虚构银行", "PayAcctNo": "11", "PayAcctName": "国库", "PaySummaryName": "办公",
        "PayAmt": "12.30", "XPayDate": "20240305", "XAgentBusinessNo": "B1", "XPayAmt": "12.30", "GovProcurementID": "C1", "TrackingID": "T1", "Remark": "无",
    }  # fmt: skip
    vouchers = "".join(
        "<Voucher>" + "".join(f"<{k}>{v}</{k}>" for k, v in {**names, "VoucherNo": f"V{i}"}.items()) + "</Voucher>"
        for i in range(3)
    )
    (file := tmp_path / "v.xml").write_text(f"<Root><Head><Id>1</Id></Head><Body>{vouchers}</Body></Root>", "utf-8")
    body, receipt = learnt(home, file)
    assert (body["feed"], body["records"], receipt.rows_accepted) == ("payment", "Voucher", 3)
    assert "ignore" not in body
    columns = "pay_date::VARCHAR, voucher_date::VARCHAR, settled_amount, agent_no, parent_code"
    assert asked(home, f"SELECT DISTINCT {columns} FROM payment") == [
        ("2024-03-05", "2024-03-04", Decimal("12.30"), "B1", "U")
    ]


def test_an_archive_within_limits_only(home: Home, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as out:
        out.writestr("空/", "")
    with pytest.raises(Exception, match="zip") as refused:
        learn(tmp_path / "f.zip", home.settings)
    assert getattr(refused.value, "fix", None) is not None
