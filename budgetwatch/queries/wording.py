"""The sentence of a flag: its rule's message filled with the figures found, in both languages.

The message is that of the rule version which found it, so that a flag reads years later as it read
then. A figure the evidence lacks shows as a dash rather than breaking the sentence.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from budgetwatch import tables as t
from budgetwatch.access import masking
from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import BadRule
from budgetwatch.queries.names import Names, code_name
from budgetwatch.records import ALL
from budgetwatch.records.codes import ECONOMIC, FUNCTIONS
from budgetwatch.rules.book import from_body
from budgetwatch.rules.rule import Rule
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home


#: At most four 汉字: taken for a person's name where the kind of payee was not sent.
_SHORT_HAN = re.compile("[\u4e00-\u9fff\u3400-\u4dbf·]{0,4}")


def name_of(flag: t.Flag, viewer: Viewer) -> str:
    """What a flag's subject is called."""
    return (
        shown_name(viewer, flag.subject, flag.subject_name, flag.agency_name or "") or flag.agency_code or flag.rule_id
    )


def rule_name(home: Home, rule_id: str) -> Text:
    """The rule's name; its id where the rule is no longer in the book."""
    rule = home.rules.get(rule_id)
    return rule.name if rule else Text(rule_id, rule_id)


def latest_evidence(session: Session, flag_ids: Iterable[int]) -> dict[int, t.Evidence]:
    """The newest evidence of each flag, without its rows."""
    ids = list(flag_ids)
    newest = sa.select(sa.func.max(t.Evidence.id)).where(t.Evidence.flag_id.in_(ids)).group_by(t.Evidence.flag_id)
    query = sa.select(t.Evidence).where(t.Evidence.id.in_(newest)).options(defer(t.Evidence.rows))
    return {e.flag_id: e for e in session.scalars(query)}


def rules_of(home: Home, session: Session, version_ids: Iterable[int]) -> dict[int, Rule]:
    """The rule of each version: that of the book where it is still the same, else as it was kept."""
    wanted = list(set(version_ids))
    found: dict[int, Rule] = {}
    query = sa.select(t.RuleVersion.id, t.RuleVersion.rule_id, t.RuleVersion.digest).where(t.RuleVersion.id.in_(wanted))
    for version_id, rule_id, digest in session.execute(query):
        rule = home.rules.get(rule_id)
        if rule is None or rule.digest != digest:
            rule = _kept(session.get_one(t.RuleVersion, version_id)) or rule
        if rule is not None:
            found[version_id] = rule
    return found


def _kept(version: t.RuleVersion) -> Rule | None:
    if not version.body.strip():
        return None
    try:
        return from_body(version.body, version.rule_id)
    except BadRule:
        return None  # written for an older form of rules: the book's present sentence will do


def sentences(home: Home, session: Session, flags: Iterable[t.Flag], known: Names, viewer: Viewer) -> dict[int, Text]:
    """The sentence of each flag."""
    flags = list(flags)
    evidence = latest_evidence(session, (f.id for f in flags))
    said = rules_of(home, session, (e.rule_version_id for e in evidence.values()))
    return {f.id: sentence(home, f, evidence.get(f.id), said, known, viewer) for f in flags}


def sentence(
    home: Home,
    flag: t.Flag | t.Echo,
    evidence: t.Evidence | t.Echo | None,
    said: Mapping[int, Rule],
    known: Names,
    viewer: Viewer,
) -> Text:
    """One flag's sentence (an echo is its own evidence); the rule's name where there is no evidence yet."""
    if evidence is None or evidence.rule_version_id not in said:
        return rule_name(home, flag.rule_id)
    figures: dict[str, Any] = {
        "subject": flag.subject,
        "subject_name": flag.subject_name or flag.subject,
        "agency_name": flag.agency_name,
        "period": flag.period,
        "amount": str(evidence.amount) if evidence.amount is not None else None,
        "n": evidence.row_count,
        **evidence.params,
        **evidence.facts,
    }
    rule = said[evidence.rule_version_id]
    told = _in_currency(rule, known.currency(flag.region)).sentence(spelt_out(figures, rule, known, viewer))
    return Text(told.zh, _grammatical(told.en))


def shown_name(viewer: Viewer, subject: str, name: str, agency: str) -> str:
    """What a flag's subject is called. A joined subject, which may hold a payee's full name or account, is not a name."""
    if masking.unmasked(viewer):
        return name or subject
    return name if name and (name != subject or "|" not in subject) else agency


def spelt_out(figures: Mapping[str, Any], rule: Rule, known: Names, viewer: Viewer) -> dict[str, Any]:
    """The figures as a sentence says them: names for codes, a word for a day that nobody recorded."""
    said = dict(figures)
    if not masking.unmasked(viewer):
        # A subject joins codes by which a flag is told from another, a payee's name or account among them.
        said["subject"] = said["subject_name"] = shown_name(
            viewer,
            str(said.get("subject") or ""),
            str(said.get("subject_name") or ""),
            str(said.get("agency_name") or ""),
        )
        said = {k: masking.mask_text(v) if isinstance(v, str) and not v.isascii() else v for k, v in said.items()}
    for name in ("subject", "subject_name"):
        said[name] = known.called(str(said.get(name) or ""))
    for name, values in _CODED.items():
        if said.get(name):
            word = code_name(values, str(said[name]))
            said |= {f"{name}_zh": word.zh, f"{name}_en": word.en.lower()}
    for name, value in figures.items():
        if name.endswith(("_day", "_date", "_on")) and value in (None, ""):
            said |= {f"{name}_zh": "无记录", f"{name}_en": "none on record"}
    if isinstance(said.get("parts"), Mapping):
        masked = "" if masking.unmasked(viewer) else str(said.get("personal") or "")
        said["parts"] = _named_parts(said["parts"], rule.over, known, masked)
    return said


