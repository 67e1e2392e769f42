"""Why a row was rejected: stable codes, and the sentences people read beside the row."""

from __future__ import annotations

from collections.abc import Mapping

from budgetwatch.text import Text

#: `{column}` is the heading as sent, `{value}` what stood there; for repeats, the line that came first.
REASONS: Mapping[str, Text] = {
    "wrong_field_count": Text(
        "这一行有 {value} 个字段，与表头不符", "The row has {value} fields, which is not what the heading has"
    ),
    "not_a_record": Text("这里不是一条完整的记录", "What stands here is no whole record"),
    "missing": Text("「{column}」必填，但为空", "'{column}' is required, but empty"),
    "not_money": Text("「{column}」的「{value}」不是金额", "'{value}' in '{column}' is not an amount"),
    "too_many_decimals": Text(
        "「{column}」的「{value}」超过两位小数（元）", "'{value}' in '{column}' has parts of a cent"
    ),
    "not_integer": Text("「{column}」的「{value}」不是整数", "'{value}' in '{column}' is not a whole number"),
    "out_of_range": Text("「{column}」的「{value}」超出范围", "'{value}' in '{column}' is out of range"),
    "not_ratio": Text("「{column}」的「{value}」不是比率", "'{value}' in '{column}' is not a ratio"),
    "not_date": Text("「{column}」的「{value}」不是日期", "'{value}' in '{column}' is not a date"),
    "not_flag": Text("「{column}」的「{value}」不是是/否", "'{value}' in '{column}' is not yes or no"),
    "unknown_code": Text("「{column}」的「{value}」不在代码表中", "'{value}' in '{column}' is not in the code list"),
    "total_differs": Text(
        "各列之和与「{column}」的「{value}」不符", "The columns do not add up to '{value}' in '{column}'"
    ),
    "key_missing": Text("没有任何标识（{column}）", "Nothing identifies the row ({column})"),
    "repeats_line": Text("与第 {value} 行重复", "Repeats line {value}"),
    "key_already_used": Text(
        "标识已用于第 {value} 行，而内容不同", "Its key is already used on line {value}, with other values"
    ),
    "outside_scope": Text(
        "「{column}」的「{value}」不在报送人的区划范围内",
        "'{value}' in '{column}' is outside the region that the sender may send for",
    ),
    "key_outside_scope": Text(
        "标识（{column}）已用于其他地区的数据", "Its key ({column}) belongs to a fact of another region"
    ),
}


def sentence(reason: str, column: str | None, value: str | None) -> Text:
    """The reason as people read it."""
    return REASONS[reason].fill(column=column or "", value=value or "")
