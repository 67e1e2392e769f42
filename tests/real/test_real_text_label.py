"""The text model on real senders' words: labels swapped on one row in a hundred come first, and little else is listed.

What the model is made of was settled on other swaps of the first two senders; of the third nothing was looked at before. The
swaps are drawn by seed (BUDGETWATCH_THOROUGH: more seeds). Listed is what
is likelier than not a slip; what the real rows hold of genuine slips counts against it, so precision is understated.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score

from budgetwatch.outliers import TextLabel
from tests.effort import THOROUGH

pytestmark = pytest.mark.shared

SHARE = 0.01
SEEDS = range(11, 16) if THOROUGH else range(11, 12)
#: Sender -> the least average precision of the listing, the least precision, the least recall.
#: Departments of a council buy much the same from the same suppliers, so what Manchester's words say of them is little.
SENDERS = {"gla 2016": (0.7, 0.8, 0.7), "gla 2017": (0.6, 0.7, 0.7), "manchester 2021": (0.15, 0.3, 0.2)}


def labelled(folder: Path, sender: str) -> pl.DataFrame:
    """Each payment's words and the code it is booked under: cost elements by their first three figures, or departments."""
    name, year = sender.split()
    if name == "manchester":
        paid = pl.read_parquet(folder / "uk_manchester_payments" / "payments_2010_2022.parquet")
        paid = paid.filter(pl.col("payment_date").cast(pl.String).str.starts_with(year))
        return paid.select(text=pl.concat_str("supplier", pl.lit(" "), "expense_type"), label="department").drop_nulls()
    files = []
    for file in sorted((folder / "uk_gla_messy").glob(f"{year}*.csv")):
        sent = pl.read_csv(
            file, infer_schema_length=0, truncate_ragged_lines=True, ignore_errors=True, encoding="utf8-lossy"
        )
        sent.columns = [column.strip() for column in sent.columns]
        files.append(sent.select("Vendor Name", "Cost Element", "Expenditure Account Code Description"))
    words = ["Vendor Name", "Expenditure Account Code Description"] if year == "2016" else files[0].columns[2:]
    return pl.concat(files).select(
        text=pl.concat_str(words, separator=" "), label=pl.col("Cost Element").str.slice(0, 3)
    ).drop_nulls()  # fmt: skip


def swapped(rows: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, np.ndarray]:
    """One row in a hundred under another row's label, and which those are."""
    draw, labels = np.random.default_rng(seed), rows["label"].to_numpy().astype(object)
    told, wrong = labels.copy(), np.zeros(len(labels), dtype=bool)
    for at in draw.choice(len(labels), round(len(labels) * SHARE), replace=False):
        told[at] = draw.choice(labels[labels != labels[at]])
        wrong[at] = True
    return rows.with_columns(_row=pl.int_range(len(labels)), label=pl.Series(told, dtype=pl.String), amount=100), wrong


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("seed", SEEDS)
def test_swapped_labels_come_first(
    shared_data: Path, sender: str, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, wrong = swapped(labelled(shared_data, sender), seed)
    with duckdb.connect(":memory:") as connection:
        connection.register("sent", rows.to_arrow())
        found = TextLabel.score(connection, "SELECT * FROM sent", ["text", "label"], "amount", keep=len(wrong))
    scores = np.zeros(len(wrong))
    for one in found.rows:
        scores[one.row] = one.score
    listed = scores > 0
    average = float(average_precision_score(wrong, scores))
    precision, recall = float(wrong[listed].mean()), float(listed[wrong].mean())
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{sender}, seed {seed}: {len(wrong):,} rows, {wrong.sum()} swapped, {listed.sum()} listed; "
            f"average precision {average:.2f}, precision {precision:.2f}, recall {recall:.2f}"
        )
    least = SENDERS[sender]
    assert (average >= least[0], precision >= least[1], recall >= least[2]) == (True, True, True)
