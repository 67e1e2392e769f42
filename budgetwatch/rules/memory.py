"""Which rule files were found sound before, so that a start need not prove the same again.

A file is known by the SHA-256 of all that its verdict rests on: its own bytes, those of `laws.yml`, and the source
of everything that judges it or is judged against. One byte more or less anywhere and it is a file nobody has seen.
Only files without any fault are remembered, and only that their words hold; each is still read and typed every time.
The list is sealed with the deployment's secret, so that one written by somebody else, or damaged, is worth nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import platform
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from budgetwatch import __version__

_PACKAGE = Path(__file__).resolve().parent.parent
#: What a verdict rests on, besides the file itself: the code that judges, and the lists it judges against.
_JUDGES = ("rules", "records", "outliers", "text.py", "calendar.py")
#: Files remembered at most; several folders of rules may share one home.
_MOST = 256
Needs = tuple[tuple[str, ...], ...]


def digest_of(laws: bytes, content: bytes) -> str:
    """The name of a rule file's verdict; empty where the engine's own source cannot be read (nothing is remembered then)."""
    if not (judged_by := engine()):
        return ""
    return hashlib.sha256(
        b"".join(hashlib.sha256(part).digest() for part in (judged_by.encode(), laws, content))
    ).hexdigest()


@lru_cache(maxsize=1)
def engine() -> str:
    """One hash over the source of what judges rules and the versions of the engines it asks."""
    made = hashlib.sha256()
    versions = (
        __version__,
        platform.python_version(),
        *(metadata.version(name) for name in ("duckdb", "sqlglot", "pydantic", "pyyaml")),
    )
    made.update(repr(versions).encode())
    files = [
        file
        for name in _JUDGES
        for file in ([_PACKAGE / name] if name.endswith(".py") else sorted((_PACKAGE / name).glob("**/*.py")))
    ]
    try:
        for file in files:
            made.update(hashlib.sha256(file.read_bytes()).digest())
    except OSError:
        return ""
    return made.hexdigest() if len(files) > len(_JUDGES) else ""


class Verdicts:
    """The sound files of one home: for each, the columns that its rules were found to need, in the rules' order."""

    def __init__(self, file: Path, secret: str) -> None:
        self.file = file
        self._key = hashlib.sha256(b"rules-verified|" + secret.encode()).digest()
        self._known = self._read()
        self._new = False

    def needs(self, digest: str) -> Needs | None:
        """What was found of that file; None for one that is not known to be sound."""
        return self._known.get(digest) if digest else None

    def keep(self, digest: str, needs: Needs) -> None:
        """That file is sound."""
        if digest and self._known.get(digest) != needs:
            self._known[digest] = needs
            self._new = True

    def save(self) -> None:
        """Write what is new, at once or not at all; a home that cannot be written to costs time, nothing else."""
        if not self._new:
            return
        kept = dict(list({**self._read(), **self._known}.items())[-_MOST:])
        body = json.dumps(kept, separators=(",", ":"))
        half = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            half.write_text(json.dumps({"seal": self._seal(body), "sound": body}), encoding="utf-8")
            half.replace(self.file)
            self._new = False
        with contextlib.suppress(OSError):
            half.unlink(missing_ok=True)

    def _read(self) -> dict[str, Needs]:
        try:
            told = json.loads(self.file.read_bytes())
            body = told["sound"]
            if not hmac.compare_digest(told["seal"], self._seal(body)):
                return {}
            return {digest: tuple(tuple(columns) for columns in needs) for digest, needs in json.loads(body).items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}

    def _seal(self, body: str) -> str:
        return hmac.new(self._key, body.encode(), hashlib.sha256).hexdigest()
