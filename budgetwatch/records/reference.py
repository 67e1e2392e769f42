"""What the other feeds refer to: units, regions, subjects, dated events, published figures, findings of audits."""

from __future__ import annotations

from budgetwatch.records.columns import (
    AGENCY,
    AGENCY_NAME,
    AGENCY_OPTIONAL,
    AMOUNT,
    CURRENCY,
    DIV,
    NOTE,
    PARENT,
    YEAR,
    column,
)
from budgetwatch.records.types import Feed
from budgetwatch.text import Text

ORG_UNIT = Feed(
    "org_unit",
    Text("预算单位", "Unit"),
    key=("agency_code", "budget_year"),
    columns=(
        AGENCY,
        YEAR,
        AGENCY_NAME,
        PARENT,
        column("parent_name", "text", "主管部门", "Parent department name", "主管部门名称"),
        DIV,
        column("level", "code", "级次", "Level", "预算级次", values="level"),
        column("unit_type", "code", "单位性质", "Kind of unit", "单位类型", values="unit_type"),
        column("staff_quota", "integer", "编制数", "Posts", "编制人数"),
        column("staff_actual", "integer", "实有人数", "Staff", "在职人数"),
        column("vehicle_quota", "integer", "车辆编制", "Vehicles allowed", "公务用车编制", "车辆编制数"),
        column("vehicles", "integer", "实有车辆", "Vehicles", "实有车辆数"),
        column("floor_area", "integer", "办公面积（平方米）", "Floor area (m²)", "办公用房面积"),
        column("short_name", "text", "单位简称", "Short name", "agency_abbreviation"),
        column("industry", "code", "行业代码", "Industry", "ind_code"),
        column("uscc", "code", "统一社会信用代码", "Unified social credit code", "unifsoc_cred_code"),
        column(
            "predecessor",
            "code",
            "原单位代码",
            "Was before",
            "改革前单位代码",
            note="the unit that it was made of by a reform",
        ),
    ),
)

REGION = Feed(
    "region",
    Text("区划", "Region"),
    key=("adm_div_code", "budget_year"),
    columns=(
        DIV,
        YEAR,
        column("adm_div_name", "text", "区划名称", "Region", "地区名称", need=True),
        column("level", "code", "级次", "Level", values="level"),
        column("population", "integer", "常住人口", "Residents", "人口"),
    ),
)

SUBJECT_DICT = Feed(
    "subject_dict",
    Text("科目字典", "Subjects"),
    key=("type", "budget_year", "code"),
    columns=(
        column("type", "code", "科目类型", "Kind of subject", need=True, values="subject_type"),
        YEAR,
        column("code", "code", "科目编码", "Code", "编码", need=True),
        column("name", "text", "科目名称", "Name", "名称", need=True),
        column("parent", "code", "上级科目", "Parent", "上级编码"),
        column("level", "integer", "科目级次", "Level", "级次", note="1 类, 2 款, 3 项"),
        column("valid_from", "integer", "启用年度", "First year", "生效年度"),
        column("valid_to", "integer", "停用年度", "Last year", "失效年度"),
        column(
            "successor", "code", "对应新科目", "Became", "新科目编码", note="the code that stands for it from then on"
        ),
    ),
)

CALENDAR_EVENT = Feed(
    "calendar_event",
    Text("程序事项", "Dated event"),
    key=("event_id",),
    day="event_date",
    note="what was held, received, approved, copied or published, and when",
    columns=(
        column("event_id", "code", "事项编号", "Event", "编号", need=True),
        YEAR,
        DIV,
        column("event_type", "code", "事项类型", "Kind", "类型", need=True, values="event_type"),
        column("event_date", "date", "日期", "Date", "事项日期", need=True),
        AGENCY_OPTIONAL,
        AGENCY_NAME,
        column("subject", "text", "事项", "Subject", "标题", "事项名称"),
        column("refers_to", "code", "关联事项", "Refers to", "关联编号", note="the event or document this one answers"),
        column("doc_no", "code", "文号", "Document no."),
        column(
            "due_date",
            "date",
            "应完成日期",
            "Due",
            "期限",
            note="where the event has a day of its own by which it is due",
        ),
        NOTE,
    ),
)

DISCLOSURE = Feed(
    "disclosure",
    Text("公开文本数字", "Published figure"),
    key=("budget_year", "stage", "adm_div_code", "agency_code", "item", "place"),
    note="a figure as it stands in one place of a published document, in yuan as published",
    columns=(
        YEAR,
        column("stage", "code", "阶段", "Stage", need=True, values="stage"),
        DIV,
        AGENCY,
        AGENCY_NAME,
        column("item", "code", "公开项目", "Item", "项目", need=True, values="disclosure_item"),
        column(
            "place", "code", "出处", "Where", "所在位置", values="disclosure_place", note="empty: the summary table"
        ),
        AMOUNT,
        CURRENCY,
        column("publish_date", "date", "公开日期", "Published"),
        column("doc_no", "code", "文件编号", "Document"),
    ),
)

AUDIT_ISSUE = Feed(
    "audit_issue",
    Text("审计查出问题", "Audit finding"),
    key=("issue_id", "as_of"),
    day="as_of",
    note="a finding of the audit office, and how far it is mended",
    columns=(
        column("issue_id", "code", "问题编号", "Finding no.", "审计问题编号", need=True),
        YEAR,
        DIV,
        AGENCY,
        AGENCY_NAME,
        column("as_of", "date", "数据日期", "As of", "截止日期", need=True),
        column("report", "text", "审计报告", "Report", "报告名称"),
        column("report_date", "date", "报告日期", "Reported", "审计报告日期"),
        column("category", "text", "问题类别", "Category", "问题类型"),
        column("basis", "text", "定性依据", "Legal basis", "违反规定"),
        column("rule_ids", "text", "关联疑点规则", "Rules concerned", "对应规则", note="several are joined by ；"),
        column("finding", "text", "问题描述", "What was found", "问题摘要", "问题内容"),
        column("amount", "money", "涉及金额", "Amount", "问题金额"),
        column("requirement", "text", "整改要求", "Requirement", "审计要求"),
        column("due_date", "date", "整改期限", "Due", "应整改日期"),
        column("state", "code", "整改状态", "State", "整改情况", need=True, values="mending_state"),
        column("mended_date", "date", "整改完成日期", "Mended", "销号日期"),
        column("mended_amount", "money", "整改金额", "Amount mended", "已整改金额"),
        column("measures", "text", "整改措施", "Measures", "整改情况说明"),
        CURRENCY,
    ),
)
