"""What a generated town consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from deploy.town.names import Named

ELEMENTARY = ("P1", "P2", "P3", "P4", "P5", "P6")
JUNIOR_HIGH = ("J1", "J2", "J3")
GRADES = (*ELEMENTARY, *JUNIOR_HIGH)


@dataclass(eq=False)
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

    @property
    def shown(self) -> tuple[Named, Named]:
        """The name people call them by."""
        return self.common or (self.family, self.given)


@dataclass(eq=False)
class Tie:
    """A guardian of a child."""

    guardian: Person
    relation: str
    notify: bool = True
    read: bool = True
    contact: bool = True
    first: date | None = None
    last: date | None = None


@dataclass(eq=False)
class Stay:
    """A pupil's time in a class (在籍). Blank dates mean the whole school year."""

    room: ClassRoom
    number: int
    first: date | None = None
    last: date | None = None


@dataclass(eq=False)
class Pupil:
    """A pupil. ``host`` is the class of 交流."""

    person: Person
    grade: str
    school: School
    ties: list[Tie] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    host: ClassRoom | None = None
    host_number: int | None = None
    twin: Pupil | None = None
    protected_since: date | None = None
    moved_in: date | None = None


@dataclass(eq=False)
class ClassRoom:
    """A 学級."""

    sourced_id: str
    school: School
    title: str
    grades: tuple[str, ...]
    special_needs: bool
    pupils: list[Pupil] = field(default_factory=list)


@dataclass(eq=False)
class Post:
    """A duty of a staff member. Without ``room`` it is the school's, without ``school`` the board's."""

    staff: Person
    kind: str
    school: School | None = None
    room: ClassRoom | None = None
    department: Department | None = None
    first: date | None = None


@dataclass(eq=False)
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


@dataclass(eq=False)
class Department:
    """A department of the board."""

    sourced_id: str
    name: str
    code: str


@dataclass(eq=False)
class Town:
    """A municipality with its board of education."""

    name: str
    school_year: int
    training_date: date
    board_id: str
    session_id: str
    schools: list[School] = field(default_factory=list)
    departments: list[Department] = field(default_factory=list)
    pupils: list[Pupil] = field(default_factory=list)
    staff: list[Person] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    system_operator: Person | None = None
