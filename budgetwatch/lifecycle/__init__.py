"""A rule's life: drafted, back-tested, proposed, approved by a second person, active from a day, retired.

An edition is a rule's text exactly as it was drafted; it never changes. Every step is a row that is only added, and
what an edition is now is where its last step led.
"""

from budgetwatch.lifecycle import service
from budgetwatch.lifecycle.service import (
    act,
    activate,
    draft,
    roll_back,
    set_enabled,
    set_params,
)
from budgetwatch.lifecycle.table import ACTS, STATES

__all__ = ["ACTS", "STATES", "act", "activate", "draft", "roll_back", "service", "set_enabled", "set_params"]
