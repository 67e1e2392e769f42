"""The code lists that facts use: stable English codes with the names people read, 中文 and English.

Profiles map what a sender writes (「人员类」) to these codes. Functional and economic subjects are
the top levels of 政府收支分类科目; the year's full list comes with the `subject_dict` feed.
"""

from __future__ import annotations

from collections.abc import Mapping

from budgetwatch.text import Text


def _of(**names: tuple[str, str]) -> dict[str, Text]:
    return {code: Text(*name) for code, name in names.items()}


LISTS: Mapping[str, Mapping[str, Text]] = {
    "book": {
        "1": Text("一般公共预算", "General public budget"),
        "2": Text("政府性基金预算", "Government fund budget"),
        "3": Text("国有资本经营预算", "State capital budget"),
        "4": Text("社会保险基金预算", "Social insurance fund budget"),
    },
    "level": _of(
        province=("省", "Province"),
        city=("市", "City"),
        district=("区", "District"),
        town=("镇", "Town"),
        street=("街道", "Street"),
    ),
    "stage": _of(
        proposal=("建议", "Proposal"),
        draft=("草案", "Draft"),
        approved=("批准", "Approved"),
        adjusted=("调整", "Adjusted"),
        final=("决算", "Final accounts"),
    ),
    "direction": _of(expenditure=("支出", "Expenditure"), revenue=("收入", "Revenue")),
    "line_type": _of(
        personnel=("人员类", "Personnel"),
        operating=("公用类", "Operating"),
        project=("项目类", "Project"),
        reserve=("预备费", "Contingency reserve"),
        transfer=("转移支付", "Transfer"),
        debt=("债务", "Debt service"),
    ),
    "fund_source": _of(
        own=("本级财力", "Own revenue"),
        upper_general=("上级一般性转移支付", "General transfer from above"),
        upper_special=("上级专项转移支付", "Special transfer from above"),
        direct=("直达资金", "Direct funds"),
        general_bond=("一般债券", "General bonds"),
        special_bond=("专项债券", "Special bonds"),
        carryover=("上年结转", "Carried over"),
        other=("其他", "Other"),
    ),
    "unit_type": _of(
        administrative=("行政", "Administrative"),
        civil_like=("参公", "Under the civil-service law"),
        full=("全额拨款", "Fully funded institution"),
        partial=("差额拨款", "Partly funded institution"),
        self_funded=("自收自支", "Self-funded institution"),
    ),
    "payee_type": _of(
        organisation=("单位", "Organisation"),
        person=("个人", "Individual"),
        fiscal_account=("财政专户", "Fiscal special account"),
        own_unit=("本单位", "The paying unit itself"),
    ),
    "account_type": _of(
        basic=("基本户", "Basic account"),
        general=("一般户", "General account"),
        special=("专用户", "Special-purpose account"),
        zero_balance=("零余额账户", "Zero-balance account"),
        fiscal=("财政专户", "Fiscal special account"),
        personal=("个人账户", "Personal account"),
    ),
    "settlement": _of(
        transfer=("转账", "Transfer"),
        cash=("现金", "Cash"),
        card=("公务卡", "Official card"),
        cheque=("支票", "Cheque"),
        payroll=("代发", "Payroll batch"),
    ),
    "transfer_direction": _of(received=("上级下达", "Received from above"), sent=("对下下达", "Sent below")),
    "transfer_type": _of(
        general=("一般性转移支付", "General transfer"),
        special=("专项转移支付", "Special transfer"),
        direct=("直达资金", "Direct funds"),
    ),
    "adjustment_type": _of(
        adjustment=("预算调整", "Budget adjustment"),
        virement=("预算调剂", "Virement"),
        addition=("追加", "Addition"),
        reserve=("动用预备费", "Use of the contingency reserve"),
    ),
    "debt_kind": _of(general=("一般债务", "General debt"), special=("专项债务", "Special debt")),
    "indicator_source": _of(
        own=("本级", "Own level"), upper_advance=("上级提前下达", "Advance notice from above"), upper=("上级", "From above")
    ),
    "subject_type": _of(
        func=("功能分类", "Functional"),
        gov_eco=("政府预算经济分类", "Government economic"),
        dep_eco=("部门预算经济分类", "Department economic"),
        revenue=("收入分类", "Revenue"),
    ),
    "event_type": _of(
        congress_open=("人代会开幕", "Congress opens"),
        budget_approved=("人代会批准预算", "Congress approves the budget"),
        draft_submitted=("预算草案初步方案提交", "Draft budget submitted for first review"),
        voters_consulted=("听取选民和社会各界意见", "Voters and society consulted"),
        department_budget_approved=("财政批复部门预算", "Finance bureau approves a department's budget"),
        unit_budget_approved=("部门批复所属单位预算", "Department approves a unit's budget"),
        government_published=("政府预决算公开", "Government-level disclosure"),
        department_published=("部门预决算公开", "Department disclosure"),
        unit_published=("单位预决算公开", "Unit disclosure"),
        copied_to_congress=("抄送人大", "Copied to the congress"),
        execution_reported=("预算执行情况报告", "Execution report heard"),
        adjustment_submitted=("预算调整初步方案提交", "Adjustment proposal submitted"),
        accounts_submitted=("决算草案提请", "Final accounts submitted"),
        accounts_approved=("批准决算", "Final accounts approved"),
        standing_committee=("常委会会议", "Standing-committee meeting"),
        audit_reported=("听取审计工作报告", "Audit report heard"),
        rectification_reported=("听取审计整改报告", "Audit-rectification report heard"),
        suggestion_assigned=("代表建议交办", "Deputy suggestion assigned"),
        suggestion_answered=("代表建议答复", "Deputy suggestion answered"),
        transfer_notice=("转移支付下达", "Transfer notice issued"),
        other=("其他", "Other"),
    ),
}

