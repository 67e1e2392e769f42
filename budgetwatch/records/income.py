"""What comes in: revenue by month, non-tax items, dividends of state capital, social insurance funds."""

from __future__ import annotations

from budgetwatch.records.columns import (
    AGENCY,
    AGENCY_NAME,
    BOOK,
    CURRENCY,
    DIV,
    YEAR,
    column,
)
from budgetwatch.records.types import Feed
from budgetwatch.text import Text

REVENUE = Feed(
    "revenue",
    Text("收入", "Revenue"),
    key=("budget_year", "month", "adm_div_code", "book", "code", "report"),
    note="one subject in one month, as the treasury's monthly report says it",
    columns=(
        YEAR,
        column("month", "integer", "月份", "Month", "会计期间", "期间", need=True, note="1 to 12", within=(1, 12)),
        DIV,
        BOOK,
        column("code", "code", "收入科目", "Revenue subject", "收入分类科目", "科目编码", "IncSortCode", need=True),
        column("name", "text", "科目名称", "Name", "收入科目名称"),
        column(
            "report", "code", "报表", "Report", "报表期次", note="which report says it, where several tell of one month"
        ),
        column("budget", "money", "预算数", "Budget", "年初预算", "年度预算"),
        column("amount", "money", "当月收入", "In the month", "当月数", "本月收入"),
        column("ytd", "money", "累计收入", "Year to date", "累计数", "本年累计"),
        column("last_ytd", "money", "上年同期累计", "Same time last year", "上年同期", "去年同期累计"),
        column("refund", "money", "退库", "Refunds", "当月退库", "退库数"),
        column("refund_basis", "text", "退库依据", "Basis of refunds", "退库文号"),
        CURRENCY,
    ),
)

NONTAX_ITEM = Feed(
    "nontax_item",
    Text("非税收入项目", "Non-tax item"),
    key=("budget_year", "month", "agency_code", "item_code"),
    note="what a collecting unit charged under one item in one month",
    columns=(
        YEAR,
        column("month", "integer", "月份", "Month", "期间", need=True, note="1 to 12", within=(1, 12)),
        DIV,
        AGENCY,
        AGENCY_NAME,
        column("item_code", "code", "收费项目编码", "Item code", "执收项目编码", "项目编码", need=True),
        column("item_name", "text", "收费项目", "Item", "执收项目", "收费项目名称"),
        column("valid_from", "date", "项目起始日期", "Valid from", "批准日期"),
        column("valid_to", "date", "项目终止日期", "Valid to", "取消日期"),
        column("receipts_drawn", "integer", "领用票据数", "Receipts drawn", "票据领用"),
        column("receipts_used", "integer", "使用票据数", "Receipts used", "票据使用"),
        column("collected", "money", "执收金额", "Collected", "收缴金额", need=True),
        column("remitted", "money", "缴库金额", "Paid into the treasury", "入库金额"),
        column("collected_date", "date", "收缴日期", "Collected on", "收款日期"),
        column("remitted_date", "date", "缴库日期", "Paid in on", "入库日期"),
        column("last_year", "money", "上年同期", "Same time last year", "去年同期"),
        column("spent_direct", "money", "坐支金额", "Spent before it was paid in", "直接支出"),
        column("approval_doc", "code", "批准文号", "Approval document", "设立依据"),
        CURRENCY,
    ),
)

SOE_DIVIDEND = Feed(
    "soe_dividend",
    Text("国有资本收益", "State-capital dividend"),
    key=("budget_year", "adm_div_code", "company_code"),
    columns=(
        YEAR,
        DIV,
        column("company_code", "code", "企业代码", "Company code", "统一社会信用代码", "企业编码", need=True),
        column("company_name", "text", "企业名称", "Company", "企业"),
        column("owner", "text", "出资人机构", "Owner", "履行出资人职责机构", "监管单位"),
        column("profit", "money", "归母净利润", "Net profit", "净利润"),
        column("rate", "ratio", "收取比例", "Share to be paid", "上缴比例", note="0.3 is 30 %"),
        column("due", "money", "应缴收益", "Due", "应上缴收益", "应缴", need=True),
        column("paid", "money", "已缴收益", "Paid", "已上缴收益", "已缴"),
        column("due_date", "date", "应缴日期", "Due on", "缴款期限"),
        column("paid_date", "date", "缴库日期", "Paid on", "入库日期"),
        column("transferred", "money", "调入一般公共预算", "Transferred to the general budget", "调入一般公共预算金额"),
        CURRENCY,
    ),
)

INSURANCE_FUND = Feed(
    "insurance_fund",
    Text("社会保险基金", "Social insurance fund"),
    key=("budget_year", "month", "adm_div_code", "scheme"),
    note="one scheme in one month; month 0 is the budget of the year",
    columns=(
        YEAR,
        column(
            "month",
            "integer",
            "月份",
            "Month",
            "期间",
            need=True,
            note="0 is the budget, 1 to 12 the months",
            within=(0, 12),
        ),
        DIV,
        column("scheme", "code", "险种", "Scheme", "基金险种", need=True, values="insurance_scheme"),
        column("pooling", "code", "统筹层次", "Pooling level", values="level"),
        column("opening", "money", "期初结余", "Opening balance", "上年结余", "期初滚存结余"),
        column("contributions", "money", "保费收入", "Contributions", "缴费收入", "征缴收入"),
        column("subsidy_due", "money", "应到财政补助", "Subsidy due", "预算财政补助"),
        column("subsidy", "money", "财政补助", "Subsidy received", "财政补贴收入", "到位财政补助"),
        column("other_income", "money", "其他收入", "Other income", "利息及其他收入"),
        column("income", "money", "收入合计", "Income", "当期收入", "基金收入", need=True),
        column("benefits", "money", "待遇支出", "Benefits", "社会保险待遇支出"),
        column("expenditure", "money", "支出合计", "Expenditure", "当期支出", "基金支出", need=True),
        column("closing", "money", "期末结余", "Closing balance", "滚存结余", "期末滚存结余"),
        column("insured", "integer", "参保人数", "Insured", "参保缴费人数"),
        column("beneficiaries", "integer", "享受待遇人数", "Beneficiaries", "待遇享受人数"),
        column("account_type", "code", "基金账户性质", "Kind of account", "账户性质", values="account_type"),
        CURRENCY,
    ),
)
