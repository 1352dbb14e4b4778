"""A city of any size, part by part: every kind of school, and families that know only the schools of their part.

A part is small enough to be held in memory whole, and each has a chance of its own, made from the seed and its place:
so a city is written as it is thought out, and a larger city takes no more memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from deploy.town import names
from deploy.town.classes import place_pupils
from deploy.town.families import Families
from deploy.town.happenings import Year
from deploy.town.holidays import school_days
from deploy.town.model import ELEMENTARY, JUNIOR_HIGH, KINDERGARTEN, Area, School, Town
from deploy.town.names import PLACES, SIDES
from deploy.town.registrar import Registrar
from deploy.town.schools import (
    PUPILS_OF_A_JUNIOR_HIGH,
    PUPILS_OF_AN_ELEMENTARY,
    in_kanji,
    school_code,
    split,
)
from deploy.town.staff import Staff

SMALLEST, LARGEST = 300, 250_000
_PART = 5_000
_CODES_OF_A_PART, _STEP = 200, 7_919
_IN_SPECIAL_CLASSES = 0.035
_SMALL_SCHOOL = (2, 3, 4, 5, 6, 7)
"""Pupils a grade of a school whose grades share classes (複式学級)."""

_NAMES = {
    "A1": ("kindergarten", "幼稚園", "幼稚園"),
    "B1": ("elementary", "小学校", "小"),
    "C1": ("junior_high", "中学校", "中"),
    "C2": ("compulsory", "学園", "学園"),
    "E1": ("special_needs_school", "特別支援学校", "特支"),
}
"""学校種 → kind, ending of the name and of the short name."""


@dataclass
class Part:
    """A part of a city, as it stands on some day, and what is still to happen there."""

    town: Town
    rng: Random
    registrar: Registrar
    year: Year = field(init=False)

    def __post_init__(self) -> None:
        self.year = Year(self.rng, self.town, self.registrar)


def sizes(pupils: int) -> list[int]:
    """How many pupils each part of a city has."""
    count = max(1, round(pupils / _PART))
    return split(pupils, [1.0] * count)


def build(place: int, size: int, *, seed: int, town: Town) -> Part:
    """The part at that place on 1 April; ``town`` says whose it is, and gets its schools, families and staff."""
    rng = Random(f"{seed}/{place}")  # noqa: S311 - a city is to be repeatable, not secret
    registrar = Registrar(rng, f"{place:02d}")
    town.school_days = school_days(town.school_year)
    _Plan(rng, town, registrar, seed, place).lay_out(size)
    families = Families(rng, town, registrar.person, of_a_city=True)
    families.fill()
    place_pupils(rng, town, registrar.new_id)
    staff = Staff(rng, town, registrar.person, registrar.new_id, names.MANY)
    staff.hire(families.teaching_parent)
    staff.hire_for_a_city()
    return Part(town, rng, registrar)


class _Plan:
    """Lays out the schools and areas of a part."""

    def __init__(self, rng: Random, town: Town, registrar: Registrar, seed: int, place: int) -> None:
        self._rng = rng
        self._town = town
        self._registrar = registrar
        self._place = place
        # Steps of a number that shares no factor with 10**7: no code comes twice in a city.
        self._first_code = Random(seed).randrange(10**7) + place * _CODES_OF_A_PART * _STEP  # noqa: S311

    def lay_out(self, size: int) -> None:
        """Schools for that many children, one part in two with a 義務教育学校, one in three with a 特別支援学校."""
        rng, town = self._rng, self._town
        small = max(12, size * 4 // 100)
        special = max(9, size // 50) if self._place % 3 == 0 else 0
        whole = max(45, size * 7 // 100) if self._place % 2 == 0 else 0
        rest = size - small - special - whole
        few = {grade: rng.choice(_SMALL_SCHOOL) for grade in ELEMENTARY}
        older = rest * len(JUNIOR_HIGH) // 9
        young = rest - older - sum(few.values())
        young_schools = [
            self._school("B1", self._even(total, ELEMENTARY))
            for total in self._shared(young, max(1, round(young / PUPILS_OF_AN_ELEMENTARY)))
        ]
        young_schools.append(self._school("B1", few))
        totals = self._shared(older, max(1, round(older / PUPILS_OF_A_JUNIOR_HIGH)))
        older_schools = [
            self._school(
                "C1", self._even(total, JUNIOR_HIGH), of=young_schools[_first(place, totals, young_schools)]
            )
            for place, total in enumerate(totals)
        ]
        self._areas(young_schools, older_schools)
        if whole:
            school = self._school("C2", self._even(whole, (*ELEMENTARY, *JUNIOR_HIGH)))
            town.areas.append(Area(dict(school.sizes), dict.fromkeys(school.sizes, school)))
        self._kindergartens(small)
        if special:
            self._special_school(special)

    def _shared(self, total: int, count: int) -> list[int]:
        return split(total, [self._rng.uniform(0.75, 1.25) for _ in range(count)])

    def _even(self, total: int, grades: tuple[str, ...]) -> dict[str, int]:
        shares = [self._rng.uniform(0.92, 1.08) for _ in grades]
        return dict(zip(grades, split(total, shares), strict=True))

    def _school(self, code: str, grades: dict[str, int], of: School | None = None) -> School:
        """A school with the name of its place in the city, or of the school whose children go there next."""
        kind, ending, short = _NAMES[code]
        town, number = self._town, len(self._town.schools)
        if of is None:
            word = _word(
                self._place * _NAMED_IN_A_PART + sum(each.kind in _NAME_GIVERS for each in town.schools)
            )
        else:
            word = of.short_name.removesuffix("小")
        special = dict.fromkeys(grades, 0)
        if kind in ("elementary", "junior_high", "compulsory"):
            for _ in range(max(1, round(sum(grades.values()) * _IN_SPECIAL_CLASSES))):
                grade = self._rng.choice(list(grades))
                special[grade] = min(special[grade] + 1, grades[grade])
        school = School(
            sourced_id=self._registrar.new_id(),
            course_id=self._registrar.new_id(),
            kind=kind,
            name=f"{town.name}立{word}{ending}",
            short_name=f"{word}{short}",
            code=school_code(code, (self._first_code + number * _STEP) % 10**7),
            sizes=grades,
            special=special,
        )
        town.schools.append(school)
        return school

    def _areas(self, young: list[School], older: list[School]) -> None:
        """An area an elementary school; neighbours go on to the same junior high, in proportion to their size."""
        groups: list[list[School]] = [[] for _ in older]
        for place, school in enumerate(young):
            groups[place * len(older) // len(young)].append(school)
        for junior_high, group in zip(older, groups, strict=True):
            areas = [Area(dict(each.sizes), dict.fromkeys(each.sizes, each)) for each in group]
            weights = [float(sum(each.sizes.values())) for each in group]
            for grade, total in junior_high.sizes.items():
                for area, count in zip(areas, split(total, weights), strict=True):
                    area.places[grade] = count
                    area.schools[grade] = junior_high
            self._town.areas += areas

    def _kindergartens(self, children: int) -> None:
        count = max(1, round(children / 100))
        for area, total in zip(self._town.areas, self._shared(children, count), strict=False):
            school = self._school("A1", self._even(total, KINDERGARTEN), of=area.schools["P1"])
            area.places |= school.sizes
            area.schools |= dict.fromkeys(school.sizes, school)

    def _special_school(self, children: int) -> None:
        """Its pupils come from all areas."""
        school = self._school(
            "E1", self._even(children, (*ELEMENTARY, *JUNIOR_HIGH)), of=self._town.areas[0].schools["P1"]
        )
        for grade, count in school.sizes.items():
            for _ in range(count):
                area = self._rng.choice(self._town.areas)
                area.special_school = school
                area.special[grade] = area.special.get(grade, 0) + 1
                area.places[grade] = area.places.get(grade, 0) + 1


def _first(place: int, older: list[int], young: list[School]) -> int:
    """The first elementary school that feeds the junior high at that place."""
    return -(-place * len(young) // len(older))


_NAME_GIVERS = ("elementary", "compulsory")
_NAMED_IN_A_PART = 13
"""Most elementary schools and 義務教育学校 of a part."""


def _word(place: int) -> str:
    """桜木, 緑ヶ丘 …, 東桜木 …: no two the same."""
    rounds, word = divmod(place, len(PLACES))
    again, side = divmod(rounds, len(SIDES))
    return SIDES[side] + PLACES[word] + (f"第{in_kanji(again + 1)}" if again else "")
