"""``companion.json``: what a roster needs and OneRoster has no place for.

References are the package's own ``sourcedId``. Dates are business dates; ``to`` is the last day it holds (inclusive,
as everywhere outside the database), absent while nobody knows. The published schema is made from these models:
``python -m services.registry.oneroster.companion`` writes docs/companion.schema.json, and a test keeps it current.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr
from pydantic.dataclasses import dataclass

FILE = "companion.json"
SCHEMA = Path("docs/companion.schema.json")

SourcedId = Annotated[str, Field(min_length=1, max_length=255, description="sourcedId in the package.")]
Word = Annotated[str, Field(min_length=1, max_length=100)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]

CompanionDutyKind = Literal[
    "homeroom",
    "assistant",
    "subject",
    "principal",
    "vice_principal",
    "office",
    "nurse",
    "board_staff",
    "system_operator",
]


_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


class Part(BaseModel):
    """A piece of the file: no unknown members, no guessing of types."""

    model_config = _STRICT


# What a city has a hundred thousand of is a dataclass: a tenth of the memory of a model.
@dataclass(config=_STRICT, slots=True, kw_only=True)
class DatedPart:
    """A piece that holds for a time."""

    first: date = Field(alias="from", description="First day it holds.")
    last: date | None = Field(None, alias="to", description="Last day it holds; absent while unknown.")


class BoardPart(Part):
    """Which district of orgs.csv the file speaks for."""

    district: SourcedId
    short_name: Word | None = None


class EndingPart(Part):
    """A piece about something that may have ended: OneRoster has no day for that."""

    last: date | None = Field(None, alias="to", description="Last day it exists; absent while nobody knows.")


class SchoolPart(EndingPart):
    """What orgs.csv cannot say about a school."""

    school: SourcedId
    short_name: Word | None = Field(None, description="Name on dense screens; default: the name.")
    kind: Code | None = Field(None, description="Kind, where orgs.csv gives no 学校コード to tell it.")


class ClassPart(EndingPart):
    """A class that ends before its school year does."""

    class_id: SourcedId = Field(alias="class")


class DepartmentPart(EndingPart):
    """A department of the board, or another unit of it that is no school."""

    id: SourcedId
    name: Word
    short_name: Word | None = None
    code: Code | None = Field(None, description="Short stable name, e.g. for its feeds.")
    kind: Code = Field("department", description="Open list: department, lunch_centre …")


@dataclass(config=_STRICT, slots=True, kw_only=True)
class DutyPart(DatedPart):
    """A duty. Homeroom and assistant usually stand in enrollments.csv, principal in roles.csv: write each once."""

    staff: SourcedId
    kind: CompanionDutyKind
    school: SourcedId | None = None
    class_id: SourcedId | None = Field(None, alias="class")
    department: SourcedId | None = None


@dataclass(config=_STRICT, slots=True, kw_only=True)
class Rights:
    """What a guardian may do. All three false: a known person without any right."""

    notify: bool = Field(description="May report absences and is told about the child.")
    read: bool = Field(description="May read the child's records.")
    contact: bool = Field(description="May be called by the school.")


@dataclass(config=_STRICT, slots=True, kw_only=True)
class GuardianshipPart(DatedPart):
    """A guardian's tie to a child."""

    pupil: SourcedId
    guardian: SourcedId
    relation: Code = Field(description="Open list: mother, father, grandmother, facility …")
    rights: Rights


@dataclass(config=_STRICT, slots=True, kw_only=True)
class ProtectionPart(DatedPart):
    """A child whose whereabouts are protected (DV 等支援措置). It ends by ``to`` only, never by leaving it out."""

    pupil: SourcedId
    confidential_from: list[SourcedId] = Field(description="People from whom everything is withheld.")


@dataclass(config=_STRICT, slots=True, kw_only=True)
class ExchangePart(DatedPart):
    """交流: a child of another class takes part in this one."""

    pupil: SourcedId
    class_id: SourcedId = Field(alias="class")
    number: int | None = Field(None, ge=1, le=999, description="出席番号 there, where one is given.")


@dataclass(config=_STRICT, slots=True, kw_only=True)
class PhonePart:
    """A number to call somebody at."""

    number: str = Field(min_length=1, max_length=40, description="With the area code, in any width.")
    kind: Literal["mobile", "home", "work", "other"] = "mobile"


