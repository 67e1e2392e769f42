"""What a person's data look like to somebody who need not see them, in Python and, the same, in DuckDB's SQL.

    name       张三 → 张*                      account   6222020200012345678 → 6222****5678
    inside a memo: ID and card numbers 440***********1234, mobile numbers 138****5678

Memos err on the safe side: any run of fifteen digits or more is masked, be it an ID, a card or a long order number.
Every Python function has an SQL twin that takes an SQL expression and returns one; the tests hold them equal.
"""

from __future__ import annotations

import re

from budgetwatch.access.viewer import Viewer

_D = "[0-9０-９]"  # full-width digits occur in memos that were typed with a Chinese keyboard

#: (pattern, replacement) in the order applied. RE2 knows no look-around, so a mobile number is matched with its
#: neighbours, and twice: two numbers that share one separator are both found the second time at the latest.
_MOBILE = (f"(^|[^0-9０-９])([1１][3-9３-９]{_D})[ -]?{_D}{{4}}[ -]?({_D}{{4}})([^0-9０-９]|$)", r"\1\2****\3\4")
_PREFIXED = (f"((?:\\+|00)?86[ -]?)([1１][3-9３-９]{_D})[ -]?{_D}{{4}}[ -]?({_D}{{4}})([^0-9０-９]|$)", r"\1\2****\3\4")
_LONG = (f"({_D}{{3}}){_D}{{8,}}({_D}{{3}}[0-9０-９Xx])", r"\1***********\2")
_MEMO = (_LONG, _PREFIXED, _MOBILE, _MOBILE)


def unmasked(viewer: Viewer) -> bool:
    """Whether this person's work includes seeing who was paid."""
    return viewer.may("payees")


def mask_name(name: str | None) -> str | None:
    """A person's name down to its first character: 张三 → 张*, John Smith → J*."""
    if name is None:
        return None
    return f"{bare[0]}*" if (bare := name.strip(" ")) else ""


def mask_account(account: str | None) -> str | None:
    """An account's first and last four signs; a short one (eight or fewer) is hidden whole."""
    if account is None:
        return None
    bare = account.replace(" ", "").replace("-", "")
    if not bare:
        return ""
    return f"{bare[:4]}****{bare[-4:]}" if len(bare) > 8 else "****"


def mask_text(text: str | None) -> str | None:
    """A memo with the ID, card and mobile numbers inside it masked."""
    if text is None:
        return None
    for pattern, replacement in _MEMO:
        text = re.sub(pattern, replacement, text)
    return text


def sql_name(expression: str) -> str:
    """`mask_name` of an SQL expression."""
    bare = f"trim({expression}, ' ')"
    return f"CASE WHEN {bare} = '' THEN '' ELSE substr({bare}, 1, 1) || '*' END"


def sql_account(expression: str) -> str:
    """`mask_account` of an SQL expression."""
    bare = f"replace(replace({expression}, ' ', ''), '-', '')"
    return (
        f"CASE WHEN {bare} = '' THEN '' WHEN length({bare}) > 8 "
        f"THEN left({bare}, 4) || '****' || right({bare}, 4) WHEN {expression} IS NOT NULL THEN '****' END"
    )


def sql_text(expression: str) -> str:
    """`mask_text` of an SQL expression."""
    for pattern, replacement in _MEMO:
        expression = f"regexp_replace({expression}, '{pattern}', '{replacement}', 'g')"
    return expression


def sql_payee(name: str, kind: str) -> str:
    """The payee's name as printed: masked where the payee is a person.

    Where the kind of payee was not sent, a name of at most four 汉字 is taken for a person's.
    """
    person = f"{kind} = 'person' OR ({kind} IS NULL AND regexp_full_match(trim({name}, ' '), '[\\p{{Han}}·]{{0,4}}'))"
    return f"CASE WHEN {person} THEN {sql_name(name)} ELSE {name} END"
