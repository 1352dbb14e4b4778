"""Families of a town: children over all schools, guardians with their rights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from deploy.town import names
from deploy.town.model import GRADES, Person, Pupil, School, Tie, Town
from deploy.town.names import Foreign, Named

_CHILDREN = (1,) * 11 + (2,) * 7 + (3,) * 2
_KINDS = ("both",) * 83 + ("mother",) * 10 + ("father",) * 2 + ("apart",) * 4 + ("grandparents",)
_BIRTHS_APART = timedelta(days=300)
_RARE_IN_THE_SECOND_YEAR = 4
"""So that the class shown first has a name that careless software damages."""


@dataclass(eq=False)
class Zone:
    """The area of an elementary school: its children, and where they go next."""

    places: dict[str, int]
    schools: dict[str, School]


@dataclass(eq=False)
class Wish:
    """A family that every town has."""

    kind: str
    family: Named | None = None
    foreign: Foreign | None = None
    grades: tuple[str, ...] = ()


class Families:
    """Fills the places of all schools with children of families."""

    def __init__(self, rng: Random, town: Town, person: Callable[..., Person]) -> None:
        self._rng = rng
        self._town = town
        self._person = person
        self.teaching_parent: Person | None = None
        """A mother who teaches at another school of the town."""

    def fill(self) -> None:
        """All families of the town; those with something to show live in the first zone."""
        zones = _zones(self._town.schools)
        wishes = [
            Wish("both", family=family, grades=("P2",) if place < _RARE_IN_THE_SECOND_YEAR else ())
            for place, family in enumerate(names.RARE_FAMILIES)
        ]
        wishes += [Wish("both", foreign=foreign) for foreign in names.FOREIGN]
        wishes += [
            Wish("twins", grades=("P4", "P4")),
            Wish("protected", grades=("P3",)),
            Wish("apart", grades=("P2", "P5")),
            Wish("teaching", grades=("P1",)),
        ]
        # Twins and the others whose grades are fixed come first, while there is room in every grade.
        for wish in sorted(wishes, key=lambda wish: -len(wish.grades)):
            self._settle(zones[0], wish)
        for zone in zones:
            while any(zone.places.values()):
                self._settle(zone, Wish(self._rng.choice(_KINDS)))

    def _settle(self, zone: Zone, wish: Wish) -> None:
        grades = wish.grades if all(zone.places[grade] > 1 for grade in wish.grades) else ()
        grades = grades or self._grades(zone, one=wish.kind in ("protected", "teaching"))
        for grade in grades:
            zone.places[grade] -= 1
        family = wish.family or (wish.foreign.family if wish.foreign else self._rng.choice(names.FAMILIES))
        births = self._births(grades)
        children = [
            self._child(zone, grade, birth, family, wish.foreign)
            for grade, birth in zip(grades, births, strict=True)
        ]
        if wish.kind == "twins" and len(children) == 2:
            children[0].twin, children[1].twin = children[1], children[0]
        ties = self._ties(wish, family, max(births))
        for child in children:
            child.ties = [Tie(**vars(tie)) for tie in ties]
            if wish.kind == "protected":
                child.protected_since = date(self._town.school_year - 1, 11, 2)
            child.school.pupils.append(child)
            self._town.pupils.append(child)

    def _grades(self, zone: Zone, *, one: bool) -> tuple[str, ...]:
        rng = self._rng
        open_grades = [grade for grade in GRADES if zone.places[grade]]
        chosen = [rng.choices(open_grades, [zone.places[grade] for grade in open_grades])[0]]
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
            first = date(self._town.school_year - 7 - GRADES.index(grade), 4, 2)
            birth = first + timedelta(days=self._rng.randrange(365))
            if births and births[-1] - birth < _BIRTHS_APART:
                birth = max(first, min(birth, births[-1] - _BIRTHS_APART))
            births.append(birth)
        return births

    def _child(self, zone: Zone, grade: str, birth: date, family: Named, foreign: Foreign | None) -> Pupil:
        sex = self._rng.choice(("male", "female"))
        given = self._rng.choice(names.BOYS if sex == "male" else names.GIRLS)
        common: tuple[Named, Named] | None = None
        if foreign is not None:
            given = foreign.boy if sex == "male" else foreign.girl
            if foreign.common_family is not None:
                called = names.COMMON_GIVEN_BOY if sex == "male" else names.COMMON_GIVEN_GIRL
                common = (foreign.common_family, called)
        person = self._person("s", family, given, sex, birth, common)
        return Pupil(person, grade, zone.schools[grade])

    def _ties(self, wish: Wish, family: Named, youngest: date) -> list[Tie]:
        """The guardians; the first one is who the school turns to first."""

        def adult(sex: str, older: int, surname: Named = family) -> Person:
            given = self._rng.choice(names.MEN if sex == "male" else names.WOMEN)
            if wish.foreign is not None:
                given = wish.foreign.father if sex == "male" else wish.foreign.mother
            birth = date(youngest.year - older - self._rng.randrange(12), self._rng.randrange(1, 13), 15)
            return self._person("g", surname, given, sex, birth, None)

        if wish.kind == "grandparents":
            return [Tie(adult("female", 56), "grandmother"), Tie(adult("male", 56), "grandfather")]
        if wish.kind == "father":
            return [Tie(adult("male", 26), "father")]
        ties = [Tie(adult("female", 24), "mother")]
        if wish.kind in ("both", "twins", "teaching"):
            ties.append(Tie(adult("male", 26), "father"))
        if wish.kind == "teaching":
            self.teaching_parent = ties[0].guardian
        if wish.kind == "apart":
            # Lives elsewhere since the divorce: is told and may read, but reports no absences on the family's behalf.
            other = adult("male", 26, self._rng.choice(names.FAMILIES))
            ties.append(Tie(other, "father", notify=False, read=True, contact=False))
        if wish.kind == "protected":
            other = adult("male", 26, self._rng.choice(names.FAMILIES))
            ties.append(Tie(other, "father", notify=False, read=False, contact=False))
        return ties


def _zones(schools: list[School]) -> list[Zone]:
    """A zone an elementary school; junior high places are shared out among the zones that feed it."""
    young = [school for school in schools if school.kind == "elementary"]
    older = [school for school in schools if school.kind == "junior_high"]
    feeds = {id(each): older[place * len(older) // len(young)] for place, each in enumerate(young)}
    zones: list[Zone] = []
    for each in young:
        places, targets = dict(each.sizes), dict.fromkeys(each.sizes, each)
        junior_high = feeds[id(each)]
        sharing = [other for other in young if feeds[id(other)] is junior_high]
        mine = sharing.index(each)
        for grade, size in junior_high.sizes.items():
            places[grade] = size * (mine + 1) // len(sharing) - size * mine // len(sharing)
            targets[grade] = junior_high
        zones.append(Zone(places, targets))
    return zones
