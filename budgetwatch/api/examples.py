"""What answers look like, for the OpenAPI document: one example for each address, all names invented."""

from __future__ import annotations

from typing import Any

_CASE = {
    "case_id": 12, "flag_id": 31, "rule_id": "PY-07", "rule_name": "大额现金支付", "severity": "orange", "state": "new",
    "subject_name": "青岚区教育局", "agency_name": "青岚区教育局", "region": "990102", "region_name": "青岚区", "period": "2025-03",
    "amount": "20000.05", "due_on": "2026-01-12", "overdue": False, "assignee": "", "opened_at": "2026-01-05T08:00:00+00:00",
    "sentence": "青岚区教育局 2025-03 现金支付 2 笔，合计 20,000.05 元。",
}  # fmt: skip
_PAYMENT = {
    "_row": 8796093022336, "voucher_no": "V1", "pay_date": "2025-03-03", "agency_code": "990102-A01", "agency_name": "青岚区教育局",
    "payee_name": "云岭市新华文具有限公司", "purpose": "办公用品", "amount": "100000.01", "currency": "CNY", "batch": 1, "line": 2,
}  # fmt: skip


def _listing(row: dict[str, Any], totals: dict[str, str] | None = None) -> dict[str, Any]:
    heading = [{"name": name, "label": name, "kind": "text"} for name in list(row)[:1]]
    return {"headings": heading, "rows": [row], "total": 1, "totals": totals or {}}


_JOB = {
    "id": 7, "kind": "run", "title": "运行全部规则", "state": "running", "state_name": "进行中", "share": 0.42, "doing": "大额现金支付",
    "left_seconds": 170, "left": "还需约 3 分钟", "took": None, "said": None, "result": {}, "seen": False, "page": "/jobs/7",
    "created_at": "2026-01-05T08:00:00+00:00", "started_at": "2026-01-05T08:00:01+00:00", "finished_at": None,
}  # fmt: skip

