"""What registry (学籍) publishes. Owner of every fact here: decisions.md §5.

All periods are half open, ``[since, until)``, ``until`` null while nobody knows the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts import Contract, Lane, Part, Topic

ORGANISATION = Topic("registry.organisation", Lane.STATE, key="organisation", importance="IV")
PERSON = Topic("registry.person", Lane.STATE, key="person", importance="II")
ENROLMENT = Topic("registry.enrolment", Lane.STATE, key="pupil", importance="III")
GUARDIANSHIP = Topic("registry.guardianship", Lane.STATE, key="pupil", importance="I")
CONTACT = Topic("registry.contact", Lane.STATE, key="person", importance="I")
DUTY = Topic("registry.duty", Lane.STATE, key="staff", importance="III")
CALENDAR = Topic("registry.calendar", Lane.STATE, key="calendar", importance="IV")
SETTING = Topic("registry.setting", Lane.STATE, key="board", importance="IV")
OFFICE = Topic("registry.office", Lane.STATE, key="organisation", importance="IV")
ERASURE = Topic("registry.erasure", Lane.STATE, key="person", importance="III")
PUPIL = Topic("registry.pupil", Lane.FACT, key="pupil", importance="II")
ATTENDANCE = Topic("registry.attendance", Lane.FACT, key="pupil", importance="III")
ROLL = Topic("registry.roll", Lane.FACT, key="class", importance="III")
LESSON = Topic("registry.lesson", Lane.FACT, key="pupil", importance="III")

Source = Literal["teacher", "office", "nurse", "notice"]
"""Who says something about a pupil's day; one fact of each kind per pupil-day."""

Status = Literal[
    "unrecorded", "present", "absent", "late", "early_leave", "late_early", "suspended", "bereavement"
]
"""The derived status of a pupil's day. Only registry derives it (decisions.md §2)."""

CorrectionReason = Literal["mistaken_entry", "told_later", "came_later", "other"]

LessonCode = Literal["here", "away", "late", "left"]
"""Where a child was in a lesson: there, not there (欠課), came into it, went out of it and did not come back."""

CORRECTION_WORDS: dict[CorrectionReason, str] = {
    "mistaken_entry": "入力の誤り",
    "told_later": "後から連絡があった",
    "came_later": "後から登校した",
    "other": "ほか",
}
"""How a reason reads, in the order in which it is offered."""


class OrganisationChanged(Contract):
    """A board, department, school, class or other unit as it now is."""

    TOPIC: ClassVar[Topic] = ORGANISATION
    TYPE: ClassVar[str] = "registry.organisation.changed"

    organisation: UUID = Field(description="Its id; also the record's key.")
    kind: str = Field(description="Open list: board, department, elementary, junior_high, class …")
    name: str = Field(description="Name as registered, e.g. 紬市立第一小学校, 2年1組.")
    short_name: str = Field(description="Name on dense screens.")
    parent: UUID | None = Field(description="The unit it belongs to; a class belongs to its school.")
    school: UUID | None = Field(description="The school it is or belongs to; null above schools.")
    code: str | None = Field(description="学校コード (13 characters) or 教育委員会コード (6 digits).")
    school_year: int | None = Field(description="Of a class: the school year it exists in.")
    grade: str | None = Field(description="Of a class: P1–P6, J1–J3; null when it mixes grades.")
    special_needs: bool = Field(description="Of a class: 特別支援学級.")
    until: date | None = Field(
        None, description="The day from which it no longer exists; null while it does."
    )


class Name(Part):
    """A name, stored code point for code point (decisions.md §1 "Text")."""

    family: str
    given: str


