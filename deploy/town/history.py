"""Fills past school days with rolls, through registry's own unit of work: rules decide, events are published.

A school's day is one unit of work, with the clock of that morning. What was taken already, and a month that is closed,
is left alone, so it may be stopped and called again. Only for generated towns: nobody invents days of real children.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID

from sqlalchemy import text

from deploy.town.past import ClassYear, year_of_class
from services.registry.attendance import published, rules
from services.registry.attendance import store as attendance
from services.registry.attendance.rules import Mark, Member
from services.registry.attendance.store import ClassDay, Taken
from services.registry.oneroster.codes import TRAINING_PREFECTURE
from services.registry.oneroster.importing import SOURCE
from services.registry.roster import external_ids
from services.registry.roster import published as roster_published
from services.registry.roster import store as roster
from services.registry.roster.acting import log_act
from services.registry.roster.rows import CalendarRow, DutyIs, Held, MembershipIs, OrganisationRow
from services.registry.roster.substitutes import add_substitute
from shared.access.log import Seen
from shared.contracts.registry import Source, closes
from shared.database import Scope, Units, Work
from shared.dates import TOKYO, FixedClock, school_year
from shared.ids import calendar_id

ACTOR = "town-history"
_TAKES_PLACE = time(8, 25)
_CAME_LATER_AT = time(10, 20)
_CAME_LATER = 0.06
"""Of those marked absent in the morning, who came after all; the office corrects it."""
_TEACHER_AWAY = 0.01
_MORNINGS_BETWEEN_YIELDS = 5

_TAKEN = text("select class_id, day from class_day where board_id = :board")
_CLOSED = text("select class_id, month from class_month where board_id = :board and state <> 'returned'")

Yields = Callable[[], Awaitable[None]]


class NotATown(Exception):
    """The roster is not a generated one; the message says so, in Japanese."""


@dataclass
class Filled:
    """What was done."""

    days: int = 0
    rolls: int = 0
    pupil_days: int = 0
    closed: int = 0
    """Class-days of 学級閉鎖."""


@dataclass
class _Room:
    """A class and its year."""

    row: OrganisationRow
    key: str
    members: list[Held[MembershipIs]] = field(default_factory=list)
    year: ClassYear | None = None

    def on(self, day: date) -> set[UUID]:
        """Pupils of 在籍 on a day."""
        return {each.subject for each in self.members if each.valid.holds(day)}


@dataclass
class _Town:
    """The roster as it stands, for one school year."""

    board: UUID
    year: int
    keys: Mapping[UUID, str]
    organisations: Mapping[UUID, OrganisationRow]
    calendars: dict[UUID, CalendarRow]
    duties: dict[UUID, list[Held[DutyIs]]]
    """By school."""
    rooms: dict[UUID, list[_Room]]
    """By school."""
    taken: set[tuple[UUID, date]]
    shut: set[tuple[UUID, date]]
    """Months that are closed, by their first day: what is written there needs a reason, and nobody has one."""

    def at(self, school: UUID, day: date, *kinds: str) -> list[Held[DutyIs]]:
        """Duties at a school on a day."""
        held = self.duties.get(school, [])
        return [each for each in held if each.what.kind in kinds and each.valid.holds(day)]

    def closed(self, room: _Room, day: date) -> bool:
        """Whether a 臨時休業 covers the class."""
        calendar = self.calendars[room.row.school_id or room.row.id]
        return any(
            each["on"] == day.isoformat() and closes(each, str(room.row.id), room.row.grade)
            for each in calendar.closures
        )

    def free(self, room: _Room, day: date) -> bool:
        """Whether the class met and nobody has taken its roll, in a month that is open."""
        of = room.row.id
        untaken = (of, day) not in self.taken and (of, day.replace(day=1)) not in self.shut
        return untaken and not self.closed(room, day)


class History:
    """Fills the past of one board; ``yields`` returns when others who work in the deployment do not wait for it."""

    def __init__(
        self,
        units: Units,
        board: UUID,
        *,
        seed: int,
        yields: Yields | None = None,
    ) -> None:
        self._clock = FixedClock(units.clock.now())
        self._today = units.clock.today()
        self._units = Units(units.engine, self._clock)
        self._board = board
        self._seed = seed
        self._yields = yields
        self.filled = Filled()

    async def plan(self, days: int) -> int:
        """Read the roster, close the classes that influenza closed in the last ``days`` school days before today.

        Returns how many rolls are to be taken. Raises :class:`NotATown`.
        """
        self._town = await self._read()
        self._days = {
            school: [day for day in calendar.school_days if day < self._today][-days:] if days else []
            for school, calendar in self._town.calendars.items()
        }
        await self._close()
        return sum(1 for school in self._days for day in self._days[school] for _ in self._open(school, day))

    async def run(self, advance: Callable[[int], None] = lambda _: None) -> Filled:
        """Take the rolls, day by day; ``advance`` is told how many more are taken."""
        mornings = 0
        for day in sorted({day for days in self._days.values() for day in days}):
            self.filled.days += 1
            for school, days in sorted(self._days.items()):
                rooms = list(self._open(school, day)) if day in days else []
                if rooms:
                    if self._yields is not None and mornings % _MORNINGS_BETWEEN_YIELDS == 0:
                        await self._yields()
                    await self._morning(school, day, rooms)
                    mornings += 1
                    advance(len(rooms))
        return self.filled

    async def _read(self) -> _Town:
        board, year = self._board, school_year(self._today)
        async with self._units.read(Scope(board)) as session:
            organisations = await roster.organisations(session, board)
            memberships = await roster.standing(session, board, roster.MEMBERSHIP)
            duties = await roster.standing(session, board, roster.DUTY)
            calendars = await roster.calendars(session, board)
            known = await external_ids.known_ids(session, board, SOURCE)
            taken = {(row.class_id, row.day) for row in await session.execute(_TAKEN, {"board": board})}
            shut = {(row.class_id, row.month) for row in await session.execute(_CLOSED, {"board": board})}
        schools = {each.school_id for each in organisations.values() if each.kind == "class"}
        for school in schools:
            code = organisations[school].code if school else None
            if code is None or code[2:4] != TRAINING_PREFECTURE:
                raise NotATown("つくりものの自治体ではありません。本当の学校の出欠は、つくりません。")
        keys = {id_: key.sourced_id for key, id_ in known.items()}
        rooms = {
            row.id: _Room(row, keys.get(row.id, str(row.id)))
            for row in organisations.values()
            if row.kind == "class" and row.school_year == year
        }
        for each in memberships:
            room = rooms.get(each.held.what.class_id)
            if room is not None and each.held.what.kind == "home":
                room.members.append(each.held)
        by_school: dict[UUID, list[_Room]] = {}
        for room in sorted(rooms.values(), key=lambda room: room.key):
            by_school.setdefault(room.row.school_id or room.row.id, []).append(room)
        of_year = {row.school_id: row for row in calendars.values() if row.school_year == year}
        town = _Town(board, year, keys, organisations, of_year, {}, by_school, taken, shut)
        for duty in duties:
            town.duties.setdefault(duty.held.what.organisation_id, []).append(duty.held)
        for school, of_school in by_school.items():
            if school in of_year:
                self._think(town, of_school, of_year[school].school_days)
        return town

    def _think(self, town: _Town, rooms: Iterable[_Room], days: tuple[date, ...]) -> None:
        for room in rooms:
            pupils = sorted({town.keys.get(each.subject, str(each.subject)) for each in room.members})
            room.year = year_of_class(self._seed, room.key, pupils, days)

    def _open(self, school: UUID, day: date) -> Iterator[_Room]:
        """Classes of a school that met and whose roll was not taken."""
        for room in self._town.rooms.get(school, []):
            free = self._town.free(room, day)
            if room.year is not None and free and room.on(day) and self._teacher(school, room, day):
                yield room

    def _teacher(self, school: UUID, room: _Room, day: date) -> UUID | None:
        """Who takes the roll: the homeroom teacher, else an assistant."""
        found = [
            (each.what.kind != "homeroom", each.subject)
            for each in self._town.at(school, day, "homeroom", "assistant")
            if each.what.class_id == room.row.id
        ]
        return min(found)[1] if found else None

    async def _close(self) -> None:
        """臨時休業 of the classes that influenza closed, as one change of the school's calendar."""
        for school, days in self._days.items():
            news = [
                {"on": day.isoformat(), "scope": "class", "grade": None, "class_id": str(room.row.id)}
                | {"reason": "influenza"}
                for room in self._town.rooms.get(school, [])
                for day in (room.year.closed if room.year else ())
                if day in days and self._town.free(room, day)
            ]
            if news:
                await self._change_calendar(school, news)
                self.filled.closed += len(news)

    async def _change_calendar(self, school: UUID, news: list[dict[str, str | None]]) -> None:
        async with self._units.work(Scope(self._board), actor=ACTOR) as work:
            await roster.lock_roster(work)
            kept = await roster.calendars(work.session, self._board)
            row = kept[calendar_id(school, self._town.year)]
            closures = sorted(
                [*row.closures, *news], key=lambda each: (each["on"], each["scope"], each["class_id"] or "")
            )
            row = row._replace(closures=tuple(closures))
            await roster.put_calendars(work, [row])
            work.publish(roster_published.calendar_changed(row), key=row.id)
            await log_act(work, Seen("FillHistory", "school", school, "IV"))
        self._town.calendars[school] = row

    async def _morning(self, school: UUID, day: date, rooms: list[_Room]) -> None:
        rng = Random(f"{self._seed}/{self._town.keys.get(school, school)}/{day}")  # noqa: S311
        self._clock.instant = _instant(day, _TAKES_PLACE) + timedelta(minutes=len(rooms))
        takers = {room.row.id: await self._taker(rng, school, room, day) for room in rooms}
        came: list[tuple[_Room, list[UUID]]] = []
        pupils: list[UUID] = []
        async with self._units.work(Scope(self._board, frozenset({school})), actor=ACTOR) as work:
            for place, room in enumerate(rooms):
                at = work.at - timedelta(minutes=len(rooms) - place, seconds=rng.randrange(60))
                codes = self._codes_of(room, day)
                saved = await self._take(work, room, day, codes, by=takers[room.row.id], at=at)
                pupils += saved
                absent = [each for each in saved if codes.get(each) in ("absent_sick", "absent_other")]
                came.append((room, [each for each in absent if rng.random() < _CAME_LATER]))
            await log_act(work, Seen("FillHistory", "school-day", school, "III", pupils))
        await self._came_later(school, day, [(room, late) for room, late in came if late])
        self.filled.rolls += len(rooms)
        self.filled.pupil_days += len(pupils)
        self._town.taken |= {(room.row.id, day) for room in rooms}

    def _codes_of(self, room: _Room, day: date) -> dict[UUID, str]:
        assert room.year is not None
        keys = self._town.keys
        found = {pupil: room.year.codes[keys.get(pupil, str(pupil))].get(day) for pupil in room.on(day)}
        return {pupil: code for pupil, code in found.items() if code is not None}

    async def _taker(self, rng: Random, school: UUID, room: _Room, day: date) -> UUID:
        """The class's teacher or, on some days, somebody who stands in."""
        teacher = self._teacher(school, room, day)
        assert teacher is not None
        away = rng.random() < _TEACHER_AWAY
        others = sorted(
            {each.subject for each in self._town.at(school, day, "subject", "vice_principal")} - {teacher}
        )
        if not away or not others:
            return teacher
        staff = rng.choice(others)
        await add_substitute(self._units, self._board, class_id=room.row.id, staff=staff, on=day, actor=ACTOR)
        return staff

    async def _take(
        self, work: Work, room: _Room, day: date, codes: Mapping[UUID, str], *, by: UUID, at: datetime
    ) -> list[UUID]:
        """The class's teacher marks who is not recorded yet and takes the roll; returns whom they marked."""
        of = await self._class_day(work, room, day, by)
        listed = await attendance.members(work.session, of, person=by, today=day, lock=True)
        waiting = [each for each in listed.members if not each.exchange and each.status == "unrecorded"]
        marks = [Mark(each.pupil, each.revision, codes.get(each.pupil, "present")) for each in waiting]
        decision = await self._save(work, of, listed.members, marks, source="teacher", by=by, at=at)
        if decision.takes:
            taken = Taken(at, by, of.asker, listed.at_home)
            await attendance.take(work, of, taken)
            published.publish_taken(work, of, taken)
        return [change.member.pupil for change in decision.changes]

    async def _came_later(self, school: UUID, day: date, came: list[tuple[_Room, list[UUID]]]) -> None:
        """Some came after all: the school's office corrects their mark."""
        offices = self._town.at(school, day, "office")
        if not came or not offices:
            return
        by = min(each.subject for each in offices)
        self._clock.instant = _instant(day, _CAME_LATER_AT)
        async with self._units.work(Scope(self._board, frozenset({school})), actor=ACTOR) as work:
            for room, pupils in came:
                of = await self._class_day(work, room, day, by)
                listed = await attendance.members(work.session, of, person=by, today=day, lock=True)
                marks = [
                    Mark(each.pupil, each.revision, "late", reason="came_later")
                    for each in listed.members
                    if each.pupil in pupils
                ]
                await self._save(work, of, listed.members, marks, source="office", by=by, at=work.at)
            await log_act(
                work, Seen("FillHistory", "school-day", school, "III", [p for _, ps in came for p in ps])
            )

    async def _class_day(self, work: Work, room: _Room, day: date, by: UUID) -> ClassDay:
        of = await attendance.class_day(work.session, self._board, room.row.id, day, person=by, today=day)
        assert of is not None
        return of

    async def _save(
        self,
        work: Work,
        of: ClassDay,
        members: list[Member],
        marks: list[Mark],
        *,
        source: Source,
        by: UUID,
        at: datetime,
    ) -> rules.Decision:
        decision = rules.decide(
            members,
            marks,
            of.symbols,
            source=source,
            by=by,
            at=at,
            claimed_at=None,
            take=of.taken is None,
            already_taken=of.taken is not None,
        )
        if decision.wrong:
            raise RuntimeError(f"{of.name} {of.on}: {decision.wrong[0].message}")
        if decision.changes:
            await attendance.save(work, of, decision.changes)
            for change in decision.changes:
                published.publish_day(work, of, change)
        return decision


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, TOKYO).astimezone(UTC)
