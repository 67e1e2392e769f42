"""What passes between levels of government and what they owe: transfers, ceilings, bonds and their projects."""

from __future__ import annotations

from budgetwatch.records.columns import (
    AGENCY_NAME,
    AGENCY_OPTIONAL,
    AMOUNT,
    BOOK,
    CURRENCY,
    DIV,
    FUNC,
    NOTE,
    PRO,
    PRO_NAME,
    TRACKING,
    YEAR,
    column,
)
from budgetwatch.records.types import Feed
from budgetwatch.text import Text

TRANSFER = Feed(
    "transfer",
    Text("转移支付", "Transfer"),
    key=("doc_no", "adm_div_code", "direction", "recipient_div"),
    day="received_date",
    columns=(
        column("doc_no", "code", "文号", "Document no.", "下达文号", need=True),
        YEAR,
        DIV,
        column("direction", "code", "方向", "Direction", "下达方向", need=True, values="transfer_direction"),
        column("upper_doc", "code", "上级文号", "Upper document", "上级下达文号"),
        column("type", "code", "转移支付类型", "Kind", "类型", need=True, values="transfer_type"),
        column("recipient_div", "code", "接收区划", "Recipient region", "接收地区"),
        column("received_date", "date", "收到日期", "Received", "接收日期"),
        column("registered_date", "date", "登记日期", "Registered"),
        column("allocated_date", "date", "分配日期", "Allocated"),
        column("issued_date", "date", "下达日期", "Issued"),
        BOOK,
        FUNC,
        PRO,
        PRO_NAME,
        AMOUNT,
        column("allocated_amount", "money", "已分配金额", "Allocated amount", "分配金额"),
        column("issued_amount", "money", "已下达金额", "Issued amount", "追加金额", "已追加金额"),
        CURRENCY,
        TRACKING,
        column("advance", "flag", "是否提前下达", "Notified in advance", "提前下达"),
        column("expected", "money", "预计执行数", "Expected for the year", "当年预计执行数"),
        column("matching", "money", "要求配套金额", "Matching demanded", "配套资金"),
        column("beneficiaries", "integer", "受益明细数", "Beneficiaries recorded", "受益对象数", "受益明细条数"),
        column("sunset_date", "date", "政策到期日", "Ends on", "专项到期日"),
        column("evaluated_date", "date", "评估日期", "Last evaluated", "最近评估日期"),
        column("reported_date", "date", "报告人大日期", "Reported to the congress", "报告日期"),
        NOTE,
    ),
)

DEBT_LIMIT = Feed(
    "debt_limit",
    Text("债务限额与余额", "Debt ceiling and balance"),
    key=("budget_year", "adm_div_code", "kind"),
    columns=(
        YEAR,
        DIV,
        column("kind", "code", "债务类别", "Kind of debt", "类别", need=True, values="debt_kind"),
        column("ceiling", "money", "债务限额", "Ceiling", "限额", need=True),
        column("balance", "money", "债务余额", "Balance", "余额", need=True),
        column("fiscal_capacity", "money", "综合财力", "Fiscal capacity", "财力"),
        column("principal_due", "money", "当年到期本金", "Principal due", "到期本金"),
        column("interest_due", "money", "当年应付利息", "Interest due", "应付利息"),
        column("gdp", "money", "地区生产总值", "Gross regional product", "GDP"),
        CURRENCY,
    ),
)

DEBT_BOND = Feed(
    "debt_bond",
    Text("政府债券", "Government bond"),
    key=("bond_id", "pro_code", "as_of"),
    day="as_of",
    columns=(
        column("bond_id", "code", "债券编号", "Bond", "债券代码", need=True),
        YEAR,
        DIV,
        column("kind", "code", "债券类别", "Kind", "类别", need=True, values="debt_kind"),
        AGENCY_OPTIONAL,
        AGENCY_NAME,
        PRO,
        PRO_NAME,
        column("proceeds", "money", "发行金额", "Proceeds", "到账金额", need=True),
        column("arrival_date", "date", "到账日期", "Proceeds arrived", need=True),
        column("spent", "money", "已支出", "Spent", "支出金额", need=True),
        column("as_of", "date", "截止日期", "As of", "数据日期", need=True),
        column("due_date", "date", "到期日", "Due", "到期日期"),
        column("rate", "ratio", "利率", "Rate", "票面利率", note="0.025 is 2.5 %"),
        column("balance", "money", "债券余额", "Balance", "余额"),
        column("principal_due", "money", "当年到期本金", "Principal due this year", "到期本金"),
        column("interest_due", "money", "当年应付利息", "Interest due this year", "应付利息"),
        column("use", "code", "债券用途类型", "New or refinancing", "发行类型", "债券用途", values="bond_use"),
        column("physical_progress", "ratio", "形象进度", "Physical progress", note="0.35 is 35 %"),
        column("expected_income", "money", "预期收益", "Expected income", "项目预期收益"),
        column("approval_doc", "code", "批准文号", "Approval document", "人大批准文号"),
        column("approval_date", "date", "批准日期", "Approved on", "人大批准日期"),
        CURRENCY,
    ),
)

DEBT_PROJECT = Feed(
    "debt_project",
    Text("专项债券项目", "Bond-financed project"),
    key=("pro_code", "as_of"),
    day="as_of",
    note="what a project financed by special bonds has received, spent and is to earn",
    columns=(
        column("pro_code", "code", "项目代码", "Project code", "PRO_CODE", "项目编码", "债券项目编码", need=True),
        PRO_NAME,
        YEAR,
        DIV,
        AGENCY_OPTIONAL,
        AGENCY_NAME,
        column("as_of", "date", "数据日期", "As of", "截止日期", need=True),
        column("field", "text", "投向领域", "Field of use", "项目领域"),
        column("total_investment", "money", "项目总投资", "Total investment", "总投资"),
        column("bonds_issued", "money", "累计发行债券", "Bonds issued", "债券发行额", need=True),
        column("bonds_spent", "money", "债券资金累计支出", "Bond money spent", "债券支出额"),
        column("arrival_date", "date", "到账日期", "Proceeds arrived", "债券资金到账日期"),
        column("planned_income", "money", "年度收益计划", "Income planned for the year", "当年收益计划"),
        column("physical_progress", "ratio", "形象进度", "Physical progress", note="0.35 is 35 %"),
        column(
            "expected_income", "money", "预期收益", "Expected income", "项目预期收益", note="over the life of the bonds"
        ),
        column(
            "debt_service", "money", "本息合计", "Principal and interest", "应还本息", note="over the life of the bonds"
        ),
        column("income_to_date", "money", "累计实现收益", "Income to date", "已实现收益"),
        column("income_remitted", "money", "收益上缴", "Income remitted", "已上缴收益"),
        CURRENCY,
    ),
)
