"""Every operation that an application answers, whether its description names it or not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

UNCOVERED = Path(__file__).with_name("uncovered.txt")


def operations(apps: Mapping[str, FastAPI]) -> set[str]:
    """``service METHOD /path/{template}`` of every route; a mounted application is ``service ANY /path*``."""
    found = set()
    for service, app in apps.items():
        for route in iter_route_contexts(app.routes):
            methods = sorted(route.methods or {"ANY"})
            path = route.path if route.methods else f"{route.path or ''}/*"
            found |= {f"{service} {method} {path}" for method in methods}
    return found


def described(apps: Mapping[str, FastAPI]) -> set[str]:
    """The operations that the OpenAPI descriptions name, written alike."""
    return {
        f"{service} {method.upper()} {path}"
        for service, app in apps.items()
        for path, operations in app.openapi()["paths"].items()
        for method in operations
    }


def without_converters(operation: str) -> str:
    """An operation as a description writes it: ``{path:path}`` is ``{path}`` there."""
    return operation.replace(":path}", "}")
