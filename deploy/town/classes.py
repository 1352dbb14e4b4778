"""Classes of a town: who is in which, 出席番号, 複式学級, 特別支援学級 with 交流. Sizes and shared grades: ``law``."""

from __future__ import annotations

from collections.abc import Callable, Collection
from random import Random

from deploy.town.law import (
    CLASS_SIZE,
    SPECIAL_CLASS_SIZE,
    SPECIAL_SCHOOL_CLASS_SIZE,
    classes_of,
    combined_size,
)
from deploy.town.model import ELEMENTARY, GRADES, ClassRoom, Pupil, School, Stay, Town
from services.registry.roster.kana import kana_sort_key

_YEARS_OF_A_KINDERGARTEN = {"E1": "年少", "E2": "年中", "E3": "年長"}


def place_pupils(
    rng: Random, town: Town, new_id: Callable[[], str], known: Collection[Pupil] | None = None
) -> None:
    """Fills the classes of every school. Pupils of 特別支援学級 are chosen by chance, or are those ``known``."""
    for school in town.schools:
        if school.kind == "special_needs_school":
            _place_special_school(school, new_id)
            continue
        if known is None:
            in_special = _special_pupils(rng, school)
        else:
            in_special = {pupil for pupil in school.pupils if pupil in known}
        ordinary: dict[str, list[Pupil]] = {grade: [] for grade in school.sizes}
        for pupil in school.pupils:
            if pupil not in in_special:
                ordinary[pupil.grade].append(pupil)
        for grades in classes_of({grade: len(pupils) for grade, pupils in ordinary.items()}):
            _place_grades(rng, school, grades, [each for grade in grades for each in ordinary[grade]], new_id)
        _place_special(school, in_special, new_id)
        _visit(rng, school, in_special)


def by_kana(pupil: Pupil) -> tuple[str, str]:
    """Order of a class list: by reading, twins by id."""
    family, given = pupil.person.shown
    return kana_sort_key(family.kana, given.kana), pupil.person.sourced_id


def _by_grade(pupil: Pupil) -> tuple[int, str, str]:
    return GRADES.index(pupil.grade), *by_kana(pupil)


def _special_pupils(rng: Random, school: School) -> set[Pupil]:
    chosen: set[Pupil] = set()
    for grade, count in school.special.items():
        candidates = [
            pupil
            for pupil in school.pupils
            if pupil.grade == grade and pupil.twin is None and pupil.protected_since is None
        ]
        chosen |= set(rng.sample(candidates, min(count, len(candidates))))
    return chosen


def title(school: School, grades: tuple[str, ...], place: int) -> str:
    """What a class is called: 2年1組, 7年1組 of a 義務教育学校, 1・2年 of a 複式学級, 年少1組."""
    if grades[0] in _YEARS_OF_A_KINDERGARTEN:
        return f"{_YEARS_OF_A_KINDERGARTEN[grades[0]]}{place}組"
    later = len(ELEMENTARY) if school.kind == "compulsory" else 0
    years = [str(int(grade[1]) + (later if grade[0] == "J" else 0)) for grade in grades]
    return f"{'・'.join(years)}年" if len(years) > 1 else f"{years[0]}年{place}組"


def _place_grades(
    rng: Random, school: School, grades: tuple[str, ...], pupils: list[Pupil], new_id: Callable[[], str]
) -> None:
    limit = CLASS_SIZE if len(grades) == 1 else combined_size(grades)
    count = -(-len(pupils) // limit)
    shuffled = rng.sample(pupils, len(pupils))
    groups = [shuffled[place::count] for place in range(count)]
    if count > 1:
        _part_twins(groups)
    for place, group in enumerate(groups, start=1):
        room = ClassRoom(
            new_id(), school, title(school, grades, place), grades, special_needs=False, limit=limit
        )
        _seat(room, sorted(group, key=_by_grade))
        school.rooms.append(room)


def _part_twins(groups: list[list[Pupil]]) -> None:
    """Twins go to different classes."""
    for group, other in zip(groups, [*groups[1:], groups[0]], strict=True):
        for pupil in list(group):
            if pupil.twin in group:
                swap = next((each for each in other if each.twin is None), None)
                if swap is not None:
                    group[group.index(pupil)], other[other.index(swap)] = swap, pupil


def _seat(room: ClassRoom, pupils: list[Pupil]) -> None:
    for number, pupil in enumerate(pupils, start=1):
        pupil.stays.append(Stay(room, number))
        room.pupils.append(pupil)


def _place_special(school: School, pupils: set[Pupil], new_id: Callable[[], str]) -> None:
    """特別支援学級: grades of one stage together, as few classes as the law allows."""
    rooms = 0
    for stage in ("P", "J"):
        ordered = sorted((pupil for pupil in pupils if pupil.grade[0] == stage), key=_by_grade)
        for group in _even(ordered, SPECIAL_CLASS_SIZE):
            rooms += 1
            grades = tuple(sorted({pupil.grade for pupil in group}))
            room = ClassRoom(
                *(new_id(), school, f"ひまわり{rooms}組", grades),
                special_needs=True,
                limit=SPECIAL_CLASS_SIZE,
            )
            _seat(room, sorted(group, key=by_kana))
            school.rooms.append(room)


def _place_special_school(school: School, new_id: Callable[[], str]) -> None:
    """Classes of a 特別支援学校: of 小学部 and 中学部, of several grades where they are few."""
    for stage, part in (("P", "小学部"), ("J", "中学部")):
        ordered = sorted((pupil for pupil in school.pupils if pupil.grade[0] == stage), key=_by_grade)
        for place, group in enumerate(_even(ordered, SPECIAL_SCHOOL_CLASS_SIZE), start=1):
            grades = tuple(sorted({pupil.grade for pupil in group}))
            room = ClassRoom(
                *(new_id(), school, f"{part}{place}組", grades),
                special_needs=False,
                limit=SPECIAL_SCHOOL_CLASS_SIZE,
            )
            _seat(room, group)
            school.rooms.append(room)


def _even(ordered: list[Pupil], most: int) -> list[list[Pupil]]:
    """As few groups as hold them, in order and of even size."""
    count = -(-len(ordered) // most)
    return [
        ordered[len(ordered) * place // count : len(ordered) * (place + 1) // count] for place in range(count)
    ]


def _visit(rng: Random, school: School, in_special: set[Pupil]) -> None:
    """交流: a pupil of a 特別支援学級 belongs to an ordinary class with the same grade too, where there is one."""
    guests: dict[ClassRoom, int] = {}
    for pupil in sorted(in_special, key=by_kana):
        hosts = [room for room in school.rooms if not room.special_needs and pupil.grade in room.grades]
        if not hosts:
            continue
        # The first host is 1組: so the 2年1組 that is shown first has a guest in every town.
        host = hosts[0] if not any(room in guests for room in hosts) else rng.choice(hosts)
        guests[host] = guests.get(host, 0) + 1
        pupil.host, pupil.host_number = host, len(host.pupils) + guests[host]
        host.guests.append(pupil)
