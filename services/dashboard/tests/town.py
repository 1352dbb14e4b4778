"""A municipality in events: one board, schools, classes, children, staff, and mornings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from services.dashboard.tests.publishers import Publisher, Said
from shared.contracts.identity import AccountChanged, Grant, PurposeChanged
from shared.contracts.registry import (
    AttendanceDayChanged,
    CalendarChanged,
    CalendarMark,
    Closure,
    DayFact,
    Duty,
    DutyChanged,
    Enrolment,
    EnrolmentChanged,
    GuardianshipChanged,
    Membership,
    MonthClosed,
    Name,
    OfficeChanged,
    OrganisationChanged,
    PersonChanged,
    Protection,
    RollTaken,
    Setting,
    SettingChanged,
)
from shared.dates import TOKYO, school_year
from shared.ids import calendar_id, class_day_id, class_month_id, pupil_day_id

TODAY = date(2026, 11, 20)
"""The Friday on which the tests' clock stands."""
APRIL = date(2026, 4, 1)

SYMBOLS: list[dict[str, Any]] = [
    {
        "code": code,
        "key": key,
        "glyph": glyph,
        "word": word,
        "presence": presence,
        "category": category,
        "late": late,
        "early": early,
        "tint": tint,
    }
    for code, key, glyph, word, presence, category, late, early, tint in [
        ("present", " ", "", "出席", "present", None, False, False, "none"),
        ("absent_sick", "K", "病", "病欠", "absent", "sick", False, False, "absent"),
        ("absent_other", "J", "事", "事故欠", "absent", "other", False, False, "absent"),
        ("late", "C", "チ", "遅刻", "present", None, True, False, "late"),
        ("early_leave", "S", "早", "早退", "present", None, False, True, "late"),
        ("late_early", "B", "遅早", "遅刻・早退", "present", None, True, True, "late"),
        ("suspended", "T", "停", "出席停止", "absent", "suspension", False, False, "apart"),
        ("bereavement", "M", "忌", "忌引", "absent", "bereavement", False, False, "apart"),
    ]
]
_STATUS = {
    "present": "present",
    "absent_sick": "absent",
    "absent_other": "absent",
    "late": "late",
    "early_leave": "early_leave",
    "late_early": "late_early",
    "suspended": "suspended",
    "bereavement": "bereavement",
}


@dataclass
class Child:
    """A pupil with the relations that were published last."""

    id: UUID
    family: str
    given: str
    memberships: list[Membership] = field(default_factory=list)


