"""One module a page: `view(asking)` asks the queries and returns the window's title and what stands in `main`."""
