"""連絡なしの子: the list of a school's day, and the calls made for it.

Names and calls are here; telephone numbers are registry's, which the browser asks for one child at a time (decisions.md
§4 "BFF"). A child leaves the list when somebody has said where it is: a notice, or a mark of the office.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.dashboard.room import Page, opening, person_or_none, scope_of
from services.dashboard.school_day.api import school_day, sees_school
from services.dashboard.school_day.rules import Calendar, mark, without_lessons
from services.dashboard.school_day.store import Viewer, units
from services.dashboard.unannounced import rules, store
from services.dashboard.unannounced.rules import OUTCOME_WORDS, Claim, Outcome
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Scope, Work
from shared.ids import time_ordered_id
from shared.web import Problem, not_found, run_command
from shared.web.commands import command_for

router = APIRouter(prefix="/api/schools/{school}/days/{day}", tags=["連絡なし"])

School = Annotated[UUID, Path(description="学校")]
Pupil = Annotated[UUID, Path(description="連絡なしの子")]

_WHY = "連絡なしの子を見て電話をかけるのは、その学校の校長・教頭・事務・養護教諭です。"


class Body(BaseModel):
    """Refuses what it does not name."""

    model_config = ConfigDict(extra="forbid")


class ClaimIn(Body):
    """Take the call on; ``instead_of``: whom the page showed as calling, to stand in for them."""

    instead_of: UUID | None = None


class ReleaseIn(Body):
    """Give one's call back."""


class MadeIn(Body):
    """What a call came to that did not tell where the child is."""

    outcome: Outcome
    relation: str | None = Field(default=None, pattern=r"^[a-z_]{1,40}$")


class Kept(BaseModel):
    """It is kept."""

    kept: bool = True


@router.get("/unannounced", summary="連絡なしの子")
async def read_unannounced(school: School, day: date, request: Request) -> Response:
    """Children who are not here and of whom nobody has said why; classes whose roll is still missing."""
    async with opening(request) as page:
        await _decide(page, "ReadUnannounced", school, day)
        row = await store.of_school(page.db, Viewer.of(page.holder, page.today), school, day)
    calendar = Calendar.of(row.calendar, day)
    classes: Mapping[str, Any] = row.classes or {}
    meeting = {id for id, each in classes.items() if _meets(calendar, each)}
    symbols = row.symbols or []
    by_code = {each["code"]: each for each in symbols}
    who = page.holder.principal.person
    children = [
        _child(each, classes[each["class_id"]], row.people, by_code, who)
        for each in row.children or []
        if each["class_id"] in meeting
    ]
    counted = sum(number for id, number in (row.counted or {}).items() if id in meeting)
    body = {
        "school": row.school,
        "date": day,
        "count": counted,
        # Kept from the reader: counted, and somebody else's to call for.
        "kept": counted - len(children),
        "children": children,
        "waiting": [
            {
                "class": _class(classes[each["class_id"]]),
                "homeroom": person_or_none(row.people, each["homeroom"]),
                "unrecorded": each["unrecorded"],
            }
            for each in row.waiting or []
            if each["class_id"] in meeting
        ],
        "codes": rules.present_codes(symbols),
        "may": {"call": day == page.today, "mark": school in page.holder.organisations("office")},
        "live": [f"school-day:{school}:{day}"],
    }
    pupils = [UUID(each["pupil"]["id"]) for each in children]
    return await page.answer(
        body, Seen("ReadUnannounced", "school-day", school, "II", pupils, copy_age_ms=page.age_ms)
    )


@router.post("/unannounced/{pupil}/claim", summary="電話をかける", response_model=Kept)
async def claim_call(school: School, day: date, pupil: Pupil, body: ClaimIn, request: Request) -> Response:
    """Take a child's call on. Refused when somebody else has taken it on since, or when it is wanted no more."""

    async def keep(work: Work, who: UUID) -> None:
        before = await store.hold(work.session, board=work.scope.board, school=school, pupil=pupil, day=day)
        if not rules.may_claim(before, body.instead_of, who):
            raise Problem(
                409,
                "moved",
                "ほかの人がかけています",
                "見ているあいだに、ほかの人がこの子の電話を引き受けました。だれがかけているかは、一覧に出ています。",
            )
        if before is None or before.by != who:
            await store.claim(work.session, Claim(who, work.at), school=school, pupil=pupil, day=day)

    return await _call(request, "ClaimCall", school, day, pupil, keep)


@router.post("/unannounced/{pupil}/release", summary="かけるのをやめる", response_model=Kept)
async def release_call(school: School, day: date, pupil: Pupil, _: ReleaseIn, request: Request) -> Response:
    """Give one's call back, so that another takes it on; that of somebody else stays theirs."""

    async def keep(work: Work, who: UUID) -> None:
        before = await store.hold(work.session, board=work.scope.board, school=school, pupil=pupil, day=day)
        if before is not None and before.by == who:
            await store.claim(work.session, None, school=school, pupil=pupil, day=day)

    return await _call(request, "ReleaseCall", school, day, pupil, keep, still_open=False)


