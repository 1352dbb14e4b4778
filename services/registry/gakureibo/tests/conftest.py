"""The service over a small imported town, as the imports' tests have it."""

from services.registry.imports.tests.conftest import web

__all__ = ["web"]
