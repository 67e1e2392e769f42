"""The command line in the small city's home: `budgetwatch("flags", "--json")` gives exit code, stdout and stderr."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from budgetwatch.cli import main
from budgetwatch.home import Home


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def budgetwatch(
    city: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Callable[..., Said]]:
    monkeypatch.setenv("BUDGETWATCH_HOME", str(city.path))
    monkeypatch.setenv("BUDGETWATCH_LANGUAGE", "en")
    monkeypatch.setenv("BUDGETWATCH_HOST", "127.0.0.1")  # `serve` sets it: not for whatever runs after us
    monkeypatch.chdir(tmp_path)

    assembled = importlib.import_module("budgetwatch.cli.app")  # the package has a Typer of that name

    def forget() -> None:
        assembled.settings.cache_clear()
        assembled.home.cache_clear()

    def call(*words: str) -> Said:
        forget()
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    yield call
    forget()
