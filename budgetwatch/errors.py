"""Every refusal the product can utter: what is wrong, where, and what to do about it.

The sentence is written once, at the place that knows the facts; the API, the dashboard and the
command line only show it. Nobody sees a stack trace: an unforeseen exception becomes `Fault`
with a reference number that stands in the log.
"""

from __future__ import annotations

from typing import Any, ClassVar

from budgetwatch.text import Text


class BudgetwatchError(Exception):
    """Something was refused, for a reason a person can act on.

    `what` says what is wrong, `where` names the file, line, rule or field, `fix` says what to do.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400

    def __init__(self, what: Text, *, where: str = "", fix: Text | None = None, **facts: Any) -> None:
        self.what = what
        self.where = where
        self.fix = fix
        self.facts = facts
        super().__init__(self.sentence("en"))

    def sentence(self, language: str) -> str:
        """The whole message in one language: where, what, and the way out."""
        head = f"{self.where}: " if self.where else ""
        tail = f" {self.fix.of(language)}" if self.fix else ""
        return f"{head}{self.what.of(language)}{tail}"

    def shape(self, language: str) -> dict[str, Any]:
        """The one JSON shape of an error, everywhere it leaves the house."""
        return {
            "error": {
                "code": self.code,
                "what": self.what.of(language),
                "where": self.where,
                "fix": self.fix.of(language) if self.fix else "",
                **({"facts": {k: str(v) for k, v in self.facts.items()}} if self.facts else {}),
            }
        }


class Invalid(BudgetwatchError):
    """What was given cannot be read or does not make sense."""

    code = "invalid"
    status = 422


class BadFile(Invalid):
    """A sent file cannot be taken in as it is."""

    code = "bad_file"


class BadProfile(Invalid):
    """A feed profile is malformed."""

    code = "bad_profile"


class BadRule(Invalid):
    """A rule file is malformed or asks for something a rule may not do."""

    code = "bad_rule"


class NotSignedIn(BudgetwatchError):
    """Nobody, or nobody we know, is asking."""

    code = "not_signed_in"
    status = 401


class Denied(BudgetwatchError):
    """The person is known, but their role or scope does not include this."""

    code = "denied"
    status = 403


class NotFound(BudgetwatchError):
    """There is no such thing within what the person may see."""

    code = "not_found"
    status = 404


class Conflict(BudgetwatchError):
    """The move is not possible from the present state; the sentence says which moves are."""

    code = "conflict"
    status = 409


class Fault(BudgetwatchError):
    """The product itself failed; the reference finds the details in the log."""

    code = "fault"
    status = 500
