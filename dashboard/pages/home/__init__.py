"""What is mine to do now: one home page for each role."""

from __future__ import annotations

from typing import Any

from dashboard.asking import Asking
from dashboard.components import page_head
from dashboard.i18n import t


def view(asking: Asking) -> tuple[str, Any]:
    """To come."""
    title = t("首页")
    return title, [page_head(title)]
