"""A school's year over HTTP: read it, change it by the lines of a plan, the board's template for its schools."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.shapes import PersonOut
from services.registry.attendance.store import Named, names
from services.registry.duties.store import school_name
from services.registry.people import store as people
from services.registry.people.access import Offices
from services.registry.room import Registry, registry
from services.registry.roster import published
from services.registry.roster import store as roster
from services.registry.roster.rows import CalendarRow
from services.registry.roster.shapes import ClassOut, PlaceOut
from services.registry.school_calendar import plans, rules, store
from services.registry.school_calendar.boards import any_school, standings, told
from services.registry.school_calendar.cells import KINDS, REASONS
from services.registry.school_calendar.plans import Plan
from services.registry.school_calendar.rules import School, Wrong
from services.registry.school_calendar.shapes import (
    AppliedOut,
    AppliedSchoolOut,
    CalendarOut,
    ChangedOut,
    ConsequencesOut,
    LinesIn,
    TemplateIn,
    TemplateOut,
    TouchedOut,
    UndoIn,
    UndoOut,
)
from services.registry.school_calendar.standing import lines_for
from services.registry.school_calendar.store import Change
from shared.access.log import Seen, log_change
from shared.access.principal import Holder, Principal, entity, ref, refs
from shared.database import Command, Scope, Work
from shared.database.units import MAX_PAYLOAD_BYTES
from shared.ids import calendar_id, new_id
from shared.web import FieldError, Problem, command_of, current, denied, not_found, run_command

router = APIRouter(prefix="/v1", tags=["年間予定"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Given = Annotated[Command, Depends(command_of)]
Year = Annotated[int, Path(ge=2000, le=2100)]


@router.get("/schools/{school}/calendars/{year}", summary="学校の年間予定")
async def read_calendar(school: UUID, year: Year, room: Reg, who: Who) -> CalendarOut:
    """A school's year: its days, closures, terms, what days are called, and the days of each grade."""
    async with room.units.read(Scope(who.board)) as session:
        name, may = await _see(room, session, who, school)
        of = await store.school_of(session, who.board, school, year)
        row = await _row(session, who.board, school, year)
        template = await store.template(session, who.board, year)
        last = await _undo_of(session, who.board, row)
        makers = await names(session, who.board, [last.made_by]) if last else {}
    await room.log.read(who, Seen("ReadCalendar", "school", school, "IV"))
    return CalendarOut(
        school=PlaceOut(id=school, name=name),
        school_year=year,
        today=room.clock.today(),
        revision=_revision(row),
        school_days=list(row.school_days),
        closures=list(row.closures),
        marks=plans.shown(row.marks),
        terms=list(row.terms),
        days_of_grades=plans.days_of_grades(Plan.of(row), of.grades),
        classes=[ClassOut(id=c.id, name=c.name, grade=c.grade, special_needs=False) for c in of.classes],
        kinds=list(KINDS),
        reasons={code: word for word, code in REASONS.items()},
        template=template.rows if may else [],
        may={"change": may},
        undo=_undo_out(last, makers) if last and may else None,
        live=[f"school-day:{school}:{room.clock.today()}"],
        as_of=room.clock.now(),
    )


@router.post("/schools/{school}/calendars/{year}", summary="年間予定を変える", response_model=ChangedOut)
async def change_calendar(
    school: UUID, year: Year, body: LinesIn, room: Reg, who: Who, command: Given
) -> Response:
    """Change a school's year by the lines of a plan; with ``dry`` only say what that would do."""

    async def change(work: Work) -> ChangedOut:
        name, _ = await _see(room, work.session, who, school, change=True)
        if not body.dry:
            await roster.lock_roster(work, patient=False)
        row = await _row(work.session, who.board, school, year)
        of = await store.school_of(work.session, who.board, school, year)
        read = rules.read_lines(body.rows, of)
        if read.wrong:
            raise _refused(read.wrong)
        if _revision(row) != body.seen:
            raise _moved("年間予定")
        place = PlaceOut(id=school, name=name)
        done = await _apply(work, who, place, row, of, read.lines, dry=body.dry)
        return ChangedOut(schools=[done], saved=not body.dry)

    return await run_command("registry", room.units, Scope(who.board), command, change)


@router.post(
    "/schools/{school}/calendars/{year}/undo", summary="年間予定を元に戻す", response_model=ChangedOut
)
async def undo_change(
    school: UUID, year: Year, body: UndoIn, room: Reg, who: Who, command: Given
) -> Response:
    """The last act on a school's year is taken back, while nothing has changed it since; ``dry`` tells what follows."""

    async def undo(work: Work) -> ChangedOut:
        name, _ = await _see(room, work.session, who, school, change=True)
        if not body.dry:
            await roster.lock_roster(work, patient=False)
        row = await _row(work.session, who.board, school, year)
        if await store.is_undone(work.session, who.board, row.id, body.change):
            return ChangedOut(schools=[], saved=not body.dry)
        last = await _undo_of(work.session, who.board, row)
        if last is None or last.id != body.change:
            raise Problem(
                409,
                "changed-since",
                "元に戻せません",
                "そのあとに、この年間予定が変わりました。いまの予定を見て、入れ直してください。",
            )
        of = await store.school_of(work.session, who.board, school, year)
        after = Plan.again(last.before)
        follows = await _consequences(work, PlaceOut(id=school, name=name), row, of, after)
        if not body.dry:
            await _put(work, who, after.row(row), "UndoCalendar")
            await store.note_undone(work, last.id)
        return ChangedOut(schools=[follows], saved=not body.dry)

    return await run_command("registry", room.units, Scope(who.board), command, undo)


