"""Staff of a town: the schools' teachers and offices, the board's departments, the system operator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random

from deploy.town import names
from deploy.town.model import Department, Person, Post, School, Town

_DEPARTMENTS = (("学務課", "gakumu"), ("健康給食課", "kenko-kyushoku"), ("指導課", "shido"))
_CENTRES = (
    ("第一給食センター", "kyushoku-1", "lunch_centre"),
    ("教育総合センター", "kyoiku-center", "education_centre"),
)
_STAFF_OF_A_DEPARTMENT = 3
_SMALL = 60
"""A school with fewer pupils shares its nurse with another."""


class Staff:
    """Hires for the schools and departments of a town, or of one part of a city."""

    def __init__(
        self,
        rng: Random,
        town: Town,
        person: Callable[..., Person],
        new_id: Callable[[], str],
        lists: names.Lists = names.FEW,
    ) -> None:
        self._rng = rng
        self._town = town
        self._person = person
        self._new_id = new_id
        self._lists = lists

    def someone(self) -> Person:
        """A new member of staff."""
        rng, town = self._rng, self._town
        sex = rng.choice(("male", "female"))
        given = rng.choice(self._lists.men if sex == "male" else self._lists.women)
        birth = date(town.school_year - rng.randrange(24, 60), rng.randrange(1, 13), rng.randrange(1, 29))
        found = self._person("t", rng.choice(self._lists.families), given, sex, birth, None)
        town.staff.append(found)
        return found

    def post(self, staff: Person, kind: str, school: School | None = None, **place: object) -> None:
        """Give a duty, held since one of the last years."""
        first = date(self._town.school_year - self._rng.randrange(4), 4, 1)
        self._town.posts.append(Post(staff, kind, school, first=first, **place))  # type: ignore[arg-type]

    def hire(self, teaching_parent: Person | None) -> None:
        """Staff for every school and department."""
        town = self._town
        english_teacher: Person | None = None
        for school in town.schools:
            for kind in ("principal", "vice_principal", "nurse", "office"):
                self.post(self.someone(), kind, school)
            for room in school.rooms:
                parent = teaching_parent if school is town.schools[1] and room is school.rooms[0] else None
                if parent is not None:
                    town.staff.append(parent)
                self.post(parent or self.someone(), "homeroom", school, room=room)
                # 副担任 of each class of 中学部, a support aide in every 特別支援学級.
                if room.special_needs or with_assistants(school):
                    self.post(self.someone(), "assistant", school, room=room)
            for _ in range(2):
                specialist = self.someone()
                self.post(specialist, "subject", school)
                if school.kind == "junior_high" and english_teacher is None:
                    english_teacher = specialist
        assert english_teacher is not None
        # 兼務: the junior high's English teacher teaches at the first elementary school too.
        self.post(english_teacher, "subject", town.schools[0])
        if town.head:
            self._hire_for_the_board()

    def _hire_for_the_board(self) -> None:
        town = self._town
        for name, code in _DEPARTMENTS:
            department = Department(self._new_id(), name, code)
            town.departments.append(department)
            for _ in range(_STAFF_OF_A_DEPARTMENT):
                self.post(self.someone(), "board_staff", department=department)
        self.post(self.someone(), "system_operator")

    def hire_for_a_city(self) -> None:
        """What a small town does not have: centres of the board, more people who serve two schools."""
        town = self._town
        if town.head:
            for name, code, kind in _CENTRES:
                centre = Department(self._new_id(), name, code, kind)
                town.departments.append(centre)
                self.post(self.someone(), "board_staff", department=centre)
        self._share_nurses()
        for area in town.areas:
            older, younger = area.schools.get("J1"), area.schools.get("P1")
            if (
                older is not None
                and younger is not None
                and older is not younger
                and self._rng.random() < 0.4
            ):
                teacher = self._rng.choice(
                    [post.staff for post in town.posts if post.school is older and post.kind == "subject"]
                )
                if not any(post.staff is teacher and post.school is younger for post in town.posts):
                    self.post(teacher, "subject", younger)

    def _share_nurses(self) -> None:
        """A small school's nurse is that of the largest one."""
        town = self._town
        largest = max(town.schools, key=lambda school: len(school.pupils))
        nurse = next(post.staff for post in town.posts if post.kind == "nurse" and post.school is largest)
        for school in town.schools:
            if len(school.pupils) < _SMALL and school.kind != "kindergarten":
                own = next(post for post in town.posts if post.kind == "nurse" and post.school is school)
                town.staff.remove(own.staff)
                own.staff = nurse


def with_assistants(school: School) -> bool:
    """Whether every class has a 副担任."""
    return school.kind in ("junior_high", "special_needs_school")
