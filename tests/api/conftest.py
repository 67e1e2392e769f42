"""The API over the small city, with people who can sign in and programs with tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from budgetwatch.access import people
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.api.app import create_app
from budgetwatch.home import Home

PASSWORD = "a-long-enough-word"


@pytest.fixture
def asker(city: Home) -> Iterator[Callable[..., TestClient]]:
    """asker(role, region=…) -> a client that carries the token of a new person of that role; asker(None): a stranger."""
    app = create_app(city, dashboard=False)
    opened: list[TestClient] = []

    def make(
        role: str | None, region: str = "9901", agency_code: str | None = None, language: str = "en"
    ) -> TestClient:
        client = TestClient(app, raise_server_exceptions=False, headers={"Accept-Language": language})
        opened.append(client)
        if role is not None:
            login = f"asker-{role}-{len(opened)}"
            viewer: Viewer = people.add_user(
                city,
                SYSTEM,
                login=login,
                name=login,
                role=role,
                password=PASSWORD,
                region=region,
                agency_code=agency_code,
            )
            client.headers["Authorization"] = f"Bearer {people.issue_token(city, viewer, 'test')}"
            client.viewer = viewer  # type: ignore[attr-defined]
        return client

    yield make
    for client in opened:
        client.close()
