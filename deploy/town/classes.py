"""Classes of a town: who is in which, 出席番号, 特別支援学級 with 交流, and children who moved during the year."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from deploy.town import names
from deploy.town.model import ClassRoom, Person, Pupil, School, Stay, Tie, Town
from deploy.town.schools import CLASS_SIZE
from services.registry.roster.kana import kana_sort_key

_SPECIAL_CLASS_SIZE = 8
"""Most pupils of a 特別支援学級 (義務標準法 3)."""


def place_pupils(rng: Random, town: Town, new_id: Callable[[], str]) -> None:
    """Fills the classes of every school."""
    for school in town.schools:
        in_special = _special_pupils(rng, school)
        for grade in school.sizes:
            ordinary = [pupil for pupil in school.pupils if pupil.grade == grade and pupil not in in_special]
            _place_grade(rng, school, grade, ordinary, new_id)
        _place_special(school, in_special, new_id)
        _visit(rng, school, in_special)


def by_kana(pupil: Pupil) -> tuple[str, str]:
    """Order of a class list: by reading, twins by id."""
    family, given = pupil.person.shown
    return kana_sort_key(family.kana, given.kana), pupil.person.sourced_id


def _special_pupils(rng: Random, school: School) -> set[Pupil]:
    chosen: set[Pupil] = set()
    for grade, count in school.special.items():
        candidates = [
            pupil
            for pupil in school.pupils
            if pupil.grade == grade and pupil.twin is None and pupil.protected_since is None
        ]
        chosen |= set(rng.sample(candidates, count))
    return chosen


def _place_grade(
    rng: Random, school: School, grade: str, pupils: list[Pupil], new_id: Callable[[], str]
) -> None:
    count = -(-len(pupils) // CLASS_SIZE)
    shuffled = rng.sample(pupils, len(pupils))
    groups = [shuffled[place::count] for place in range(count)]
    if count > 1:
        _part_twins(groups)
    for place, group in enumerate(groups):
        room = ClassRoom(new_id(), school, f"{grade[1]}年{place + 1}組", (grade,), special_needs=False)
        _seat(room, group)
        school.rooms.append(room)


def _part_twins(groups: list[list[Pupil]]) -> None:
    """Twins go to different classes."""
    for group, other in zip(groups, [*groups[1:], groups[0]], strict=True):
        for pupil in list(group):
            if pupil.twin in group:
                swap = next(each for each in other if each.twin is None)
                group[group.index(pupil)], other[other.index(swap)] = swap, pupil


def _seat(room: ClassRoom, pupils: list[Pupil]) -> None:
    for number, pupil in enumerate(sorted(pupils, key=by_kana), start=1):
        pupil.stays.append(Stay(room, number))
        room.pupils.append(pupil)


def _place_special(school: School, pupils: set[Pupil], new_id: Callable[[], str]) -> None:
    ordered = sorted(pupils, key=lambda pupil: (pupil.grade, *by_kana(pupil)))
    count = -(-len(ordered) // _SPECIAL_CLASS_SIZE)
    for place in range(count):
        group = ordered[len(ordered) * place // count : len(ordered) * (place + 1) // count]
        grades = tuple(sorted({pupil.grade for pupil in group}))
        room = ClassRoom(new_id(), school, f"ひまわり{place + 1}組", grades, special_needs=True)
        _seat(room, group)
        school.rooms.append(room)


def _visit(rng: Random, school: School, in_special: set[Pupil]) -> None:
    """交流: every pupil of a 特別支援学級 belongs to an ordinary class of the same grade as well."""
    guests: dict[ClassRoom, int] = {}
    for pupil in sorted(in_special, key=by_kana):
        hosts = [room for room in school.rooms if not room.special_needs and room.grades == (pupil.grade,)]
        # The first host is 1組: so the 2年1組 that is shown first has a guest in every town.
        host = hosts[0] if not any(room in guests for room in hosts) else rng.choice(hosts)
        guests[host] = guests.get(host, 0) + 1
        pupil.host, pupil.host_number = host, len(host.pupils) + guests[host]


def move_some(rng: Random, town: Town, person: Callable[..., Person], first_days: list[date]) -> None:
    """Three who moved before the training date: between two schools, into the town, out of the town.

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
    first_room = next(room for room in town.schools[0].rooms if room.title == "2年1組")
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
    taken = [stay.number for pupil in new_room.pupils for stay in pupil.stays if stay.room is new_room]
    visiting = [pupil.host_number or 0 for pupil in here.pupils if pupil.host is new_room]
    mover.stays[0].last = since - timedelta(days=1)
    # 転入生 takes the number after all others; the list is not renumbered.
    mover.stays.append(Stay(new_room, max([*taken, *visiting]) + 1, first=since))
    new_room.pupils.append(mover)
    mover.school = here


def _leave_town(rng: Random, town: Town, person: Callable[..., Person], until: date) -> None:
    """A pupil who went to another municipality; counted in no present number."""
    school = town.schools[-1]
    room = next(room for room in school.rooms if not room.special_needs)
    family, given = rng.choice(names.FAMILIES), rng.choice(names.GIRLS)
    grade = room.grades[0]
    birth = date(town.school_year - 6 - int(grade[1]) - (6 if grade[0] == "J" else 0), 8, 20)
    leaver = Pupil(person("s", family, given, "female", birth, None), grade, school)
    mother = person("g", family, rng.choice(names.WOMEN), "female", date(birth.year - 30, 5, 15), None)
    leaver.ties.append(Tie(mother, "mother"))
    numbers = [stay.number for pupil in room.pupils for stay in pupil.stays if stay.room is room]
    visiting = [pupil.host_number or 0 for pupil in school.pupils if pupil.host is room]
    leaver.stays.append(Stay(room, max([*numbers, *visiting]) + 1, last=until - timedelta(days=1)))
    town.pupils.append(leaver)
    school.pupils.append(leaver)
