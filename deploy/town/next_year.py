"""The town of next April: the same people a year on, in new classes (年度更新 is prepared from February on).

Nothing of this year changes: a package of next year stands beside this year's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from random import Random

from deploy.town import names
from deploy.town.classes import place_pupils
from deploy.town.families import Families
from deploy.town.holidays import school_days
from deploy.town.model import GRADES, Area, ClassRoom, Person, Post, Pupil, School, Town
from deploy.town.registrar import Registrar
from deploy.town.staff import Staff, with_assistants

_SIBLINGS = 0.35
"""Of the children who start school or kindergarten, those with an older one in the town's schools."""
_TRANSFERS = 0.08
"""Of the class teachers, those who teach at another school next year (人事異動)."""
_FIRST = ("E1", "P1")


def next_year(town: Town, session_id: str, rng: Random, registrar: Registrar, *, of_a_city: bool) -> Town:
    """The town as it will be on 1 April; ``town`` is as it is known now, and is not changed."""
    return _April(town, session_id, rng, registrar, of_a_city=of_a_city).build()


class _April:
    def __init__(
        self, town: Town, session_id: str, rng: Random, registrar: Registrar, *, of_a_city: bool
    ) -> None:
        self._before = town
        self._rng = rng
        self._registrar = registrar
        year = town.school_year + 1
        self._town = replace(
            town,
            school_year=year,
            session_id=session_id,
            schools=[],
            areas=[],
            pupils=[],
            families=[],
            staff=[],
            posts=[],
            school_days=school_days(year),
            closed=None,
        )
        self._families = Families(rng, self._town, registrar.person, of_a_city=of_a_city)
        self._lists = names.MANY if of_a_city else names.FEW
        self._schools: dict[int, School] = {}
        self._areas: dict[int, Area] = {}
        self._was_special: set[Pupil] = set()

    def build(self) -> Town:
        before, town = self._before, self._town
        for school in before.schools:
            sizes = dict.fromkeys(school.sizes, 0)
            self._schools[id(school)] = replace(
                school, course_id=self._registrar.new_id(), sizes=sizes, rooms=[], pupils=[]
            )
        town.schools = list(self._schools.values())
        for area in before.areas:
            self._areas[id(area)] = Area(
                {}, {grade: self._schools[id(school)] for grade, school in area.schools.items()}
            )
        town.areas = list(self._areas.values())
        for family in before.families:
            children = [child for pupil in family if (child := self._promoted(pupil)) is not None]
            if children:
                town.families.append(children)
        self._begin()
        place_pupils(self._rng, town, self._registrar.new_id, self._was_special)
        self._staff()
        return town

    def _promoted(self, pupil: Pupil) -> Pupil | None:
        """The pupil a grade higher; None for one who has left or graduates."""
        if not pupil.here or pupil.grade == GRADES[-1]:
            return None
        grade = GRADES[GRADES.index(pupil.grade) + 1]
        area = self._areas[id(pupil.area)]
        stays = pupil.school.kind == "special_needs_school"
        school = self._schools[id(pupil.school)] if stays else area.schools[grade]
        opened = date(self._before.school_year, 4, 1)
        ties = [replace(tie, first=tie.first or opened) for tie in pupil.ties]
        child = Pupil(pupil.person, grade, school, area, ties, protected_since=pupil.protected_since)
        if pupil.stays[-1].room.special_needs:
            self._was_special.add(child)
        self._join(child)
        return child

    def _join(self, child: Pupil) -> None:
        child.school.pupils.append(child)
        self._town.pupils.append(child)

    def _begin(self) -> None:
        """Children who start kindergarten, and first graders: about as many as the year before, many with siblings."""
        for before, area in zip(self._before.areas, self._town.areas, strict=True):
            for grade in _FIRST:
                school = before.schools.get(grade)
                if school is None:
                    continue
                new = area.schools[grade]
                here = [pupil for pupil in school.pupils if pupil.grade == grade and pupil.area is before]
                there = sum(pupil.grade == grade and pupil.area is area for pupil in new.pupils)
                wanted = max(0, round(len(here) * self._rng.uniform(0.9, 1.06)) - there)
                area.places[grade] = wanted - self._younger(area, grade, wanted)
            self._families.fill_area(area)

    def _younger(self, area: Area, grade: str, wanted: int) -> int:
        """Younger brothers and sisters of children of the area; returns how many."""
        families = [
            family
            for family in self._town.families
            if family[0].area is area and all(child.grade != grade for child in family)
        ]
        found = 0
        for family in self._rng.sample(families, min(len(families), round(wanted * _SIBLINGS))):
            child = self._families.sibling(family[0], grade)
            if child is not None:
                family.insert(0, child)
                found += 1
        return found

    def _staff(self) -> None:
        """Everybody stays, most where they were; class teachers get new classes."""
        town, before = self._town, self._before
        staff = Staff(self._rng, town, self._registrar.person, self._registrar.new_id, self._lists)
        free = self._class_teachers()
        town.staff += _in_order(before.staff, [each for found in free.values() for each in found])
        for post in before.posts:
            if post.room is None and post.kind != "student_teacher":
                school = self._schools[id(post.school)] if post.school else None
                town.posts.append(replace(post, school=school))
                if post.staff not in town.staff:
                    town.staff.append(post.staff)
        for school in town.schools:
            waiting = free[id(school)]

            def next_one(waiting: list[Person] = waiting) -> Person:
                return waiting.pop() if waiting else staff.someone()

            for room in school.rooms:
                self._give(next_one(), "homeroom", room)
                if room.special_needs or with_assistants(school):
                    self._give(next_one(), "assistant", room)
            for person in waiting:
                town.posts.append(Post(person, "subject", school, first=date(town.school_year, 4, 1)))

    def _give(self, person: Person, kind: str, room: ClassRoom) -> None:
        first = date(self._town.school_year, 4, 1)
        self._town.posts.append(Post(person, kind, room.school, room=room, first=first))

    def _class_teachers(self) -> dict[int, list[Person]]:
        """Who had a class and is free for another, by the school of next year."""
        rng = self._rng
        free: dict[int, list[Person]] = {id(school): [] for school in self._town.schools}
        for post in self._before.posts:
            if post.room is None or post.school is None:
                continue
            school = self._schools[id(post.school)]
            if rng.random() < _TRANSFERS:
                school = rng.choice(self._town.schools)
            free[id(school)].append(post.staff)
        for waiting in free.values():
            rng.shuffle(waiting)
        return free


def _in_order(everybody: Iterable[Person], needed: Iterable[Person]) -> list[Person]:
    wanted = {id(person) for person in needed}
    return [person for person in everybody if id(person) in wanted]