class PersonChanged(Contract):
    """A person's card: the only topic that carries names. Erased by tombstone."""

    TOPIC: ClassVar[Topic] = PERSON
    TYPE: ClassVar[str] = "registry.person.changed"

    person: UUID
    legal: Name = Field(description="氏名 as registered.")
    common: Name | None = Field(description="通称, where one is used.")
    kana: Name | None = Field(description="Reading, full-width katakana or hiragana.")
    sort_key: str = Field(description="Kana order, computed once by registry; compare bytewise.")
    birth_date: date | None
    sex: Literal["male", "female", "unspecified", "other"]
    merged_into: UUID | None = Field(description="Alias: this card turned out to be the same person as that.")


class OfficeChanged(Contract):
    """The paperwork of a school's or board's office is other than before: a move and its steps, a certificate, a
    question of 名寄せ, next year's classes. It says no more than that; whoever shows such a page reads it anew.
    """

    TOPIC: ClassVar[Topic] = OFFICE
    TYPE: ClassVar[str] = "registry.office.changed"

    organisation: UUID = Field(description="The school or board; also the record's key.")


class PersonErased(Contract):
    """Everything about a person was erased (個人情報の消去): forget it, and take nothing more about them.

    A state, so that whoever begins to read learns it before the facts that a broker still has.
    """

    TOPIC: ClassVar[Topic] = ERASURE
    TYPE: ClassVar[str] = "registry.erasure.completed"

    person: UUID = Field(description="An id that no longer leads to anybody.")


class Enrolment(Part):
    """在籍 at a school."""

    school: UUID
    grade: str = Field(description="P1–P6, J1–J3.")
    since: date
    until: date | None


class Membership(Part):
    """Belonging to a class: ``home`` is the class of 在籍, ``exchange`` is 交流."""

    class_id: UUID
    school: UUID
    kind: Literal["home", "exchange"]
    number: int | None = Field(description="出席番号: data, never recomputed.")
    since: date
    until: date | None


class EnrolmentChanged(Contract):
    """The whole set of a pupil's enrolments and class memberships."""

    TOPIC: ClassVar[Topic] = ENROLMENT
    TYPE: ClassVar[str] = "registry.enrolment.changed"

    pupil: UUID
    enrolments: list[Enrolment]
    memberships: list[Membership]


class PupilMove(Contract):
    """A move of a pupil, whole: the latest revision holds, also when it says that the move was undone."""

    move: UUID
    pupil: UUID
    revision: int = Field(ge=1)
    undone: bool = Field(description="The move was taken back: it never was.")
    from_school: UUID | None = Field(description="School of this board that the pupil leaves.")
    to_school: UUID | None = Field(description="School of this board that accepts the pupil.")
    grade: str
    left_on: date | None = Field(description="The last day at the former school (転学のため学校を去った日).")
    accepted_on: date | None = Field(description="受入日; null while the accepting school has not told it.")
    transferred_on: date | None = Field(
        description="転学日: the day before the acceptance (指導要録 様式1); null while that is not known."
    )


class PupilTransferred(PupilMove):
    """A pupil changes from a school of the board to another of it; one happening for both schools."""

    TOPIC: ClassVar[Topic] = PUPIL
    TYPE: ClassVar[str] = "registry.pupil.transferred"


class PupilDeparted(PupilMove):
    """A pupil leaves the board's schools for a school elsewhere."""

    TOPIC: ClassVar[Topic] = PUPIL
    TYPE: ClassVar[str] = "registry.pupil.departed"


class PupilArrived(PupilMove):
    """A pupil comes from a school elsewhere."""

    TOPIC: ClassVar[Topic] = PUPIL
    TYPE: ClassVar[str] = "registry.pupil.arrived"


class PupilMerged(Contract):
    """Two cards were found to be of one child, or, ``undone``, not to be: the latest revision holds.

    Facts keep the ids they were written to; readers resolve ``pupil`` to ``into`` (also ``merged_into`` of its card).
    """

    TOPIC: ClassVar[Topic] = PUPIL
    TYPE: ClassVar[str] = "registry.pupil.merged"

    merging: UUID
    pupil: UUID = Field(description="The card that is no longer one of its own.")
    into: UUID = Field(description="The card that stays.")
    revision: int = Field(ge=1)
    undone: bool = Field(description="The merging was taken back: both cards are as they were.")


