"""Passwords: kept as argon2 hashes, checked a few at a time and always at the same cost."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from budgetwatch.errors import Invalid
from budgetwatch.text import Text

SHORTEST = 8
_LONGEST = 1024

_HASHER = PasswordHasher()
#: The hash of a password nobody kept: checked when there is no account, so that it takes as long as when there is.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$EpQTi7iWeGVAJA+hFQsB5g$+v8pGq9/lLeq2w9q3KVJTk6GSOGzT5fdCblMd0bFF+w"
#: Each check takes 64 MiB; a flood of sign-ins waits its turn instead of taking all memory.
_CHECKING = threading.BoundedSemaphore(4)


def hashed(password: str, login: str) -> str:
    """The hash to keep of a new password; refuses one that is easily guessed."""
    if not SHORTEST <= len(password) <= _LONGEST or login in password.lower():
        raise Invalid(
            Text("密码太容易猜到。", "The password is too easy to guess."),
            where="password",
            fix=Text(
                f"至少 {SHORTEST} 个字符，且不含登录名。",
                f"Use at least {SHORTEST} characters, without the login in it.",
            ),
        )
    with _CHECKING:
        return _HASHER.hash(password)


def fits(kept: str, password: str) -> bool:
    """Whether the password is the one that was kept; as slow for a wrong one, and for an account without any."""
    with _CHECKING:
        try:
            return _HASHER.verify(kept or NOBODY, password[:_LONGEST])
        except (VerificationError, InvalidHashError):
            return False


def refreshed(kept: str, password: str) -> str:
    """The hash at today's cost, where the kept one was made at another."""
    return _HASHER.hash(password) if _HASHER.check_needs_rehash(kept) else kept