EXAMPLES: dict[str, Any] = {
    "jobs": {"jobs": [_JOB], "running": 1, "unread": 0, "words": {"open": "查看", "read": "知道了", "badge": "后台任务"}},
    "job": _JOB,
    "me": {
        "login": "reviewer", "name": "经办一", "role": "reviewer", "role_name": "预算工委经办", "region": "9901",
        "region_name": "云岭市（全市）", "agency_code": None, "powers": ["cases", "flags", "work_cases"],
    },
    "queue": _listing(_CASE, {"CNY": "20000.05"}),
    "counts": {
        "by_state": {"new": 3, "taken": 1}, "by_severity": {"red": 1, "orange": 3}, "by_rule": {"PY-07": 4}, "open": 4,
        "overdue": 0, "mine": 1, "leads": 20,
    },
    "case": {
        **_CASE, "version": 0, "rule": {"id": "PY-07", "name": "大额现金支付", "law": ["《现金管理暂行条例》第五条"]},
        "steps": [], "replies": [], "echoes": [], "moves": [{"action": "take", "label": "受理初核", "needs": []}], "evidence": _listing(_PAYMENT),
    },
    "flags": _listing({**_CASE, "kind": "rule", "score": None}),
    "leads": _listing({"flag_id": 40, "score": 0.98, "subject_name": "青岚区教育局", "case_id": None}),
    "payments": _listing(_PAYMENT, {"CNY": "100000.01"}),
    "totals": _listing(
        {
            "code": "2025-03", "name": "2025-03", "currency": "CNY", "amount": "100000.01", "count": 1, "share": "1.0000",
            "filter": {"first_day": "2025-03-01", "last_day": "2025-03-31"},
        },
        {"CNY": "100000.01"},
    ),
    "voucher": {
        "row": 8796093022336, "fields": [[{"name": "amount", "label": "金额", "kind": "money"}, "100000.01"]], "batch": 1,
        "file_name": "payments-2025-03.csv", "line": 2, "sender": "云岭市财政局", "flags": [],
    },
    "preview": {
        "year": 2026, "region": "990102", "region_name": "青岚区", "currency": "CNY", "by": "function", "population": 800000,
        "rows": [
            {
                "code": "205", "name": "教育", "draft": "420000.10", "last_budget": "350000.00", "last_actual": "120000.11",
                "change": "70000.10", "change_ratio": "0.2000", "execution_ratio": "0.3429", "share": "0.8400", "per_head": "0.53",
                "has_children": True, "drill": {"by": "function", "func": "205", "region": "990102"}, "attention": 1,
            }
        ],
        "basis": {"draft": "draft", "last_budget": "approved", "last_actual": "payment"},
    },
    "headline": [
        {
            "key": "total", "label": "总支出", "value": "500000.10", "kind": "money", "currency": "CNY", "tone": "up",
            "sentence": "2026 年预算（草案）安排支出 50.00 万元，比上年预算增加 15.00 万元（+42.9%）。",
        }
    ],
    "trend": [{"year": 2025, "budget": "350000.00", "actual": "120000.11", "draft": None}],
    "regions": [{"code": "990102", "name": "青岚区", "level": "district", "depth": 1}],
    "questions": _listing({"id": 1, "budget_year": 2026, "line": "教育", "text": "增加的部分用于哪些学校？", "answers": 0}),
    "question": {"id": 1, "budget_year": 2026, "line": "教育", "text": "增加的部分用于哪些学校？", "answers": []},
    "rules": _listing({"rule_id": "PY-07", "name": "大额现金支付", "severity": "orange", "flagged": 4, "could_not_judge": 0}),
    "rule": {"id": "PY-07", "name": "大额现金支付", "why": "…", "law": ["《现金管理暂行条例》第五条"], "params": []},
    "feeds": {"feeds": _listing({"feed": "payment", "facts": 200000}), "profiles": _listing({"profile": "demo-payments"})},
    "freshness": {
        "senders": _listing({"sender": "青岚区财政局", "feed": "payment", "level": "district", "region": "990102", "upto": "2025-11-30",
                             "days": 41, "every": 31, "late_since": "2025-12-31"}),
        "places": _listing({"region": "990102001", "level": "town", "linked": False, "missing": ["indicator"], "newest": "2025-12-31"}),
    },
    "batches": _listing({"batch": 1, "file_name": "payments-2025-03.csv", "status": "accepted", "rows_in": 100, "rows_rejected": 2}),
    "rejects": _listing({"line": 17, "column": "金额", "value": "一百", "reason": "not_money", "sentence": "「金额」的「一百」不是金额"}),
    "reconciliation": [
        {"name": "indicator", "label": "指标：年初+追加−调减−冻结 = 可用+已付", "looked_at": 6761, "differing": 2, "greatest": "1200.00",
         "tolerance": "0.00", "missing": []},
    ],
    "differences": _listing(
        {"region": "990102", "region_name": "青岚区", "subject": "ZB0001", "period": "2025", "stated": "100.00", "found": "98.80",
         "difference": "-1.20"},
    ),
    "upload": {"key": "payments-2025-03-05", "bytes": 1048576},
    "guess": {"profiles": ["demo_pay_city"]},
    "receipt": {
        "batch": 2, "status": "accepted", "feed": "payment", "rows_in": 100, "rows_accepted": 98, "rows_rejected": 2,
        "rows_repeated": 0, "facts_added": 98, "amount_sum": "1234567.89", "currency": "CNY", "reasons": {"not_money": 2},
    },
    "runs": _listing({"run_id": 1, "as_of": "2025-12-31", "status": "done", "looked_at": 200000, "flagged": 120, "new_flags": 120}),
    "results": _listing({"rule_id": "PY-07", "looked_at": 200000, "flagged": 4, "could_not_judge": 12, "reasons": []}),
    "editions": _listing({"edition_id": 3, "rule_id": "PY-07", "no": 1, "standing": "待批准", "author": "经办一", "shadow": False}),
    "edition": {"edition_id": 3, "rule_id": "PY-07", "no": 1, "state": "proposed", "steps": [], "acts": [], "changes": [], "tests": [1]},
    "diff": {"changes": [{"path": "params.floor.value", "label": "参数 · floor · 取值", "before": "10000.00", "after": "5000.00"}]},
    "back_tests": _listing({"back_test_id": 1, "rules": ["PY-07"], "hits": 3, "hours": 0.8, "as_of": "2025-12-31"}),
    "back_test": {"back_test_id": 1, "as_of": "2025-12-31", "report": {"first_year": 2023, "last_year": 2025, "minutes": 30, "rules": []}},
    "shadow": {"runs": _listing({"shadow_id": 1, "flagged": 3}), "would_be": _listing({"severity": "orange", "real": False})},
    "incidents": _listing({"incident_id": 1, "rule_id": "PY-07", "found": 5000, "expected": 12, "basis": "runs", "state": "open"}),
    "incident": {"incident_id": 1, "rule_id": "PY-07", "found": 5000, "expected": 12, "state": "open", "findings": {"rows": []}},
    "exemptions": {"exemptions": []},
    "exemption": {"id": 1, "rule_id": "PY-12", "agency_code": "990102-A01", "valid_to": "2026-12-31", "standing": "proposed"},
    "report": {"run_id": 2, "as_of": "2025-12-31", "new_flags": 0, "changed_flags": 0, "rules": []},
    "choices": {"years": [2026, 2025], "regions": [["990102", "青岚区"]], "currencies": ["CNY"]},
    "search": {
        "hits": [
            {
                "kind": "unit", "kind_name": "单位", "title": "青岚区教育局", "below": "青岚区",
                "address": "/auditor?agency=990102-A01",
            }
        ],
        "total": 1, "counts": {"unit": 1}, "looked_at": ["疑点", "单位", "规则"],
    },
    "saved": {"saved": [{"id": 3, "name": "今年的红色疑点", "address": "/committee?severity=red", "used_at": None}]},
    "health": {"status": "ok", "version": "0.1.0"},
}  # fmt: skip

ERROR = {
    "error": {
        "code": "not_found", "what": "在您的权限范围内找不到这条疑点。", "where": "", "fix": "请核对编号，或返回列表重新选择。",
    }
}  # fmt: skip


def ok(name: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an address whose answer looks like that example."""
    return {status: {"description": "OK", "content": {"application/json": {"example": EXAMPLES[name]}}}}


#: The one shape of every refusal.
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": what, "content": {"application/json": {"example": ERROR}}}
    for status, what in (
        (401, "not signed in"), (403, "outside the role or scope"), (404, "nothing there within scope"), (422, "cannot be read"),
    )
}  # fmt: skip
