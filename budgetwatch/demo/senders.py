"""How each finance bureau of the invented city writes its files: headings, codes, dates, encodings, packing.

Real senders differ, so these do: Chinese headings and names, the voucher message's CamelCase with numbers,
the integrated system's UPPER_SNAKE, GB18030, thousands separators, 万元, gzip, and workbooks with title rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from budgetwatch.records.codes import LISTS

_ZH_PAYMENT = {
    "voucher_no": "支付凭证号", "budget_year": "年度", "pay_date": "支付日期", "adm_div_code": "行政区划", "agency_code": "预算单位编码",
    "agency_name": "预算单位名称", "book": "预算类型", "fund_source": "资金性质", "func_code": "功能科目编码", "gov_eco_code": "政府经济分类",
    "dep_eco_code": "部门经济分类", "pro_code": "项目编码", "pro_name": "项目名称", "line_type": "项目类别", "indicator_no": "指标编号",
    "amount": "支付金额", "purpose": "摘要", "payee_name": "收款人全称", "payee_account": "收款人账号", "payee_bank": "收款人开户行",
    "payee_type": "收款人类型", "payee_account_type": "收款账户性质", "payer_account": "付款人账号", "payer_account_type": "付款账户性质",
    "settlement": "结算方式", "procurement_no": "政府采购编号", "contract_no": "合同编号", "invoice_no": "发票号码", "tracking_id": "追踪码",
}  # fmt: skip
_CAMEL_PAYMENT = {
    "voucher_no": "VoucherNo", "budget_year": "StYear", "pay_date": "XPayDate", "adm_div_code": "AdmDivCode", "agency_code": "AgencyCode",
    "agency_name": "AgencyName", "book": "BgtTypeCode", "fund_source": "FundTypeCode", "func_code": "ExpFuncCode",
    "gov_eco_code": "GovExpEcoCode", "dep_eco_code": "DepExpEcoCode", "pro_code": "DepProCode", "pro_name": "DepProName",
    "line_type": "ProCatCode", "indicator_no": "BgtNo", "amount": "PayAmt", "purpose": "PaySummaryName", "payee_name": "PayeeAcctName",
    "payee_account": "PayeeAcctNo", "payee_bank": "PayeeAcctBankName", "payee_type": "PayeeKind", "payee_account_type": "PayeeAcctKind",
    "payer_account": "PayAcctNo", "payer_account_type": "PayAcctKind", "settlement": "SetModeCode", "procurement_no": "GovProcurementID",
    "contract_no": "ContractNo", "invoice_no": "InvoiceNo", "tracking_id": "TrackingID",
}  # fmt: skip
_UPPER_PAYMENT = {
    "voucher_no": "PAY_CERT_NO", "budget_year": "FISCAL_YEAR", "pay_date": "XPAY_DATE", "adm_div_code": "MOF_DIV_CODE",
    "agency_code": "AGENCY_CODE", "agency_name": "AGENCY_NAME", "book": "BGT_TYPE_CODE", "fund_source": "FUND_TYPE_CODE",
    "func_code": "EXP_FUNC_CODE", "gov_eco_code": "GOV_BGT_ECO_CODE", "dep_eco_code": "DEP_BGT_ECO_CODE", "pro_code": "PRO_CODE",
    "pro_name": "PRO_NAME", "line_type": "PRO_CAT_CODE", "indicator_no": "BGT_NO", "amount": "PAY_AMT", "purpose": "USE_DES",
    "payee_name": "PAYEE_ACCT_NAME", "payee_account": "PAYEE_ACCT_NO", "payee_bank": "PAYEE_ACCT_BANK_NAME",
    "payee_type": "PAYEE_KIND", "payee_account_type": "PAYEE_ACCT_KIND", "payer_account": "PAY_ACCT_NO",
    "payer_account_type": "PAY_ACCT_KIND", "settlement": "SET_MODE_CODE", "procurement_no": "GOV_PROCUREMENT_ID",
    "contract_no": "CONTRACT_NO", "invoice_no": "INVOICE_NO", "tracking_id": "TRACKING_ID",
}  # fmt: skip
_ZH_BUDGET = {
    "budget_year": "年度", "book": "预算类型", "stage": "预算阶段", "version": "草案版本", "direction": "收支方向", "adm_div_code": "行政区划",
    "agency_code": "预算单位编码", "agency_name": "预算单位名称", "func_code": "功能科目编码", "eco_code": "部门经济分类",
    "pro_code": "项目编码", "pro_name": "项目名称", "line_type": "项目类别", "fund_source": "资金性质", "amount": "预算金额", "note": "说明",
}  # fmt: skip
_ZH_INDICATOR = {
    "indicator_no": "指标编号", "budget_year": "年度", "adm_div_code": "行政区划", "agency_code": "预算单位编码",
    "agency_name": "预算单位名称", "book": "预算类型", "fund_source": "资金性质", "func_code": "功能科目编码", "dep_eco_code": "部门经济分类",
    "pro_code": "项目编码", "pro_name": "项目名称", "line_type": "项目类别", "initial": "年初指标金额", "added": "追加指标金额",
    "reduced": "调减指标金额", "frozen": "冻结指标金额", "available": "指标结余", "paid": "已支付金额", "doc_no": "指标文号",
    "issue_date": "下达日期", "source": "指标来源", "tracking_id": "追踪码",
}  # fmt: skip
_UPPER_INDICATOR = {
    "indicator_no": "BGT_NO", "budget_year": "FISCAL_YEAR", "adm_div_code": "MOF_DIV_CODE", "agency_code": "AGENCY_CODE",
    "agency_name": "AGENCY_NAME", "book": "BGT_TYPE_CODE", "fund_source": "FUND_TYPE_CODE", "func_code": "EXP_FUNC_CODE",
    "dep_eco_code": "DEP_BGT_ECO_CODE", "pro_code": "PRO_CODE", "pro_name": "PRO_NAME", "line_type": "PRO_CAT_CODE",
    "initial": "INIT_AMT", "added": "ADD_AMT", "reduced": "REDUCE_AMT", "frozen": "FREEZE_AMT", "available": "CUR_AMT",
    "paid": "PAID_AMT", "doc_no": "BGT_DOC_NO", "issue_date": "ISSUE_DATE", "source": "BGT_SOURCE", "tracking_id": "TRACKING_ID",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sender:
    """How one sender writes one feed. `headings` {} means the feed's own Chinese labels."""

    profile: str
    feed: str
    file: str
    who: tuple[str, str]
    headings: Mapping[str, str] = field(default_factory=dict)
    codes: str = "names"  # names: 中文 names of codes; numbers: 1, 2, 3 …; plain: the code itself
    dates: str = "%Y-%m-%d"
    encoding: str = "utf-8"
    thousands: bool = False
    wan: bool = False
    titles: tuple[str, ...] = ()

    def written(self, list_name: str) -> dict[str, str]:
        """Code → what this sender writes for it."""
        codes = list(LISTS[list_name])
        if self.codes == "names" and list_name != "book":
            return {code: LISTS[list_name][code].zh for code in codes}
        if self.codes == "numbers":
            return {code: str(n) for n, code in enumerate(codes, start=1)}
        return {code: code for code in codes}