@dataclass(config=_STRICT, slots=True, kw_only=True)
class ContactPart(DatedPart):
    """連絡先: where a pupil or a guardian can be reached."""

    person: SourcedId
    postal_code: str | None = Field(None, max_length=20, description="Seven digits.")
    address: str = Field("", max_length=1000)
    phones: list[PhonePart] = Field(
        [], max_length=4, description="In the order in which the school calls them."
    )
    language: str | None = Field(None, max_length=35, description="BCP 47: the language read best.")


class AwaitingClassPart(Part):
    """A pupil who is enrolled and whose class nobody has decided yet: announced, and on no roll so far."""

    pupil: SourcedId
    school: SourcedId


class ClosurePart(Part):
    """臨時休業 on one day."""

    on: date
    scope: Literal["school", "grade", "class"] = "school"
    grade: str | None = None
    class_id: SourcedId | None = Field(None, alias="class")
    reason: Code = Field(description="Code of the board, e.g. typhoon, influenza.")


class CalendarPart(Part):
    """A school's days of the school year."""

    school: SourcedId
    school_days: list[date] = Field(min_length=1)
    closures: list[ClosurePart] = []
    replaces: bool = Field(
        False, description="True: days and closures that the school has changed by hand since go, too."
    )


@dataclass(config=_STRICT, slots=True, kw_only=True)
class BirthDatePart:
    """A birth date that demographics.csv does not have."""

    person: SourcedId
    birth_date: date


class Removed(Part):
    """In a delta: what is no longer so, by the id of the part or of the person or school it was told of."""

    schools: list[SourcedId] = []
    classes: list[SourcedId] = []
    departments: list[SourcedId] = []
    duties: list[SourcedId] = []
    guardianships: list[SourcedId] = []
    exchanges: list[SourcedId] = []
    awaiting_class: list[SourcedId] = []
    contacts: list[SourcedId] = []
    birth_dates: list[SourcedId] = []


class Companion(Part):
    """The whole file."""

    format: Literal["tsumugi.companion"] = "tsumugi.companion"
    version: Literal[1] = 1
    mode: Literal["bulk", "delta"] = Field(
        "bulk",
        description="bulk: all there is. delta: only what changed; a person's or school's parts replace all earlier"
        " ones of the same kind.",
    )
    school_year: int = Field(ge=1947, le=2200, description="年度, the integer of its 1 April.")
    board: BoardPart
    protected_left_out: int = Field(
        0,
        ge=0,
        description="So many protected children an export has left out: it is no whole roster to import.",
    )
    schools: list[SchoolPart] = []
    classes: list[ClassPart] = Field([], description="Classes that end before the school year does.")
    departments: list[DepartmentPart] = []
    duties: list[DutyPart] = []
    guardianships: list[GuardianshipPart] = []
    protections: list[ProtectionPart] = []
    exchanges: list[ExchangePart] = []
    awaiting_class: list[AwaitingClassPart] = Field(
        [], description="Pupils who may be at a school without a class: it is decided later."
    )
    contacts: list[ContactPart] | None = Field(
        None, description="Absent: the package does not speak of them, and those that are known stay."
    )
    calendars: list[CalendarPart] = Field([], description="In a bulk file one for each school.")
    birth_dates: list[BirthDatePart] = []
    removed: Removed = Field(Removed(), description="Only in a delta.")
    _in_file: Mapping[str, int] | None = PrivateAttr(None)

    def only_in_file(self, counts: Mapping[str, int]) -> None:
        """Of each kind so many parts, the first ones, are the file's own; earlier packages brought the others."""
        self._in_file = counts

    def in_file(self, kind: str, place: int) -> bool:
        """Whether a part stands in the package's own file."""
        return self._in_file is None or place < self._in_file.get(kind, 0)

    def at(self, kind: str, place: int) -> str:
        """The JSON Pointer of a part."""
        return f"/{kind}/{place}" if self.in_file(kind, place) else f"（前回まで）/{kind}"


def published_schema() -> str:
    """The JSON Schema as it is kept in docs."""
    schema = Companion.model_json_schema(by_alias=True)
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(published_schema(), encoding="utf-8")
