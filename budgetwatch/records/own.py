"""What the house itself remembers, as facts that rules may read: files received, rows unread, cases, deputies' opinions.

Nobody sends these. A run writes them down from the database before it begins (see `runs.own`), so that a rule over
them can be recomputed like any other.
"""

from __future__ import annotations

from budgetwatch.records.columns import AGENCY_NAME, AGENCY_OPTIONAL, column
from budgetwatch.records.types import Feed
from budgetwatch.text import Text

_REGION = column("adm_div_code", "code", "区划代码", "Region code")
_BATCH_ID = column("batch_id", "code", "批次号", "Batch", need=True)

BATCH = Feed(
    "batch",
    Text("报送批次", "Received file"),
    key=("batch_id",),
    day="received_on",
    own=True,
    note="one row a received file; the region only where the whole file is of one",
    columns=(
        _BATCH_ID,
        column("profile", "code", "方案", "Profile", need=True),
        column("feed", "code", "数据", "Feed", need=True),
        column("sender", "text", "报送单位", "Sender"),
        column("received_on", "date", "接收日期", "Received on", need=True),
        column("status", "code", "状态", "Status", need=True, values="batch_status"),
        column("sequence", "integer", "序号", "Sequence number", note="the sender's own count of its files of this profile"),
        column("sequence_gap", "integer", "缺号数", "Numbers missing before it", note="0: none; empty: it has no sequence number"),
        column("digest_ok", "flag", "清单相符", "Agrees with its manifest", note="empty: no manifest came with it"),
        column("rows_in", "integer", "行数", "Rows"),
        column("rows_rejected", "integer", "退回行数", "Rows rejected"),
        column("duplicate_keys", "integer", "主键重复行数", "Rows with a key used before"),
        _REGION,
    ),
)  # fmt: skip

LOOP_CASE = Feed(
    "loop_case",
    Text("事项办理", "Case under work"),
    key=("case_id",),
    day="opened_on",
    own=True,
    note="one row a case, as it stands; after a case was opened again its earlier days no longer count",
    columns=(
        column("case_id", "code", "事项号", "Case", need=True),
        column("rule_id", "code", "规则", "Rule", need=True),
        column("subject", "text", "疑点对象", "Subject of the flag"),
        column("severity", "code", "等级", "Severity", need=True),
        column("state", "code", "状态", "State", need=True),
        AGENCY_OPTIONAL,
        AGENCY_NAME,
        _REGION,
        column("opened_on", "date", "立项日期", "Opened on", need=True),
        column("verified_on", "date", "核实日期", "Verified on"),
        column("asked_on", "date", "函询日期", "Asked on", note="the first time"),
        column("reply_due_on", "date", "反馈期限", "Reply due on", note="of the latest request"),
        column("replied_on", "date", "反馈日期", "Replied on", note="the latest reply; empty while one is awaited"),
        column("times_returned", "integer", "退回次数", "Times a reply was returned"),
        column("confirmed_on", "date", "认定日期", "Confirmed on"),
        column("rectify_due_on", "date", "整改期限", "To be mended by"),
        column("closed_on", "date", "销号日期", "Closed on"),
        column("verdict", "code", "结论", "Verdict", values="case_verdict"),
    ),
)

LOOP_OPINION = Feed(
    "loop_opinion",
    Text("代表意见", "Deputy's opinion"),
    key=("opinion_id",),
    day="asked_on",
    own=True,
    note="one row a deputy's question or opinion on a budget",
    columns=(
        column("opinion_id", "code", "意见号", "Opinion", need=True),
        column("budget_year", "integer", "预算年度", "Budget year", need=True),
        AGENCY_OPTIONAL,
        AGENCY_NAME,
        _REGION,
        column("asked_on", "date", "提出日期", "Asked on", need=True),
        column("answered_on", "date", "答复日期", "Answered on", note="the first answer"),
    ),
)

UNREAD = Feed(
    "unread",
    Text("未读入的行", "Rows that could not be read"),
    key=("batch_id", "heading", "reason"),
    day="received_on",
    own=True,
    note="how many rows of a file were rejected for one reason in one column; unit and region where the whole file is of one",
    columns=(
        _BATCH_ID,
        column("feed", "code", "数据", "Feed", need=True),
        column("sender", "text", "报送单位", "Sender"),
        column("received_on", "date", "接收日期", "Received on", need=True),
        column("heading", "text", "列名", "Column", note="as the sender heads it"),
        column("reason", "code", "原因", "Reason", need=True, note="codes of budgetwatch/feeds/reasons.py"),
        column("rows_rejected", "integer", "退回行数", "Rows rejected", need=True),
        _REGION,
        AGENCY_OPTIONAL,
    ),
)
