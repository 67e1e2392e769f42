"""Who is asking, and what lies within their sight: the value that every query takes first."""

from __future__ import annotations

from dataclasses import dataclass

from budgetwatch.text import Text

ROLES: dict[str, Text] = {
    "reviewer": Text("预算工委经办", "Committee reviewer"),
    "lead": Text("预算工委负责人", "Committee lead"),
    "leader": Text("人大常委会领导", "Congress leader"),
    "deputy": Text("人大代表", "Deputy"),
    "auditor": Text("审计人员", "Auditor"),
    "unit": Text("预算单位", "Unit"),
    "finance": Text("财政局", "Finance bureau"),
    "admin": Text("系统管理员", "Administrator"),
}

#: What each role may do; `queries` and services ask `viewer.may(...)`, never the role itself.
POWERS: dict[str, frozenset[str]] = {
    "reviewer": frozenset(
        {"flags", "cases", "work_cases", "facts", "vouchers", "budgets", "rules", "draft_rules", "batches", "run"}
    ),
    "lead": frozenset(
        {"flags", "cases", "work_cases", "approve", "facts", "vouchers", "budgets", "rules", "draft_rules"}
        | {"approve_rules", "switch_rules", "batches", "run", "exempt"}
    ),
    # Leaders read all cases of their level but work none, and see no payee unmasked.
    "leader": frozenset({"flags", "cases", "budgets", "rules", "batches"}),
    "deputy": frozenset({"budgets", "ask", "rules"}),
    "auditor": frozenset(
        {"flags", "cases", "facts", "vouchers", "payees", "budgets", "rules", "draft_rules", "batches", "export"}
    ),
    "unit": frozenset({"own_cases", "reply", "answer"}),
    "finance": frozenset({"own_cases", "reply", "answer", "budgets", "batches", "take_in", "rules"}),
    # Administrators put in force what others drafted and approved; they decide on no rule's content.
    "admin": frozenset({"users", "batches", "take_in", "run", "rules", "switch_rules"}),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person at work: identity, role and scope.

    `region` is a prefix of region codes ("9901" a city with all below it, "990102" a district); the
    empty prefix is everything. `agency_code` narrows a unit's people to their own unit.
    """

    id: int | None
    login: str
    name: str
    role: str
    region: str = ""
    agency_code: str | None = None

    def may(self, power: str) -> bool:
        return power in POWERS.get(self.role, frozenset())

    def sees(self, region: str, agency_code: str | None = None) -> bool:
        """Whether something of that region (and unit) lies within scope."""
        if not (region or "").startswith(self.region):
            return False
        return self.agency_code is None or agency_code == self.agency_code


#: The product itself (runs, the command line on the machine that holds the data): sees everything.
SYSTEM = Viewer(None, "system", "系统", "system")
POWERS["system"] = frozenset().union(*POWERS.values()) - {
    "work_cases", "approve", "reply", "answer", "ask", "draft_rules", "approve_rules", "switch_rules",
}  # fmt: skip