def _payment(number: int, name: tuple[str, str], headings: Mapping[str, str], file: str, **more: object) -> Sender:
    profile = "demo_pay_city" if number == 0 else f"demo_pay_d{number}"
    return Sender(profile, "payment", file, name, headings, **more)  # type: ignore[arg-type]


PAYMENT_SENDERS: tuple[Sender, ...] = (
    _payment(0, ("示范市财政局", "Demo City Finance"), _ZH_PAYMENT, "市本级支付_{year}.csv"),
    _payment(1, ("启明区财政局", "Qiming District Finance"), _ZH_PAYMENT, "启明区支付_{year}.csv", encoding="gb18030", dates="%Y/%m/%d"),
    _payment(2, ("云帆区财政局", "Yunfan District Finance"), _CAMEL_PAYMENT, "yunfan_voucher_{year}.csv", codes="numbers", dates="%Y%m%d"),
    _payment(3, ("青禾区财政局", "Qinghe District Finance"), _UPPER_PAYMENT, "QINGHE_INC_CERT_PO_{year}.csv.gz", codes="plain"),
    _payment(4, ("星桥区财政局", "Xingqiao District Finance"), _CAMEL_PAYMENT, "xingqiao_voucher_{year}.csv", codes="plain",
             encoding="gb18030"),
    _payment(5, ("澄湖区财政局", "Chenghu District Finance"), _ZH_PAYMENT, "澄湖区支付明细_{year}.csv", thousands=True,
             dates="%Y年%m月%d日"),
)  # fmt: skip

_CITY_NAME = ("示范市财政局", "Demo City Finance")
_CONGRESS = ("示范市人大常委会预算工委", "Demo City Congress, budget office")
BUDGET_CITY = Sender("demo_budget_city", "budget_line", "市本级预算.csv", _CITY_NAME, _ZH_BUDGET)
BUDGET_DISTRICTS = Sender(
    "demo_budget_districts",
    "budget_line",
    "各区及镇街预算.csv",
    _CITY_NAME,
    _ZH_BUDGET,
    encoding="gb18030",
    thousands=True,
)
BUDGET_QINGHE = Sender(
    "demo_budget_wan",
    "budget_line",
    "青禾区预算_万元.csv",
    ("青禾区财政局", "Qinghe District Finance"),
    _ZH_BUDGET,
    wan=True,
)
BUDGET_TOWNS = Sender("demo_budget_towns", "budget_line", "启明区镇街预算.xlsx", ("启明区财政局", "Qiming District Finance"), _ZH_BUDGET,
                      titles=("启明区镇（街道）预算明细表", "单位：元"))  # fmt: skip
