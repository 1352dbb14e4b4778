"""What identity may do with the Admin API: keep users and departments' clients, and nothing of the realm's own.

Keycloak's fine-grained permissions (26.7): a permission on all of a kind is overruled by one that names some of them.
Roles of the Admin API would give more: who has ``manage-users`` may hand that very role to anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from functools import partial
from typing import Any, NamedTuple

from deploy.keycloak.admin import Admin
from deploy.keycloak.clients import IDENTITY_ADMIN

CLIENT = "admin-permissions"
"""Keycloak keeps permissions as this client's."""
IDENTITY, OTHERS = "identity", "everybody but identity"
SCOPES = ["manage", "view"]


class Permission(NamedTuple):
    """Who may see and change what. No ``names``: all of the kind that no other permission names."""

    name: str
    kind: str
    policy: str
    names: frozenset[str]


def permissions(admin: Admin, realms: Set[str], *, mend: bool) -> Iterator[str]:
    """Lines for what differs. ``realms``: client ids of the realm's own clients. ``mend``: make it so."""
    clients = {each["clientId"]: each for each in admin.get(admin.of("clients"))}
    if CLIENT not in clients or IDENTITY_ADMIN not in clients:
        yield "権限 identity がありません"
        return
    own = [clients[id] for id in sorted(realms & set(clients))]
    accounts = [
        admin.get(admin.of("clients", each["id"], "service-account-user"))["id"]
        for each in own
        if each["serviceAccountsEnabled"]
    ]
    me = admin.get(admin.of("clients", clients[IDENTITY_ADMIN]["id"], "service-account-user"))["id"]
    wanted = [
        Permission("identity keeps users", "Users", IDENTITY, frozenset()),
        Permission("service accounts are the realm's", "Users", OTHERS, frozenset(accounts)),
        Permission("identity keeps departments", "Clients", IDENTITY, frozenset()),
        Permission("clients are the realm's", "Clients", OTHERS, frozenset(each["id"] for each in own)),
    ]
    yield from _policies(admin, clients[CLIENT]["id"], me, mend=mend)
    yield from _permissions(admin, clients[CLIENT]["id"], wanted, mend=mend)


def _policies(admin: Admin, client: str, me: str, *, mend: bool) -> Iterator[str]:
    here = admin.of("clients", client, "authz", "resource-server", "policy", "user")
    live = {each["name"]: each for each in admin.get(here) or []}
    for name, logic in ((IDENTITY, "POSITIVE"), (OTHERS, "NEGATIVE")):
        told = {"name": name, "users": [me], "logic": logic}
        found = live.get(name)
        if found is None:
            yield from _line(f"権限の条件 {name} がありません", mend and partial(admin.post, here, told))
        elif found["users"] != [me] or found["logic"] != logic:
            change = partial(admin.put, f"{here}/{found['id']}", found | told)
            yield from _line(f"権限の条件 {name} が変えられています", mend and change)


def _permissions(admin: Admin, client: str, wanted: list[Permission], *, mend: bool) -> Iterator[str]:
    server = admin.of("clients", client, "authz", "resource-server")
    here = f"{server}/permission/scope"
    live = {each["name"]: each for each in admin.get(here) or []}
    for each in wanted:
        told = {
            "name": each.name,
            "resourceType": each.kind,
            "resources": sorted(each.names),
            "scopes": SCOPES,
            "policies": [each.policy],
            "decisionStrategy": "UNANIMOUS",
            "logic": "POSITIVE",
        }
        found = live.pop(each.name, None)
        if found is None:
            yield from _line(f"権限 {each.name} がありません", mend and partial(admin.post, here, told))
        elif _is(admin, server, found) != (each, "POSITIVE", SCOPES):
            change = partial(admin.put, f"{here}/{found['id']}", found | told)
            yield from _line(f"権限 {each.name} が変えられています", mend and change)
    for name, found in live.items():
        drop = partial(admin.delete, f"{here}/{found['id']}")
        yield from _line(f"権限 {name}: だれのものでもありません", mend and drop)


def _is(admin: Admin, server: str, found: dict[str, Any]) -> tuple[Permission, str, list[str]]:
    def names(what: str) -> list[str]:
        return sorted(each["name"] for each in admin.get(f"{server}/policy/{found['id']}/{what}"))

    kind = found["resourceType"]
    of = frozenset(set(names("resources")) - {kind})
    policies = names("associatedPolicies")
    return Permission(found["name"], kind, ",".join(policies), of), found["logic"], names("scopes")


def _line(text: str, mend: Callable[[], None] | bool) -> Iterator[str]:
    if callable(mend):
        mend()
    yield text
