"""Long work: what runs, how far it is, how it ended."""

from __future__ import annotations

from typing import Any

from dashboard.asking import Asking
from dashboard.components import page_head
from dashboard.i18n import t


def view(asking: Asking) -> tuple[str, Any]:
    """To come."""
    title = t("后台任务")
    return title, [page_head(title)]


def view_one(asking: Asking) -> tuple[str, Any]:
    """To come."""
    return view(asking)
