"""Who keeps a board's roster: the dated setting ``roster_office``, said on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text

from services.registry.people.access import SETTING, RosterOffice
from services.registry.roster import store
from services.registry.roster.acting import log_act, once_more
from services.registry.roster.settings import TooLarge, publish
from shared.access.log import Seen
from shared.database import Scope, Units, Work

_STAFF = text(
    "select distinct p.id, coalesce(p.common_family, p.legal_family) as family,"
    " coalesce(p.common_given, p.legal_given) as given, o.short_name as at"
    " from person p join duty_period d on d.board_id = p.board_id and d.subject_id = p.id"
    " join organisation o on o.board_id = d.board_id and o.id = d.organisation_id"
    " where p.board_id = :board and d.voided_at is null and d.valid @> cast(:today as date)"
    " and p.withdrawn_at is null"
)
_DEPARTMENTS = text(
    "select code, name from organisation where board_id = :board and code is not null and school_id is null"
    " and kind <> 'board' and until is null order by code"
)


class NotSaid(Exception):
    """The setting cannot be so; the message says why, in Japanese."""


async def office_of(units: Units, board: UUID, today: date) -> tuple[list[str], list[str]]:
    """Departments that keep the roster, and names of the staff named for protected children."""
    async with units.read(Scope(board)) as session:
        said = _said(await store.settings(session, board), today)
        people = {row.id: row for row in await session.execute(_STAFF, {"board": board, "today": today})}
        known = {row.code: row.name for row in await session.execute(_DEPARTMENTS, {"board": board})}
    named = [f"{people[each].family} {people[each].given}" for each in said.protection if each in people]
    return [known.get(code, f"{code}（その課はありません）") for code in said.departments], named


def _said(settings: Sequence[tuple[str, date, object]], today: date) -> RosterOffice:
    values = [(since, value) for name, since, value in settings if name == SETTING and since <= today]
    return RosterOffice.model_validate(max(values, key=lambda each: each[0])[1]) if values else RosterOffice()


async def say_office(
    units: Units,
    board: UUID,
    *,
    departments: Sequence[str] | None,
    protection: Sequence[str] | None,
    today: date,
    actor: str,
) -> None:
    """From today on these departments (codes) and these staff (names); None: as before. Raises :class:`NotSaid`."""
    await once_more(lambda: _say(units, board, departments, protection, today, actor))


async def _say(
    units: Units,
    board: UUID,
    departments: Sequence[str] | None,
    protection: Sequence[str] | None,
    today: date,
    actor: str,
) -> None:
    async with units.work(Scope(board), actor=actor) as work:
        await store.lock_roster(work)
        settings = await store.settings(work.session, board)
        before = _said(settings, today)
        now = RosterOffice(
            departments=before.departments if departments is None else tuple(departments),
            protection=before.protection if protection is None else await _named(work, protection, today),
        )
        known = {row.code for row in await work.session.execute(_DEPARTMENTS, {"board": board})}
        if unknown := [code for code in now.departments if code not in known]:
            raise NotSaid(f"「{unknown[0]}」という課のコードはありません。課: {'・'.join(sorted(known))}")
        if now == before:
            return
        value = now.model_dump(mode="json")
        await work.session.execute(
            text("delete from setting where board_id = :board and name = :name and since = :since"),
            {"board": board, "name": SETTING, "since": today},
        )
        await store.put_setting(work, SETTING, today, value)
        try:
            await publish(work)
        except TooLarge as error:
            raise NotSaid(str(error)) from None
        await log_act(work, Seen("SayRosterOffice", "setting", None, "III", list(now.protection)))


async def _named(work: Work, names: Sequence[str], today: date) -> tuple[UUID, ...]:
    rows = (await work.session.execute(_STAFF, {"board": work.scope.board, "today": today})).all()
    found = []
    for name in names:
        wanted, _, at = name.partition("@")
        plain = "".join(wanted.split())
        people = {row.id for row in rows if f"{row.family}{row.given}" == plain and at in ("", row.at)}
        if len(people) != 1:
            where = "・".join(sorted({row.at for row in rows if row.id in people}))
            raise NotSaid(
                f"「{wanted}」という職員が二人以上います（{where}）。「氏名@学校」と書いてください。"
                if people
                else f"「{name}」という、きょう職務のある職員はいません。"
            )
        found.append(people.pop())
    return tuple(found)
