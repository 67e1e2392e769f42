"""The words of the trade, each with one meaning: the source of the guide's glossary, docs/glossary.md and the help beside a word.

Written for people who read a budget once a year. `python -m tools.glossary` writes docs/glossary.md from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from budgetwatch.text import Text


@dataclass(frozen=True, slots=True)
class Term:
    """A word as screens say it, and what it means."""

    word: Text
    meaning: Text


def _term(zh: str, en: str, meaning_zh: str, meaning_en: str) -> Term:
    return Term(Text(zh, en), Text(meaning_zh, meaning_en))


#: Subject → key → term. The keys are what pages ask for; the order is that of the glossary.
CHAPTERS: dict[Text, dict[str, Term]] = {
    Text("预算草案怎么读", "Reading a draft budget"): {
        "draft": _term(
            "本年草案", "Draft",
            "政府提请本次人代会审查的明年支出计划，批准之前还可以改。",
            "What the government asks the congress to approve for next year; it can still change.",
        ),
        "approved": _term(
            "批准预算", "Approved budget",
            "人代会已经批准的支出计划。",
            "The spending plan as the congress approved it.",
        ),
        "adjusted": _term(
            "调整预算", "Adjusted budget",
            "年中经人大常委会批准改动后的支出计划。",
            "The plan as changed during the year with the standing committee's approval.",
        ),
        "final": _term(
            "决算", "Final accounts",
            "一年结束后算出的实际收支，由人大常委会批准。",
            "What really came in and went out, drawn up after the year and approved by the standing committee.",
        ),
        "last_budget": _term(
            "上年预算", "Last budget",
            "上一年人代会批准的计划数。",
            "What was approved for the year before.",
        ),
        "last_actual": _term(
            "上年实际", "Last actual",
            "上一年实际花出去的钱。",
            "What was really spent in the year before.",
        ),
        "change": _term(
            "变化", "Change",
            "今年草案比上年预算多了（▲）还是少了（▼），以及百分比。",
            "How much more (▲) or less (▼) this draft asks for than last year's budget.",
        ),
        "per_head": _term(
            "人均", "Per head",
            "草案金额除以常住人口，相当于每个人分摊多少。",
            "The draft divided by the number of residents: what it comes to per person.",
        ),
        "execution_ratio": _term(
            "执行率", "Execution rate",
            "上年实际花的钱占上年预算的比例：太低说明钱没花出去，太高说明超了计划。",
            "Last year's spending as a share of last year's budget: very low means money lay idle, very high that the plan was exceeded.",
        ),
        "share": _term(
            "占比", "Share",
            "这一项占全部支出的比例。",
            "This line as a share of all spending.",
        ),
        "attention": _term(
            "请关注", "Please note",
            "系统在这一项下发现的值得多问一句的地方；是提醒，不是结论。",
            "Places under this line where one might ask once more; reminders, not findings.",
        ),
        "book_all": _term(
            "各本合计", "All books together",
            "各本账加在一起；它们各有来源和用途，不能互相挪用。",
            "All the books added together; each has its own income and purpose, and none may be used for another.",
        ),
        "book_1": _term(
            "一般公共预算", "General public budget",
            "用税收等收入安排的日常支出，是最主要的一本账。",
            "Day-to-day spending paid from taxes: the main book.",
        ),
        "book_2": _term(
            "政府性基金预算", "Government funds budget",
            "用土地出让等专门收入安排、只能用在指定方向的账。",
            "Earmarked income, such as land sales, and what it may be spent on.",
        ),
        "book_3": _term(
            "国有资本经营预算", "State capital budget",
            "国有企业上缴利润安排的支出。",
            "Spending paid from the profits of state-owned companies.",
        ),
        "book_4": _term(
            "社会保险基金预算", "Social insurance budget",
            "养老、医疗等社会保险的收支。",
            "Income and spending of pension, health and other social insurance.",
        ),
    },
    Text("钱怎么走", "How money moves"): {
        "function": _term(
            "功能科目", "Function",
            "钱花在哪里：教育、卫生、农林水……",
            "What the money is for: education, health, farming and water, and so on.",
        ),
        "economic": _term(
            "经济科目", "Economic subject",
            "钱怎么花：工资、办公、工程、补助……",
            "What the money buys: wages, office costs, works, allowances, and so on.",
        ),
        "indicator": _term(
            "预算指标", "Indicator",
            "单位可以花钱的额度：年初数加追加、减核减、减冻结，等于可用数加已支付。",
            "A unit's right to spend: initial + added − reduced − frozen = available + paid.",
        ),
        "transfer": _term(
            "转移支付", "Transfer",
            "上级拨给下级的钱；合计时只算一次。",
            "Money that a higher level passes to a lower one; counted once in totals.",
        ),
        "virement": _term(
            "调剂", "Virement",
            "批准后在科目或项目之间挪动的预算。",
            "Budget moved between lines after approval.",
        ),
        "carry_over": _term(
            "结转结余", "Carry-over",
            "以前年度没有花完、留到今年的钱。",
            "Money left over from an earlier year.",
        ),
        "voucher": _term(
            "凭证", "Voucher",
            "一笔支付的记录，注明它来自哪个文件的哪一行。",
            "The record of one payment, with the file and line it came from.",
        ),
        "payee": _term(
            "收款人", "Payee",
            "收到这笔钱的单位或个人；个人姓名按权限遮住一部分。",
            "Who received the money; a person's name is partly masked unless your role may see it.",
        ),
    },
    Text("疑点怎么办", "Working on what was found"): {
        "rule": _term(
            "规则", "Rule",
            "写明理由和依据、向数据提出的一个问题；答案是疑点。",
            "A question put to the data, with its reason and legal basis; its answers are flags.",
        ),
        "flag": _term(
            "疑点", "Flag",
            "规则找到的一处值得看一看的地方，不是过错，也不是结论。",
            "One finding of a rule: a thing worth a look, neither a fault nor a conclusion.",
        ),
        "case": _term(
            "事项", "Case",
            "正在办理的疑点：谁在办、到哪一步、何时到期。",
            "A flag under work: in whose hands, at which step, due when.",
        ),
        "echo": _term(
            "连带发现", "Echo",
            "另一条规则查出、已由这条疑点说明的情况；附在它后面，不另立疑点。",
            "What another rule found and a flag says already: told with that flag, no flag of its own.",
        ),
        "lead": _term(
            "线索", "Lead",
            "模型按少见程度排出的支付；人觉得值得核实，才转为疑点。",
            "A payment that a model ranks as rare; a person may make it a case.",
        ),
        "severity": _term(
            "等级", "Severity",
            "疑点的轻重：红、橙、黄、蓝，由规则定。",
            "How grave a flag is: red, orange, yellow or blue, as its rule says.",
        ),
        "triage": _term(
            "初核", "Triage",
            "第一眼核对：是数据的问题、有依据的例外，还是真的值得问单位。",
            "The first look: wrong data, a lawful exception, or worth asking the unit.",
        ),
        "inquiry": _term(
            "函询", "Inquiry",
            "请单位说明情况的函，有文号和答复期限。",
            "The letter that asks a unit to explain, with a number and a day to reply by.",
        ),
        "reply": _term(
            "反馈", "Reply",
            "单位对函询的说明，处处与疑点并列显示。",
            "The unit's explanation; it is shown beside the flag everywhere.",
        ),
        "confirmed": _term(
            "认定问题", "Confirmed problem",
            "听取说明之后，由人认定确有问题。",
            "What a person has confirmed after hearing the unit.",
        ),
        "dismissed": _term(
            "排除疑点", "Dismissed flag",
            "核对之后没有问题，写明理由，再由第二个人复核。",
            "Found to be in order, with the reason; a second person reviews it.",
        ),
        "closed": _term(
            "销号", "Close",
            "由第二个人复核后结束；证据有变化会重新开启。",
            "The end of a case, by a second person; changed evidence opens it again.",
        ),
        "exemption": _term(
            "白名单", "Exemption",
            "某条规则不再对某个对象提示，要有理由、依据、期限和批准人。",
            "A subject that a rule leaves out, with reason, basis, end and approver.",
        ),
        "could_not_judge": _term(
            "无法判断", "Could not judge",
            "数据缺了必要的栏目，规则说不出有没有疑点；单独计数，不当作没有问题。",
            "A needed column is missing, so the rule can say nothing; counted apart, never taken for a clean bill.",
        ),
    },
    Text("数据从哪里来", "Where the data come from"): {
        "feed": _term(
            "数据种类", "Feed",
            "一类报送的数据，如支付、指标、预算明细。",
            "One kind of data that is sent: payments, indicators, budget lines and so on.",
        ),
        "profile": _term(
            "格式说明", "Profile",
            "一份文件，说明某个报送方的表头、单位和日期怎样读。",
            "A file that says how one sender's headings, units and dates are read.",
        ),
        "batch": _term(
            "批次", "Batch",
            "一次报送的一个文件，以及它每一行的去向。",
            "One file that was sent, and what became of each of its rows.",
        ),
        "reject": _term(
            "退回行", "Rejected row",
            "没有采纳的一行，连同行号、栏目、原值和理由一起保存。",
            "A row that was not taken in, kept with its line, column, value and reason.",
        ),
        "freshness": _term(
            "新鲜程度", "Freshness",
            "每类数据最近到哪一天，已经多久没有新的。",
            "Up to which day each feed reaches, and how long it has been silent.",
        ),
        "scope": _term(
            "权限范围", "Scope",
            "您能看到的地区和单位；别处的数据查不到，也不会算进合计。",
            "The regions and units that you see; nothing else is found or counted.",
        ),
        "snapshot": _term(
            "数据版本", "Version of the facts",
            "数据在某一时刻的样子；后来的更正不会改动它。",
            "The facts as they were known at a moment; later corrections do not change it.",
        ),
    },
}  # fmt: skip

TERMS: dict[str, Term] = {key: term for chapter in CHAPTERS.values() for key, term in chapter.items()}


def table() -> str:
    """The glossary as Markdown, one table a subject, in 中文, 繁體 and English."""
    parts = [
        "# 词语表 · 詞語表 · Glossary",
        "One meaning for each word, the same on every screen. Made by `python -m tools.glossary` from `budgetwatch/glossary.py`.",
    ]
    for title, terms in CHAPTERS.items():
        rows = [
            f"| {' | '.join((t.word.zh, t.word.of('zh-Hant'), t.word.en, t.meaning.zh, t.meaning.en))} |"
            for t in terms.values()
        ]
        parts.append(f"## {title.zh} · {title.en}")
        parts.append("\n".join(["| 简体 | 繁體 | English | 意思 | meaning |", "|---|---|---|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"