RELATION_WORDS: dict[str, str] = {
    "mother": "母",
    "father": "父",
    "grandmother": "祖母",
    "grandfather": "祖父",
    "aunt": "おば",
    "uncle": "おじ",
    "sister": "姉",
    "brother": "兄",
    "foster_parent": "里親",
    "facility": "施設",
    "guardian": "後見人",
    "other": "その他",
}
"""Relations that are offered; a source may bring others, which are shown as they came."""


class Guardian(Part):
    """One guardian's tie to a child and what it allows."""

    guardian: UUID
    relation: str = Field(description="mother, father, grandmother … open list.")
    notify: bool = Field(description="May report absences and is told about the child.")
    read: bool = Field(description="May read the child's records.")
    contact: bool = Field(description="May be called by the school.")
    since: date
    until: date | None


class Protection(Part):
    """For a time, the child's whereabouts are protected (DV 等支援措置)."""

    since: date
    until: date | None
    confidential_from: list[UUID] = Field(description="People from whom everything is withheld.")


class GuardianshipChanged(Contract):
    """The whole sets of a pupil's guardians and of the child's protection marks."""

    TOPIC: ClassVar[Topic] = GUARDIANSHIP
    TYPE: ClassVar[str] = "registry.guardianship.changed"

    pupil: UUID
    guardians: list[Guardian]
    protections: list[Protection]


PhoneKind = Literal["mobile", "home", "work", "other"]


class PhoneNumber(Part):
    """A number to call somebody at."""

    number: str = Field(description="Digits and hyphens, a leading + for another country.")
    kind: PhoneKind


class Contact(Part):
    """Where somebody can be reached, for a time."""

    postal_code: str | None = Field(description="Seven digits.")
    address: str = Field(description="Code point for code point; empty while nobody has told it.")
    phones: list[PhoneNumber] = Field(description="In the order in which they are called.")
    language: str | None = Field(description="BCP 47, the language read best; null while nobody has asked.")
    since: date
    until: date | None


class ContactChanged(Contract):
    """Where a person can be reached, whole. No service but messaging reads it (decisions.md §4)."""

    TOPIC: ClassVar[Topic] = CONTACT
    TYPE: ClassVar[str] = "registry.contact.changed"

    person: UUID
    contacts: list[Contact]


DutyKind = Literal[
    "homeroom",
    "assistant",
    "substitute",
    "subject",
    "principal",
    "vice_principal",
    "office",
    "nurse",
    "board_staff",
    "system_operator",
]


class Duty(Part):
    """A duty a person holds for a time; rights follow from it."""

    kind: DutyKind
    organisation: UUID = Field(description="The school, or the department or board.")
    class_id: UUID | None = Field(description="For homeroom, assistant, substitute, subject.")
    since: date
    until: date | None


class DutyChanged(Contract):
    """The whole set of a staff member's duties."""

    TOPIC: ClassVar[Topic] = DUTY
    TYPE: ClassVar[str] = "registry.duty.changed"

    staff: UUID
    duties: list[Duty]


class Closure(Part):
    """臨時休業: a class, a grade or the whole school does not meet on a day."""

    on: date
    scope: Literal["school", "grade", "class"]
    grade: str | None
    class_id: UUID | None
    reason: str = Field(description="Code of the board, e.g. influenza, typhoon.")


def closes(closure: Mapping[str, Any], class_id: str, grade: str | None) -> bool:
    """Whether a :class:`Closure`, as the JSON that services keep, covers a class on its day.

    A class that mixes grades (``grade`` None) is closed with its school or by itself, never with a grade.
    """
    return bool(
        closure["scope"] == "school"
        or (closure["scope"] == "grade" and grade is not None and closure["grade"] == grade)
        or (closure["scope"] == "class" and closure["class_id"] == class_id)
    )


