"""Drafting a rule in a form, or changing one: the condition from rows of column, relation and value, with what it hits and
what differs shown at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dash import html

from budgetwatch import lifecycle
from budgetwatch.errors import BudgetwatchError, Denied
from budgetwatch.lifecycle import diff, drafting, reading, writing
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
    disclosure,
    empty,
    field,
    hidden,
    link_button,
    note,
    page_head,
    stats,
    table,
)
from dashboard.components.helping import page_help
from dashboard.components.laws import quotes_of
from dashboard.i18n import say, spoken, t
from dashboard.pages.rule_editions import changes_list
from dashboard.ruling import condition_of, text_of

#: Rows shown of a new condition, and at most of one group.
_ROWS, _MOST = 2, 8


def view(asking: Asking) -> tuple[str, Any]:
    """The form; every field stands in the address once it was previewed."""
    if not asking.viewer.may("draft_rules"):
        raise Denied(
            Text("您的角色不能起草规则。", "Your role may not draft rules."),
            fix=Text("请让经办、负责人或审计人员起草。", "Ask a reviewer, a lead or an auditor."),
        )
    fields = {name: values[-1] for name, values in asking.query.items() if values}
    base = _base(asking, fields)
    over = fields.get("over") or "payment"
    feed = ALL[over] if over in drafting.feeds() else ALL["payment"]
    fields["over"] = feed.name
    asks = base is None or base.said.condition is not None
    title = t("修改规则 {rule}", rule=base.rule_id) if base else t("起草规则")
    form = html.Form(
        [
            hidden("change", base.rule_id, id="draft-change") if base else None,
            _what(fields, base),
            _condition(fields, feed) if asks else _beyond(base),
            # The first button of a form is what Enter presses: a look, never a draft.
            html.Div(
                [button(t("看会命中什么") if asks else t("看会改动什么"), id="preview", kind="primary")], className="job-actions"
            ),
            _shown(asking, fields) if asks else None,
            _differs(asking, fields, base) if base else None,
            _why(asking, fields, base),
            html.Div([_do(t("保存为草稿"), "save", id="save-draft")], className="job-actions"),
        ],
        id="draft-form",
        className="stack draft",
        **{"data-deed": "rule.draft"},
    )  # fmt: skip
    lead = (
        t("改动先成为一个新版本：经回测、提请和另一人批准后才会启用；正在执行的文字不变。")
        if base
        else t("选栏目、关系，填取值，不用写程序。先看上个月会命中什么，再写理由和依据，保存后还要回测和批准。")
    )
    above = [(t("规则"), "/rules"), *([(base.rule_id, f"/rules/{base.rule_id}")] if base else []), (title, None)]
    return title, [page_head(title, lead=lead, above=breadcrumbs(above), actions=page_help(asking)), form]


@dataclass(frozen=True, slots=True)
class Base:
    """The rule that is changed: its text in force, and what of it the form can say."""

    rule_id: str
    body: str
    said: reading.Said


def _base(asking: Asking, fields: dict[str, str]) -> Base | None:
    """The rule that the address says is to be changed; at first the form is filled with what it says."""
    rule_id = fields.get("change", "")
    if not rule_id:
        return None
    body = lifecycle.service.body_in_force(asking.home, rule_id)
    parts = writing.parts(body)
    if not fields.get("shown"):
        fields |= reading.fields_of(parts)
    fields |= {"rule_id": rule_id, "over": str(parts["over"])}
    return Base(rule_id, body, reading.read(parts))


def _beyond(base: Base | None) -> Any:
    """Which part no row can say, and the way on: the text itself."""
    if base is None or base.said.beyond is None:
        return None
    return card(
        note(t("这条规则的条件不能在表单里改：{part}。下面的文字和等级可以改，条件照旧。", part=say(base.said.beyond)), tone="calm"),
        html.P(t("只想换取值，请在规则页上改参数。要改条件，请下载规则文字，改好后在服务器上提出："), className="below"),
        html.P(html.Code(f"budgetwatch rules draft {base.rule_id}.yml --as LOGIN --note …")),
        html.Div(
            [
                link_button(
                    t("下载规则文字"), f"/api/rules/{base.rule_id}/text", id="rule-text", download=True
                ),
                link_button(t("去改参数"), f"/rules/{base.rule_id}#params-box", id="to-params"),
            ],
            className="job-actions",
        ),
        title=t("命中条件"),
        id="condition",
    )  # fmt: skip


def _differs(asking: Asking, fields: dict[str, str], base: Base) -> Any:
    """What saving would change, part by part, once it was looked at."""
    if not fields.get("shown"):
        return None
    try:
        found = diff.changes(base.body, text_of(asking, fields))
    except BudgetwatchError as error:
        return card(note(error.sentence(spoken()), tone="warn"), title=t("会改动什么"), id="differs")
    return card(changes_list(found), title=t("会改动什么"), id="differs")


def _do(word: str, value: str, *, id: str, kind: str = "") -> Any:
    """A button of the form that says which of its deeds is meant."""
    return html.Button(word, id=id, type="submit", name="do", value=value, className=f"button {kind}".strip())


def _what(fields: dict[str, str], base: Base | None) -> Any:
    severity = chooser(
        t("等级"), "severity", [(s, say(w)) for s, w in SEVERITIES.items()], id="draft-severity",
        value=fields.get("severity") or "yellow",
    )  # fmt: skip
    if base is not None and base.said.condition is None:
        return card(html.Div([severity], className="fields"), title=t("看什么"))
    feeds = [(name, say(feed.label)) for name, feed in drafting.feeds().items()]
    feed = ALL[fields["over"]]
    subjects = [(name, say(label)) for name, label in drafting.subjects_of(feed).items()]
    periods = [(name, say(label)) for name, label in drafting.periods_of(feed).items()]
    return card(
        html.Div(
            [
                chooser(t("看哪种数据"), "over", feeds, id="draft-over", value=feed.name)
                if base is None else hidden("over", feed.name, id="draft-over"),
                chooser(t("归集到"), "subject", subjects, id="draft-subject", value=fields.get("subject") or subjects[0][0])
                if base is None or base.said.subject else None,
                chooser(t("期间"), "period", periods, id="draft-period", value=fields.get("period") or periods[0][0]),
                severity,
            ],
            className="fields",
        ),
        html.P(t("换一种数据后请先按“看会命中什么”，栏目会随之更换。"), className="below") if base is None else None,
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
    parts.append(_least(fields, feed))
    return card(*parts, title=t("命中条件"), id="condition")


def _least(fields: dict[str, str], feed: Feed) -> Any:
    """What the hits of one subject and period must come to before they are a flag."""
    return html.Fieldset(
        [
            html.Legend(t("归集后至少")),
            html.Div(
                [
                    field(
                        t("合计不少于（元）"), "least_amount", id="draft-least-amount", value=fields.get("least_amount", ""),
                        hint=t("可以不填"), mode="decimal",
                    ) if "amount" in feed.by_name else None,
                    field(
                        t("笔数不少于"), "least_rows", id="draft-least-rows", value=fields.get("least_rows", ""), hint=t("可以不填"),
                        mode="numeric",
                    ),
                ],
                className="fields",
            ),
        ],
        className="condition-group",
    )  # fmt: skip


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
        found = preview(
            asking.home, asking.viewer, condition, subject=fields.get("subject", ""), period=fields.get("period", "")
        )
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
        (t("归集成疑点"), f"{found.flags:,}", None),
        (t("看了"), f"{found.looked_at:,}", None),
        (t("缺栏目，无法判断"), f"{found.lacking:,}", None),
    ]
    if found.units is not None:
        told.append((t("单位"), f"{found.units:,}", None))
    if found.amount is not None:
        told.append((t("金额"), amount(found.amount, with_unit=True), None))
    return told


def _why(asking: Asking, fields: dict[str, str], base: Base | None) -> Any:
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
                )
                if base is None
                else hidden("rule_id", base.rule_id, id="draft-id"),
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
        quotes_of(asking, fields.get("law", ""), fields.get("article", ""), id="draft-law-text"),
        area(t("为什么"), "why", id="draft-why", rows=2, value=fields.get("why", ""), lang="zh-Hans"),
        area(
            t("核查要点"),
            "check",
            id="draft-check",
            rows=3,
            value=fields.get("check", ""),
            lang="zh-Hans",
            hint=t("一行一条"),
        ),
        area(
            t("也可能是因为"),
            "otherwise",
            id="draft-otherwise",
            rows=3,
            value=fields.get("otherwise", ""),
            lang="zh-Hans",
            hint=t("一行一条"),
        ),
        area(
            t("疑点说明"),
            "message",
            id="draft-message",
            rows=2,
            value=fields.get("message", ""),
            lang="zh-Hans",
            hint=t("花括号里是数字的名字，照写即可"),
        )
        if base
        else None,
        _english(fields, base),
        area(t("起草说明"), "note", id="draft-note", rows=2, value=fields.get("note", "")),
        title=t("理由和依据"),
    )


def _english(fields: dict[str, str], base: Base | None) -> Any:
    """The same words in English, for those who have them; 中文 stands for what is left out."""
    parts = [("why_en", t("为什么"), 2), ("check_en", t("核查要点"), 3), ("otherwise_en", t("也可能是因为"), 3)]
    parts += [("message_en", t("疑点说明"), 2)] if base else []
    boxes = [
        area(
            t("{what}（英文）", what=label), name, id=f"draft-{name}", rows=rows, value=fields.get(name, ""), lang="en"
        )
        for name, label, rows in parts
    ]
    told = any(fields.get(name) for name, *_ in parts)
    return disclosure(t("英文（可以不填）"), *boxes, id="draft-english", open=bool(told and base))


def _whole(fields: dict[str, str], name: str, default: int) -> int:
    try:
        return int(fields.get(name, ""))
    except ValueError:
        return default
