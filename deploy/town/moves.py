"""Three children of the town that `make up` shows who moved shortly before its training date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from deploy.town import names
from deploy.town.law import CLASS_SIZE
from deploy.town.model import Person, Pupil, School, Stay, Tie, Town, birth_year

_DAY = timedelta(days=1)


def move_some(rng: Random, town: Town, person: Callable[..., Person], first_days: list[date]) -> None:
    """One moves between two schools, one into the town, one out of the town.

    ``first_days`` are school days from which they may begin at their new school, newest last. In the first two weeks
    of a school year nobody has moved yet.
    """
    if len(first_days) < 4:
        return
    between, arriving, leaving = first_days[-1], first_days[-2], first_days[-3]
    _move_between(town, between)
    newcomer = _without_ties(town.schools[-1], town)
    newcomer.moved_in = arriving
    newcomer.stays[0].first = arriving
    _leave_town(rng, town, person, leaving)


def _without_ties(school: School, town: Town) -> Pupil:
    """A pupil of an ordinary class whom no other story is told about."""
    first_room = next(room for room in town.schools[0].rooms if "P2" in room.grades)
    return next(
        pupil
        for pupil in school.pupils
        if len(pupil.stays) == 1
        and not pupil.stays[0].room.special_needs
        and pupil.stays[0].room is not first_room
        and pupil.twin is None
        and pupil.protected_since is None
        and pupil.moved_in is None
    )


def _move_between(town: Town, since: date) -> None:
    """From the second elementary school to a class of the first that has room."""
    there, here = town.schools[1], town.schools[0]
    rooms = {
        room.grades[0]: room
        for room in here.rooms
        if not room.special_needs and len(room.pupils) < CLASS_SIZE and room.grades != ("P2",)
    }
    mover = next(
        (
            pupil
            for pupil in there.pupils
            if pupil.grade in rooms
            and pupil.host is None
            and pupil.twin is None
            and pupil.protected_since is None
        ),
        None,
    )
    if mover is None:
        return
    new_room = rooms[mover.grade]
    mover.stays[0].last = since - _DAY
    mover.stays.append(Stay(new_room, new_room.next_number(), first=since))
    new_room.pupils.append(mover)
    mover.school, mover.area = here, next(area for area in town.areas if here in area.schools.values())


def _leave_town(rng: Random, town: Town, person: Callable[..., Person], until: date) -> None:
    """A pupil who went to another municipality; counted in no present number."""
    school = town.schools[-1]
    room = next(room for room in school.rooms if not room.special_needs)
    family, given = rng.choice(names.FAMILIES), rng.choice(names.GIRLS)
    grade = room.grades[0]
    birth = date(birth_year(grade, town.school_year), 8, 20)
    area = next(area for area in town.areas if school in area.schools.values())
    leaver = Pupil(person("s", family, given, "female", birth, None), grade, school, area)
    mother = person("g", family, rng.choice(names.WOMEN), "female", date(birth.year - 30, 5, 15), None)
    leaver.ties.append(Tie(mother, "mother"))
    leaver.stays.append(Stay(room, room.next_number(), last=until - _DAY))
    town.pupils.append(leaver)
    school.pupils.append(leaver)
    room.pupils.append(leaver)
