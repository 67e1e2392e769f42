"""The command line: thin verbs over the same functions that the API and the dashboard call."""

from budgetwatch.cli import agree, data, incidents, judge, laws, life, people, serve, shapes, store
from budgetwatch.cli.app import app, main

__all__ = ["agree", "app", "data", "incidents", "judge", "laws", "life", "main", "people", "serve", "shapes", "store"]
