"""No broken file shows a stack trace or loses a row: it is refused with a sentence, or every row is accounted for."""

from __future__ import annotations

import shutil
import traceback
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from budgetwatch.errors import BadFile, BudgetwatchError
from budgetwatch.feeds.profile import parse
from budgetwatch.feeds.staging import stage
from budgetwatch.settings import Settings
from tests.feeds.broken import MARK, Broken, broken

#: As many as ten seconds hold in the usual run, and the whole corpus.
FEW, ALL = 240, 12_000


def judged(sent: Broken, work: Path, settings: Settings) -> str:
    """What became of the file; what is lost or not said in words is an `AssertionError`."""
    try:
        staged = stage(sent.path, parse(sent.profile, "x"), 1, work, settings)
    except BadFile as refused:
        return "refused" if refused.fix and str(refused).startswith(sent.path.name) else f"badly refused: {refused}"
    found: set[str] = set()
    lines = 0
    for file in staged.files:
        facts = pl.read_parquet(file)
        lines += facts.height
        found.update(
            MARK.findall(
                "\n".join(
                    facts.select(pl.concat_str(pl.col(pl.String), separator="\t", ignore_nulls=True))
                    .to_series()
                    .drop_nulls()
                )
            )
        )
    rejected: set[int] = set()
    if staged.rejects:
        rejects = pl.read_parquet(staged.rejects)
        rejected = set(rejects["line"])
        assert rejects["reason"].null_count() == rejects["line"].null_count() == 0
        found.update(MARK.findall("\n".join(rejects["raw"].drop_nulls())))
    assert len(rejected) == staged.rows_rejected
    assert lines == staged.lines
    assert staged.rows_in == lines + staged.rows_rejected
    if sent.marks is not None:
        assert sent.marks <= found, f"lost: {sorted(sent.marks - found)[:5]}"
    return "judged"


def tried(seeds: range, folder: Path, settings: Settings) -> Counter[str]:
    outcome: Counter[str] = Counter()
    failed: list[str] = []
    for seed in seeds:
        work = folder / str(seed)
        work.mkdir()
        sent = broken(seed, work)
        (room := work / "work").mkdir()
        try:
            outcome[became := judged(sent, room, settings)] += 1
            if became not in ("judged", "refused"):
                failed.append(f"{seed} {sent.done}: {became}")
        except BudgetwatchError as other:
            failed.append(f"{seed} {sent.done}: {type(other).__name__}: {other}")
        except BaseException as error:
            failed.append(
                f"{seed} {sent.done}: {error!r}\n{''.join(traceback.format_exc().splitlines(keepends=True)[-6:])}"[
                    :1500
                ]
            )
        shutil.rmtree(work)
        assert len(failed) < 20, "\n".join(failed)
    assert not failed, "\n".join(failed)
    return outcome


def test_a_few_hundred_broken_files(tmp_path: Path) -> None:
    outcome = tried(range(FEW), tmp_path, Settings(home=tmp_path))
    assert outcome["judged"] > FEW // 10
    assert outcome["refused"] > FEW // 10


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(12))
def test_ten_thousand_broken_files(tmp_path: Path, part: int) -> None:
    each = ALL // 12
    outcome = tried(range(part * each, (part + 1) * each), tmp_path, Settings(home=tmp_path))
    assert outcome.total() == each
