"""Somebody signed in to the platform edition by HTTP alone: through the origin, by way of Keycloak's pages."""

from __future__ import annotations

import ssl
from uuid import UUID

import httpx
from sqlalchemy import text

from benchmarks.stack.keycloak_pages import enter
from deploy.local.admin import app_units
from deploy.local.example import only_board
from deploy.local.instance import Instance
from services.identity.keycloak.rules import username
from services.identity.keycloak.training import training
from shared.contracts.identity import AccountKind
from shared.database import Scope

_ACCOUNT = text("select id from account where person = :person and :kind = any (kinds)")


async def signed_in(instance: Instance, person: UUID, kind: AccountKind) -> httpx.AsyncClient:
    """A client with a new session of that person, which asks the origin as a page would."""
    way = training(instance.settings("identity").state, instance.origin, instance.clock)
    board = await only_board(instance)
    async with app_units(instance, "identity") as units, units.read(Scope(board)) as rows:
        account = (await rows.execute(_ACCOUNT, {"person": person, "kind": kind})).scalar_one()
    http = _client(instance)
    await enter(http, instance.origin, username(account, kind), way, kind)
    http.headers.update({"origin": instance.origin, "x-tsumugi": str(person), "accept": "application/json"})
    return http


def beside(instance: Instance, http: httpx.AsyncClient) -> httpx.AsyncClient:
    """Another page of the same session."""
    other = _client(instance)
    other.cookies.update(http.cookies)
    other.headers.update(http.headers)
    return other


def _client(instance: Instance) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=instance.origin,
        verify=ssl.create_default_context(cafile=str(instance.authority.certificate)),
        timeout=30,
    )