class Term(Part):
    """A term of the school year (学期)."""

    name: str = Field(description="As the school calls it: 1学期, 前期.")
    since: date
    until: date = Field(description="The day after its last day.")


class CalendarMark(Part):
    """What kind of day the year's plan makes of a day, or which grades have none; its words stay in registry."""

    on: date
    kind: Literal["saturday_class", "holiday", "moved_holiday", "event", "grade_off"] = Field(
        description="土曜授業, 休業日, 振替休業, 行事, 学年休業 (planned: a 臨時休業 is a closure)."
    )
    grades: list[str] = Field(
        description="P1–P6, J1–J3; empty: the whole school. Of a 土曜授業: only these grades meet; of a 振替休業 or a "
        "学年休業: these do not."
    )


def grade_is_off(marks: Iterable[Mapping[str, Any]], on: str, grade: str | None) -> bool:
    """Whether marks (:class:`CalendarMark`, as the JSON that services keep) give a grade no lessons on a day.

    A class that mixes grades (``grade`` None) meets whenever its school does.
    """
    named = [mark for mark in marks if mark["on"] == on and mark["grades"]]
    if grade is None:
        return False
    if any(mark["kind"] in ("grade_off", "moved_holiday") and grade in mark["grades"] for mark in named):
        return True
    saturdays = [mark for mark in named if mark["kind"] == "saturday_class"]
    return bool(saturdays) and not any(grade in mark["grades"] for mark in saturdays)


class CalendarChanged(Contract):
    """A school's calendar of one school year, whole."""

    TOPIC: ClassVar[Topic] = CALENDAR
    TYPE: ClassVar[str] = "registry.calendar.changed"

    school: UUID
    school_year: int
    school_days: list[date] = Field(description="Days on which the school meets, any grade of it.")
    closures: list[Closure]
    terms: list[Term] = Field([], description="In order.")
    marks: list[CalendarMark] = Field([], description="What days are called; which grades are off.")


class Setting(Part):
    """The value of a dated setting from a day on."""

    name: str
    since: date
    value: Any = Field(description="JSON; its shape belongs to the rule that reads it.")


class SettingChanged(Contract):
    """All dated settings of a board that registry owns."""

    TOPIC: ClassVar[Topic] = SETTING
    TYPE: ClassVar[str] = "registry.setting.changed"

    board: UUID
    settings: list[Setting]


class DayFact(Part):
    """What one source says about a pupil's day, newest revision."""

    source: Source
    revision: int = Field(ge=1)
    code: str | None = Field(description="Code of the board's symbol list; null: the cell was emptied.")
    by: UUID = Field(description="Person who said it.")
    at: datetime = Field(description="When the server recorded it.")
    claimed_at: datetime | None = Field(description="When the device says it was entered; never an order.")
    corrects: int | None = Field(description="Revision it corrects after the roll was taken.")
    reason: CorrectionReason | None = Field(description="Why it was corrected; free text stays in registry.")
    relation: str | None = Field(
        None, description="Of a notice: what whoever told it is to the child; null: somebody else."
    )
    channel: str | None = Field(None, description="Of a notice: phone, paper, app; null for other sources.")
    to_read: bool = Field(
        False, description="Of a notice: the family has also told what no mark says; a person must read it."
    )


class Considered(Part):
    """A notice that a teacher of the class had before them when they saved this day, with its revision."""

    notice: UUID
    revision: int
    at: datetime | None = Field(None, description="When they saved it; null: nobody has said.")
    by: UUID | None = Field(None, description="Who saved it.")


class DayBeside(Part):
    """A mark beside a pupil's day that changes none of its counts: 出席扱い, 別室."""

    code: str = Field(description="Code of the board's list attendance_beside.")
    kind: str = Field(
        description="credited: 出席扱い, learning outside the school; elsewhere: 別室, at school but not in the"
        " classroom. Others may come."
    )
    revision: int = Field(ge=1)
    by: UUID = Field(description="Who entered it.")
    at: datetime


