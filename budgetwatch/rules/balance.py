"""Two sums that must agree, as SQL: both sides by the same columns, and where they differ by more than is tolerated.

A row that lacks what it is summed by, or the sum itself, belongs to no group: how many there are on a side is told as
something that could not be judged, once a side. A group that only one side knows is a difference, could not be judged,
or is passed over, as the rule says (`missing`). Currencies are never added together: where both feeds have one, it is
one more thing that both are summed by.

The rows of a difference are gathered in a second pass over those groups only; listing the rows of every group of ten
million payments would hold them all in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from budgetwatch.records import ALL
from budgetwatch.rules.model import BalanceSpec, ByPair, SumSide
from budgetwatch.rules.sql import Value, bind

if TYPE_CHECKING:
    from budgetwatch.rules.rule import Rule

#: Why nothing is said: rows of one side are incomplete, or one side does not know the group.
INCOMPLETE = {"left": "left_incomplete", "right": "right_incomplete"}
ONE_SIDED = "one_sided"
#: What a finding of this form can say of itself.
FIGURES = ("left", "right", "difference")


def names(spec: BalanceSpec) -> list[str]:
    """What both sides are summed by, by name."""
    return [pair.as_ if isinstance(pair, ByPair) else pair for pair in spec.by]


def by(spec: BalanceSpec, side: str) -> list[str]:
    """What one side is summed by: columns or expressions of its columns."""
    return [getattr(pair, side) if isinstance(pair, ByPair) else pair for pair in spec.by]


def plain_columns(rule: Rule) -> set[str]:
    """The columns of `over` that both sides name plainly: rows without them are counted by column, before all else."""
    spec, has = rule.balance, ALL[rule.over].by_name
    sides = [(side, getattr(spec, side)) for side in ("left", "right")]
    mine = [{*by(spec, name), side.sum} for name, side in sides if side.from_ == rule.over]
    return set.intersection(*mine) & set(has) if mine else set()


def question(rule: Rule, values: Mapping[str, Value]) -> str:
    """The SELECT of the differences, and of what cannot be judged."""
    spec = rule.balance
    keys = [f"k{n}" for n in range(len(spec.by))]
    same_money = all("currency" in ALL[side.from_].by_name for side in (spec.left, spec.right))
    if same_money and "currency" not in names(spec):
        keys.append("money")
    listed, on = ", ".join(keys), " AND ".join(f"l.{key} = r.{key}" for key in keys)
    parts = []
    for name, side in (("left", spec.left), ("right", spec.right)):
        parts.append(f"{name}_rows AS NOT MATERIALIZED ({_rows(spec, name, side, 'money' in keys)})")
        parts.append(
            f"{name}_sums AS (SELECT {listed}, sum(summed) AS summed FROM {name}_rows WHERE whole GROUP BY {listed})"
        )
    merged = ", ".join(f"coalesce(l.{key}, r.{key}) AS {key}" for key in keys)
    parts.append(
        f"pairs AS (SELECT {merged}, l.summed AS left_sum, r.summed AS right_sum, "
        f"(coalesce(l.summed, 0) - coalesce(r.summed, 0)) AS difference "
        f"FROM left_sums l FULL JOIN right_sums r ON {on})"
    )
    one_sided = "(left_sum IS NULL OR right_sum IS NULL)"
    keep = {
        "flag": "abs(difference) > ({tolerance})",
        "cannot": f"{one_sided} OR abs(difference) > ({{tolerance}})",
        "ignore": f"NOT {one_sided} AND abs(difference) > ({{tolerance}})",
    }[spec.missing].format(tolerance=spec.tolerance)
    parts.append(f"differ AS MATERIALIZED (SELECT * FROM pairs WHERE {keep})")
    gathered = " UNION ALL ".join(
        f"SELECT {', '.join(f'd.{key}' for key in keys)}, {_who(rule.over)} FROM {name}_rows d "
        f"SEMI JOIN differ g ON {' AND '.join(f'd.{key} = g.{key}' for key in keys)} WHERE d.whole"
        for name, side in (("left", spec.left), ("right", spec.right))
        if side.from_ == rule.over
    )
    parts.append(
        f"evidence AS (SELECT {listed}, list(_row) AS rows, CASE WHEN min(agency) = max(agency) THEN min(agency) END AS agency, "
        "max(agency_name) AS agency_name, CASE WHEN min(region) = max(region) THEN min(region) END AS region "
        f"FROM ({gathered}) GROUP BY {listed})"
    )
    told = [_answer(spec, keys, one_sided)]
    told += [
        f"SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{INCOMPLETE[name]}', NULL, NULL, NULL "
        f"FROM (SELECT count(*) AS n FROM {name}_rows WHERE whole IS NOT TRUE) WHERE n > 0"
        for name in ("left", "right")
    ]
    return bind(f"WITH {', '.join(parts)} {' UNION ALL '.join(told)}", values)


def _rows(spec: BalanceSpec, name: str, side: SumSide, money: bool) -> str:
    """The rows of one side: what each is summed by, its amount, and whether it is `whole`."""
    keys = [f"(\n{expression}\n) AS k{n}" for n, expression in enumerate(by(spec, name))]
    present = [f"(\n{expression}\n) IS NOT NULL" for expression in [*by(spec, name), side.sum]]
    if money:
        keys.append("coalesce(currency, 'CNY') AS money")
    condition = f"\n{side.when or 'true'}\n"
    who = [c for c in ("agency_code", "agency_name", "adm_div_code") if c in ALL[side.from_].by_name]
    return (
        f"SELECT {', '.join([*keys, *(f'{c} AS _{c}' for c in who)])}, _row, (\n{side.sum}\n) AS summed, "
        f"({condition}) AND {' AND '.join(present)} AS whole FROM {side.from_} WHERE ({condition}) IS NOT FALSE"
    )


def _who(over: str) -> str:
    has = ALL[over].by_name
    told = [
        f"{f'd._{c}' if c in has else 'NULL::VARCHAR'} AS {alias}"
        for c, alias in (("agency_code", "agency"), ("agency_name", "agency_name"), ("adm_div_code", "region"))
    ]
    return ", ".join(["d._row", *told])


def _answer(spec: BalanceSpec, keys: list[str], one_sided: str) -> str:
    at = {name: f"p.k{n}" for n, name in enumerate(names(spec))}
    subject = f"concat_ws('|', {', '.join(f'{at[name]}::VARCHAR' for name in spec.subject)})"
    # A month that is a number stands as two digits: 2025-03.
    period = ", ".join(
        f"lpad({at[n]}::VARCHAR, greatest(length({at[n]}::VARCHAR), 2)::INTEGER, '0')" for n in spec.periods
    )
    agency = f"{at['agency_code']}::VARCHAR" if "agency_code" in at else "e.agency"
    region = f"{at['adm_div_code']}::VARCHAR" if "adm_div_code" in at else "e.region"
    named = f"CASE WHEN {agency} IS NOT NULL THEN e.agency_name END"
    cannot = f"CASE WHEN {one_sided} THEN '{ONE_SIDED}' END" if spec.missing == "cannot" else "NULL::VARCHAR"
    on = " AND ".join(f"p.{key} = e.{key}" for key in keys)
    return (
        f"SELECT {subject} AS subject, coalesce({named}, concat_ws(' · ', {', '.join(f'{at[n]}::VARCHAR' for n in spec.subject)})) AS subject_name, "
        f"{f'concat_ws({chr(39)}-{chr(39)}, {period})' if period else chr(39) * 2} AS period, {agency} AS agency_code, {named} AS agency_name, "
        f"{region} AS adm_div_code, abs(difference)::DECIMAL(38,2) AS amount, e.rows AS rows, {cannot} AS cannot, "
        'left_sum AS "left", right_sum AS "right", difference '
        f"FROM differ p LEFT JOIN evidence e ON {on}"
    )
