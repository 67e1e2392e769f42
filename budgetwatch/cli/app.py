"""The assembled command: its groups of verbs, the deployment they act on, and how a refusal ends the process."""

from __future__ import annotations

import logging
import os
import sys
from functools import lru_cache
from typing import Any

import typer
from pydantic import ValidationError

from budgetwatch import __version__
from budgetwatch.access import people
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.cli.out import FAILED, remark
from budgetwatch.errors import BudgetwatchError
from budgetwatch.home import Home
from budgetwatch.settings import Settings

#: Typer's own word for a command line that it cannot read (any of its bases that can show itself).
_USAGE: Any = next(base for base in reversed(typer.BadParameter.__mro__) if hasattr(base, "show"))
HELP = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    name="budgetwatch", no_args_is_help=True, context_settings=HELP, pretty_exceptions_enable=False,
    help="Supervision of government budgets and spending (预算联网监督). Everything kept lies under BUDGETWATCH_HOME.",
)  # fmt: skip


@lru_cache(maxsize=1)
def settings() -> Settings:
    return Settings()


@lru_cache(maxsize=1)
def home() -> Home:
    """The deployment that this process works on."""
    return Home(settings())


def language() -> str:
    return settings().language


def reader() -> Viewer:
    """Whoever runs this on the machine that holds the data may read all of it."""
    return SYSTEM


def acting(login: str) -> Viewer:
    """The person in whose name a decision is made."""
    return people.viewer_named(home(), SYSTEM, login)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"budgetwatch {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="print the version"),
) -> None:
    pass


def main(arguments: list[str] | None = None) -> None:
    """Run one command: exit 0 done, 1 found what was asked to fail on, 2 could not do it."""
    logging.basicConfig(level=os.environ.get("BUDGETWATCH_LOG", "ERROR"), stream=sys.stderr)
    try:
        code: Any = app(args=arguments, standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        remark("Stopped. / 已中止。")
        code = 130
    except _USAGE as wrong:
        wrong.show(file=sys.stderr)
        code = FAILED
    except ValidationError as wrong:
        for error in wrong.errors():
            remark(f"BUDGETWATCH_{'_'.join(map(str, error['loc'])).upper()}: {error['msg']} ({error['input']!r})")
        code = FAILED
    except BudgetwatchError as refused:
        remark(refused.sentence(_spoken()))
        code = FAILED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as fault:
        if logging.getLogger().isEnabledFor(logging.DEBUG):
            raise
        remark(
            f"{(_spoken() == 'zh' and '程序出错') or 'budgetwatch itself failed'}: {type(fault).__name__}: {fault}. "
            "BUDGETWATCH_LOG=DEBUG shows where."
        )
        code = FAILED
    sys.exit(code if isinstance(code, int) else 0)


def _spoken() -> str:
    try:
        return language()
    except ValidationError:
        return "en"
