"""Districts and towns side by side, on a map where shapes were loaded, else as tiles."""

from __future__ import annotations

from typing import Any

from dashboard.asking import Asking
from dashboard.components import page_head
from dashboard.i18n import t


def view(asking: Asking) -> tuple[str, Any]:
    """To come."""
    title = t("地区")
    return title, [page_head(title)]
