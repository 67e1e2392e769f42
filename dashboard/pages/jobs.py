"""Long work of one's own: what runs and how long it will take, how the rest ended, and what to do with it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dash import html

from budgetwatch import jobs
from budgetwatch.errors import NotFound
from budgetwatch.feeds.reasons import REASONS
from budgetwatch.jobs import Job, uploads
from budgetwatch.jobs.service import may_start_again
from budgetwatch.jobs.wording import refused, sized, took
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.components import (
    amount,
    breadcrumbs,
    card,
    definition_list,
    empty,
    link_button,
    moment,
    note,
    page_head,
    tiles,
)
from dashboard.components.work import bar, deed_button, live, run_button, state_mark
from dashboard.i18n import say, t

SIZE = 30


def view(asking: Asking) -> tuple[str, Any]:
    """What is under way first, then what ended, newest first. Whoever looks has read it."""
    page = asking.number("page", 1, least=1) or 1
    found = jobs.mine(asking.home, asking.viewer, limit=SIZE + 1, offset=(page - 1) * SIZE)
    running, ended = [j for j in found[:SIZE] if not j.over], [j for j in found[:SIZE] if j.over]
    jobs.seen(asking.home, asking.viewer)
    title = t("后台任务")
    return title, [
        page_head(title, lead=t("较长的工作在服务器上进行；离开页面、关闭浏览器都不会中断它。")),
        card(
            [_open(job) for job in running],
            title=t("进行中"),
            id="jobs-running",
            side=html.Span(str(len(running)), className="count") if running else None,
        )
        if running
        else None,
        card([_ended(asking, job) for job in ended], title=t("已结束"), id="jobs-ended") if ended else None,
        _nothing(asking) if not found else None,
        html.Nav(
            [
                link_button(t("上一页"), asking.same(page=page - 1 or None), id="pager-previous") if page > 1 else None,
                link_button(t("更早的"), asking.same(page=page + 1), id="pager-next") if len(found) > SIZE else None,
            ],
            className="pager",
            **{"aria-label": t("翻页")},
        )
        if page > 1 or len(found) > SIZE
        else None,
    ]


def _nothing(asking: Asking) -> Any:
    viewer = asking.viewer
    ways = [
        link_button(t("报送文件"), "/feeds", id="go-feeds") if viewer.may("take_in") else None,
        run_button(asking),
        link_button(t("去查询并导出"), "/auditor", id="go-auditor") if viewer.may("export") else None,
    ]
    told = [way for way in ways if way]
    return empty(
        t("还没有后台任务。"),
        html.Div(told, className="job-actions") if told else None,
        id="jobs-empty",
    )


def _open(job: Job) -> Any:
    return live(
        job,
        html.Div(
            [html.A(say(job.title), href=f"/jobs/{job.id}", className="job-title row-link"), state_mark(job)],
            className="job-head",
        ),
        bar(job),
        html.Div(
            [
                html.Span([t("开始于"), " ", moment(job.started_at or job.created_at)], className="below"),
                _stop(job, small=True),
            ],
            className="job-foot",
        ),
    )


def _ended(asking: Asking, job: Job) -> Any:
    return html.Article(
        [
            html.Div(
                [
                    html.A(
                        say(job.title), href=f"/jobs/{job.id}", className="job-title row-link", id=f"job-link-{job.id}"
                    ),
                    state_mark(job),
                    html.Span(t("新"), className="badge mark mark-info") if not job.seen else None,
                ],
                className="job-head",
            ),
            html.P(say(jobs.ended(job)), className="job-said"),
            html.Div([_when(job), html.Div(_ways_on(asking, job), className="job-actions")], className="job-foot"),
        ],
        className=f"job is-{job.state}",
        id=f"job-{job.id}",
    )


def _when(job: Job) -> Any:
    parts: list[Any] = [moment(job.finished_at)]
    if job.started_at:
        parts.append(t("用时 {time}", time=say(took(job.seconds))))
    return html.Span([x for n, p in enumerate(parts) for x in ([" · ", p] if n else [p])], className="below")


def _stop(job: Job, *, small: bool = False) -> Any:
    if job.state == "stopping":
        return None
    kind = "quiet-button small" if small else "quiet-button"
    return deed_button(t("停止"), "job.stop", id=f"stop-{job.id}", kind=kind, job=job.id)


def _ways_on(asking: Asking, job: Job) -> list[Any]:
    """What one does next, the likeliest first."""
    ways: list[Any] = []
    result, viewer = job.result, asking.viewer
    if job.kind == "check" and job.state == "done" and uploads.there(asking.home, str(job.asked.get("upload"))):
        if result.get("status") == "accepted":
            kind = "primary" if result.get("rows_accepted") or result.get("rows_rejected") else ""
            ways.append(deed_button(t("接收这个文件"), "job.take_in", id=f"take-in-{job.id}", kind=kind, job=job.id))
        else:
            ways.append(link_button(t("换一个文件"), "/feeds", id=f"other-file-{job.id}"))
    if result.get("batch"):
        ways.append(
            link_button(t("看批次 {n}", n=result["batch"]), f"/feeds/{result['batch']}", id=f"batch-of-{job.id}")
        )
    if job.kind == "run" and job.state == "done":
        if viewer.may("cases") and result.get("new_flags"):
            ways.append(link_button(t("去处理疑点"), "/committee", id=f"cases-of-{job.id}", kind="primary"))
        ways.append(link_button(t("看规则结果"), "/rules", id=f"rules-of-{job.id}"))
    if job.kind == "backtest" and job.state == "done":
        ways.append(
            link_button(t("看回测结果"), f"/rules/tests/{result['back_test']}", id=f"test-of-{job.id}", kind="primary")
        )
    if job.kind == "export" and job.state == "done" and not result.get("removed"):
        ways.append(
            link_button(
                t("下载 {name}", name=result.get("name")), f"/api/jobs/{job.id}/file", id=f"file-of-{job.id}", kind="primary",
                download=True,
            )
        )  # fmt: skip
    if may_start_again(asking.home, job) or (job.kind == "export" and result.get("removed")):
        ways.append(deed_button(t("重新开始"), "job.again", id=f"again-{job.id}", job=job.id))
    return ways


def view_one(asking: Asking) -> tuple[str, Any]:
    """One job: while it is under way with its bar, then with its result."""
    number = asking.parts["job_id"]
    if not number.isdigit():
        raise NotFound(Text("没有这项任务。", "There is no such job."), where=asking.path)
    job = jobs.one(asking.home, asking.viewer, int(number))
    title = say(job.title)
    head = page_head(
        title,
        above=breadcrumbs([(t("后台任务"), "/jobs"), (title, None)]),
        actions=_stop(job) if not job.over else None,
    )
    if not job.over:
        return title, [
            head,
            card(
                live(
                    job,
                    html.Div([state_mark(job)], className="job-head"),
                    bar(job),
                    kind="is-large",
                ),
                note(t("可以离开此页，也可以关闭浏览器：工作会继续，结束时会提示您。")),
            ),
            card(_facts(job), title=t("这项任务")),
        ]
    jobs.seen(asking.home, asking.viewer, job.id)
    ways = _ways_on(asking, job)
    return title, [
        head,
        card(
            html.Div([state_mark(job), _when(job)], className="job-head"),
            html.P(say(jobs.ended(job)), className="job-said is-large", id="job-said"),
            html.Div(ways, className="job-actions") if ways else None,
            id="job-result",
            kind=f"job-card is-{job.state}",
        ),
        _figures(job),
        card(_facts(job), title=t("这项任务")),
    ]


def _figures(job: Job) -> Any:
    """The figures of the result, and why rows were rejected."""
    result = job.result
    if job.kind == "run" and job.state == "done":
        return tiles(
            [
                (f"{result['new_flags']:,}", t("新疑点"), None, "accent", None),
                (f"{result['changed_flags']:,}", t("证据有变"), None, "none", None),
                (f"{result['flagged']:,}", t("本次列出"), None, "none", None),
                (f"{result['could_not_judge']:,}", t("无法判断"), t("缺数据，不当作没有问题"), "none", None),
            ]
        )
    if job.kind in ("take_in", "check") and "rows_in" in result:
        rejected = result.get("rows_rejected")
        return html.Div(
            [
                tiles(
                    [
                        (f"{result['rows_in']:,}", t("收到"), None, "accent", None),
                        (f"{result['rows_accepted']:,}", t("采纳"), None, "down", None),
                        (f"{rejected:,}", t("退回"), None, "up" if rejected else "none", None),
                        (f"{result['rows_repeated']:,}", t("重复"), None, "none", None),
                    ]
                ),
                card(_reasons(result["reasons"]), title=t("为什么退回")) if result.get("reasons") else None,
            ],
            className="stack",
        )
    why = refused(result.get("refusal")) if job.state == "done" else None
    return note(say(why), tone="warn") if why and job.kind != "check" else None


def _reasons(reasons: Mapping[str, int]) -> Any:
    return html.Ul(
        [
            html.Li(
                [
                    html.Strong(f"{n:,}", className="figure"),
                    " × ",
                    say(REASONS[code].fill(column="…", value="…")) if code in REASONS else code,
                ]
            )
            for code, n in sorted(reasons.items(), key=lambda item: -item[1])
        ],
        className="bullets",
    )


def _facts(job: Job) -> Any:
    """With what it was started, and what came of it."""
    asked, result = job.asked, job.result
    pairs: list[tuple[Any, Any]] = [
        (t("文件"), asked.get("name")),
        (t("格式说明"), asked.get("profile")),
        (t("规则"), t("、").join(asked["rule_ids"]) if asked.get("rule_ids") else t("全部") if job.kind == "run" else None),
        (t("基准日"), result.get("as_of")),
        (t("筛选条件"), " · ".join(f"{v}" for v in asked["filter"].values()) if asked.get("filter") else None),
        (t("大小"), sized(int(result["bytes"])) if result.get("bytes") else None),
        (t("保留到"), result.get("until")),
        (t("金额合计"), amount(Decimal(result["amount_sum"]), result.get("currency", "CNY"), with_unit=True)
         if result.get("amount_sum") else None),
        (t("提交时间"), moment(job.created_at)),
        (t("开始时间"), moment(job.started_at) if job.started_at else None),
        (t("结束时间"), moment(job.finished_at) if job.finished_at else None),
    ]  # fmt: skip
    return definition_list([(name, value) for name, value in pairs if value not in (None, "")])
