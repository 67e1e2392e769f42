"""The pair-lift rarity score: a row is rare by a pair that hardly meets, by rare values, or by its amount.

Three figures are computed for each row, each is turned into the share of rows at least as extreme
(its tail), and the smallest tail ranks the row (score = 1 − that tail):

- **pair**: for each two columns, how much less often their values meet than if they were independent,
  ln((expected + ½) / (observed + ½)); the three greatest are added. The amount takes part as a band
  (half a power of ten, with its sign), so "this payee is never paid so much" is a pair too.
- **value**: −Σ ln(share of the row's value in its column).
- **amount**: the distance of ln(|amount| + 1) from the median of the same currency.

The row under test is left out of the counts it is judged by: a pair seen once has been seen 0 times
elsewhere. The median of at least `min_rows` rows does not move with one of them. Rows with an empty column
or amount cannot be compared and are not looked at.

Everything happens in DuckDB: values become integers once, counts are taken over the distinct
combinations, not over the rows. Measured against an isolation forest in bench/outliers.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import duckdb

from budgetwatch.outliers.scores import Scored, Scores

if TYPE_CHECKING:
    import pyarrow as pa

BAND: Final = "amount_band"
#: A median of fewer rows than this is no yardstick for an explanation.
GROUP_MIN: Final = 20
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


class PairLift:
    """Scores the rows of a query by how rare their combination of values and their amount are."""

    @staticmethod
    def score(
        connection: duckdb.DuckDBPyConnection,
        feed_sql: str,
        columns: Sequence[str],
        amount: str,
        *,
        min_rows: int = 500,
        keep: int = 200,
    ) -> Scores:
        """The `keep` rarest rows of `feed_sql` (one SELECT with `_row`, the columns, the amount), explained.

        Below `min_rows` comparable rows nothing is scored and `too_few` says so (of no rows at all there is
        nothing to say). The ranking is the same every time.
        """
        with _Work(connection, feed_sql, columns, amount) as work:
            if work.n == 0:
                return Scores(0)
            if work.n < max(min_rows, 2):
                return Scores(work.n, too_few=True)
            work.count()
            return Scores(work.n, work.explained(keep))

    @staticmethod
    def score_all(
        connection: duckdb.DuckDBPyConnection, feed_sql: str, columns: Sequence[str], amount: str
    ) -> pa.Table:
        """`_row` and `score` of every comparable row, unexplained: for measuring the model."""
        with _Work(connection, feed_sql, columns, amount) as work:
            work.count()
            table: pa.Table = connection.sql(f"SELECT _row, 1 - tail AS score FROM ({work.ranking()})").to_arrow_table()
            return table


@dataclass
class _Work:
    """The temporary tables of one scoring; dropped when it is over."""

    connection: duckdb.DuckDBPyConnection
    feed_sql: str
    columns: Sequence[str]
    amount: str
    n: int = 0

    def __post_init__(self) -> None:
        for name in (*self.columns, self.amount):
            if not _NAME.fullmatch(name):
                raise ValueError(f"not a column name: {name!r}")
        if not self.columns:
            raise ValueError("a pair-lift score needs at least one column besides the amount")
        self.codes = [f"c{i}" for i in range(len(self.columns))]
        self.pairs = list(combinations([*self.codes, "band"], 2))
        self.tables: list[str] = []

    def __enter__(self) -> _Work:
        self._take_in()
        return self

    def __exit__(self, *_: object) -> None:
        for table in self.tables:
            self.connection.execute(f"DROP TABLE IF EXISTS temp.{table}")

    def _make(self, table: str, sql: str) -> None:
        self.tables.append(table)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {sql}")

    def _take_in(self) -> None:
        """`pl_values_*`: each column's values, numbered and counted; `pl_rows`: the rows in those numbers."""
        present = " AND ".join(f'"{c}" IS NOT NULL' for c in (*self.columns, self.amount))
        comparable = f"(SELECT * FROM ({self.feed_sql}) WHERE {present})"
        described = self.connection.execute(f"DESCRIBE {self.feed_sql}").fetchall()
        currency = "coalesce(currency, '')" if any(name == "currency" for name, *_ in described) else "''"
        joins = ""
        for code, column in zip(self.codes, self.columns, strict=True):
            self._make(
                f"pl_values_{code}",
                f"SELECT value, n, row_number() OVER (ORDER BY value)::INTEGER AS code "
                f'FROM (SELECT "{column}" AS value, count(*) AS n FROM {comparable} GROUP BY ALL)',
            )
            joins += f' JOIN pl_values_{code} ON pl_values_{code}.value = f."{column}"'
        picked = ", ".join(f"pl_values_{c}.code AS {c}" for c in self.codes)
        self._make(
            "pl_rows",
            f'SELECT f._row, {picked}, f."{self.amount}" AS amount, {currency} AS currency, '
            f'(1000 * ln(abs(f."{self.amount}"::DOUBLE) + 1))::INTEGER AS size, '
            f'(sign(f."{self.amount}") * (1 + floor(2 * log10(abs(f."{self.amount}"::DOUBLE) + 1))))::INTEGER AS band '
            f"FROM {comparable} f {joins}",
        )
        row = self.connection.execute("SELECT count(*) FROM pl_rows").fetchone()
        self.n = row[0] if row else 0

    def count(self) -> None:
        """`pl_tuples`: each distinct combination with the tails of its pairs and of its values; `pl_sizes`: of amounts."""
        key = ", ".join([*self.codes, "band"])
        self._make("pl_grouped", f"SELECT {key}, count(*) AS n FROM pl_rows GROUP BY ALL")
        self._make("pl_values_band", "SELECT band AS code, sum(n)::BIGINT AS n FROM pl_grouped GROUP BY ALL")
        # Left joins keep their order: the combinations are probed against small tables, never the other way round.
        joins = "".join(f" LEFT JOIN pl_values_{c} v_{c} ON v_{c}.code = g.{c}" for c in self.codes)
        for a, b in self.pairs:
            self._make(
                f"pl_pair_{a}_{b}",
                f"SELECT g.{a}, g.{b}, g.n, {_lift('va.n', 'vb.n', 'g.n', self.n)}::FLOAT AS lift "
                f"FROM (SELECT {a}, {b}, sum(n)::BIGINT AS n FROM pl_grouped GROUP BY ALL) g "
                f"LEFT JOIN pl_values_{a} va ON va.code = g.{a} LEFT JOIN pl_values_{b} vb ON vb.code = g.{b}",
            )
            joins += f" LEFT JOIN pl_pair_{a}_{b} p_{a}_{b} ON p_{a}_{b}.{a} = g.{a} AND p_{a}_{b}.{b} = g.{b}"
        rarity = " + ".join(f"ln({self.n}::DOUBLE / v_{c}.n)" for c in self.codes)
        lifts = ", ".join(f"p_{a}_{b}.lift" for a, b in self.pairs)
        self._make(
            "pl_summed",
            f"SELECT {', '.join(f'g.{c}' for c in (*self.codes, 'band'))}, g.n, (100000 * ({rarity}))::INTEGER AS rarity, "
            f"(100000 * list_sum(list_sort([{lifts}], 'DESC')[1:3]))::INTEGER AS surprise FROM pl_grouped g {joins}",
        )
        self._make(
            "pl_tuples",
            f"SELECT {key}, a.tail / {self.n} AS pair_tail, b.tail / {self.n} AS value_tail FROM pl_summed "
            f"JOIN ({_tails('surprise', 'pl_summed')}) a USING (surprise) "
            f"JOIN ({_tails('rarity', 'pl_summed')}) b USING (rarity)",
        )
        self._make(
            "pl_sizes",
            "WITH far AS (SELECT currency, size, count(*) AS c, abs(size - m.middle) AS far, any_value(m.n) AS n FROM pl_rows "
            "JOIN (SELECT currency, median(size)::INTEGER AS middle, count(*) AS n FROM pl_rows GROUP BY ALL) m USING (currency) "
            "GROUP BY ALL) "
            "SELECT currency, size, (sum(c) OVER (PARTITION BY currency ORDER BY far DESC))::DOUBLE / n AS amount_tail FROM far",
        )

    def ranking(self) -> str:
        """Every row with its three tails and the smallest of them."""
        key = ", ".join([*self.codes, "band"])
        return (
            f"SELECT _row, {key}, currency, amount, pair_tail, value_tail, amount_tail, "
            "least(pair_tail, value_tail, amount_tail) AS tail "
            f"FROM pl_rows JOIN pl_tuples USING ({key}) JOIN pl_sizes USING (currency, size)"
        )

    def explained(self, keep: int) -> list[Scored]:
        """The `keep` rarest rows with the counts behind their rank."""
        self._make(
            "pl_kept",
            f"SELECT * FROM ({self.ranking()}) "
            f"ORDER BY tail, pair_tail + value_tail + amount_tail, _row LIMIT {int(keep)}",
        )
        values = {code: self._looked_up(f"pl_values_{code}", code, "value, n") for code in self.codes}
        bands = self._looked_up("pl_values_band", "band", "n")
        met = {
            (a, b): {
                (x, y): n
                for x, y, n in self.connection.execute(
                    f"SELECT {a}, {b}, n FROM pl_pair_{a}_{b} SEMI JOIN pl_kept USING ({a}, {b})"
                ).fetchall()
            }
            for a, b in self.pairs
        }
        medians = {code: self._group_medians(code) for code in self.codes}
        whole = dict(self.connection.execute("SELECT currency, median(amount) FROM pl_rows GROUP BY ALL").fetchall())
        names = dict(zip(self.codes, self.columns, strict=True)) | {"band": BAND}

        def shown(code: str, at: int) -> tuple[str, int]:
            return (_band(at), bands[at][0]) if code == "band" else (str(values[code][at][0]), values[code][at][1])

        scored = []
        kept = self.connection.execute(
            "SELECT * FROM pl_kept ORDER BY tail, pair_tail + value_tail + amount_tail, _row"
        )
        heads = [d[0] for d in kept.description or []]
        for rank, cells in enumerate(kept.fetchall(), 1):
            row: dict[str, Any] = dict(zip(heads, cells, strict=True))
            parts: dict[str, Any] = {"n": self.n}
            pairs = []
            for a, b in self.pairs:
                (va, na), (vb, nb) = shown(a, row[a]), shown(b, row[b])
                together = met[a, b][row[a], row[b]]
                expected = na * nb / self.n
                pairs.append((expected / together, names[a], names[b], va, vb, na, nb, together, expected))
            _, na_, nb_, va, vb, ca, cb, together, expected = max(pairs, key=lambda p: p[0])
            parts["pair"] = {
                "columns": [na_, nb_], "values": [va, vb], "counts": [ca, cb], "together": together,
                "expected": f"{expected:.2f}", "tail": row["pair_tail"],
            }  # fmt: skip
            rare = min(self.codes, key=lambda c: values[c][row[c]][1])
            parts["value"] = {
                "column": names[rare], "value": str(values[rare][row[rare]][0]), "count": values[rare][row[rare]][1],
                "tail": row["value_tail"],
            }  # fmt: skip
            near = [
                (medians[c][row[c], row["currency"]], c) for c in self.codes if (row[c], row["currency"]) in medians[c]
            ]
            (median, size), code = min(near, key=lambda m: m[0][1]) if near else ((whole[row["currency"]], 0), "")
            parts["amount"] = {
                "amount": str(row["amount"]), "median": str(median), "currency": row["currency"], "tail": row["amount_tail"],
                "group": {"column": names[code], "value": str(values[code][row[code]][0]), "count": size} if code else None,
            }  # fmt: skip
            tails = {part: parts[part]["tail"] for part in ("pair", "value", "amount")}
            parts["lead"] = min(tails, key=lambda part: tails[part])
            scored.append(Scored(row["_row"], 1 - row["tail"], rank, parts))
        return scored

    def _looked_up(self, table: str, code: str, fields: str) -> dict[int, tuple[Any, ...]]:
        found = self.connection.execute(
            f"SELECT code, {fields} FROM {table} WHERE code IN (SELECT {code} FROM pl_kept)"
        ).fetchall()
        return {at: tuple(rest) for at, *rest in found}

    def _group_medians(self, code: str) -> dict[tuple[int, str], tuple[Any, int]]:
        """The median amount of each kept row's group in this column, where the group is big enough to tell."""
        found = self.connection.execute(
            f"SELECT {code}, currency, median(amount), count(*) FROM pl_rows "
            f"WHERE {code} IN (SELECT {code} FROM pl_kept) GROUP BY ALL HAVING count(*) >= {GROUP_MIN}"
        ).fetchall()
        return {(at, currency): (median, n) for at, currency, median, n in found}


def _lift(a: str, b: str, together: str, n: int) -> str:
    """How much less often two values meet than expected, the row itself left out; 0 when not less often."""
    expected = f"(({a} - 1)::DOUBLE * ({b} - 1) / {n - 1})"
    return f"greatest(0, ln(({expected} + 0.5) / ({together} - 1 + 0.5)))"


def _tails(score: str, table: str) -> str:
    """For each value of a score, how many rows score at least as much."""
    return f"SELECT {score}, (sum(sum(n)) OVER (ORDER BY {score} DESC))::DOUBLE AS tail FROM {table} GROUP BY {score}"


def _band(band: int) -> str:
    """An amount band as people read it; `-` before it for refunds."""
    if band == 0:
        return "0"
    low, high = (10 ** ((abs(band) - 1 + step) / 2) - 1 for step in (0, 1))
    return f"{'-' if band < 0 else ''}{low:,.0f}–{high:,.0f}"
