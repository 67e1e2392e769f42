"""What the text model promises: a purpose that reads like another subject comes first, with the words that say so."""

from __future__ import annotations

import random

import duckdb
import pytest

from budgetwatch.outliers import MODELS, Scores, TextLabel, explain

#: Subject → how people write of it, and with what around it.
SUBJECTS = {
    "30201": ("购买办公用品", "购买打印纸", "购买硒鼓墨盒", "文件柜办公用品"),
    "30205": ("自来水费", "办公区水费", "缴纳自来水公司水费"),
    "30206": ("供电局电费", "办公楼电费", "路灯电费"),
    "30211": ("赴外地差旅费", "出差住宿差旅费", "差旅补助"),
    "30113": ("职工住房公积金", "缴存住房公积金"),
    "30110": ("职工基本医疗保险缴费", "医疗保险单位缴费"),
    "30213": ("办公楼维修", "空调维修维护", "电梯维修保养"),
}
PLACES = ("一中心", "二中心", "机关", "东片区", "西片区", "服务大厅", "南站", "北站")


def everyday(rows: int = 6000, seed: int = 3) -> list[tuple[str | None, str | None, int]]:
    draw = random.Random(seed)
    picked = []
    for _ in range(rows):
        code = draw.choice(list(SUBJECTS))
        picked.append(
            (
                f"{draw.choice(PLACES)}{draw.randrange(1, 13)}月{draw.choice(SUBJECTS[code])}",
                code,
                draw.randrange(100, 9999),
            )
        )
    return picked


def scored(
    connection: duckdb.DuckDBPyConnection, rows: list[tuple[str | None, str | None, int]], **words: int
) -> Scores:
    import polars as pl

    frame = pl.DataFrame(
        {
            "_row": range(len(rows)),
            "purpose": [r[0] for r in rows],
            "dep_eco_code": [r[1] for r in rows],
            "amount": [r[2] for r in rows],
        },
        schema_overrides={"purpose": pl.String, "dep_eco_code": pl.String},
    )
    connection.register("texts", frame.to_arrow())
    return TextLabel.score(connection, "SELECT * FROM texts", ["purpose", "dep_eco_code"], "amount", **words)


MISPLACED = [
    ("机关住房公积金补缴", "30110", 90_000),
    ("南站路灯电费", "30201", 80_000),
    ("服务大厅电梯维修", "30211", 70_000),
    ("西片区水费", "30213", 60_000),
]


def test_what_reads_like_another_subject_comes_first_and_says_why(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [*everyday(), *MISPLACED]
    result = scored(connection, rows)
    assert {s.row for s in result.rows} == set(range(6000, 6004))
    told = {s.row: explain(s.parts).zh for s in result.rows}
    assert "公积金" in told[6000]
    assert "30113 住房公积金" in told[6000]
    assert "30110" in told[6000]


@pytest.mark.parametrize("seed", range(4))
def test_a_text_that_only_one_other_resembles_is_found(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    """All who pay the insurance write the same words: what is learnt of them rests on that one text."""
    rows = [
        *everyday(seed=seed),
        *[("基本养老保险缴费", "30108", 100)] * 400,
        *[("补缴基本养老保险缴费", "30201", 900)] * 2,
    ]
    assert [s.row for s in scored(connection, rows).rows] == [6400, 6401]


def test_everyday_purposes_are_left_alone(connection: duckdb.DuckDBPyConnection) -> None:
    assert scored(connection, everyday(seed=11)).rows == []


def test_a_use_that_is_common_is_a_unit_s_own_way_not_a_slip(connection: duckdb.DuckDBPyConnection) -> None:
    """Six hundred payments of parking under travel are the office's practice, whatever the words suggest."""
    rows = [*everyday(), *[("机关停车电费", "30211", 100)] * 600]
    assert scored(connection, rows).rows == []


def test_the_same_text_booked_elsewhere_once_is_found_once(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [*everyday(), *[("本级自来水费", "30205", 100)] * 40, ("本级自来水费", "30211", 100)]
    assert [s.row for s in scored(connection, rows).rows] == [6040]


def test_below_min_rows_nothing_is_scored(connection: duckdb.DuckDBPyConnection) -> None:
    few = scored(connection, everyday(100))
    assert (few.looked_at, few.rows, few.too_few) == (100, [], True)


def test_empty_texts_and_labels_are_not_compared(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [*everyday(), (None, "30201", 1), ("自来水费", None, 1), ("3月", "30201", 1)]
    assert scored(connection, rows).looked_at == 6000


def test_the_ranking_is_the_same_twice(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [*everyday(), *MISPLACED]
    assert scored(connection, rows) == scored(connection, rows)


def test_it_is_found_by_the_name_rules_use() -> None:
    assert MODELS["text_label"] is TextLabel


def test_a_text_and_a_label_are_wanted(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match="exactly two"):
        TextLabel.score(connection, "SELECT 1 AS _row", ["purpose"], "amount")