@router.get("/boards/{board}/calendars/{year}", summary="市の年間予定のもと")
async def read_template(board: UUID, year: Year, room: Reg, who: Who) -> TemplateOut:
    """The board's plan of a year, and the schools it may be applied to."""
    async with room.units.read(Scope(who.board)) as session:
        await _board(room, session, who, board)
        found = await store.template(session, who.board, year)
        schools = await standings(session, who.board, year, found.rows)
        author = UUID(found.said_by) if found.said_by else None
        makers = await names(session, who.board, [author]) if author else {}
    await room.log.read(who, Seen("ReadTemplate", "board", who.board, "IV"))
    return TemplateOut(
        school_year=year,
        today=room.clock.today(),
        revision=told(found.rows),
        rows=found.rows,
        said_at=found.said_at,
        said_by=PersonOut.of(author, makers[author]) if author in makers else None,
        kinds=[word for word, kind in KINDS.items() if kind not in rules.OF_ONE_SCHOOL],
        schools=schools,
        live=[f"duties:{who.board}"],
        as_of=room.clock.now(),
    )


@router.post(
    "/boards/{board}/calendars/{year}",
    summary="市の年間予定のもとを学校にあてる",
    response_model=AppliedOut,
)
async def apply_template(
    board: UUID, year: Year, body: TemplateIn, room: Reg, who: Who, command: Given
) -> Response:
    """Keep the board's plan of a year and apply it to these schools, each as it was looked at; ``dry`` is that look."""

    async def apply(work: Work) -> AppliedOut:
        await _board(room, work.session, who, board)
        read = rules.read_lines(body.rows, any_school(year), template=True)
        if read.wrong:
            raise _refused(read.wrong)
        if not body.dry:
            await roster.lock_roster(work, patient=False)
        if told((await store.template(work.session, who.board, year)).rows) != body.seen:
            raise _moved("市の年間予定のもと")
        there = await store.schools(work.session, who.board)
        if not set(body.schools) <= set(there):
            raise not_found()
        rows = {each: await _row(work.session, who.board, each, year) for each in sorted(set(body.schools))}
        moved = [
            FieldError(field=str(school), message=f"{there[school].name}の年間予定を見直してください。")
            for school, row in rows.items()
            if not body.dry and body.looked.get(school) != _revision(row)
        ]
        if moved:
            raise _moved("学校の年間予定", moved)
        done = [
            await _apply_template(
                work, who, PlaceOut(id=school, name=there[school].name), row, read.lines, body
            )
            for school, row in rows.items()
        ]
        if not body.dry:
            await store.put_template(work, year, body.rows)
            await log_change(work.session, who, Seen("SetTemplate", "board", who.board, "IV"), work.at)
        return AppliedOut(schools=done, saved=not body.dry)

    return await run_command("registry", room.units, Scope(who.board), command, apply)


async def _apply_template(
    work: Work,
    who: Principal,
    place: PlaceOut,
    row: CalendarRow,
    plan: Sequence[rules.Line],
    body: TemplateIn,
) -> AppliedSchoolOut:
    of = await store.school_of(work.session, who.board, place.id, row.school_year)
    lines = lines_for(plan, of)
    done = await _apply(work, who, place, row, of, lines, dry=body.dry, plan=told(body.rows))
    opening = sum(each.meets for each in done.touched)
    return AppliedSchoolOut(
        **done.model_dump(exclude={"touched"}),
        revision=_revision(row),
        closing=len(done.touched) - opening,
        opening=opening,
        left_out=[f"{each.at}行目" for each in plan if each not in lines],
    )


async def _apply(
    work: Work,
    who: Principal,
    place: PlaceOut,
    row: CalendarRow,
    of: School,
    lines: Sequence[rules.Line],
    *,
    dry: bool,
    plan: str | None = None,
) -> ConsequencesOut:
    wrong = plans.overlapping(Plan.of(row), lines) or _too_large(row, lines)
    if wrong:
        raise _refused(wrong)
    after = plans.changed_by(Plan.of(row), lines)
    done = await _consequences(work, place, row, of, after)
    if dry or not (done.changed or plan):
        return done
    assert who.person is not None  # the policy asks for staff, and staff are people
    new, act = after.row(row), new_id()
    if not done.changed:
        # The school stands to this plan from here on, though there is nothing to take back.
        await store.note(work, act, row, _revision(row), 0, who.person, plan)
        return done
    await _put(work, who, new, "ChangeCalendar")
    await store.note(work, act, row, _revision(new), len(lines), who.person, plan)
    return done.model_copy(update={"change": act})


