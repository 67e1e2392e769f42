"""Everything a deployment can set, each with a default that works on one laptop.

All that a deployment keeps lies under one folder, `home` (`BUDGETWATCH_HOME`, default `./var`).
Settings come from the environment (`BUDGETWATCH_…`) or a `.env` file beside the process.
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_REPOSITORY = Path(__file__).resolve().parent.parent


def _rules_folder() -> Path:
    beside = _REPOSITORY / "rules"
    return beside if beside.is_dir() else Path(__file__).resolve().parent / "_rules"


def _language() -> Literal["zh", "en"]:
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if spoken.lower().startswith("zh") else "en"


class Settings(BaseSettings):
    """The settings of one deployment; see each field for its reason."""

    model_config = SettingsConfigDict(env_prefix="BUDGETWATCH_", env_file=".env", extra="ignore")

    home: Path = Field(Path("var"), description="the one folder that holds all a deployment keeps")
    database_url: str = Field("", description="empty: SQLite in home; in service a PostgreSQL URL")
    rules: Path = Field(default_factory=_rules_folder, description="the folder of rule files")
    host: str = Field("127.0.0.1", description="loopback unless an operator decides otherwise")
    port: int = Field(8050, ge=1, le=65535)
    tls: bool = Field(False, description="people come over TLS only: cookies never travel without it")
    proxies: str = Field(
        "127.0.0.1,::1", description="whose X-Forwarded-Proto and -For are believed; addresses or networks, by commas"
    )
    secret: str = Field("", description="signs sessions; empty: made once and kept in home")
    language: Literal["zh", "en"] = Field(
        default_factory=_language, description="of command-line messages; the dashboard has its own switch"
    )
    memory: str = Field("2GB", description="DuckDB's memory limit; past it, it spills to home/tmp")
    tolerances: dict[str, Decimal] = Field(
        default_factory=dict,
        description='yuan by which a reconciliation may differ, by its name: {"treasury": "100.00"}; else its own default',
    )
    mute_late: Literal["never", "feed", "places"] = Field(
        "feed",
        description="rules that need a late feed are not asked: `feed` when all its senders are late (one late sender is a "
        "remark), `places` also leaves out what is found at a late sender's places, `never` looks at nobody's rhythm",
    )
    hold_factor: Decimal = Field(
        Decimal(10), ge=0, description="times what was expected of new flags past which a rule is held; 0: never"
    )
    hold_least: int = Field(200, ge=1, description="new flags of one rule in one run that are never held")
    mute_unreconciled: dict[str, Decimal] = Field(
        default_factory=dict,
        description='share of differing cases past which a check mutes the rules of its feeds, by its name: {"treasury": "0.5"}',
    )
    run_after_take_in: bool = Field(
        True,
        description="the service asks the rules of what changed once files were taken in; the ranking models wait for the night",
    )
    run_settle_seconds: int = Field(60, ge=0, description="… so long after the last file, for files seldom come alone")
    run_nightly_at: str = Field(
        "03:00",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="the hour, here, at which the service asks all rules of everything that came since (T+1); empty: never",
    )
    review_minutes: int = Field(
        30, ge=1, le=10_000, description="of one flag's first review, until enough cases tell by themselves"
    )
    threads: int = Field(0, ge=0, description="0: as many as the machine has cores")
    session_hours: int = Field(12, ge=1, description="a session ends this many hours after signing in, however busy")
    max_unpacked_bytes: int = Field(64 * 2**30, description="a packed file that unpacks to more is refused (zip bombs)")
    max_unpack_ratio: int = Field(200, description="…or that grows by more than this factor past 64 MiB")

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        if not self.database_url:
            return f"sqlite:///{(self.home / 'budgetwatch.db').resolve()}"
        for plain in ("postgresql://", "postgres://"):
            if self.database_url.startswith(plain):
                return "postgresql+psycopg://" + self.database_url[len(plain) :]
        return self.database_url
