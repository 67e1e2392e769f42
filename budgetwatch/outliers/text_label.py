"""Texts whose words belong to another label: a purpose that reads like one subject and is booked under another.

The texts are cleared of digits, dates and punctuation and counted once with each label they carry. A linear classifier
over their character pairs and triples (TF-IDF, multinomial logistic regression; scikit-learn) learns which words go with which
label, in folds, so that no entry judges itself. An entry stands out when the classifier is sure of another label
(`SURE`), gives its own hardly a chance, and the very same text is not more often booked where this one is. The score is the
probability of the other label; rows of one entry rank by amount.

Texts that are empty or that nobody else uses in any part cannot be compared. Labels borne by few texts are learnt by
nobody and never suggested.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import duckdb
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from budgetwatch.outliers.scores import Scored, Scores

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

SEED: Final = 20_220_701
#: How sure of another label the classifier must be, and how little it may think of the one booked.
SURE: Final = 0.90
HARDLY: Final = 0.02
FOLDS: Final = 3
#: Distinct entries that a fold learns from; the most used come first.
LEARNT: Final = 12_000
#: A label is learnt from no fewer rows than this.
LEAST: Final = 20
#: An entry used a thousand times says no more than one used this often; below it the weight is the root of its use.
WEIGHT: Final = 50
WORDS: Final = 4
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
#: What tells nothing of the thing paid for: digits, dates, numbering, punctuation.
_NOISE = r"[0-9０-９\s年月日季度号第期笔次上下半\-—_./,，。;；:：()（）\[\]【】#*]+"


class TextLabel:
    """Scores rows by how sure a classifier of the text is of another label than the one they carry."""

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
    """An entry that reads like another label, how sure that is, and the words that say so."""

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
    """The entries that read like another label, the surest first."""
    labels, inverse = np.unique(entries.label, return_inverse=True)
    learnable = np.bincount(inverse, weights=entries.count, minlength=len(labels)) >= LEAST
    usable = learnable[inverse]
    if learnable.sum() < 2:
        return []
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(2, 3), min_df=1, max_features=40_000, sublinear_tf=True)
    features: csr_matrix = vectorizer.fit_transform(entries.words)
    names = vectorizer.get_feature_names_out()
    counts = {(w, la): int(n) for w, la, n in zip(entries.words, entries.label, entries.count, strict=True)}
    fold = np.random.default_rng(SEED).permutation(len(entries.words)) % FOLDS
    found: list[_Misplaced] = []
    for held in range(FOLDS):
        learn = np.flatnonzero((fold != held) & usable)[:LEARNT]
        judged = np.flatnonzero((fold == held) & usable)
        classes = np.unique(inverse[learn])
        if len(classes) < 2 or not len(judged):
            continue
        model = LogisticRegression(C=300.0, max_iter=200, tol=1e-3)
        model.fit(features[learn], inverse[learn], sample_weight=np.sqrt(np.minimum(entries.count[learn], WEIGHT)))
        chances = model.predict_proba(features[judged])
        column = np.searchsorted(model.classes_, inverse[judged])
        known = model.classes_[np.minimum(column, len(model.classes_) - 1)] == inverse[judged]
        own = np.where(known, chances[np.arange(len(judged)), np.minimum(column, chances.shape[1] - 1)], 0.0)
        best = chances.argmax(axis=1)
        sure = chances[np.arange(len(judged)), best]
        hits = (sure >= SURE) & (own <= HARDLY) & (model.classes_[best] != inverse[judged])
        for at in np.flatnonzero(hits):
            entry, other = judged[at], str(labels[model.classes_[best[at]]])
            words, label = str(entries.words[entry]), str(entries.label[entry])
            there = counts.get((words, other), 0)
            if there < entries.count[entry] and (there or entries.count[entry] > LEAST):
                continue  # booked here more often than there: this is its place
            because = _because(model, features[entry], best[at], names)
            found.append(
                _Misplaced(words, label, other, round(float(sure[at]), 6), int(entries.count[entry]), there, because)
            )
    return sorted(found, key=lambda m: (-m.sure, m.words, m.label))


def _because(model: LogisticRegression, row: csr_matrix, best: int, names: np.ndarray) -> tuple[str, ...]:
    """The parts of the text that speak most for the other label; a part within a longer one is not said twice."""
    weights = model.coef_
    toward = weights[best] if len(weights) > 1 else (weights[0] if best == 1 else -weights[0])
    pull = row.multiply(toward[np.newaxis, :]).tocsr()
    said: list[str] = []
    for at in np.argsort(-pull.data, kind="stable"):
        part = str(names[pull.indices[at]]).strip()
        if pull.data[at] <= 0 or len(said) == WORDS:
            break
        if part and not any(part in other or other in part for other in said):
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
