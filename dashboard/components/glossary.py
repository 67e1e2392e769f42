"""Words of the trade in plain language, for the help beside a word; the words themselves stand in `budgetwatch.glossary`."""

from __future__ import annotations

from budgetwatch.glossary import TERMS
from budgetwatch.text import Text

GLOSSARY: dict[str, Text] = {key: term.meaning for key, term in TERMS.items()}