#: Figures that hold a code, and the list that names it.
_CODED = {"book": "book", "item": "disclosure_item"}


def _named_parts(parts: Mapping[str, Any], feed: str, known: Names, personal: str) -> dict[str, Any]:
    """What a model's explanation is written from, with names for the codes of units, regions and subjects.

    A person who was paid is masked (`personal`: yes, unknown or ""), by the rule of `masking.sql_payee`."""

    def value_of(column: str, value: str) -> str:
        if column == "payee_name" and (
            personal == "yes" or (personal == "unknown" and _SHORT_HAN.fullmatch(value.strip()))
        ):
            return masking.mask_name(value) or ""
        return _value(column, value, feed, known)

    named = dict(parts)

    def column_of(column: str) -> str:
        return "agency_name" if column == "agency_code" else column  # its name stands there, so it is called that

    if pair := parts.get("pair"):
        both = zip(pair["columns"], pair["values"], strict=True)
        named["pair"] = {
            **pair,
            "columns": [column_of(c) for c in pair["columns"]],
            "values": [value_of(c, v) for c, v in both],
        }
    if value := parts.get("value"):
        named["value"] = {
            **value,
            "column": column_of(value["column"]),
            "value": value_of(value["column"], value["value"]),
        }
    if (amount := parts.get("amount")) and (group := amount.get("group")):
        group = {**group, "column": column_of(group["column"]), "value": value_of(group["column"], group["value"])}
        named["amount"] = {**amount, "group": group}
    if features := parts.get("features"):
        named["features"] = [
            {**f, "column": column_of(f["column"]), "value": value_of(f["column"], f["value"])} if "value" in f else f
            for f in features
        ]
    return named


def _value(column: str, value: str, feed: str, known: Names) -> str:
    declared = ALL[feed].by_name.get(column)
    if column == "agency_code":
        return known.agencies.get(value, value)
    if column in ("adm_div_code", "recipient_div"):
        return known.called(value)
    if column in ("func_code", "dep_eco_code", "gov_eco_code", "eco_code"):
        name = known.function(value) if column == "func_code" else known.economic(value)
        for length in (5, 3):
            if name.zh == value:
                name = (FUNCTIONS if column == "func_code" else ECONOMIC).get(value[:length], name)
        return value if name.zh == value else f"{value} {name.zh}"
    return code_name(declared.values, value).zh if declared is not None and declared.values else value


def _in_currency(rule: Rule, currency: str) -> Rule:
    """The rule with its message in the currency of the region: rules are written in 元."""
    if currency == "CNY":
        return rule
    unit = UNIT_NAMES.get(currency, currency)
    return dataclasses.replace(rule, message=Text(rule.message.zh.replace("} 元", f"}} {unit}"), rule.message.en))


_ONE = re.compile(r"(?<![\d,.])1 (payments|times|months|days|indicators|figures|rows)\b")


def _grammatical(sentence: str) -> str:
    """English of one thing in the singular, beginning with a capital."""
    singular = _ONE.sub(lambda found: f"1 {found[1].removesuffix('s')}", sentence)
    return singular[:1].upper() + singular[1:]


#: What one of a currency is called in 中文.
UNIT_NAMES = {"CNY": "元", "USD": "美元", "GBP": "英镑", "EUR": "欧元"}


def spoken(amount: Decimal | None, currency: str = "CNY") -> Text:
    """An amount as one says it: 12.35 亿元 · CNY 1.23 billion."""
    if amount is None:
        return Text("—", "—")
    unit = UNIT_NAMES.get(currency, currency)
    size = abs(amount)
    zh = next(((scale, word) for scale, word in _ZH if size >= scale), (Decimal(1), ""))
    en = next(((scale, word) for scale, word in _EN if size >= scale), (Decimal(1), ""))
    return Text(f"{_short(amount / zh[0])} {zh[1]}{unit}", f"{currency} {_short(amount / en[0])}{en[1]}")


def spoken_count(count: int) -> Text:
    """A number of people as one says it: 123.4 万 · 1.23 million."""
    if count < 10_000:
        return Text(f"{count:,} ", f"{count:,}")
    en = f"{count / 1_000_000:.2f} million" if count >= 1_000_000 else f"{count:,}"
    return Text(f"{count / 10_000:,.1f} 万", en)


def percent(value: Decimal | None, *, signed: bool = False) -> str:
    """A ratio as people read it: 3.4%, +3.4%."""
    if value is None:
        return "—"
    return f"{value * 100:+.1f}%" if signed else f"{value * 100:.1f}%"


_ZH = ((Decimal(10) ** 8, "亿"), (Decimal(10) ** 4, "万"))
_EN = ((Decimal(10) ** 9, " billion"), (Decimal(10) ** 6, " million"))


def _short(value: Decimal) -> str:
    return f"{value:,.2f}"
