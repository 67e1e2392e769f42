"""A sender's own key for one delivery (`Idempotency-Key`): sent again after a broken line it is the same delivery.

The same bytes are known by their hash anyway. What the key adds: other bytes under a key that was used are refused, so a
program that mixes its files up is told, and finds out at once.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from budgetwatch.errors import Conflict, Invalid
from budgetwatch.feeds.readers.unpack import hashed
from budgetwatch.home import Home
from budgetwatch.tables import Batch
from budgetwatch.text import Text

SHORTEST, LONGEST = 8, 64


def origin(home: Home, sender: str, key: str | None, file: Path) -> dict[str, str] | None:
    """What is kept with the batch of a delivery under that key; None without a key.

    `Conflict` where the sender has used the key for another file that was taken in.
    """
    if key is None:
        return None
    if not SHORTEST <= len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        raise Invalid(
            Text(f"Idempotency-Key 应为 {SHORTEST} 至 {LONGEST} 个字符。", f"Idempotency-Key must have {SHORTEST} to {LONGEST} characters."),
            where="Idempotency-Key", fix=Text("例如一次报送的编号。", "The number of a delivery, say."),
        )  # fmt: skip
    with home.session() as session:
        used = session.execute(
            sa.select(Batch.id, Batch.sha256).where(
                Batch.received_by == sender, Batch.status == "accepted", Batch.written["origin"]["key"].as_string() == key
            ).limit(1)
        ).first()  # fmt: skip
    if used is not None and used.sha256 != hashed(file):
        raise Conflict(
            Text(f"这个 Idempotency-Key 已用于批次 {used.id}，而文件不同。", f"This Idempotency-Key was used for batch {used.id}, with another file."),
            where="Idempotency-Key", fix=Text("新文件请用新的键。", "Give a new file a key of its own."),
        )  # fmt: skip
    return {"key": key}
