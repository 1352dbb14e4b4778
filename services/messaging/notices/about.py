"""A child as whoever takes a call must know it: told from another of the same name."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.messaging.notices.store import CARDS
from shared.database import Statement

_ABOUT = Statement(
    f"""
select c.family, c.given, c.family_kana, c.given_kana, at.class_name, at.number
from (select coalesce((select a.merged_into from copy.alias a where a.person_id = :pupil), cast(:pupil as uuid))
      as person) here
left join copy.person_card c on c.person_id = here.person and c.board_id = :board
left join lateral (
    select o.name as class_name, p.number from copy.place p
    join copy.organisation o on o.organisation_id = p.class_id
    where p.pupil_id in ({CARDS}) and p.school_id = any (cast(:schools as uuid[]))
    and p.since <= :on and (p.until is null or p.until > :on)
    order by p.since desc limit 1) at on true
"""  # noqa: S608 (constants)
)

_NAMES = ("family", "given", "family_kana", "given_kana")


class About(NamedTuple):
    """Names, reading and place of a child; empty where it is not known here."""

    family: str
    given: str
    family_kana: str
    given_kana: str
    class_name: str | None
    number: int | None


async def about(
    session: AsyncSession, board: UUID, pupil: UUID, schools: Collection[UUID], on: date
) -> About:
    """The child, with its class and number on a day at one of ``schools``."""
    values = {"board": board, "pupil": pupil, "schools": sorted(schools), "on": on}
    (row,) = await _ABOUT.all(session, values)
    family, given, family_kana, given_kana = (row[name] or "" for name in _NAMES)
    return About(family, given, family_kana, given_kana, row["class_name"], row["number"])
