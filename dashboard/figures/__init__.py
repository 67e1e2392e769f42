"""Charts as pure functions: rows of a query in, a plotly figure out, and the sentence that says what it shows."""
