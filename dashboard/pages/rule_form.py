"""Drafting a rule in a form: the condition from rows of column, relation and value, with what it hits shown at once."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.errors import BudgetwatchError, Denied
from budgetwatch.lifecycle import drafting
from budgetwatch.lifecycle.condition import JOINS, MOST_GROUPS, RELATIONS, relations_of, sentence
from budgetwatch.queries.preview import Preview, preview
from budgetwatch.records import ALL
from budgetwatch.records.codes import LISTS, SEVERITIES
from budgetwatch.records.types import Feed
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.components import (
    amount,
    area,
    breadcrumbs,
    button,
    card,
    chooser,
    columns_of,
    empty,
    field,
    hidden,
    note,
    page_head,
    stats,
    table,
)
from dashboard.i18n import say, spoken, t
from dashboard.ruling import condition_of

#: Rows shown of a new condition, and at most of one group.
_ROWS, _MOST = 2, 8


def view(asking: Asking) -> tuple[str, Any]:
    """The form; every field stands in the address once it was previewed."""
    if not asking.viewer.may("draft_rules"):
        raise Denied(
            Text("您的角色不能起草规则。", "Your role may not draft rules."),
            fix=Text("请让经办、负责人或审计人员起草。", "Ask a reviewer, a lead or an auditor."),
        )
    title = t("起草规则")
    fields = {name: values[-1] for name, values in asking.query.items() if values}
    over = fields.get("over") or "payment"
    feed = ALL[over] if over in drafting.feeds() else ALL["payment"]
    fields["over"] = feed.name
    form = html.Form(
        [
            _what(fields),
            _condition(fields, feed),
            # The first button of a form is what Enter presses: a look, never a draft.
            html.Div([button(t("看会命中什么"), id="preview", kind="primary")], className="job-actions"),
            _shown(asking, fields),
            _why(asking, fields),
            html.Div([_do(t("保存为草稿"), "save", id="save-draft")], className="job-actions"),
        ],
        id="draft-form",
        className="stack draft",
        **{"data-deed": "rule.draft"},
    )
    return title, [
        page_head(
            title,
            lead=t("选栏目、关系，填取值，不用写程序。先看上个月会命中什么，再写理由和依据，保存后还要回测和批准。"),
            above=breadcrumbs([(t("规则"), "/rules"), (title, None)]),
        ),
        form,
    ]


def _do(word: str, value: str, *, id: str, kind: str = "") -> Any:
    """A button of the form that says which of its deeds is meant."""
    return html.Button(word, id=id, type="submit", name="do", value=value, className=f"button {kind}".strip())


def _what(fields: dict[str, str]) -> Any:
    feeds = [(name, say(feed.label)) for name, feed in drafting.feeds().items()]
    feed = ALL[fields["over"]]
    subjects = [(name, say(label)) for name, label in drafting.subjects_of(feed).items()]
    periods = [(name, say(label)) for name, label in drafting.periods_of(feed).items()]
    return card(
        html.Div(
            [
                chooser(t("看哪种数据"), "over", feeds, id="draft-over", value=feed.name),
                chooser(t("归集到"), "subject", subjects, id="draft-subject", value=fields.get("subject") or subjects[0][0]),
                chooser(t("期间"), "period", periods, id="draft-period", value=fields.get("period") or periods[0][0]),
                chooser(
                    t("等级"), "severity", [(s, say(w)) for s, w in SEVERITIES.items()], id="draft-severity",
                    value=fields.get("severity") or "yellow",
                ),
            ],
            className="fields",
        ),
        html.P(t("换一种数据后请先按“看会命中什么”，栏目会随之更换。"), className="below"),
        title=t("看什么"),
    )  # fmt: skip


def _condition(fields: dict[str, str], feed: Feed) -> Any:
    groups = max(_whole(fields, "groups", 1), 1 + max((g for g in range(MOST_GROUPS) if _filled(fields, g)), default=0))
    groups = min(groups, MOST_GROUPS)
    parts: list[Any] = [hidden("groups", groups, id="draft-groups")]
    for g in range(groups):
        parts.append(_group(fields, feed, g, groups))
    if groups > 1:
        joins = [(name, say(label)) for name, label in JOINS.items()]
        parts.append(chooser(t("各组之间"), "join", joins, id="draft-join", value=fields.get("join") or "all"))
    if groups < MOST_GROUPS:
        parts.append(
            html.Div([_do(t("再加一组"), "group", id="add-group", kind="quiet-button")], className="job-actions")
        )
    return card(*parts, title=t("条件"), id="condition")


def _group(fields: dict[str, str], feed: Feed, g: int, groups: int) -> Any:
    filled = _filled(fields, g)
    rows = min(max(_ROWS, filled + 1), _MOST)
    joins = [(name, say(label)) for name, label in JOINS.items()]
    columns = sorted(
        ((c.name, say(c.label)) for c in feed.columns), key=lambda pair: pair[0] not in ("amount", "pay_date")
    )
    return html.Fieldset(
        [
            html.Legend(t("第 {n} 组", n=g + 1) if groups > 1 else t("下列各行")),
            chooser(t("各行之间"), f"j{g}", joins, id=f"draft-j{g}", value=fields.get(f"j{g}") or "all"),
            *[_row(fields, feed, g, n, columns) for n in range(rows)],
        ],
        className="condition-group",
    )


def _filled(fields: dict[str, str], g: int) -> int:
    return sum(1 for n in range(_MOST) if fields.get(f"c{g}_{n}"))


def _row(fields: dict[str, str], feed: Feed, g: int, n: int, columns: list[tuple[str, str]]) -> Any:
    """One comparison; once its column is known, only the relations that go with it, and the words of its list."""
    chosen = fields.get(f"c{g}_{n}", "")
    column = feed.by_name.get(chosen)
    known = relations_of(column) if column else [(name, label) for name, (label, _) in RELATIONS.items()]
    words = [(code, say(label)) for code, label in LISTS[column.values].items()] if column and column.values else []
    ways = [(name, say(label)) for name, label in known]
    which = t("第 {n} 行", n=n + 1)
    return html.Div(
        [
            chooser(f"{which} · {t('栏目')}", f"c{g}_{n}", columns, id=f"c{g}_{n}", value=chosen, every=t("（不用这一行）")),
            chooser(f"{which} · {t('关系')}", f"r{g}_{n}", ways, id=f"r{g}_{n}", value=fields.get(f"r{g}_{n}", ""), every=t("请选择")),
            field(f"{which} · {t('取值')}", f"v{g}_{n}", id=f"v{g}_{n}", value=fields.get(f"v{g}_{n}", ""), options=words),
        ],
        className="condition-row",
    )  # fmt: skip


def _shown(asking: Asking, fields: dict[str, str]) -> Any:
    """What the condition would hit in the last month of facts; what is wrong with it, where it is."""
    if not fields.get("shown"):
        return None
    condition = condition_of(fields)
    try:
        found = preview(asking.home, asking.viewer, condition)
    except BudgetwatchError as error:
        return card(note(error.sentence(spoken()), tone="warn"), title=t("会命中什么"), id="preview-box")
    return card(
        html.P(say(sentence(condition)), className="lead", id="preview-said"),
        stats(_figures(found), id="preview-stats"),
        table(columns_of(found.headings), found.rows, caption=t("最前面的几行"), id="preview-rows") if found.rows else empty(t("这段时间里没有命中。")),
        title=t("上个月会命中什么") if found.first else t("会命中什么"),
        id="preview-box",
    )  # fmt: skip


def _figures(found: Preview) -> list[tuple[Any, ...]]:
    when = t("{a} 至 {b}", a=found.first, b=found.last) if found.first else t("全部数据")
    told: list[tuple[Any, ...]] = [
        (t("命中"), f"{found.hits:,}", when),
        (t("看了"), f"{found.looked_at:,}", None),
        (t("缺栏目，无法判断"), f"{found.lacking:,}", None),
    ]
    if found.units is not None:
        told.append((t("单位"), f"{found.units:,}", None))
    if found.amount is not None:
        told.append((t("金额"), amount(found.amount, with_unit=True), None))
    return told


def _why(asking: Asking, fields: dict[str, str]) -> Any:
    laws = [(name, say(law.title)) for name, law in asking.home.files.laws.items()]
    return card(
        html.Div(
            [
                field(
                    t("编号"),
                    "rule_id",
                    id="draft-id",
                    value=fields.get("rule_id", ""),
                    hint=t("如 PY-77，不与已有规则重复"),
                ),
                field(t("名称"), "name", id="draft-name", value=fields.get("name", "")),
                field(
                    t("英文名称"), "name_en", id="draft-name-en", value=fields.get("name_en", ""), hint=t("可以不填")
                ),
                chooser(t("法律"), "law", laws, id="draft-law", value=fields.get("law", ""), every=t("（不引法律）")),
                field(t("第几条"), "article", id="draft-article", value=fields.get("article", "")),
                field(t("或者：通行做法"), "practice", id="draft-practice", value=fields.get("practice", "")),
            ],
            className="fields",
        ),
        area(t("为什么"), "why", id="draft-why", rows=2, value=fields.get("why", "")),
        area(t("核查要点"), "check", id="draft-check", rows=3, value=fields.get("check", ""), hint=t("一行一条")),
        area(
            t("也可能是因为"),
            "otherwise",
            id="draft-otherwise",
            rows=3,
            value=fields.get("otherwise", ""),
            hint=t("一行一条"),
        ),
        area(t("起草说明"), "note", id="draft-note", rows=2, value=fields.get("note", "")),
        title=t("理由和依据"),
    )


def _whole(fields: dict[str, str], name: str, default: int) -> int:
    try:
        return int(fields.get(name, ""))
    except ValueError:
        return default
