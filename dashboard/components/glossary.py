"""Words of the trade in plain language, for people who read a budget once a year."""

from __future__ import annotations

from budgetwatch.text import Text

GLOSSARY: dict[str, Text] = {
    "draft": Text(
        "政府提请本次人代会审查的明年支出计划，批准之前还可以改。",
        "What the government asks the congress to approve for next year; it can still change.",
    ),
    "approved": Text("人代会已经批准的支出计划。", "The spending plan as the congress approved it."),
    "last_budget": Text("上一年人代会批准的计划数。", "What was approved for the year before."),
    "last_actual": Text("上一年实际花出去的钱。", "What was really spent in the year before."),
    "change": Text(
        "今年草案比上年预算多了（▲）还是少了（▼），以及百分比。",
        "How much more (▲) or less (▼) this draft asks for than last year's budget.",
    ),
    "per_head": Text(
        "草案金额除以常住人口，相当于每个人分摊多少。",
        "The draft divided by the number of residents: what it comes to per person.",
    ),
    "execution_ratio": Text(
        "上年实际花的钱占上年预算的比例：太低说明钱没花出去，太高说明超了计划。",
        "Last year's spending as a share of last year's budget: very low means money lay idle, very high that the plan was exceeded.",
    ),
    "share": Text("这一项占全部支出的比例。", "This line as a share of all spending."),
    "attention": Text(
        "系统在这一项下发现的值得多问一句的地方；是提醒，不是结论。",
        "Places under this line where one might ask once more; reminders, not findings.",
    ),
    "book_all": Text(
        "各本账加在一起；它们各有来源和用途，不能互相挪用。",
        "All the books added together; each has its own income and purpose, and none may be used for another.",
    ),
    "book_1": Text(
        "用税收等收入安排的日常支出，是最主要的一本账。", "Day-to-day spending paid from taxes: the main book."
    ),
    "book_2": Text(
        "用土地出让等专门收入安排、只能用在指定方向的账。",
        "Earmarked income, such as land sales, and what it may be spent on.",
    ),
    "book_3": Text("国有企业上缴利润安排的支出。", "Spending paid from the profits of state-owned companies."),
    "book_4": Text(
        "养老、医疗等社会保险的收支。", "Income and spending of pension, health and other social insurance."
    ),
}
