"""What a generated town consists of.

Everything leads to everything else: without ``repr``, a failing assertion would print the town a thousand times over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from deploy.town.names import Named

KINDERGARTEN = ("E1", "E2", "E3")
ELEMENTARY = ("P1", "P2", "P3", "P4", "P5", "P6")
JUNIOR_HIGH = ("J1", "J2", "J3")
GRADES = (*KINDERGARTEN, *ELEMENTARY, *JUNIOR_HIGH)


def birth_year(grade: str, school_year: int) -> int:
    """The year of the 2 April from which on a grade's children are born (学校教育法 17: six years old on 1 April)."""
    return school_year - 7 - GRADES.index(grade) + GRADES.index("P1")


@dataclass(eq=False, slots=True)
class Person:
    """Anyone. ``common`` is the 通称 (family, given)."""

    sourced_id: str
    master_id: str
    username: str
    family: Named
    given: Named
    sex: str
    birth_date: date | None = None
    common: tuple[Named, Named] | None = None
    language: str = "ja"
    """Of a guardian, BCP 47."""
    home: str = ""
    """Whoever has the same one lives in the same place."""

    @property
    def shown(self) -> tuple[Named, Named]:
        """The name people call them by."""
        return self.common or (self.family, self.given)


@dataclass(eq=False, repr=False, slots=True)
class Tie:
    """A guardian of a child."""

    guardian: Person
    relation: str
    notify: bool = True
    read: bool = True
    contact: bool = True
    first: date | None = None
    last: date | None = None


@dataclass(eq=False, repr=False, slots=True)
class Stay:
    """A pupil's time in a class (在籍). Blank dates mean the whole school year."""

    room: ClassRoom
    number: int
    first: date | None = None
    last: date | None = None


@dataclass(eq=False, repr=False, slots=True)
class Area:
    """Where the children of a part of the town go to school: ``places`` are still to be filled, by grade.

    ``special`` of them are places of the 特別支援学校.
    """

    places: dict[str, int]
    schools: dict[str, School]
    special: dict[str, int] = field(default_factory=dict)
    special_school: School | None = None


@dataclass(eq=False, repr=False, slots=True)
class Pupil:
    """A pupil. ``host`` is the class of 交流."""

    person: Person
    grade: str
    school: School
    area: Area
    ties: list[Tie] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    host: ClassRoom | None = None
    host_number: int | None = None
    twin: Pupil | None = None
    protected_since: date | None = None
    moved_in: date | None = None

    @property
    def here(self) -> bool:
        """Whether the pupil stays with the town's schools, as far as anybody knows."""
        return bool(self.stays) and self.stays[-1].last is None


@dataclass(eq=False, repr=False, slots=True)
class ClassRoom:
    """A 学級. ``limit`` is the law's; ``guests`` come from a 特別支援学級 (交流)."""

    sourced_id: str
    school: School
    title: str
    grades: tuple[str, ...]
    special_needs: bool
    limit: int
    pupils: list[Pupil] = field(default_factory=list)
    guests: list[Pupil] = field(default_factory=list)

    def next_number(self) -> int:
        """出席番号 of one who comes later: after all others, the list is not renumbered."""
        here = [stay.number for pupil in self.pupils for stay in pupil.stays if stay.room is self]
        return max([*here, *(pupil.host_number or 0 for pupil in self.guests)], default=0) + 1

    def has_room(self) -> bool:
        """Whether one more pupil may come."""
        members = (stay for pupil in self.pupils for stay in pupil.stays if stay.room is self)
        return sum(stay.last is None for stay in members) < self.limit


@dataclass(eq=False, repr=False, slots=True)
class Post:
    """A duty of a staff member. Without ``room`` it is the school's, without ``school`` the board's."""

    staff: Person
    kind: str
    school: School | None = None
    room: ClassRoom | None = None
    department: Department | None = None
    first: date | None = None
    last: date | None = None


@dataclass(eq=False, repr=False, slots=True)
class School:
    """A school. ``sizes`` are pupils a grade, ``special`` those of them in 特別支援学級."""

    sourced_id: str
    course_id: str
    kind: str
    name: str
    short_name: str
    code: str
    sizes: dict[str, int]
    special: dict[str, int]
    rooms: list[ClassRoom] = field(default_factory=list)
    pupils: list[Pupil] = field(default_factory=list)


@dataclass(eq=False, repr=False, slots=True)
class Department:
    """A department of the board, or another place of work that is no school."""

    sourced_id: str
    name: str
    code: str
    kind: str = "department"


@dataclass(eq=False, repr=False, slots=True)
class Town:
    """A municipality with its board of education, or one part of a city: the schools whose families know each other.

    Of the parts only the ``head`` has what a city has once.
    """

    name: str
    school_year: int
    board_id: str
    session_id: str
    board_code: str
    head: bool = True
    schools: list[School] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    departments: list[Department] = field(default_factory=list)
    pupils: list[Pupil] = field(default_factory=list)
    families: list[list[Pupil]] = field(default_factory=list)
    staff: list[Person] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    school_days: list[date] = field(default_factory=list)
    closed: date | None = None
    """A day on which a typhoon closed all schools."""
