"""Long work on any page: the button that starts it, and one job with its bar, which `assets/work.js` keeps current."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch import jobs
from budgetwatch.jobs import Job
from budgetwatch.jobs.wording import STATES
from dashboard.asking import Asking
from dashboard.components.badges import mark
from dashboard.components.forms import button, hidden, link_button
from dashboard.i18n import say, t

#: From so many rows on an export is made in the background, where nobody has to wait for it.
LARGE_EXPORT = 200_000
TONES = {"done": "good", "failed": "bad", "stopped": "warn", "running": "info", "waiting": "calm", "stopping": "warn"}


def deed_button(word: str, deed: str, *, id: str, kind: str = "", **fields: Any) -> Any:
    """A button that does one thing, as a form of its own."""
    return html.Form(
        [*(hidden(name, value, id=f"{id}-{name}") for name, value in fields.items()), button(word, id=id, kind=kind)],
        id=f"{id}-form",
        className="deed-button",
        **{"data-deed": deed},
    )


def run_button(asking: Asking, *, rule_id: str = "", kind: str = "") -> Any:
    """Run all rules, or one; while a run of one's own is under way, the way to it. Nothing for who may not."""
    if not asking.viewer.may("run"):
        return None
    under_way = next(
        (j for j in jobs.mine(asking.home, asking.viewer, limit=8) if j.kind == "run" and not j.over), None
    )
    if under_way is not None:
        return link_button(t("规则正在运行…"), f"/jobs/{under_way.id}", id="run-rules-open", kind=kind)
    word = t("运行这条规则") if rule_id else t("运行全部规则")
    return deed_button(word, "job.run", id="run-rules", kind=kind, **({"rule_id": rule_id} if rule_id else {}))


def export_buttons(query: str) -> list[Any]:
    """Instead of the links that fetch a file at once, where the result is large: made in the background."""
    words = (("xlsx", t("在后台导出 Excel")), ("csv", t("在后台导出 CSV")))
    return [deed_button(word, "job.export", id=f"export-{form}", format=form, query=query) for form, word in words]


def state_mark(job: Job) -> Any:
    """How a job stands, in a word."""
    return mark(say(STATES[job.state]), TONES.get(job.state, "calm"))


def bar(job: Job) -> Any:
    """What an open job does now, how much is done, how long it will take. Each changing word stands alone."""
    doing = say(jobs.standing(job))
    known = job.state != "waiting"
    left = say(jobs.left_words(job.left)) if job.state == "running" else ""
    return html.Div(
        [
            html.Div(
                [
                    html.Span(doing, className="progress-words", **{"data-part": "doing"}),
                    html.Span(
                        [
                            html.Span(f"{job.share:.0%}" if known else " ", **{"data-part": "share"}),
                            html.Span(left or " ", className="progress-left", **{"data-part": "left"}),
                        ],
                        className="figure",
                    ),
                ],
                className="progress-head",
            ),
            html.Progress(
                max="1",
                **({"value": f"{job.share:.4f}"} if known else {}),
                className="progress-bar",
                **{"data-part": "bar", "aria-label": say(job.title)},
            ),
        ],
        className="progress",
        id=f"job-progress-{job.id}",
    )


def live(job: Job, *children: Any, kind: str = "") -> Any:
    """The box of a job that is under way; the script finds it by its number, and redraws the page when it ends."""
    return html.Article(
        list(children), className=f"job {kind}".strip(), id=f"job-{job.id}", **{"data-job": str(job.id), "data-state": job.state}
    )  # fmt: skip
