"""Texts whose words belong to another label: a purpose that reads like one subject and is booked under another.

The texts are cleared of digits, dates and punctuation and counted once with each label they carry. From their characters,
pairs and triples (rare ones weigh more; scikit-learn counts them) it is learnt how likely each label is, every entry
judged without itself, and how likely the label it carries is a slip (`slips`). An entry stands out when a slip is
likelier than not (`LIKELY`) and the very same text is not more often booked where this one is. The score is that
likelihood; rows of one entry rank by amount.

Texts that are empty or that nobody else uses in any part cannot be compared. Labels borne by few rows are learnt by
nobody and never suggested.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

from budgetwatch.outliers.scores import Scored, Scores
from budgetwatch.outliers.slips import Slips

SEED: Final = 20_220_701
#: A slip must be likelier than not.
LIKELY: Final = 0.5
#: Characters, pairs and triples told apart; the most used come first.
PARTS: Final = 60_000
#: A label is learnt from no fewer rows than this.
LEAST: Final = 20
WORDS: Final = 4
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
#: What tells nothing of the thing paid for: digits, dates, numbering, punctuation.
_NOISE = r"[0-9０-９\s年月日季度号第期笔次上下半\-—_./,，。;；:：()（）\[\]【】#*]+"


class TextLabel:
    """Scores rows by how likely the label they carry is a slip, from what their text says."""

    @staticmethod
    def score(
        connection: duckdb.DuckDBPyConnection,
        feed_sql: str,
        columns: Sequence[str],
        amount: str,
        *,
        min_rows: int = 5_000,
        keep: int = 200,
    ) -> Scores:
        """The `keep` rows of `feed_sql` whose text (`columns[0]`) most surely belongs to another label than `columns[1]`.

        Below `min_rows` comparable rows nothing is scored and `too_few` says so.
        """
        for name in (*columns, amount):
            if not _NAME.fullmatch(name):
                raise ValueError(f"not a column name: {name!r}")
        if len(columns) != 2:
            raise ValueError("text and label are compared: give exactly two columns, the text first")
        text, label = columns
        entries = _entries(connection, feed_sql, text, label)
        looked_at = int(entries.count.sum())
        if looked_at < min_rows:
            return Scores(looked_at, too_few=looked_at > 0)
        found = _misplaced(entries)
        return Scores(looked_at, _rows(connection, feed_sql, text, label, amount, found, keep))


@dataclass(frozen=True, slots=True)
class _Entries:
    """Each cleared text with each label it carries, and how many rows do."""

    words: np.ndarray
    label: np.ndarray
    count: np.ndarray


@dataclass(frozen=True, slots=True)
class _Misplaced:
    """An entry that reads like another label, how likely it is a slip, and the words that say so."""

    words: str
    label: str
    other: str
    sure: float
    rows: int
    rows_other: int
    because: tuple[str, ...]


def _cleared(text: str) -> str:
    return f"regexp_replace(\"{text}\", '{_NOISE}', '', 'g')"


def _entries(connection: duckdb.DuckDBPyConnection, feed_sql: str, text: str, label: str) -> _Entries:
    """Grouped as written first: there are far fewer texts than rows, and only they are cleared."""
    table = connection.sql(
        f'WITH written AS (SELECT "{text}", "{label}", count(*) AS n FROM ({feed_sql}) '
        f'WHERE "{text}" IS NOT NULL AND "{label}" IS NOT NULL GROUP BY ALL), '
        f'cleared AS (SELECT {_cleared(text)} AS words, "{label}" AS label, n FROM written) '
        "SELECT words, label, sum(n)::BIGINT AS n FROM cleared WHERE length(words) >= 2 GROUP BY ALL ORDER BY n DESC, words, label"
    ).to_arrow_table()
    return _Entries(
        np.asarray(table["words"].to_pylist(), dtype=object),
        np.asarray(table["label"].to_pylist(), dtype=object),
        np.asarray(table["n"].to_pylist(), dtype=np.int64),
    )


def _misplaced(entries: _Entries) -> list[_Misplaced]:
    """The entries that read like another label, the likeliest slips first."""
    labels, inverse = np.unique(entries.label, return_inverse=True)
    learnable = np.bincount(inverse, weights=entries.count, minlength=len(labels)) >= LEAST
    if learnable.sum() < 2:
        return []
    usable = np.flatnonzero(learnable[inverse])
    known, label = np.unique(inverse[usable], return_inverse=True)
    features, names = _features(entries.words[usable])
    model = Slips(features, label.astype(np.int64), entries.count[usable], SEED)
    judged = model.judged()
    counts = {(w, la): int(n) for w, la, n in zip(entries.words, entries.label, entries.count, strict=True)}
    found = []
    for at in np.flatnonzero(judged.slip >= LIKELY):
        entry, other = usable[at], str(labels[known[judged.other[at]]])
        words, booked, rows = str(entries.words[entry]), str(entries.label[entry]), int(entries.count[entry])
        there = counts.get((words, other), 0)
        if there < rows and (there or rows > LEAST):
            continue  # booked here more often than there: this is its place
        pull = model.pull(int(at), int(judged.other[at]))
        because = _because([str(names[i]) for i in features[at].indices], pull)
        found.append(_Misplaced(words, booked, other, round(float(judged.slip[at]), 6), rows, there, because))
    return sorted(found, key=lambda m: (-m.sure, m.words, m.label))


def _features(words: np.ndarray) -> tuple[csr_matrix, np.ndarray]:
    """What each text holds, rare parts weighing more, long texts no more than short ones."""
    counter = CountVectorizer(analyzer="char", ngram_range=(1, 3), binary=True, max_features=PARTS, dtype=np.float64)
    held: csr_matrix = counter.fit_transform(words)
    rare = np.log1p(held.shape[0] / np.maximum(held.getnnz(axis=0), 1))
    return normalize(csr_matrix(held.multiply(rare))), counter.get_feature_names_out()


def _because(parts: Sequence[str], pull: np.ndarray) -> tuple[str, ...]:
    """The parts of the text that speak most for the other label; a part within a longer one is not said twice.

    A part of several characters says more to a reader than one alone, so those come first where there are any.
    """
    said: list[str] = []
    for at in sorted(range(len(parts)), key=lambda i: (len(parts[i].strip()) < 2, -pull[i], parts[i])):
        part = parts[at].strip()
        if len(said) == WORDS:
            break
        if pull[at] > 0 and part and not any(part in other or other in part for other in said):
            said.append(part)
    return tuple(said)


def _rows(
    connection: duckdb.DuckDBPyConnection,
    feed_sql: str,
    text: str,
    label: str,
    amount: str,
    found: list[_Misplaced],
    keep: int,
) -> list[Scored]:
    """The rows of the misplaced entries, surest and largest first."""
    if not found:
        return []
    rows = connection.execute(
        f"WITH wanted AS (SELECT unnest($at::BIGINT[]) AS at, unnest($words::VARCHAR[]) AS words, unnest($labels::VARCHAR[]) AS label), "
        f'facts AS (SELECT _row, {_cleared(text)} AS words, "{label}" AS label, "{amount}" AS amount FROM ({feed_sql}) '
        f'WHERE "{label}" IN (SELECT label FROM wanted) AND "{text}" IS NOT NULL) '
        f"SELECT w.at, f._row FROM facts f JOIN wanted w ON w.words = f.words AND w.label = f.label "
        f"ORDER BY w.at, abs(f.amount) DESC NULLS LAST, f._row LIMIT {int(keep)}",
        {"at": list(range(len(found))), "words": [m.words for m in found], "labels": [m.label for m in found]},
    ).fetchall()
    scored = []
    for rank, (at, row) in enumerate(rows, 1):
        entry = found[at]
        parts: dict[str, Any] = {
            "lead": "label", "n": entry.rows,
            "label": {
                "column": label, "booked": entry.label, "other": entry.other, "words": list(entry.because),
                "sure": f"{entry.sure:.3f}", "rows_other": entry.rows_other,
            },
        }  # fmt: skip
        scored.append(Scored(int(row), entry.sure, rank, parts))
    return scored
