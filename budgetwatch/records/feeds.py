"""The canonical feeds: every kind of fact, its columns, units and keys, declared once.

Names follow the national budget-management field names in lower_snake (`agency_code`, `func_code`);
aliases list the other spellings met in practice: the voucher message's CamelCase, the integrated
system's UPPER_SNAKE, and Chinese headings. Amounts are yuan unless a profile says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from budgetwatch.records.types import Column, Feed
from budgetwatch.text import Text


def _c(
    name: str, kind: str, zh: str, en: str, *aliases: str, need: bool = False, values: str | None = None, note: str = ""
) -> Column:
    return Column(name, kind, Text(zh, en), need, values, (zh, *aliases), note)  # type: ignore[arg-type]


_YEAR = _c(
    "budget_year",
    "integer",
    "预算年度",
    "Budget year",
    "StYear",
    "FISCAL_YEAR",
    "年度",
    "财政年度",
    "fiscal_year",
    need=True,
)
_DIV = _c(
    "adm_div_code",
    "code",
    "区划代码",
    "Region code",
    "AdmDivCode",
    "MOF_DIV_CODE",
    "行政区划",
    "行政区划代码",
    need=True,
)
_AGENCY = _c(
    "agency_code", "code", "单位代码", "Unit code", "AgencyCode", "AGENCY_CODE", "预算单位编码", "单位编码", need=True
)
_AGENCY_OPTIONAL = _c(
    "agency_code", "code", "单位代码", "Unit code", "AgencyCode", "AGENCY_CODE", "预算单位编码", "单位编码"
)
_AGENCY_NAME = _c("agency_name", "text", "单位名称", "Unit", "AgencyName", "AGENCY_NAME", "预算单位", "预算单位名称")
_BOOK = _c("book", "code", "预算类型", "Budget book", "BgtTypeCode", "账本", "预算体系", values="book")
_FUNC = _c(
    "func_code",
    "code",
    "功能分类科目",
    "Functional subject",
    "ExpFuncCode",
    "EXP_FUNC_CODE",
    "支出功能分类",
    "功能科目",
    "功能科目编码",
)
_DEP_ECO = _c(
    "dep_eco_code",
    "code",
    "部门经济分类",
    "Department economic subject",
    "DepExpEcoCode",
    "DEP_BGT_ECO_CODE",
    "部门预算经济分类",
    "经济科目",
    "经济分类",
)
_GOV_ECO = _c(
    "gov_eco_code",
    "code",
    "政府经济分类",
    "Government economic subject",
    "GovExpEcoCode",
    "GOV_BGT_ECO_CODE",
    "政府预算经济分类",
)
_PRO = _c("pro_code", "code", "项目代码", "Project code", "DepProCode", "PRO_CODE", "项目编码")
_PRO_NAME = _c("pro_name", "text", "项目名称", "Project", "PRO_NAME", "预算项目")
_AMOUNT = _c("amount", "money", "金额", "Amount", "PayAmt", "PAY_AMT", "支付金额", "预算金额", need=True)
_CURRENCY = _c("currency", "code", "币种", "Currency", note="ISO 4217; CNY unless the profile says otherwise")
_SOURCE = _c(
    "fund_source",
    "code",
    "资金来源",
    "Source of funds",
    "FundTypeCode",
    "FUND_TYPE_CODE",
    "资金性质",
    values="fund_source",
)
_TRACKING = _c("tracking_id", "code", "追踪码", "Tracking id", "TrackingID", "转移支付追踪码")
_NOTE = _c("note", "text", "说明", "Note", "备注", "Remark")

PAYMENT = Feed(
    "payment",
    Text("支付", "Payment"),
    key=("voucher_no",),
    day="pay_date",
    columns=(
        _c("voucher_no", "code", "凭证号", "Voucher no.", "VoucherNo", "PAY_CERT_NO", "支付凭证号", "凭证编号"),
        _YEAR,
        _c(
            "pay_date",
            "date",
            "支付日期",
            "Payment date",
            "XPayDate",
            "XPAY_DATE",
            "VouDate",
            "VOU_DATE",
            "日期",
            need=True,
        ),
        _DIV,
        _AGENCY,
        _AGENCY_NAME,
        _BOOK,
        _SOURCE,
        _FUNC,
        _GOV_ECO,
        _DEP_ECO,
        _PRO,
        _PRO_NAME,
        _c("line_type", "code", "支出类型", "Kind of line", "ProCatCode", "项目类别", values="line_type"),
        _c("indicator_no", "code", "指标号", "Indicator no.", "指标编号", "指标文号编号"),
        _AMOUNT,
        _CURRENCY,
        _c("purpose", "text", "用途", "Purpose", "PaySummaryName", "USE_DES", "ABSTRACT", "摘要", "用途摘要"),
        _c("payee_name", "text", "收款人", "Payee", "PayeeAcctName", "收款人名称", "收款人全称"),
        _c("payee_account", "code", "收款账号", "Payee account", "PayeeAcctNo", "收款人账号"),
        _c("payee_bank", "text", "收款银行", "Payee bank", "PayeeBankName", "PayeeAcctBankName", "收款人开户行"),
        _c("payee_type", "code", "收款人类型", "Kind of payee", values="payee_type"),
        _c("payee_account_type", "code", "收款账户性质", "Kind of payee account", values="account_type"),
        _c("payer_account", "code", "付款账号", "Payer account", "PayAcctNo", "付款人账号"),
        _c("payer_account_type", "code", "付款账户性质", "Kind of payer account", values="account_type"),
        _c("settlement", "code", "结算方式", "Settlement", "SetModeCode", "SET_MODE_CODE", values="settlement"),
        _c("procurement_no", "code", "采购编号", "Procurement no.", "GovProcurementID", "政府采购编号"),
        _c("contract_no", "code", "合同号", "Contract no.", "合同编号"),
        _c("invoice_no", "code", "发票号", "Invoice no.", "发票号码"),
        _TRACKING,
        _c(
            "item_name",
            "text",
            "支出事项",
            "Expense item",
            "Expense Type",
            note="as the sender names it, where no subject codes are used",
        ),
    ),
)

BUDGET_LINE = Feed(
    "budget_line",
    Text("预算明细", "Budget line"),
    key=(
        "book",
        "budget_year",
        "stage",
        "version",
        "direction",
        "adm_div_code",
        "agency_code",
        "func_code",
        "eco_code",
        "pro_code",
        "fund_source",
    ),
    columns=(
        _YEAR,
        _BOOK,
        _c("stage", "code", "阶段", "Stage", "预算阶段", need=True, values="stage"),
        _c("version", "code", "版本", "Version", "草案版本", note="of the draft; empty where there is one"),
        _c("direction", "code", "收支方向", "Direction", values="direction", need=True),
        _DIV,
        _AGENCY,
        _AGENCY_NAME,
        _FUNC,
        _c("eco_code", "code", "经济分类科目", "Economic subject", "经济分类", "DepExpEcoCode", "部门经济分类"),
        _PRO,
        _PRO_NAME,
        _c("line_type", "code", "支出类型", "Kind of line", "项目类别", values="line_type"),
        _SOURCE,
        _AMOUNT,
        _CURRENCY,
        _NOTE,
    ),
)

INDICATOR = Feed(
    "indicator",
    Text("预算指标", "Budget indicator"),
    key=("indicator_no",),
    day="issue_date",
    note="initial + added − reduced − frozen = available + paid",
    columns=(
        _c("indicator_no", "code", "指标号", "Indicator no.", "指标编号", need=True),
        _YEAR,
        _DIV,
        _AGENCY,
        _AGENCY_NAME,
        _BOOK,
        _SOURCE,
        _FUNC,
        _DEP_ECO,
        _PRO,
        _PRO_NAME,
        _c("line_type", "code", "支出类型", "Kind of line", "项目类别", values="line_type"),
        _c("initial", "money", "年初指标", "Initial", "年初指标金额", "年初数", need=True),
        _c("added", "money", "追加", "Added", "追加指标金额", "追加数"),
        _c("reduced", "money", "调减", "Reduced", "调减指标金额", "调减数"),
        _c("frozen", "money", "冻结", "Frozen", "冻结指标金额", "冻结数"),
        _c("available", "money", "可用", "Available", "可用指标金额", "指标结余"),
        _c("paid", "money", "已付", "Paid", "已支付金额", "已用"),
        _CURRENCY,
        _c("doc_no", "code", "指标文号", "Document no.", "文号"),
        _c("issue_date", "date", "下达日期", "Issue date", "发文日期"),
        _c("source", "code", "指标来源", "Source", values="indicator_source"),
        _TRACKING,
    ),
)

ADJUSTMENT = Feed(
    "adjustment",
    Text("预算调整调剂", "Adjustment"),
    key=("adj_no",),
    day="adj_date",
    columns=(
        _c("adj_no", "code", "调整编号", "Adjustment no.", "调剂编号", need=True),
        _YEAR,
        _DIV,
        _AGENCY_OPTIONAL,
        _AGENCY_NAME,
        _c("type", "code", "调整类型", "Kind", "类型", need=True, values="adjustment_type"),
        _c("adj_date", "date", "调整日期", "Date", "日期", need=True),
        _FUNC,
        _PRO,
        _PRO_NAME,
        _c("from_line", "code", "调出项目", "From", "调出"),
        _c("to_line", "code", "调入项目", "To", "调入"),
        _AMOUNT,
        _CURRENCY,
        _c("approval_doc", "code", "批准文号", "Approval document"),
        _c("approval_body", "text", "批准机关", "Approving body"),
        _c("purpose", "text", "用途", "Purpose", "事由", "调整事由"),
    ),
)

TRANSFER = Feed(
    "transfer",
    Text("转移支付", "Transfer"),
    key=("doc_no", "adm_div_code", "direction", "recipient_div"),
    day="received_date",
    columns=(
        _c("doc_no", "code", "文号", "Document no.", "下达文号", need=True),
        _YEAR,
        _DIV,
        _c("direction", "code", "方向", "Direction", "下达方向", need=True, values="transfer_direction"),
        _c("upper_doc", "code", "上级文号", "Upper document", "上级下达文号"),
        _c("type", "code", "转移支付类型", "Kind", "类型", need=True, values="transfer_type"),
        _c("recipient_div", "code", "接收区划", "Recipient region", "接收地区"),
        _c("received_date", "date", "收到日期", "Received", "接收日期"),
        _c("registered_date", "date", "登记日期", "Registered"),
        _c("allocated_date", "date", "分配日期", "Allocated"),
        _c("issued_date", "date", "下达日期", "Issued"),
        _FUNC,
        _PRO,
        _PRO_NAME,
        _AMOUNT,
        _CURRENCY,
        _TRACKING,
    ),
)

CARRYOVER = Feed(
    "carryover",
    Text("结转结余", "Carry-over"),
    key=("budget_year", "adm_div_code", "agency_code", "pro_code", "form_year"),
    columns=(
        _YEAR,
        _DIV,
        _AGENCY,
        _AGENCY_NAME,
        _PRO,
        _PRO_NAME,
        _c("form_year", "integer", "形成年度", "Year formed", "结转形成年度", need=True),
        _c("formed", "money", "形成金额", "Formed", "结转金额", need=True),
        _c("used", "money", "已使用", "Used", "使用金额"),
        _c("recovered", "money", "已收回", "Recovered", "收回金额"),
        _c("balance", "money", "余额", "Balance", "结转余额", need=True),
        _CURRENCY,
    ),
)

DEBT_LIMIT = Feed(
    "debt_limit",
    Text("债务限额与余额", "Debt ceiling and balance"),
    key=("budget_year", "adm_div_code", "kind"),
    columns=(
        _YEAR,
        _DIV,
        _c("kind", "code", "债务类别", "Kind of debt", "类别", need=True, values="debt_kind"),
        _c("ceiling", "money", "债务限额", "Ceiling", "限额", need=True),
        _c("balance", "money", "债务余额", "Balance", "余额", need=True),
        _c("fiscal_capacity", "money", "综合财力", "Fiscal capacity", "财力"),
        _CURRENCY,
    ),
)

DEBT_BOND = Feed(
    "debt_bond",
    Text("政府债券", "Government bond"),
    key=("bond_id", "pro_code", "as_of"),
    day="as_of",
    columns=(
        _c("bond_id", "code", "债券编号", "Bond", "债券代码", need=True),
        _YEAR,
        _DIV,
        _c("kind", "code", "债券类别", "Kind", "类别", need=True, values="debt_kind"),
        _AGENCY_OPTIONAL,
        _AGENCY_NAME,
        _PRO,
        _PRO_NAME,
        _c("proceeds", "money", "发行金额", "Proceeds", "到账金额", need=True),
        _c("arrival_date", "date", "到账日期", "Proceeds arrived", need=True),
        _c("spent", "money", "已支出", "Spent", "支出金额", need=True),
        _c("as_of", "date", "截止日期", "As of", "数据日期", need=True),
        _c("due_date", "date", "到期日", "Due", "到期日期"),
        _c("rate", "ratio", "利率", "Rate", "票面利率", note="0.025 is 2.5 %"),
        _c("approval_doc", "code", "批准文号", "Approval document", "人大批准文号"),
        _CURRENCY,
    ),
)

PROJECT_INVEST = Feed(
    "project_invest",
    Text("政府投资项目", "Investment project"),
    key=("pro_code", "as_of"),
    day="as_of",
    columns=(
        _c("pro_code", "code", "项目代码", "Project code", "PRO_CODE", "项目编码", need=True),
        _PRO_NAME,
        _YEAR,
        _DIV,
        _AGENCY_OPTIONAL,
        _AGENCY_NAME,
        _c("as_of", "date", "数据日期", "As of", "截止日期", need=True),
        _c("feasibility_estimate", "money", "可研估算", "Feasibility estimate", "投资估算"),
        _c("approved_estimate", "money", "核定概算", "Approved estimate", "概算"),
        _c("contract_amount", "money", "合同金额", "Contract", "合同价"),
        _c("annual_plan", "money", "年度计划", "Annual plan", "年度投资计划"),
        _c("paid_total", "money", "累计支付", "Paid to date", "累计已付"),
        _c("physical_progress", "ratio", "形象进度", "Physical progress", note="0.35 is 35 %"),
        _c("estimate_approved_date", "date", "概算批复日期", "Estimate approved"),
        _c("start_date", "date", "开工日期", "Started"),
        _c("planned_completion", "date", "计划竣工日期", "Planned completion"),
        _c("completed_date", "date", "竣工日期", "Completed"),
        _CURRENCY,
    ),
)

ORG_UNIT = Feed(
    "org_unit",
    Text("预算单位", "Unit"),
    key=("agency_code", "budget_year"),
    columns=(
        _AGENCY,
        _YEAR,
        _AGENCY_NAME,
        _c("parent_code", "code", "主管部门代码", "Parent department", "SupDepCode", "主管部门编码"),
        _c("parent_name", "text", "主管部门", "Parent department name", "主管部门名称"),
        _DIV,
        _c("level", "code", "级次", "Level", "预算级次", values="level"),
        _c("unit_type", "code", "单位性质", "Kind of unit", "单位类型", values="unit_type"),
        _c("staff_quota", "integer", "编制数", "Posts", "编制人数"),
        _c("staff_actual", "integer", "实有人数", "Staff", "在职人数"),
        _c("uscc", "code", "统一社会信用代码", "Unified social credit code"),
    ),
)

REGION = Feed(
    "region",
    Text("区划", "Region"),
    key=("adm_div_code", "budget_year"),
    columns=(
        _DIV,
        _YEAR,
        _c("adm_div_name", "text", "区划名称", "Region", "地区名称", need=True),
        _c("level", "code", "级次", "Level", values="level"),
        _c("population", "integer", "常住人口", "Residents", "人口"),
    ),
)

SUBJECT_DICT = Feed(
    "subject_dict",
    Text("科目字典", "Subjects"),
    key=("type", "budget_year", "code"),
    columns=(
        _c("type", "code", "科目类型", "Kind of subject", need=True, values="subject_type"),
        _YEAR,
        _c("code", "code", "科目编码", "Code", "编码", need=True),
        _c("name", "text", "科目名称", "Name", "名称", need=True),
        _c("parent", "code", "上级科目", "Parent", "上级编码"),
    ),
)

CALENDAR_EVENT = Feed(
    "calendar_event",
    Text("程序事项", "Dated event"),
    key=("event_id",),
    day="event_date",
    note="what was held, received, approved, copied or published, and when",
    columns=(
        _c("event_id", "code", "事项编号", "Event", "编号", need=True),
        _YEAR,
        _DIV,
        _c("event_type", "code", "事项类型", "Kind", "类型", need=True, values="event_type"),
        _c("event_date", "date", "日期", "Date", "事项日期", need=True),
        _AGENCY_OPTIONAL,
        _AGENCY_NAME,
        _c("subject", "text", "事项", "Subject", "标题", "事项名称"),
        _c("refers_to", "code", "关联事项", "Refers to", "关联编号", note="the event or document this one answers"),
        _c("doc_no", "code", "文号", "Document no."),
        _NOTE,
    ),
)

DISCLOSURE = Feed(
    "disclosure",
    Text("公开文本数字", "Published figure"),
    key=("budget_year", "stage", "adm_div_code", "agency_code", "item"),
    note="a figure as it stands in a published document, in yuan as published",
    columns=(
        _YEAR,
        _c("stage", "code", "阶段", "Stage", need=True, values="stage"),
        _DIV,
        _AGENCY,
        _AGENCY_NAME,
        _c("item", "code", "公开项目", "Item", "项目", need=True, values="disclosure_item"),
        _AMOUNT,
        _CURRENCY,
        _c("publish_date", "date", "公开日期", "Published"),
        _c("doc_no", "code", "文件编号", "Document"),
    ),
)

ALL: Mapping[str, Feed] = {
    f.name: f
    for f in (
        PAYMENT, BUDGET_LINE, INDICATOR, ADJUSTMENT, TRANSFER, CARRYOVER, DEBT_LIMIT, DEBT_BOND,
        PROJECT_INVEST, ORG_UNIT, REGION, SUBJECT_DICT, CALENDAR_EVENT, DISCLOSURE,
    )
}  # fmt: skip
