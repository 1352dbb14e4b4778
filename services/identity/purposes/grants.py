"""Granting and ending: the commands on purposes, for whoever may give them (today: the command line)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.identity.issuer.rules import hash_of
from services.identity.purposes import store
from services.identity.purposes.rules import (
    NO_DEPARTMENT,
    SCHOOLS,
    GrantRefused,
    Standing,
    Terms,
    Wrong,
    app_id,
    client_id,
    ended,
    published,
    right_kind,
)
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.access.step_up import StepUp, step_up_needed
from shared.contracts.identity import PurposeChanged
from shared.database import Scope, Units, Work
from shared.database.units import sqlstate
from shared.ids import natural_id, new_id

OVERLAP = "23P01"


class StepUpRequired(Exception):
    """Rights are given only right after proving who one is (decisions.md §4)."""


@dataclass(frozen=True)
class Granted:
    """A grant that was made. ``secret`` is shown now and never again; None when the department keeps the one it has."""

    purpose: UUID
    department: str
    client_id: str
    secret: str | None


async def grant(
    units: Units,
    who: Principal,
    department: str,
    terms: Terms,
    *,
    now: datetime,
    client: str | None = None,
    new_secret: bool = False,
) -> Granted:
    """Grant ``terms`` to the department with this id, name or code, and make its client if it has none.

    ``now`` is real time. Raises :class:`GrantRefused` and :class:`StepUpRequired`; then nothing has changed.
    """
    _may(who, now)
    right_kind(terms.feed, app=False)
    async with units.work(Scope(who.board), actor=_actor(who)) as work:
        unit = await _unit(work, department)
        known = await store.lock_client(work, unit.id)
        if known is not None and client not in (None, known):
            raise GrantRefused(Wrong("client", f"{unit.name} の名前はもう {known} です。変えられません。"))
        named = known or client_id(client, unit.code)
        secret = secrets.token_urlsafe(32) if known is None or new_secret else None
        if known is None and secret is not None:
            if await store.taken(work.session, named):
                raise GrantRefused(
                    Wrong("client", f"{named} はほかの部署が使っています。--client で別の名前を。")
                )
            await store.make_client(work, unit.id, named, hash_of(secret))
        elif secret is not None:
            await store.replace_secret(work, unit.id, hash_of(secret))
        purpose = new_id()
        try:
            await store.insert_period(work, unit.id, purpose, terms)
        except IntegrityError as error:
            if sqlstate(error) != OVERLAP:
                raise
            raise GrantRefused(
                Wrong("feed", f"{unit.name} には {terms.feed} がその期間にもう認められています。")
            ) from error
        await _publish(work, who, unit.id, named, purpose, "grant")
    return Granted(purpose, unit.name, named, secret)


async def grant_app(
    units: Units,
    who: Principal,
    client: str,
    name: str,
    terms: Terms,
    *,
    now: datetime,
    new_secret: bool = False,
) -> Granted:
    """Grant ``terms`` to a learning app, and make its client if it has none.

    ``now`` is real time. Raises :class:`GrantRefused` and :class:`StepUpRequired`; then nothing has changed.
    """
    _may(who, now)
    named = app_id(client)
    right_kind(terms.feed, app=True)
    app = natural_id(who.board, "app", named)
    async with units.work(Scope(who.board), actor=_actor(who)) as work:
        await _check_schools(work, terms)
        known = await store.lock_client(work, app)
        secret = secrets.token_urlsafe(32) if known is None or new_secret else None
        if known is None and secret is not None:
            if not name.strip():
                raise GrantRefused(Wrong("name", "保護者に示すアプリの名前を書いてください。"))
            if await store.taken(work.session, named):
                raise GrantRefused(Wrong("client", f"{named} はほかのアプリが使っています。別の名前を。"))
            await store.make_client(work, app, named, hash_of(secret), name.strip())
        elif secret is not None:
            await store.replace_secret(work, app, hash_of(secret))
        purpose = new_id()
        try:
            await store.insert_period(work, app, purpose, terms)
        except IntegrityError as error:
            if sqlstate(error) != OVERLAP:
                raise
            raise GrantRefused(Wrong("client", f"{named} にはその期間にもう認められています。")) from error
        await _publish(work, who, app, named, purpose, "grant")
    return Granted(purpose, name.strip() or named, named, secret)


async def new_secret(units: Units, who: Principal, client: str, *, now: datetime) -> str:
    """A new secret for a department's or an app's client, whatever it is granted; the old one is good no longer.

    ``now`` is real time. Raises :class:`GrantRefused` and :class:`StepUpRequired`; then nothing has changed.
    """
    _may(who, now)
    async with units.work(Scope(who.board), actor=_actor(who)) as work:
        of = await store.lock_client_named(work, client)
        if of is None:
            raise GrantRefused(
                Wrong("client", f"{client} はありません。`tsumugi purpose list` で接続名を確かめてください。")
            )
        secret = secrets.token_urlsafe(32)
        await store.replace_secret(work, of, hash_of(secret))
        await log_change(work.session, who, Seen("purpose:new-secret", "client", of, "IV"), work.at)
    return secret


async def end(
    units: Units, who: Principal, purpose: UUID, last_day: date, reason: str, *, now: datetime
) -> None:
    """Let a grant hold up to ``last_day`` and no longer. Raises :class:`GrantRefused`, :class:`StepUpRequired`."""
    _may(who, now)
    if not reason.strip():
        raise GrantRefused(Wrong("reason", "終わらせるわけを書いてください。"))
    async with units.work(Scope(who.board), actor=_actor(who)) as work:
        department = await store.department_of(work.session, who.board, purpose)
        named = None if department is None else await store.lock_client(work, department)
        found: Sequence[Standing] = (
            () if department is None else await store.standing(work.session, who.board, department)
        )
        held = next((item for item in found if item.purpose == purpose), None)
        if department is None or named is None or held is None:
            raise GrantRefused(
                Wrong("purpose", "その番号の許可はありません。`tsumugi purpose list` で確かめてください。")
            )
        instead = ended(held.terms, last_day)
        await store.void_period(work, held.period, reason.strip())
        if instead is not None:
            await store.insert_period(work, department, purpose, instead, replaces=held.period)
        await _publish(work, who, department, named, purpose, "end")


def _may(who: Principal, now: datetime) -> None:
    if step_up_needed("rights", who, StepUp(), now):
        raise StepUpRequired


def _actor(who: Principal) -> str:
    return f"{who.kind}:{who.subject}"


async def _check_schools(work: Work, terms: Terms) -> None:
    wanted = terms.schools or ()
    there = await store.schools(work.session, work.scope.board, wanted, SCHOOLS)
    if strange := [str(each) for each in wanted if each not in there]:
        raise GrantRefused(
            Wrong(
                "schools",
                f"名簿にない学校の番号です: {'、'.join(strange)}。`GET /v1/people/places` で確かめてください。",
            )
        )


async def _unit(work: Work, wanted: str) -> store.Department:
    found = await store.departments(work.session, work.scope.board, wanted, NO_DEPARTMENT)
    if len(found) == 1:
        return found[0]
    trouble = (
        "いくつもあります。番号で選んでください: " + ", ".join(str(unit.id) for unit in found)
        if found
        else "見つかりません。"
    )
    raise GrantRefused(Wrong("department", f"「{wanted}」という部署は{trouble}"))


async def _publish(
    work: Work, who: Principal, department: UUID, client: str, purpose: UUID, act: str
) -> None:
    grants = await store.standing(work.session, work.scope.board, department)
    changed = PurposeChanged(
        department=department, client=client, grants=[published(item) for item in grants]
    )
    work.publish(changed, key=department)
    await log_change(work.session, who, Seen(f"purpose:{act}", "purpose", purpose, "IV"), work.at)