INDICATOR_CITY = Sender("demo_indicator_city", "indicator", "市本级指标.csv", _CITY_NAME, _ZH_INDICATOR)
INDICATOR_DISTRICTS = Sender("demo_indicator_districts", "indicator", "DISTRICT_INDICATORS.csv.gz", _CITY_NAME, _UPPER_INDICATOR,
                             codes="plain", dates="%Y%m%d")  # fmt: skip
ORG_UNITS = Sender(
    "demo_org_unit",
    "org_unit",
    "预算单位名录.xlsx",
    _CITY_NAME,
    titles=("示范市预算单位名录", "编制单位：示范市财政局"),
)
OTHERS: tuple[Sender, ...] = (
    Sender("demo_region", "region", "区划.csv", _CITY_NAME),
    Sender("demo_subject_dict", "subject_dict", "科目字典.csv", _CITY_NAME, encoding="gb18030"),
    Sender("demo_adjustment", "adjustment", "预算调整调剂.csv", _CITY_NAME),
    Sender("demo_transfer", "transfer", "转移支付.csv", _CITY_NAME, dates="%Y/%m/%d"),
    Sender("demo_carryover", "carryover", "结转结余.csv", _CITY_NAME),
    Sender("demo_debt_limit", "debt_limit", "债务限额余额.csv", _CITY_NAME),
    Sender("demo_debt_bond", "debt_bond", "政府债券.csv", _CITY_NAME),
    Sender("demo_project_invest", "project_invest", "政府投资项目.csv", _CITY_NAME, encoding="gb18030"),
    Sender("demo_calendar_event", "calendar_event", "程序事项.csv", _CONGRESS),
    Sender("demo_disclosure", "disclosure", "公开文本数字.csv", _CONGRESS),
    Sender("demo_treasury_report", "treasury_report", "国库支出月报.csv", ("示范市国库", "Demo City Treasury"), dates="%Y%m%d"),
    Sender("demo_procurement", "procurement", "政府采购.csv", ("示范市公共资源交易中心", "Demo City Trading Centre"), encoding="gb18030"),
    Sender("demo_livelihood_item", "livelihood_item", "民生实事项目.csv", _CONGRESS),
    Sender("demo_performance", "performance", "绩效.csv", _CITY_NAME),
    Sender("demo_asset", "asset", "国有资产.csv", _CITY_NAME, codes="plain"),
    Sender("demo_soe_dividend", "soe_dividend", "国有资本收益.csv", _CITY_NAME),
    Sender("demo_insurance_fund", "insurance_fund", "社会保险基金.csv", ("示范市社会保险经办中心", "Demo City Social Insurance")),
    Sender("demo_audit_issue", "audit_issue", "审计查出问题.csv", ("示范市审计局", "Demo City Audit Office"), encoding="gb18030"),
)  # fmt: skip
_YUNFAN = ("云帆区财政局", "Yunfan District Finance")
_CHENGHU = ("澄湖区财政局", "Chenghu District Finance")
#: Two districts report what comes in by themselves, the city's bureau for the others.
REVENUES: Mapping[str, Sender] = {
    "": Sender("demo_revenue_city", "revenue", "收入月报.csv", _CITY_NAME),
    "02": Sender("demo_revenue_d2", "revenue", "yunfan_income.csv", _YUNFAN, codes="plain"),
    "05": Sender("demo_revenue_d5", "revenue", "澄湖区收入月报.csv", _CHENGHU, thousands=True, encoding="gb18030"),
}  # fmt: skip
FEES: Mapping[str, Sender] = {
    "": Sender("demo_nontax_city", "nontax_item", "非税收入.csv", _CITY_NAME),
    "05": Sender("demo_nontax_d5", "nontax_item", "澄湖区非税收入.csv", _CHENGHU, thousands=True, encoding="gb18030"),
}
ALL_SENDERS: tuple[Sender, ...] = (
    *PAYMENT_SENDERS, BUDGET_CITY, BUDGET_DISTRICTS, BUDGET_QINGHE, BUDGET_TOWNS, INDICATOR_CITY, INDICATOR_DISTRICTS, ORG_UNITS,
    *OTHERS, *REVENUES.values(), *FEES.values(),
)  # fmt: skip


def payment_sender(region: str) -> Sender:
    """Who sends the payments of a place: its district's bureau, or the city's."""
    return PAYMENT_SENDERS[int(region[4:6])]
