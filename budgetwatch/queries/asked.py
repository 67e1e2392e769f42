"""Of how much a rule was asked in a run, in words: of everything, of what changed, or why of everything all the same."""

from __future__ import annotations

from budgetwatch.text import Text

_WHY = {
    "first": Text("以前没有问过", "never asked before"),
    "changed": Text("规则已改", "its text is another"),
    "before": Text("上次未能完整判断", "the last run could not ask it"),
    "day": Text("取决于当天日期", "the day itself counts"),
    "key": Text("不能按对象拆开", "it does not fall apart by a key"),
    "much": Text("涉及的行太多", "what changed touches too many rows"),
    "ready": Text("已备妥，全部问更快", "its feeds are made ready, so that all of it costs less"),
    "small": Text("数据不多", "few rows"),
    "model": Text("模型对全部排序", "a model ranks everything"),
    "form": Text("期限规则", "a deadline"),
    "baselines": Text("以进度基准为据", "it rests on progress baselines"),
    "pack": Text("各地参数不同", "places set its values"),
    "exempt": Text("有例外", "there are exemptions"),
    "incident": Text("有暂扣的事件", "there are incidents"),
    "echo": Text("可能是另一条规则的连带发现", "it may be an echo of another rule"),
    "late": Text("有的报送单位迟到", "a sender is late"),
    "unclear": Text("问法无法拆解", "its question is not understood"),
    "differs": Text("与上次留下的疑点不一致", "the last run's flags are not what its rows give"),
    "failed": Text("拆开问时出错", "asking of less failed"),
}


def asked(code: str) -> Text:
    """The sentence for the code that a run's line keeps."""
    if not code:
        return Text("全部", "everything")
    if code == "narrowed":
        return Text("只问有变化的", "what changed")
    why = _WHY.get(code, Text(code, code))
    return Text(f"全部：{why.zh}", f"everything: {why.en}")
