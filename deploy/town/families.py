"""Families of a town: children over all schools, guardians with their rights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from deploy.town import names
from deploy.town.model import GRADES, Area, Person, Pupil, School, Tie, Town, birth_year
from deploy.town.names import Foreign, Lists, Named

T = TypeVar("T")

_CHILDREN = (1,) * 11 + (2,) * 7 + (3,) * 2
_KINDS = ("both",) * 83 + ("mother",) * 10 + ("father",) * 2 + ("apart",) * 4 + ("grandparents",)
_KINDS_OF_A_CITY = (
    *("both",) * 770,
    *("mother",) * 100,
    *("father",) * 20,
    *("apart",) * 50,
    *("grandparents",) * 12,
    *("foreign",) * 30,
    *("twins",) * 15,
    *("protected",) * 3,
)
_APART = ((False, True, False), (False, True, True), (True, True, True))
"""What a parent who lives elsewhere may do (notify, read, contact); all of it where custody is shared (民法 819)."""
_BIRTHS_APART = timedelta(days=300)
_RARE_IN_THE_SECOND_YEAR = 4
"""So that the class shown first has a name that careless software damages."""


@dataclass(eq=False)
class Wish:
    """A family that every town has."""

    kind: str
    family: Named | None = None
    foreign: Foreign | None = None
    grades: tuple[str, ...] = ()


class Families:
    """Fills the places of areas with children of families. ``of_a_city``: of more kinds, with more names."""

    def __init__(
        self, rng: Random, town: Town, person: Callable[..., Person], *, of_a_city: bool = False
    ) -> None:
        self._rng = rng
        self._town = town
        self._person = person
        self._of_a_city = of_a_city
        self._lists: Lists = names.MANY if of_a_city else names.FEW
        self.teaching_parent: Person | None = None
        """A mother who teaches at another school of the town."""

    def fill(self) -> None:
        """All families of the town; those with something to show live in the first area."""
        languages = names.FOREIGN if self._of_a_city else names.FOREIGN[: names.LANGUAGES_OF_A_TOWN]
        wishes = [
            Wish("both", family=family, grades=("P2",) if place < _RARE_IN_THE_SECOND_YEAR else ())
            for place, family in enumerate(names.RARE_FAMILIES)
        ]
        wishes += [Wish("both", foreign=foreign) for foreign in languages]
        wishes += [
            Wish("twins", grades=("P4", "P4")),
            Wish("protected", grades=("P3",)),
            Wish("apart", grades=("P2", "P5")),
            Wish("teaching", grades=("P1",)),
        ]
        # Twins and the others whose grades are fixed come first, while there is room in every grade.
        for wish in sorted(wishes, key=lambda wish: -len(wish.grades)):
            self._settle(self._town.areas[0], wish)
        for area in self._town.areas:
            self.fill_area(area)

    def fill_area(self, area: Area) -> None:
        """Families by chance, until every place of the area is taken."""
        kinds = _KINDS_OF_A_CITY if self._of_a_city else _KINDS
        while any(area.places.values()):
            kind = self._rng.choice(kinds)
            foreign = self._rng.choice(names.FOREIGN) if kind == "foreign" else None
            self._settle(area, Wish("both" if foreign else kind, foreign=foreign))

    def newcomers(self, area: Area, grades: tuple[str, ...]) -> list[Pupil]:
        """A family with children of these grades, for whom there is a place each; they have no class yet."""
        before = len(self._town.families)
        for grade in grades:
            area.places[grade] += 1
        self._settle(area, Wish(self._rng.choice(("both", "both", "mother")), grades=grades), exactly=True)
        return self._town.families[before]

    def sibling(self, of: Pupil, grade: str) -> Pupil | None:
        """A younger child of a family, for whom there is a place; None when the births would be too close."""
        born = date(birth_year(grade, self._town.school_year), 4, 2) + timedelta(
            days=self._rng.randrange(365)
        )
        if of.person.birth_date is None or of.person.birth_date > born - _BIRTHS_APART:
            return None
        child = self._child(of.area, grade, born, of.person.family, None, [of])
        child.ties = [replace(tie) for tie in of.ties]
        self._join(child)
        return child

    def _settle(self, area: Area, wish: Wish, *, exactly: bool = False) -> None:
        fits = all(area.places.get(grade, 0) > 1 for grade in wish.grades)
        grades = wish.grades if exactly or fits else ()
        if not grades and wish.kind == "twins":
            grades = self._pair(area)
        grades = grades or self._grades(area, one=wish.kind in ("protected", "teaching"))
        for grade in grades:
            area.places[grade] -= 1
        family = wish.family or self._surname(wish.foreign)
        births = self._births(grades)
        children: list[Pupil] = []
        for grade, birth in zip(grades, births, strict=True):
            children.append(self._child(area, grade, birth, family, wish.foreign, children))
        if wish.kind == "twins" and len(children) == 2 and grades[0] == grades[1]:
            children[0].twin, children[1].twin = children[1], children[0]
        ties = self._ties(wish, family, max(births))
        for child in children:
            child.ties = [replace(tie) for tie in ties]
            if wish.kind == "protected":
                child.protected_since = date(self._town.school_year - 1, 11, 2)
            self._join(child)
        self._town.families.append(children)

    def _join(self, child: Pupil) -> None:
        child.school.pupils.append(child)
        self._town.pupils.append(child)

    def _surname(self, foreign: Foreign | None) -> Named:
        return self._one(foreign.families) if foreign else self._rng.choice(self._lists.families)

    def _one(self, given: Sequence[T]) -> T:
        """One of a list of foreign names; of a small town always the first."""
        return self._rng.choice(given) if self._of_a_city else given[0]

    def _pair(self, area: Area) -> tuple[str, ...]:
        """A grade with room for twins, twice."""
        open_grades = [grade for grade in GRADES if area.places.get(grade, 0) > 1]
        return (self._rng.choice(open_grades),) * 2 if open_grades else ()

    def _grades(self, area: Area, *, one: bool) -> tuple[str, ...]:
        rng = self._rng
        open_grades = [grade for grade in GRADES if area.places.get(grade)]
        chosen = [rng.choices(open_grades, [area.places[grade] for grade in open_grades])[0]]
        for _ in range(0 if one else rng.choice(_CHILDREN) - 1):
            more = [grade for grade in open_grades if grade not in chosen]
            if not more:
                break
            chosen.append(rng.choice(more))
        return tuple(sorted(chosen, key=GRADES.index))

    def _births(self, grades: tuple[str, ...]) -> list[date]:
        """A birth date for each grade (4/2 to 4/1); siblings are ten months apart, twins share the day."""
        births: list[date] = []
        for place, grade in enumerate(grades):
            if place and grades[place - 1] == grade:
                births.append(births[-1])
                continue
            first = date(birth_year(grade, self._town.school_year), 4, 2)
            birth = first + timedelta(days=self._rng.randrange(365))
            if births and births[-1] - birth < _BIRTHS_APART:
                birth = max(first, min(birth, births[-1] - _BIRTHS_APART))
            births.append(birth)
        return births

    def _child(
        self,
        area: Area,
        grade: str,
        birth: date,
        family: Named,
        foreign: Foreign | None,
        siblings: Sequence[Pupil],
    ) -> Pupil:
        sex = self._rng.choice(("male", "female"))
        listed = self._lists.boys if sex == "male" else self._lists.girls
        given = self._rng.choice(listed)
        common: tuple[Named, Named] | None = None
        if foreign is not None:
            if foreign.common_family is not None:
                common = (foreign.common_family, self._called(sex, given))
            listed = foreign.boys if sex == "male" else foreign.girls
            given = self._one(listed)
        taken = {sibling.person.given for sibling in siblings} if self._of_a_city else set()
        if given in taken:
            given = next((other for other in listed if other not in taken), given)
        person = self._person("s", family, given, sex, birth, common)
        return Pupil(person, grade, self._school(area, grade), area)

    def _called(self, sex: str, given: Named) -> Named:
        """The given name of a 通称; in a small town always the same."""
        if self._of_a_city:
            return given
        return names.COMMON_GIVEN_BOY if sex == "male" else names.COMMON_GIVEN_GIRL

    def _school(self, area: Area, grade: str) -> School:
        """The area's school, or the 特別支援学校 for as many children as it has places; this child's is counted off."""
        left = area.special.get(grade, 0)
        if left and area.special_school is not None and self._rng.random() * (area.places[grade] + 1) < left:
            area.special[grade] -= 1
            return area.special_school
        return area.schools[grade]

    def _ties(self, wish: Wish, family: Named, youngest: date) -> list[Tie]:
        """The guardians; the first one is who the school turns to first."""

        def adult(sex: str, older: int, surname: Named = family) -> Person:
            given = self._rng.choice(self._lists.men if sex == "male" else self._lists.women)
            if wish.foreign is not None:
                given = self._one(wish.foreign.fathers if sex == "male" else wish.foreign.mothers)
            birth = date(youngest.year - older - self._rng.randrange(12), self._rng.randrange(1, 13), 15)
            person = self._person("g", surname, given, sex, birth, None)
            person.language = wish.foreign.language if wish.foreign is not None else "ja"
            person.home = home = households[0] if households and surname is family else person.sourced_id
            households.append(home)
            return person

        households: list[str] = []

        if wish.kind == "grandparents":
            return [Tie(adult("female", 56), "grandmother"), Tie(adult("male", 56), "grandfather")]
        if wish.kind == "father":
            return [Tie(adult("male", 26), "father")]
        ties = [Tie(adult("female", 24), "mother")]
        if wish.kind in ("both", "twins", "teaching"):
            ties.append(Tie(adult("male", 26), "father"))
        if wish.kind == "teaching":
            self.teaching_parent = ties[0].guardian
        if wish.kind in ("apart", "protected"):
            other = adult("male", 26, self._rng.choice(self._lists.families))
            # Since the divorce he is told and may read, but reports no absences on the family's behalf.
            rights = (False, True, False) if wish.kind == "apart" else (False, False, False)
            if wish.kind == "apart" and self._of_a_city:
                rights = self._rng.choice(_APART)
            ties.append(Tie(other, "father", *rights))
        return ties
