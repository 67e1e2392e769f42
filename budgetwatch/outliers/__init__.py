"""Models that rank what is unusual and say why; a score never accuses, a person decides what becomes a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from budgetwatch.outliers.scores import Model, Scored, Scores, explain

if TYPE_CHECKING:
    from budgetwatch.outliers.isolation_forest import IsolationForest
    from budgetwatch.outliers.pair_lift import PairLift
    from budgetwatch.outliers.text_label import TextLabel

_CLASSES = {"pair_lift": "PairLift", "isolation_forest": "IsolationForest", "text_label": "TextLabel"}


class _Models(Mapping[str, "type[Model]"]):
    """Each model by name, loaded when it is asked for: one of them brings a second's worth of libraries."""

    def __getitem__(self, name: str) -> type[Model]:
        known = _CLASSES[name]
        model: type[Model] = getattr(import_module(f"budgetwatch.outliers.{name}"), known)
        return model

    def __iter__(self) -> Iterator[str]:
        return iter(_CLASSES)

    def __len__(self) -> int:
        return len(_CLASSES)

    def __contains__(self, name: object) -> bool:
        return name in _CLASSES


#: The models that a rule may name under `outlier: {model: …}`.
MODELS: Mapping[str, type[Model]] = _Models()


def __getattr__(name: str) -> Any:
    for module, model in _CLASSES.items():
        if name == model:
            return MODELS[module]
    raise AttributeError(name)


__all__ = ["MODELS", "IsolationForest", "Model", "PairLift", "Scored", "Scores", "TextLabel", "explain"]