#: Functional 类 of 政府收支分类科目 (expenditure).
FUNCTIONS: Mapping[str, Text] = {
    "201": Text("一般公共服务", "General public services"),
    "202": Text("外交", "Foreign affairs"),
    "203": Text("国防", "Defence"),
    "204": Text("公共安全", "Public security"),
    "205": Text("教育", "Education"),
    "206": Text("科学技术", "Science and technology"),
    "207": Text("文化旅游体育与传媒", "Culture, tourism, sport and media"),
    "208": Text("社会保障和就业", "Social security and employment"),
    "209": Text("社会保险基金支出", "Social insurance funds"),
    "210": Text("卫生健康", "Health"),
    "211": Text("节能环保", "Environment and energy saving"),
    "212": Text("城乡社区", "Urban and rural communities"),
    "213": Text("农林水", "Agriculture, forestry and water"),
    "214": Text("交通运输", "Transport"),
    "215": Text("资源勘探工业信息等", "Resources, industry and information"),
    "216": Text("商业服务业等", "Commerce and services"),
    "217": Text("金融", "Finance"),
    "219": Text("援助其他地区", "Aid to other regions"),
    "220": Text("自然资源海洋气象等", "Natural resources, sea and weather"),
    "221": Text("住房保障", "Housing"),
    "222": Text("粮油物资储备", "Grain and material reserves"),
    "223": Text("国有资本经营预算支出", "State capital operations"),
    "224": Text("灾害防治及应急管理", "Disaster prevention and emergency management"),
    "227": Text("预备费", "Contingency reserve"),
    "229": Text("其他支出", "Other expenditure"),
    "230": Text("转移性支出", "Transfers"),
    "231": Text("债务还本支出", "Debt principal"),
    "232": Text("债务付息支出", "Debt interest"),
    "233": Text("债务发行费用支出", "Debt issue costs"),
    "234": Text("抗疫特别国债安排的支出", "Special anti-epidemic bonds"),
}

#: Department economic 类, and the 款 that rules and people name most.
ECONOMIC: Mapping[str, Text] = {
    "301": Text("工资福利支出", "Wages and benefits"),
    "302": Text("商品和服务支出", "Goods and services"),
    "303": Text("对个人和家庭的补助", "Support to individuals and families"),
    "307": Text("债务利息及费用支出", "Debt interest and costs"),
    "309": Text("资本性支出（基本建设）", "Capital (basic construction)"),
    "310": Text("资本性支出", "Capital"),
    "311": Text("对企业补助（基本建设）", "Support to enterprises (construction)"),
    "312": Text("对企业补助", "Support to enterprises"),
    "313": Text("对社会保障基金补助", "Support to social-security funds"),
    "399": Text("其他支出", "Other"),
    "30101": Text("基本工资", "Basic pay"),
    "30102": Text("津贴补贴", "Allowances"),
    "30103": Text("奖金", "Bonuses"),
    "30107": Text("绩效工资", "Performance pay"),
    "30108": Text("机关事业单位基本养老保险缴费", "Pension contributions"),
    "30110": Text("职工基本医疗保险缴费", "Health-insurance contributions"),
    "30113": Text("住房公积金", "Housing fund"),
    "30201": Text("办公费", "Office"),
    "30202": Text("印刷费", "Printing"),
    "30203": Text("咨询费", "Consulting"),
    "30204": Text("手续费", "Fees"),
    "30205": Text("水费", "Water"),
    "30206": Text("电费", "Electricity"),
    "30207": Text("邮电费", "Post and telephone"),
    "30208": Text("取暖费", "Heating"),
    "30209": Text("物业管理费", "Property management"),
    "30211": Text("差旅费", "Domestic travel"),
    "30212": Text("因公出国（境）费用", "Official travel abroad"),
    "30213": Text("维修（护）费", "Repairs"),
    "30214": Text("租赁费", "Rent"),
    "30215": Text("会议费", "Meetings"),
    "30216": Text("培训费", "Training"),
    "30217": Text("公务接待费", "Official hospitality"),
    "30218": Text("专用材料费", "Special materials"),
    "30224": Text("被装购置费", "Uniforms"),
    "30225": Text("专用燃料费", "Special fuel"),
    "30226": Text("劳务费", "Services of individuals"),
    "30227": Text("委托业务费", "Commissioned services"),
    "30228": Text("工会经费", "Trade union"),
    "30229": Text("福利费", "Welfare"),
    "30231": Text("公务用车运行维护费", "Official vehicles: running"),
    "30239": Text("其他交通费用", "Other transport"),
    "30240": Text("税金及附加费用", "Taxes"),
    "30299": Text("其他商品和服务支出", "Other goods and services"),
    "30301": Text("离休费", "Retirement (离休)"),
    "30305": Text("生活补助", "Living allowance"),
    "30306": Text("救济费", "Relief"),
    "30308": Text("助学金", "Student aid"),
    "30399": Text("其他对个人和家庭的补助", "Other support to individuals"),
    "31001": Text("房屋建筑物购建", "Buildings"),
    "31002": Text("办公设备购置", "Office equipment"),
    "31003": Text("专用设备购置", "Special equipment"),
    "31005": Text("基础设施建设", "Infrastructure"),
    "31006": Text("大型修缮", "Major repairs"),
    "31007": Text("信息网络及软件购置更新", "Networks and software"),
    "31013": Text("公务用车购置", "Official vehicles: purchase"),
    "31099": Text("其他资本性支出", "Other capital"),
}

SEVERITIES: Mapping[str, Text] = _of(
    red=("红", "Red"), orange=("橙", "Orange"), yellow=("黄", "Yellow"), blue=("蓝", "Blue")
)
