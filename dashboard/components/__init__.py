"""The kit that pages are made of: each piece knows its markup, its words for screen readers and nothing else."""

from dashboard.components.badges import due_mark, mark, severity_badge, state_badge
from dashboard.components.forms import (
    area,
    button,
    chooser,
    field,
    filter_form,
    hidden,
    link_button,
    live_select,
    search_box,
)
from dashboard.components.money import amount, change, delta, ratio, unit_label
from dashboard.components.pager import pager
from dashboard.components.states import empty, error_box, note, nothing_yet
from dashboard.components.structure import (
    breadcrumbs,
    card,
    definition_list,
    help_word,
    page_head,
    picture,
    tabs,
    term,
    tiles,
    timeline,
)
from dashboard.components.table import Column, columns_of, table

__all__ = [
    "Column",
    "amount",
    "area",
    "breadcrumbs",
    "button",
    "card",
    "change",
    "chooser",
    "columns_of",
    "definition_list",
    "delta",
    "due_mark",
    "empty",
    "error_box",
    "field",
    "filter_form",
    "help_word",
    "hidden",
    "link_button",
    "live_select",
    "mark",
    "note",
    "nothing_yet",
    "page_head",
    "pager",
    "picture",
    "ratio",
    "search_box",
    "severity_badge",
    "state_badge",
    "table",
    "tabs",
    "term",
    "tiles",
    "timeline",
    "unit_label",
]