def _too_large(row: CalendarRow, lines: Sequence[rules.Line]) -> list[Wrong]:
    """The line from which on the year no longer travels as one event: a look refuses what a save could not do."""

    def fits(count: int) -> bool:
        new = plans.changed_by(Plan.of(row), lines[:count]).row(row)
        return len(published.calendar_changed(new).model_dump_json().encode()) <= MAX_PAYLOAD_BYTES

    if fits(len(lines)):
        return []
    at = lines[bisect_left(range(len(lines)), True, key=lambda n: not fits(n + 1))].at
    return [Wrong(f"A{at}", "この行までで、1年に入る予定の数をこえます。行事の日数を減らしてください。")]


async def _consequences(
    work: Work, place: PlaceOut, row: CalendarRow, of: School, after: Plan
) -> ConsequencesOut:
    before = Plan.of(row)
    changes = plans.class_changes(before, after, of.classes)
    found = await store.touched(work.session, work.scope.board, changes) if changes else []
    return ConsequencesOut(
        school=place,
        change=None,
        changed=after.row(row) != row,
        days_before=plans.days_of_grades(before, of.grades),
        days_after=plans.days_of_grades(after, of.grades),
        touched=[
            TouchedOut(
                on=r.day,
                class_id=r.class_id,
                meets=r.meets,
                counted=r.counted,
                taken=r.taken,
                meals=r.members,
            )
            for r in found
        ],
        rolls=sum(r.taken and not r.meets for r in found),
        meals=sum(r.members if r.meets else -r.members for r in found),
    )


async def _put(work: Work, who: Principal, new: CalendarRow, act: str) -> None:
    await roster.put_calendars(work, [new])
    work.publish(published.calendar_changed(new), key=new.id)
    await log_change(work.session, who, Seen(act, "school", new.school_id, "IV"), work.at)


async def _undo_of(session: AsyncSession, board: UUID, row: CalendarRow) -> Change | None:
    """The last act on the year by hand, unless anything has changed it since."""
    last = await store.last_change(session, board, row.id)
    return last if last and last.left_as == _revision(row) else None


def _undo_out(last: Change, makers: Mapping[UUID, Named]) -> UndoOut:
    by = PersonOut.of(last.made_by, makers.get(last.made_by) or Named("", "", None, None))
    return UndoOut(id=last.id, at=last.made_at, by=by, lines=last.lines)


async def _row(session: AsyncSession, board: UUID, school: UUID, year: int) -> CalendarRow:
    """The stored calendar with its entries in order, or an empty one of that school and year."""
    id_ = calendar_id(school, year)
    found = await roster.calendars(session, board, [id_])
    row = found.get(id_) or CalendarRow(id_, school, year, (), ())
    return Plan.of(row).row(row)


def _revision(row: CalendarRow) -> str:
    return told(Plan.of(row).kept())


def _moved(what: str, errors: Sequence[FieldError] = ()) -> Problem:
    words = f"{what}は、見ていたものから変わっています。読み直してから、もう一度入れてください。"
    return Problem(409, "moved", "ほかの人が先に変えました", words, errors=errors)


async def _see(
    room: Registry, session: AsyncSession, who: Principal, school: UUID, *, change: bool = False
) -> tuple[str, bool]:
    """The school's name, and whether the asker may change its year; 404, then 403, then 401."""
    name = await school_name(session, who.board, school)
    holder, setting, offices = await people.asking(session, who, room.clock.today())
    year = _school_year(holder, offices, school)
    if name is None or not room.policies.allows(holder, "ReadCalendar", year):
        raise not_found()
    may = room.policies.allows(holder, "ChangeCalendar", year)
    if change and not may:
        raise denied(
            "年間予定を変えられるのは、その学校の校長・教頭・事務と、教育委員会の名簿を受け持つ課です。"
        )
    room.strong_enough(who, setting)
    return name, may


async def _board(room: Registry, session: AsyncSession, who: Principal, board: UUID) -> None:
    holder, setting, offices = await people.asking(session, who, room.clock.today())
    keepers = refs("Unit", offices.departments)
    resource = entity("BoardYear", board, board=ref("Board", board), offices=keepers)
    if not room.policies.allows(holder, "SetTemplate", resource):
        raise not_found()
    room.strong_enough(who, setting)


def _school_year(holder: Holder, offices: Offices, school: UUID) -> dict[str, object]:
    return entity(
        "SchoolYear",
        school,
        board=ref("Board", holder.principal.board),
        school=ref("School", school),
        offices=refs("Unit", offices.departments),
    )


def _refused(wrong: Sequence[Wrong]) -> Problem:
    errors = [FieldError(cell=each.where, message=each.message) for each in wrong]
    cells = "、".join(dict.fromkeys(each.where for each in wrong[:5]))
    return Problem(
        422,
        "calendar-refused",
        f"貼り付けを取りやめました（{len(wrong)}か所）",
        f"{cells}を直してから、もう一度入れてください。何も変えていません。",
        errors=errors,
    )
