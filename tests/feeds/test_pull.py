"""Facts fetched from a sender's database: what is new, once, from where the last time ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import BadProfile, BudgetwatchError, Conflict, NotFound
from budgetwatch.home import Home
from budgetwatch.intake import pull
from tests.feeds.senders import profile

SELECT = "SELECT * FROM payments WHERE changed_at >= :since ORDER BY changed_at"


@pytest.fixture
def sender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    """A treasury's own database."""
    url = f"sqlite:///{tmp_path / 'treasury.db'}"
    monkeypatch.setenv("TREASURY_URL", url)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TABLE payments (voucher_no TEXT, budget_year INT, pay_date TEXT, adm_div_code TEXT, "
                    "agency_code TEXT, amount NUMERIC(18, 2), changed_at TEXT)")
        )  # fmt: skip
    return engine


def pay(engine: sa.Engine, no: str, amount: str, changed: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO payments VALUES (:no, 2025, '2025-03-05', '990102', 'A', :amount, :changed)"),
            {"no": no, "amount": amount, "changed": changed},
        )


def source(home: Home, **changes: Any) -> None:
    profile(home, ignore=["changed_at"])
    body = {
        "name": "t",
        "profile": "treasury",
        "url": "TREASURY_URL",
        "select": SELECT,
        "watermark": "changed_at",
        "since": "2025",
    }
    (home.path / "sources.yml").write_text(yaml.safe_dump([{**body, **changes}]), "utf-8")


def amounts(home: Home) -> list[str]:
    with home.facts(SYSTEM) as connection:
        return [str(r[0]) for r in connection.execute("SELECT amount FROM payment ORDER BY voucher_no").fetchall()]


def test_only_what_is_new_is_taken_in_and_a_change_becomes_a_correction(home: Home, sender: sa.Engine) -> None:
    source(home)
    pay(sender, "V1", "10.10", "2025-03-05 08:00:00")
    first = pull.pull(home, "t")
    assert first is not None
    assert first.rows_accepted == 1
    assert pull.reached(home, "t") == "2025-03-05 08:00:00"
    pay(sender, "V2", "5.00", "2025-03-05 08:00:00")  # the very same moment
    pay(sender, "V1", "11.00", "2025-03-06 09:00:00")
    with sender.begin() as connection:
        connection.execute(sa.text("DELETE FROM payments WHERE voucher_no = 'V1' AND amount < 11"))
    second = pull.pull(home, "t")
    assert second is not None
    assert second.rows_accepted == 2
    assert amounts(home) == ["11.00", "5.00"]
    again = pull.pull(home, "t")
    assert again is None or again.facts_added == 0
    assert amounts(home) == ["11.00", "5.00"]


def test_nothing_new_is_no_batch(home: Home, sender: sa.Engine) -> None:
    source(home)
    assert pull.pull(home, "t") is None


def test_a_refused_fetch_is_fetched_again(home: Home, sender: sa.Engine) -> None:
    source(home)
    profile(home, ignore=["changed_at"], refuse_above=0.0)
    pay(sender, "V1", "-", "2025-03-05")
    with pytest.raises(BudgetwatchError):
        pull.pull(home, "t")
    assert pull.reached(home, "t") is None


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"selct": "x"}, BadProfile),
        ({"select": "SELECT 1"}, BadProfile),
        ({"watermark": "when"}, BadProfile),
        ({"select": "SELECT * FROM nowhere WHERE x = :since"}, Conflict),
        ({"url": "NOT_SET"}, NotFound),
        ({"profile": "nobody"}, NotFound),
    ],
)
def test_a_wrong_source_is_refused_with_what_to_do(
    home: Home, sender: sa.Engine, change: dict[str, Any], kind: type[BudgetwatchError]
) -> None:
    source(home, **change)
    with pytest.raises(kind) as refused:
        pull.pull(home, "t")
    assert refused.value.fix


def test_a_password_in_the_address_is_never_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    source(home)
    monkeypatch.setenv("TREASURY_URL", "postgresql+psycopg://u:hush-hush@127.0.0.1:1/x?connect_timeout=1")
    with pytest.raises(BudgetwatchError) as refused:
        pull.pull(home, "t")
    assert "hush-hush" not in refused.value.sentence("en") + refused.value.sentence("zh")


def test_a_source_that_is_not_known_names_the_nearest(home: Home) -> None:
    source(home)
    with pytest.raises(NotFound, match="'x'"):
        pull.pull(home, "x")
