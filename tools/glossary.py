"""Writes docs/glossary.md from `budgetwatch/glossary.py`; a test holds that it has been run."""

from __future__ import annotations

from pathlib import Path

from budgetwatch.glossary import table

GLOSSARY = Path(__file__).resolve().parent.parent / "docs" / "glossary.md"

if __name__ == "__main__":
    GLOSSARY.write_text(table(), encoding="utf-8")
