"""Flows as the Admin API has them: a list in the order of a walk, each with its depth."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from deploy.keycloak.admin import Admin
from deploy.keycloak.flows import Flow, Step

REPLACED = "replaced "
"""How the names of flows begin that something else has taken the place of."""


class Shape(NamedTuple):
    """A step as it is compared."""

    depth: int
    requirement: str
    what: str
    config: tuple[tuple[str, str], ...]


def wanted_shape(flow: Flow) -> list[Shape]:
    """The flow as the code has it."""
    return list(_walk(flow.steps, 0))


def _walk(steps: Iterable[Step], depth: int) -> Iterator[Shape]:
    for step in steps:
        yield Shape(depth, step.requirement, step.provider or step.name, tuple(sorted(step.config.items())))
        yield from _walk(step.steps, depth + 1)


def shape(admin: Admin, alias: str) -> list[Shape]:
    """The flow as it is."""
    found = []
    for each in admin.get(admin.of("authentication", "flows", alias, "executions")):
        config = each.get("authenticationConfig")
        values = admin.get(admin.of("authentication", "config", config))["config"] if config else {}
        what = each["displayName"] if each.get("authenticationFlow") else each["providerId"]
        found.append(Shape(each["level"], each["requirement"], what, tuple(sorted(values.items()))))
    return found


def make_flow(admin: Admin, flow: Flow) -> None:
    """Make it; nothing is bound to it yet."""
    admin.post(admin.of("authentication", "flows"), _bare(flow.alias, flow.description, topLevel=True))
    _make_steps(admin, flow.alias, flow.steps)
    executions = admin.of("authentication", "flows", flow.alias, "executions")
    for each, wanted in zip(admin.get(executions), wanted_shape(flow), strict=True):
        if each["requirement"] != wanted.requirement:
            admin.put(executions, each | {"requirement": wanted.requirement})
        if wanted.config:
            # Names of these are the realm's: two flows may not share one.
            named = {"alias": f"{wanted.what} {secrets.token_hex(4)}", "config": dict(wanted.config)}
            admin.post(admin.of("authentication", "executions", each["id"], "config"), named)


def _make_steps(admin: Admin, parent: str, steps: Iterable[Step]) -> None:
    executions = admin.of("authentication", "flows", parent, "executions")
    for step in steps:
        if step.steps:
            admin.post(
                f"{executions}/flow",
                {"alias": step.name, "type": "basic-flow", "provider": "", "description": ""},
            )
            _make_steps(admin, step.name, step.steps)
        else:
            admin.post(f"{executions}/execution", {"provider": step.provider})


def set_aside(admin: Admin, flow: dict[str, Any]) -> None:
    """Give it and all within it other names. Whatever is bound to it stays bound: no sign-in goes another way yet."""
    mark = f"{REPLACED}{secrets.token_hex(4)}"
    for each in admin.get(admin.of("authentication", "flows", flow["alias"], "executions")):
        if each.get("authenticationFlow"):
            here = admin.of("authentication", "flows", each["flowId"])
            admin.put(here, admin.get(here) | {"alias": f"{mark} {each['displayName']}"})
    here = admin.of("authentication", "flows", flow["id"])
    admin.put(here, flow | {"alias": f"{mark} {flow['alias']}"})


def _bare(alias: str, description: str, **more: bool) -> dict[str, Any]:
    return {"alias": alias, "description": description, "providerId": "basic-flow", "builtIn": False, **more}
