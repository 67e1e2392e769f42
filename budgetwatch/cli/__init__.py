"""The command line: thin verbs over the same functions that the API and the dashboard call."""

import gc

gc.disable()  # what is imported stays: to look through it for garbage again and again was a fifth of a command's start

from budgetwatch.cli import agree, data, incidents, judge, laws, life, people, serve, shapes, store  # noqa: E402
from budgetwatch.cli.app import app, main  # noqa: E402

gc.freeze()
gc.enable()

__all__ = ["agree", "app", "data", "incidents", "judge", "laws", "life", "main", "people", "serve", "shapes", "store"]
