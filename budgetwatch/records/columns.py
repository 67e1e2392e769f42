"""The columns that many feeds share, each with the headings that senders give it.

Names follow the national budget-management field names in lower_snake (`agency_code`, `func_code`);
aliases list the other spellings met in practice: the voucher message's CamelCase, the integrated
system's UPPER_SNAKE, and Chinese headings. Amounts are yuan unless a profile says otherwise.
"""

from __future__ import annotations

from budgetwatch.records.types import Column
from budgetwatch.text import Text


def column(
    name: str,
    kind: str,
    zh: str,
    en: str,
    *aliases: str,
    need: bool = False,
    values: str | None = None,
    note: str = "",
    within: tuple[int, int] | None = None,
) -> Column:
    """One column; its Chinese name is a heading like the aliases. `within`: the least and the most that it may be."""
    low, high = within or (None, None)
    return Column(name, kind, Text(zh, en), need, values, (zh, *aliases), note, low, high)  # type: ignore[arg-type]


YEAR = column(
    "budget_year",
    "integer",
    "预算年度",
    "Budget year",
    "StYear",
    "FISCAL_YEAR",
    "年度",
    "财政年度",
    "fiscal_year",
    "SET_YEAR",
    need=True,
    within=(1900, 2200),
)
DIV = column(
    "adm_div_code",
    "code",
    "区划代码",
    "Region code",
    "AdmDivCode",
    "MOF_DIV_CODE",
    "行政区划",
    "行政区划代码",
    "行政区划编码",
    "区划编码",
    need=True,
)
AGENCY = column(
    "agency_code", "code", "单位代码", "Unit code", "AgencyCode", "AGENCY_CODE", "预算单位编码", "单位编码", need=True
)
AGENCY_OPTIONAL = column(
    "agency_code", "code", "单位代码", "Unit code", "AgencyCode", "AGENCY_CODE", "预算单位编码", "单位编码"
)
AGENCY_NAME = column("agency_name", "text", "单位名称", "Unit", "AgencyName", "AGENCY_NAME", "预算单位", "预算单位名称")
BOOK = column("book", "code", "预算类型", "Budget book", "BgtTypeCode", "账本", "预算体系", values="book")
FUNC = column(
    "func_code",
    "code",
    "功能分类科目",
    "Functional subject",
    "ExpFuncCode",
    "EXP_FUNC_CODE",
    "ExpFuncCode3",
    "功能分类",
    "功能分类科目编码",
    "支出功能分类科目编码",
    "支出功能分类",
    "功能科目",
    "功能科目编码",
)
DEP_ECO = column(
    "dep_eco_code",
    "code",
    "部门经济分类",
    "Department economic subject",
    "DepExpEcoCode",
    "DEP_BGT_ECO_CODE",
    "部门预算经济分类",
    "部门预算支出经济分类",
    "部门经济分类科目编码",
    "经济科目",
    "经济分类",
    "经济分类科目",
    "经济分类科目编码",
)
GOV_ECO = column(
    "gov_eco_code",
    "code",
    "政府经济分类",
    "Government economic subject",
    "GovExpEcoCode",
    "GOV_BGT_ECO_CODE",
    "政府预算经济分类",
    "政府预算支出经济分类",
    "政府经济分类科目编码",
)
PRO = column("pro_code", "code", "项目代码", "Project code", "DepProCode", "PRO_CODE", "项目编码")
PRO_NAME = column("pro_name", "text", "项目名称", "Project", "PRO_NAME", "DepProName", "预算项目", "预算项目名称")
PARENT = column(
    "parent_code",
    "code",
    "主管部门代码",
    "Parent department",
    "SupDepCode",
    "DEPT_CODE",
    "主管部门编码",
    "主管单位代码",
)
AMOUNT = column("amount", "money", "金额", "Amount", "PayAmt", "PAY_AMT", "支付金额", "预算金额", need=True)
CURRENCY = column("currency", "code", "币种", "Currency", note="ISO 4217; CNY unless the profile says otherwise")
SOURCE = column(
    "fund_source",
    "code",
    "资金来源",
    "Source of funds",
    "FundTypeCode",
    "FUND_TYPE_CODE",
    "资金性质",
    values="fund_source",
)
TRACKING = column("tracking_id", "code", "追踪码", "Tracking id", "TrackingID", "转移支付追踪码")
NOTE = column("note", "text", "说明", "Note", "备注", "Remark")
