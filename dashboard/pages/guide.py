"""The guides, one for each role."""

from __future__ import annotations

from typing import Any

from dashboard.asking import Asking
from dashboard.components import page_head
from dashboard.i18n import t


def view(asking: Asking) -> tuple[str, Any]:
    """To come."""
    title = t("使用指南")
    return title, [page_head(title)]


def view_one(asking: Asking) -> tuple[str, Any]:
    """To come."""
    return view(asking)