@dataclass
class Town:
    """Says what registry and identity would say. Every method publishes at once and returns the position."""

    board: UUID
    registry: Publisher
    identity: Publisher
    revisions: dict[UUID, int] = field(default_factory=dict)
    department: UUID = field(default_factory=uuid4)

    async def unit(self, kind: str, name: str, *, id: UUID | None = None, **more: Any) -> UUID:
        """An organisation."""
        made = id or uuid4()
        values: dict[str, Any] = {
            "parent": self.board,
            "school": None,
            "code": None,
            "school_year": None,
            "grade": None,
            "special_needs": False,
        } | more
        await self.registry.say(
            Said(
                OrganisationChanged(organisation=made, kind=kind, name=name, short_name=name, **values), made
            )
        )
        return made

    async def the_board(self) -> UUID:
        """The board itself."""
        return await self.unit("board", "紬市教育委員会", id=self.board, parent=None)

    async def school(self, name: str = "第一小学校", kind: str = "elementary") -> UUID:
        """A school that meets on the week of TODAY and the next."""
        id = uuid4()
        await self.unit(kind, name, id=id, school=id)
        await self.calendar(id)
        return id

    async def calendar(
        self,
        school: UUID,
        days: Sequence[date] | None = None,
        closures: Sequence[Closure] = (),
        marks: Sequence[CalendarMark] = (),
    ) -> int:
        """The school's calendar of the year of TODAY."""
        days = days if days is not None else [*(date(2026, 11, d) for d in (16, 17, 18, 19, 20, 24, 25))]
        said = CalendarChanged(
            school=school,
            school_year=school_year(TODAY),
            school_days=list(days),
            closures=list(closures),
            marks=list(marks),
        )
        return await self.registry.say(Said(said, calendar_id(school, school_year(TODAY))))

    async def klass(self, school: UUID, name: str = "2年1組", grade: str | None = "P2", **more: Any) -> UUID:
        """A class of this school year."""
        values: dict[str, Any] = {
            "school": school,
            "parent": school,
            "school_year": school_year(TODAY),
            "grade": grade,
        }
        return await self.unit("class", name, **(values | more))

    async def person(
        self, family: str, given: str, *, id: UUID | None = None, merged_into: UUID | None = None
    ) -> UUID:
        """A name card."""
        made = id or uuid4()
        card = PersonChanged(
            person=made,
            legal=Name(family=family, given=given),
            common=None,
            kana=Name(family="カナ", given="カナ"),
            sort_key=f"{family}{given}",
            birth_date=date(2018, 5, 5),
            sex="unspecified",
            merged_into=merged_into,
        )
        await self.registry.say(Said(card, made))
        return made

    async def child(
        self,
        klass: UUID,
        school: UUID,
        number: int,
        *,
        family: str = "紬",
        given: str | None = None,
        exchange: Iterable[tuple[UUID, int]] = (),
        since: date = APRIL,
        until: date | None = None,
    ) -> Child:
        """A pupil in a class of 在籍 and, where given, visiting others."""
        given = given or f"子{number}"
        made = Child(await self.person(family, given), family, given)
        made.memberships = [
            Membership(class_id=klass, school=school, kind="home", number=number, since=since, until=until),
            *(
                Membership(class_id=c, school=school, kind="exchange", number=n, since=since, until=until)
                for c, n in exchange
            ),
        ]
        await self.enrol(made.id, made.memberships)
        return made

    async def enrol(self, pupil: UUID, memberships: Sequence[Membership]) -> int:
        """A pupil's whole set."""
        enrolments = [
            Enrolment(school=m.school, grade="P2", since=m.since, until=m.until)
            for m in memberships
            if m.kind == "home"
        ]
        said = EnrolmentChanged(pupil=pupil, enrolments=enrolments, memberships=list(memberships))
        return await self.registry.say(Said(said, pupil))

    async def children(self, klass: UUID, school: UUID, count: int) -> list[Child]:
        """A class full."""
        return [await self.child(klass, school, number) for number in range(1, count + 1)]

    async def staff(
        self, family: str, *duties: tuple[str, UUID, UUID | None], id: UUID | None = None, **when: Any
    ) -> UUID:
        """A staff member with duties (kind, organisation, class)."""
        made = await self.person(family, "先生", id=id)
        await self.duties(made, *duties, **when)
        return made

    async def office(self, organisation: UUID) -> int:
        """The paperwork of a school's or the board's office has changed."""
        return await self.registry.say(Said(OfficeChanged(organisation=organisation), organisation))

    async def duties(
        self,
        staff: UUID,
        *duties: tuple[str, UUID, UUID | None],
        since: date = APRIL,
        until: date | None = None,
    ) -> int:
        """A staff member's whole set of duties."""
        held = [
            Duty.model_validate(
                {"kind": kind, "organisation": unit, "class_id": klass, "since": since, "until": until}
            )
            for kind, unit, klass in duties
        ]
        return await self.registry.say(Said(DutyChanged(staff=staff, duties=held), staff))

    async def protect(
        self,
        pupil: UUID,
        *confidential_from: UUID,
        since: date = APRIL,
        until: date | None = None,
        lifted: bool = False,
    ) -> int:
        """A child's one protection mark; ``lifted``: none at all."""
        mark = Protection(since=since, until=until, confidential_from=list(confidential_from))
        said = GuardianshipChanged(pupil=pupil, guardians=[], protections=[] if lifted else [mark])
        return await self.registry.say(Said(said, pupil))

    async def settings(self, **values: Any) -> int:
        """The board's settings, the symbols always among them."""
        given = {"attendance_symbols": SYMBOLS} | values
        settings = [Setting(name=name, since=APRIL, value=value) for name, value in given.items()]
        return await self.registry.say(Said(SettingChanged(board=self.board, settings=settings), self.board))

    def day(
        self,
        pupil: UUID,
        klass: UUID,
        school: UUID,
        code: str | None,
        *,
        by: UUID | None = None,
        on: date = TODAY,
        source: str = "teacher",
        contradiction: str | None = None,
        reason: str | None = None,
        not_required: bool = False,
    ) -> Said:
        """A pupil's day, whole, as its next revision."""
        stream = pupil_day_id(self.board, pupil, on)
        revision = self.revisions[stream] = self.revisions.get(stream, 0) + 1
        symbol = next((s for s in SYMBOLS if s["code"] == code), None)
        fact = DayFact.model_validate(
            {
                "source": source,
                "revision": revision,
                "code": code,
                "by": by or uuid4(),
                "at": datetime(on.year, on.month, on.day, 8, 21, tzinfo=TOKYO),
                "claimed_at": None,
                "corrects": None,
                "reason": reason,
            }
        )
        said = AttendanceDayChanged.model_validate(
            {
                "pupil_day": stream,
                "pupil": pupil,
                "class_id": klass,
                "school": school,
                "on": on,
                "revision": revision,
                "status": _STATUS[code] if code else "unrecorded",
                "code": code,
                "presence": symbol["presence"] if symbol else "unrecorded",
                "category": symbol["category"] if symbol else None,
                "late": bool(symbol and symbol["late"]),
                "early_leave": bool(symbol and symbol["early"]),
                "decided_by": source if code else None,
                "facts": [fact],
                "considered": [],
                "contradiction": contradiction,
                "not_required": not_required,
            }
        )
        return Said(said, pupil, stream)

    async def mark(self, child: Child, code: str | None, **more: Any) -> int:
        """A child's day in the class of 在籍 of that date."""
        on = more.get("on", TODAY)
        home = next(
            m
            for m in child.memberships
            if m.kind == "home" and m.since <= on and (m.until is None or on < m.until)
        )
        return await self.registry.say(self.day(child.id, home.class_id, home.school, code, **more))

    def roll(
        self, klass: UUID, school: UUID, members: int, *, by: UUID | None = None, on: date = TODAY
    ) -> Said:
        """The roll of a class was taken."""
        stream = class_day_id(self.board, klass, on)
        said = RollTaken(
            class_day=stream,
            class_id=klass,
            school=school,
            on=on,
            revision=1,
            members=members,
            taken_at=datetime(on.year, on.month, on.day, 8, 25, tzinfo=TOKYO),
            taken_by=by or uuid4(),
        )
        return Said(said, klass, stream)

    async def take(self, klass: UUID, school: UUID, members: int, **more: Any) -> int:
        """Publish that the roll was taken."""
        return await self.registry.say(self.roll(klass, school, members, **more))

    async def close(self, klass: UUID, school: UUID, *, revision: int = 1, closed: bool = True) -> int:
        """The month of today was closed, or sent back."""
        stream = class_month_id(self.board, klass, TODAY)
        at = datetime(TODAY.year, TODAY.month, TODAY.day, 16, 0, tzinfo=TOKYO)
        said = MonthClosed(
            class_month=stream,
            class_id=klass,
            school=school,
            month=TODAY.replace(day=1),
            revision=revision,
            closed=closed,
            closed_at=at if closed else None,
            closed_by=uuid4() if closed else None,
            checked_at=None,
            checked_by=None,
        )
        return await self.registry.say(Said(said, klass, stream))

    async def account(self, person: UUID, *, enabled: bool = True) -> int:
        """A person's account."""
        said = AccountChanged(account=uuid4(), person=person, kinds=["staff"], enabled=enabled)
        return await self.identity.say(Said(said, person))

    async def grant(self, **more: Any) -> int:
        """The kitchen's purpose for the lunch count; ``grants=[]`` takes it away."""
        grants = more.pop("grants", None)
        values: dict[str, Any] = {
            "purpose": uuid4(),
            "feed": "lunch-count",
            "fields": ["members", "absent", "unrecorded", "taken_at"],
            "statement": "給食の数を決めるため",
            "basis": "学校給食法",
            "importance": "III",
            "small_groups": True,
            "since": APRIL,
            "until": None,
        } | more
        said = PurposeChanged(
            department=self.department,
            client="kitchen",
            grants=[Grant.model_validate(values)] if grants is None else grants,
        )
        return await self.identity.say(Said(said, self.department))