@router.post("/unannounced/{pupil}/calls", summary="電話の結果を残す", response_model=Kept)
async def keep_call(school: School, day: date, pupil: Pupil, body: MadeIn, request: Request) -> Response:
    """Keep that nobody answered, or what was said that does not tell where the child is."""

    async def keep(work: Work, who: UUID) -> None:
        await store.made(
            work.session,
            id=time_ordered_id(work.at),
            board=work.scope.board,
            school=school,
            pupil=pupil,
            day=day,
            outcome=body.outcome,
            relation=body.relation,
            by=who,
            at=work.at,
        )

    return await _call(request, "KeepCall", school, day, pupil, keep)


@router.post("/unannounced/{pupil}/calls/{call}/undo", summary="電話の結果を取り消す", response_model=Kept)
async def undo_call(
    school: School, day: date, pupil: Pupil, call: UUID, _: ReleaseIn, request: Request
) -> Response:
    """Take one's own word on a call back."""

    async def keep(work: Work, who: UUID) -> None:
        if not await store.undo(work.session, id=call, pupil=pupil, day=day, by=who, at=work.at):
            raise Problem(
                409,
                "moved",
                "取り消せません",
                "もう取り消してあるか、ほかの人が残した結果です。画面を読み直してください。",
            )

    return await _call(request, "UndoCall", school, day, pupil, keep, still_open=False)


async def _decide(page: Page, action: str, school: UUID, day: date) -> None:
    unit = (await units(page.db, [school])).get(school)
    if unit is None or unit.school != school:
        raise not_found()
    page.decide(action, school_day(unit, day), visible=sees_school(page, unit), why=_WHY)


async def _call(
    request: Request, action: str, school: UUID, day: date, pupil: UUID, keep: Any, *, still_open: bool = True
) -> Response:
    """Do something about a child's call, when the asker may and may see the child; the school's pages hear of it."""
    async with opening(request) as page:
        await _decide(page, "CallHome", school, day)
        who: Principal = page.holder.principal
        viewer = Viewer.of(page.holder, page.today)
        scope = Scope(scope_of(page.holder).board, frozenset({school}))
    person = who.person
    if person is None:
        raise not_found()

    async def act(work: Work) -> BaseModel:
        found = await store.child(work.session, viewer, school, day, pupil)
        if found is None:
            raise not_found()
        if day != viewer.today:  # what a past day lacked is a matter of corrections
            raise Problem(
                422,
                "not-today",
                "きょうの子ではありません",
                "電話をかけるのは、きょうの連絡なしの子だけです。",
            )
        klass = {"id": str(found.class_id), "grade": found.grade}
        if still_open and not (found.open and _meets(Calendar.of(found.calendar, day), klass)):
            raise Problem(
                409,
                "announced",
                "もう電話は要りません",
                "見ているあいだに、この子の連絡が届いたか、出欠が入りました。",
            )
        await keep(work, person)
        await store.tell(work.session, school, day)
        await log_change(work.session, who, Seen(action, "school-day", school, "II", [pupil]), work.at)
        return Kept()

    command = await command_for(request, who)
    return await run_command("dashboard", page.room.units, scope, command, act)


def _meets(calendar: Calendar, klass: Mapping[str, Any]) -> bool:
    return calendar.meets() and without_lessons(calendar, str(klass["id"]), klass["grade"]) is None


def _class(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "name", "grade", "special_needs")}


def _child(
    row: Mapping[str, Any],
    klass: Mapping[str, Any],
    people: Mapping[str, Any] | None,
    symbols: Mapping[str, Any],
    who: UUID | None,
) -> dict[str, Any]:
    card = person_or_none(people, row["person_id"])
    calling = row["claimed_by"]
    return {
        "pupil": {name: "" if row["gone"] and name != "id" else value for name, value in card.items()},
        "class": _class(klass),
        "number": row["number"],
        "revision": row["revision"] or 0,
        "taken": row["taken"],
        "recorded": row["presence"] == "absent",
        **mark(row["code"], row["status"] or "unrecorded", symbols),
        "since": row["since"],
        "calling": calling
        and {"by": person_or_none(people, calling), "at": row["claimed_at"], "mine": calling == str(who)},
        "calls": [_made(each, people, who) for each in row["tries"] or []],
    }


def _made(call: Mapping[str, Any], people: Mapping[str, Any] | None, who: UUID | None) -> dict[str, Any]:
    return {
        "id": call["id"],
        "outcome": call["what"],
        "word": OUTCOME_WORDS[call["what"]],
        "relation_word": rules.relation_word(call["relation"]),
        "by": person_or_none(people, call["by"]),
        "at": call["at"],
        "mine": call["by"] == str(who),
    }
