"""Brings a live realm to what the code says, and tells what differs. Idempotent; it never deletes a user.

Each part compares and, when told to, mends at once, in an order in which every part finds what it stands on. What
differs is told in lines; a second run tells none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from deploy.keycloak import permissions
from deploy.keycloak.admin import Admin, path
from deploy.keycloak.compare import differences
from deploy.keycloak.flow_tree import REPLACED, make_flow, set_aside, shape, wanted_shape
from deploy.keycloak.realm import Json, Realm

BUILT_IN = frozenset(
    {"account", "account-console", "admin-cli", "broker", "realm-management", "security-admin-console"}
)
OFF = ("account-console", "admin-cli", "security-admin-console")
"""Ways in that nobody of ours uses: consoles, and a password sent by a program."""
MARK = "tsumugi.secret"
"""Keycloak shows nobody a provider's secret; this tells whether it is the one we know."""


class Reconciler:
    """``mend``: make it so; else only tell."""

    def __init__(self, admin: Admin, wanted: Realm, *, mend: bool) -> None:
        self._admin = admin
        self._wanted = wanted
        self._mend = mend

    def run(self) -> Iterator[str]:
        """A line for each thing that differed."""
        if self._admin.get(self._admin.of()) is None:
            yield f"レルム {self._admin.realm} がありません"
            if not self._mend:
                return
            # Closed until the rest of it is as it shall be.
            self._admin.post(path(), {"realm": self._admin.realm, "enabled": False})
        yield from self._scopes()
        yield from self._flows()
        yield from self._actions()
        yield from self._profile()
        yield from self._clients()
        yield from self._service_accounts()
        yield from self._providers()
        yield from self._settings()
        realms = BUILT_IN | {permissions.CLIENT} | {each["clientId"] for each in self._wanted.clients}
        yield from permissions.permissions(self._admin, realms, mend=self._mend)
        yield from self._replaced_flows()

    def _told(self, what: str, wanted: Any, live: Any, mend: Callable[[], None]) -> Iterator[str]:
        lines = [f"{what}: {line}" for line in differences(wanted, live)]
        if lines and self._mend:
            mend()
        yield from lines

    def _made(self, what: str, mend: Callable[[], None]) -> Iterator[str]:
        if self._mend:
            mend()
        yield what

    def _settings(self) -> Iterator[str]:
        here = self._admin.of()
        wanted = self._wanted.settings
        live = self._admin.get(here)
        whole = live | wanted | {"attributes": live.get("attributes", {}) | wanted["attributes"]}
        yield from self._told("レルム", wanted, live, partial(self._admin.put, here, whole))

    def _profile(self) -> Iterator[str]:
        here = self._admin.of("users", "profile")
        wanted = self._wanted.profile
        yield from self._told(
            "利用者の項目", wanted, self._admin.get(here), partial(self._admin.put, here, wanted)
        )

    def _actions(self) -> Iterator[str]:
        live = {
            each["alias"]: each
            for each in self._admin.get(self._admin.of("authentication", "required-actions"))
        }
        for alias, on in self._wanted.actions.items():
            if alias not in live:
                if on:
                    yield f"手続き {alias}: この Keycloak にありません"
                continue
            here = self._admin.of("authentication", "required-actions", alias)
            wanted = {"enabled": on, "defaultAction": False}

            def mend(here: str = here, whole: Json = live[alias] | wanted) -> None:
                self._admin.put(here, whole)

            yield from self._told(f"手続き {alias}", wanted, live[alias], mend)

    # --- client scopes

    def _scopes(self) -> Iterator[str]:
        here = self._admin.of("client-scopes")
        live = {each["name"]: each for each in self._admin.get(here)}
        for wanted in self._wanted.scopes:
            found = live.get(wanted["name"])
            if found is None:
                yield from self._made(
                    f"スコープ {wanted['name']} がありません",
                    partial(self._admin.post, here, wanted),
                )
                continue
            bare = {name: value for name, value in wanted.items() if name != "protocolMappers"}
            one = self._admin.of("client-scopes", found["id"])
            yield from self._told(
                f"スコープ {wanted['name']}",
                bare,
                found,
                partial(self._admin.put, one, found | bare),
            )
            yield from self._mappers(wanted, found)

    def _mappers(self, wanted: Json, found: Json) -> Iterator[str]:
        def mend() -> None:
            models = self._admin.of("client-scopes", found["id"], "protocol-mappers", "models")
            for old in found.get("protocolMappers", []):
                self._admin.delete(f"{models}/{old['id']}")
            for new in wanted["protocolMappers"]:
                self._admin.post(models, new)

        what = {"protocolMappers": wanted["protocolMappers"]}
        yield from self._told(f"スコープ {wanted['name']}", what, found, mend)

    # --- clients

    def _clients(self) -> Iterator[str]:
        here = self._admin.of("clients")
        live = {each["clientId"]: each for each in self._admin.get(here)}
        scopes = {each["name"]: each["id"] for each in self._admin.get(self._admin.of("client-scopes"))}
        for wanted in self._wanted.clients:
            id = wanted["clientId"]
            if id not in live:
                yield from self._made(
                    f"クライアント {id} がありません", partial(self._admin.post, here, wanted)
                )
                if not self._mend:
                    continue
                # Keycloak gives new ones a scope that nobody asked for.
                (live[id],) = self._admin.get(here, clientId=id)
            yield from self._client(wanted, live[id], scopes)
        ours = {each["clientId"] for each in self._wanted.clients}
        for id, found in live.items():
            known = ours | (BUILT_IN - set(OFF)) | {permissions.CLIENT}
            if id not in known and not is_grant(found):
                off = {"enabled": False}
                yield from self._told(
                    f"クライアント {id}（だれのものでもありません）",
                    off,
                    found,
                    partial(self._admin.put, f"{here}/{found['id']}", found | off),
                )

    def _client(self, wanted: Json, found: Json, scopes: Mapping[str, str]) -> Iterator[str]:
        here = self._admin.of("clients", found["id"])
        lists = {kind: wanted[kind] for kind in ("defaultClientScopes", "optionalClientScopes")}
        bare = {name: value for name, value in wanted.items() if name not in lists}
        whole = found | bare | {"attributes": found.get("attributes", {}) | bare["attributes"]}
        what = f"クライアント {wanted['clientId']}"
        lines = list(self._told(what, bare, found, partial(self._admin.put, here, whole)))
        yield from lines
        if lines and self._mend:
            found = self._admin.get(here)  # Keycloak gives a changed one, too, a scope that nobody asked for

        def mend() -> None:
            for kind, names in lists.items():
                has, place = set(found.get(kind, [])), kind.replace("ClientScopes", "-client-scopes")
                for name in has - set(names):
                    self._admin.delete(f"{here}/{place}/{scopes[name]}")
            for kind, names in lists.items():
                has, place = set(found.get(kind, [])), kind.replace("ClientScopes", "-client-scopes")
                for name in set(names) - has:
                    self._admin.put(f"{here}/{place}/{scopes[name]}")

        yield from self._told(what, lists, found, mend)

    def _service_accounts(self) -> Iterator[str]:
        ids = {each["clientId"]: each["id"] for each in self._admin.get(self._admin.of("clients"))}
        for client, attributes in self._wanted.service_accounts.items():
            if client in ids:
                user = self._admin.get(self._admin.of("clients", ids[client], "service-account-user"))
                wanted = {"attributes": {name: [value] for name, value in attributes.items()}}
                yield from self._told(
                    f"サービスアカウント {client}",
                    wanted,
                    user,
                    partial(self._admin.put, self._admin.of("users", user["id"]), user | wanted),
                )
        for client, names in self._wanted.admin_roles.items():
            if client in ids:
                yield from self._admin_roles(client, names, ids)

    def _admin_roles(self, client: str, names: tuple[str, ...], ids: Mapping[str, str]) -> Iterator[str]:
        user = self._admin.get(self._admin.of("clients", ids[client], "service-account-user"))
        here = self._admin.of("users", user["id"], "role-mappings", "clients", ids["realm-management"])
        live = self._admin.get(here)

        def mend() -> None:
            every = self._admin.get(self._admin.of("clients", ids["realm-management"], "roles"))
            has = {role["name"] for role in live}
            if odd := [role for role in live if role["name"] not in names]:
                self._admin.delete(here, odd)
            if due := [role for role in every if role["name"] in set(names) - has]:
                self._admin.post(here, due)

        found = {"roles": [role["name"] for role in live]}
        yield from self._told(f"サービスアカウント {client}", {"roles": list(names)}, found, mend)

    # --- the provider of codes on paper

    def _providers(self) -> Iterator[str]:
        here = self._admin.of("identity-provider", "instances")
        live = {each["alias"]: each for each in self._admin.get(here)}
        for whole in self._wanted.providers:
            alias = whole["alias"]
            secret = whole["config"]["clientSecret"]
            marked = whole["config"] | {MARK: hashlib.sha256(secret.encode()).hexdigest()[:16]}
            whole = whole | {"config": marked}
            shown = {name: value for name, value in marked.items() if name != "clientSecret"}
            if alias not in live:
                yield from self._made(f"提供者 {alias} がありません", partial(self._admin.post, here, whole))
            else:
                found = live[alias]
                yield from self._told(
                    f"提供者 {alias}",
                    whole | {"config": shown},
                    found,
                    partial(
                        self._admin.put,
                        f"{here}/{found['alias']}",
                        found | whole | {"config": found["config"] | whole["config"]},
                    ),
                )
                yield from self._no_mappers(alias)
        for alias in sorted(set(live) - {each["alias"] for each in self._wanted.providers}):
            yield from self._made(
                f"提供者 {alias}: だれのものでもありません",
                partial(self._admin.delete, f"{here}/{alias}"),
            )

    def _no_mappers(self, alias: str) -> Iterator[str]:
        """What a provider says of people is not taken over."""
        here = self._admin.of("identity-provider", "instances", alias, "mappers")
        for each in self._admin.get(here):
            drop = partial(self._admin.delete, f"{here}/{each['id']}")
            yield from self._made(f"提供者 {alias}: {each['name']} は、だれのものでもありません", drop)

    # --- flows

    def _flows(self) -> Iterator[str]:
        live = {each["alias"]: each for each in self._admin.get(self._admin.of("authentication", "flows"))}
        for flow in self._wanted.flows:
            if flow.alias not in live:
                yield from self._made(
                    f"サインインの流れ {flow.alias} がありません",
                    partial(make_flow, self._admin, flow),
                )
            elif shape(self._admin, flow.alias) != wanted_shape(flow):
                if self._mend:
                    set_aside(self._admin, live[flow.alias])
                    make_flow(self._admin, flow)
                yield f"サインインの流れ {flow.alias} が変えられています"

    def _replaced_flows(self) -> Iterator[str]:
        """Nothing is bound to them any more."""
        for flow in self._admin.get(self._admin.of("authentication", "flows")):
            if flow["alias"].startswith(REPLACED) and flow["topLevel"]:
                yield from self._made(
                    f"サインインの流れ {flow['alias']} が残っています",
                    partial(self._admin.delete, self._admin.of("authentication", "flows", flow["id"])),
                )


def is_grant(client: Json) -> bool:
    """Whether identity has made it, for a department or a learning app: its tokens say so."""
    said = [mapper["config"] for mapper in client.get("protocolMappers", [])]
    return any(each.get("claim.name") == "kind" and each.get("claim.value") == "department" for each in said)
