"""The dry run: what a new school year would do, school by school; nothing is written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from services.registry.rollover import store
from services.registry.rollover.plans import Plan
from services.registry.rollover.rules import City, Consequences, Pupil, Rolled, Year, roll
from services.registry.rollover.store import School
from shared.database import Scope, Units

Tell = Callable[[int, int, str], None]
"""Told after each school: how many are done, of how many, and which one."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rollover would do, school by school."""

    year: Year
    schools: tuple[tuple[School, Consequences], ...]
    city: City
    mark: str
    """Hash of what becomes of everybody, by name of nobody: two dry runs with one mark say the same."""

    def total(self) -> Consequences:
        """Of the whole board."""
        whole = Consequences()
        for _, each in self.schools:
            whole.became += each.became
            whole.pupils += each.pupils
            whole.without_class += each.without_class
            whole.changed += each.changed
            whole.exchange += each.exchange
            whole.without_teacher += each.without_teacher
            whole.lacking += each.lacking
            whole.here += each.here
            whole.nowhere += each.nowhere
        return whole


async def preview(units: Units, board: UUID, year: Year, tell: Tell = lambda *_: None) -> Preview:
    """Every consequence, of one instant; nothing is written."""
    mark = hashlib.sha256()
    async with units.read(Scope(board), frozen=True) as session:
        city, schools = await store.city(session, board, year)
        found = {school.id: Consequences() for school in schools}
        for done, school in enumerate(schools, 1):
            counted = found[school.id]
            mark.update(f"{school.id}{city.plans.get(school.id, Plan()).model_dump_json()}".encode())
            for pupil in await store.pupils(session, board, school.id, year):
                rolled = roll(pupil, year, city)
                counted.count(rolled, pupil, year)
                if rolled.next_school in found:
                    found[rolled.next_school].enter(rolled, pupil, year)
                mark.update(_said(pupil, rolled).encode())
            lacking, counted.without_teacher = await store.lacking(session, board, school.id, year, city)
            counted.lacking.update(lacking)
            tell(done, len(schools), school.name)
    return Preview(year, tuple((school, found[school.id]) for school in schools), city, mark.hexdigest())


def _said(pupil: Pupil, rolled: Rolled) -> str:
    """What becomes of one pupil, to the last number: a swap of two seats is another preview."""
    return f"{pupil.id} {rolled.became} {rolled.next_school} {rolled.enrolments} {rolled.memberships}"
