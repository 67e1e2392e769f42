"""Everything that one line finds: units, projects, payees, cases, rules."""

from __future__ import annotations

from typing import Any

from dashboard.asking import Asking
from dashboard.components import page_head
from dashboard.i18n import t


def view(asking: Asking) -> tuple[str, Any]:
    """To come."""
    title = t("搜索")
    return title, [page_head(title)]