class AttendanceDayChanged(Contract):
    """A pupil's whole day: what every source says and what follows from it."""

    TOPIC: ClassVar[Topic] = ATTENDANCE
    TYPE: ClassVar[str] = "registry.attendance.day_changed"

    pupil_day: UUID
    pupil: UUID
    class_id: UUID = Field(description="Class of 在籍 on that date.")
    school: UUID
    on: date
    revision: int = Field(ge=1, description="Of the pupil-day; the revision a writer must have seen.")
    status: Status
    code: str | None = Field(description="Code that won; null when unrecorded.")
    presence: Literal["present", "absent", "unrecorded"]
    category: Literal["sick", "other", "suspension", "bereavement"] | None
    late: bool
    early_leave: bool
    decided_by: Source | None = Field(description="The source whose fact holds.")
    facts: list[DayFact]
    considered: list[Considered]
    contradiction: str | None = Field(description="Code of a contradiction that a person must resolve.")
    not_required: bool = Field(
        False,
        description="登校を要しない日: counted like 出席停止, which status and category say, and none."
        " The sum of 出席停止・忌引等 is right without reading it.",
    )
    beside: DayBeside | None = Field(
        None, description="出席扱い or 別室; null: neither. Status, presence and category say nothing of it."
    )


class RollTaken(Contract):
    """The roll of a class was taken; no pupil's status in it."""

    TOPIC: ClassVar[Topic] = ROLL
    TYPE: ClassVar[str] = "registry.roll.taken"

    class_day: UUID
    class_id: UUID
    school: UUID
    on: date
    revision: int = Field(ge=1)
    members: int = Field(ge=0, description="Pupils of 在籍 on that date.")
    taken_at: datetime
    taken_by: UUID


class LessonMark(Part):
    """What was said of a pupil in one lesson of the day, newest revision."""

    period: int = Field(ge=1, description="1: the first lesson of the day.")
    code: LessonCode
    revision: int = Field(ge=1)
    by: UUID = Field(description="Who said it.")
    at: datetime = Field(description="When the server recorded it.")
    reason: CorrectionReason | None = Field(
        None, description="Why it was corrected; free text stays in registry."
    )


class LessonsChanged(Contract):
    """A pupil's lessons of a day, where the board takes 時限ごとの出欠: all that were taken so far.

    The day's status is told by registry.attendance alone and does not follow from them.
    """

    TOPIC: ClassVar[Topic] = LESSON
    TYPE: ClassVar[str] = "registry.lesson.day_changed"

    pupil_lessons: UUID
    pupil: UUID
    class_id: UUID = Field(description="Class whose roll was taken last.")
    school: UUID
    on: date
    revision: int = Field(ge=1)
    marks: list[LessonMark] = Field(description="By lesson; one that is not here was not taken.")


class MonthClosed(Contract):
    """How the 出席簿 of a class's month stands; no pupil in it, and not the sentence of who sent it back."""

    TOPIC: ClassVar[Topic] = ROLL
    TYPE: ClassVar[str] = "registry.roll.closed"

    class_month: UUID
    class_id: UUID
    school: UUID
    month: date = Field(description="Its first day.")
    revision: int = Field(ge=1)
    closed: bool = Field(description="False: it was sent back, and is open again.")
    closed_at: datetime | None = Field(description="When it was closed; null while it is open.")
    closed_by: UUID | None
    checked_at: datetime | None = Field(
        description="When it was checked; null until it is, since it was closed."
    )
    checked_by: UUID | None


CONTRACTS: tuple[type[Contract], ...] = (
    OrganisationChanged,
    PersonChanged,
    OfficeChanged,
    PersonErased,
    EnrolmentChanged,
    PupilTransferred,
    PupilDeparted,
    PupilArrived,
    PupilMerged,
    GuardianshipChanged,
    ContactChanged,
    DutyChanged,
    CalendarChanged,
    SettingChanged,
    AttendanceDayChanged,
    RollTaken,
    LessonsChanged,
    MonthClosed,
)
