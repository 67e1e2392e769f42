"""The JSON API, thin over queries and services, and the one ASGI app that carries it and the dashboard."""
