"""Staff of a town: the schools' teachers and offices, the board's departments, the system operator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random

from deploy.town import names
from deploy.town.model import Department, Person, Post, School, Town

_DEPARTMENTS = (("学務課", "gakumu"), ("健康給食課", "kenko-kyushoku"), ("指導課", "shido"))
_STAFF_OF_A_DEPARTMENT = 3


def hire(
    rng: Random,
    town: Town,
    person: Callable[..., Person],
    new_id: Callable[[], str],
    teaching_parent: Person | None,
) -> None:
    """Staff for every school and department."""

    def someone() -> Person:
        sex = rng.choice(("male", "female"))
        given = rng.choice(names.MEN if sex == "male" else names.WOMEN)
        birth = date(town.school_year - rng.randrange(24, 60), rng.randrange(1, 13), rng.randrange(1, 29))
        found = person("t", rng.choice(names.FAMILIES), given, sex, birth, None)
        town.staff.append(found)
        return found

    def post(staff: Person, kind: str, school: School | None = None, **place: object) -> None:
        first = date(town.school_year - rng.randrange(4), 4, 1)
        town.posts.append(Post(staff, kind, school, first=first, **place))  # type: ignore[arg-type]

    english_teacher: Person | None = None
    for school in town.schools:
        for kind in ("principal", "vice_principal", "nurse", "office"):
            post(someone(), kind, school)
        for room in school.rooms:
            parent = teaching_parent if school is town.schools[1] and room is school.rooms[0] else None
            if parent is not None:
                town.staff.append(parent)
            post(parent or someone(), "homeroom", school, room=room)
            # 副担任 of each class at a junior high, a support aide in every 特別支援学級.
            if school.kind == "junior_high" or room.special_needs:
                post(someone(), "assistant", school, room=room)
        for _ in range(2):
            specialist = someone()
            post(specialist, "subject", school)
            if school.kind == "junior_high" and english_teacher is None:
                english_teacher = specialist
    assert english_teacher is not None
    # 兼務: the junior high's English teacher teaches at the first elementary school too.
    post(english_teacher, "subject", town.schools[0])
    for name, code in _DEPARTMENTS:
        department = Department(new_id(), name, code)
        town.departments.append(department)
        for _ in range(_STAFF_OF_A_DEPARTMENT):
            post(someone(), "board_staff", department=department)
    town.system_operator = someone()
    post(town.system_operator, "system_operator")
