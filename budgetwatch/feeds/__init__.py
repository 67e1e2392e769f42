"""From a sent file to facts: readers (file → rows of text), profiles (whose headings), the gate (rows → facts)."""
