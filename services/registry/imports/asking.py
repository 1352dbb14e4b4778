"""Who may import: the policy's decision, and the predicate that stands beside it in lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.imports.uploads import Schools
from services.registry.people import store as people
from services.registry.people.access import Offices
from services.registry.room import Registry
from shared.access.principal import Holder, Principal, entity, ref, refs
from shared.web import denied, not_found

_NAME = text(
    "select coalesce(common_family, legal_family) || ' ' || coalesce(common_given, legal_given)"
    " from person where board_id = :board and id = :person"
)
_SCHOOLS = text(
    "select id, name from organisation where board_id = :board and id = any(:ids) order by code, name, id"
)
# A protected child and their guardians are shown to staff of the child's school and to named staff alone, and never to
# those from whom the child is kept (decisions.md §4 "A protected child").
_HIDDEN = text(
    """
select t.person from (
    select p.subject_id as person, p.subject_id as pupil, p.confidential_from from protection_period p
    where p.board_id = :board and p.voided_at is null and p.valid @> cast(:today as date)
    and p.subject_id = any(:people)
    union all
    select g.guardian_id, g.subject_id, p.confidential_from from guardianship_period g
    join protection_period p on p.subject_id = g.subject_id and p.board_id = g.board_id
    where g.board_id = :board and g.voided_at is null and p.voided_at is null and p.valid @> cast(:today as date)
    and g.guardian_id = any(:people)
) t
where cast(:asker as uuid) = any(t.confidential_from) or not cast(:named as boolean) and not exists (
    select from enrolment_period e where e.board_id = :board and e.subject_id = t.pupil and e.voided_at is null
    and e.valid @> cast(:today as date) and e.school_id = any(:schools))
"""
)


@dataclass(frozen=True)
class Asker:
    """Somebody who may import something."""

    room: Registry
    holder: Holder
    offices: Offices
    whole: bool
    """The board's whole roster, not only the schools'."""

    @property
    def schools(self) -> Schools:
        """SQL side of ``ImportRoster``: of which schools uploads and runs are listed; None: of all and the board's."""
        return None if self.whole else self.offices_of_schools

    @property
    def offices_of_schools(self) -> frozenset[UUID]:
        """Schools whose office they are."""
        return self.holder.organisations("office") if self.holder.principal.kind == "staff" else frozenset()

    @property
    def named(self) -> bool:
        """Whether they are named for protected children, of whatever school."""
        return self.holder.principal.person in self.offices.named

    def may(self, school: UUID | None) -> bool:
        """Whether the policy lets them import a school's roster (None: the board's)."""
        return self.room.policies.allows(self.holder, "ImportRoster", self._roster(school))

    def need(self, school: UUID | None) -> None:
        """Raise unless they may; what they may not is not there for them."""
        if not self.may(school):
            raise not_found()

    def _roster(self, school: UUID | None) -> dict[str, Any]:
        board = self.holder.principal.board
        return entity(
            "Roster",
            school or board,
            board=ref("Board", board),
            offices=refs("Unit", self.offices.departments),
            schools=refs("School", [] if school is None else [school]),
        )

    @property
    def person(self) -> UUID:
        """Whose hand it is: an import over the web is always somebody's."""
        if self.holder.principal.person is None:
            raise denied("人のアカウントで取り込んでください。")
        return self.holder.principal.person


async def asker(room: Registry, session: AsyncSession, who: Principal, *, for_a_list: bool = False) -> Asker:
    """Who asks. Raises 404 for somebody who may import nothing, and 401 for a sign-in that is too weak.

    A list is empty for them instead.
    """
    holder, step_up, offices = await people.asking(session, who, room.clock.today())
    found = Asker(room, holder, offices, whole=False)
    found = replace(found, whole=found.may(None))
    if not (for_a_list or found.whole or any(map(found.may, holder.organisations("office")))):
        raise not_found()
    room.strong_enough(who, step_up)
    return found


async def name_of(session: AsyncSession, board: UUID, person: UUID) -> str:
    """How a person is called."""
    return str(await session.scalar(_NAME, {"board": board, "person": person}) or "―")


async def school_names(session: AsyncSession, board: UUID, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names of schools, in their order."""
    rows = await session.execute(_SCHOOLS, {"board": board, "ids": list(ids)})
    return {row.id: row.name for row in rows}


async def hidden(
    session: AsyncSession, asking: Asker, people: Sequence[UUID], today: date
) -> frozenset[UUID]:
    """Who of these people must not be shown to the one who asks."""
    values = {
        "board": asking.holder.principal.board,
        "people": list(people),
        "asker": asking.holder.principal.person,
        "schools": sorted(asking.holder.schools()),
        "named": asking.named,
        "today": today,
    }
    return frozenset(await session.scalars(_HIDDEN, values))
