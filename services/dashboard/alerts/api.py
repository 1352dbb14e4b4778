"""気がかりな欠席 of a school: alerts with the days they follow from, and what was done about each.

Alerts are derived on reading, so that a correction withdraws one by itself. Kept is what people said: that they have
seen it, and that it is closed with what was done. What was said about an alert that is no more stands beside the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, model_validator

from services.dashboard.alerts import rules, store
from services.dashboard.alerts.rules import DONE_WORDS, Alert, Done
from services.dashboard.room import Page, opening, person_or_none, scope_of
from services.dashboard.school_day.api import class_day, school_day, sees_school
from services.dashboard.school_day.rules import Calendar
from services.dashboard.school_day.store import Unit, Viewer, units
from shared.access.log import Seen, log_change
from shared.database import Scope, Work
from shared.ids import time_ordered_id
from shared.web import Problem, not_found, run_command
from shared.web.commands import command_for

router = APIRouter(prefix="/api", tags=["気がかりな欠席"])

School = Annotated[UUID, Path(description="学校")]
Class = Annotated[UUID, Path(description="学級")]
_WHY = "気がかりな欠席を見て対応を残すのは、その学校の校長・教頭・事務・養護教諭です。"
_WHY_CLASS = "学級の気がかりな欠席を見て対応を残すのは、その学級の担任と副担任です。"
_Key = tuple[str, str, str]
WATCHED = 20
"""Days whose corrections wake a page by themselves; a stream follows a hundred views, of all open pages."""


class ActIn(BaseModel):
    """What is said about an alert, named by its rule and its first day."""

    model_config = ConfigDict(extra="forbid")

    rule: str
    first: date
    act: Literal["seen", "closed", "reopened"]
    done: Done | None = None

    @model_validator(mode="after")
    def whole(self) -> ActIn:
        """Closing says what was done; nothing else does."""
        if (self.act == "closed") != (self.done is not None):
            raise ValueError("閉じるときは、何をしたかを選んでください。")
        return self


class Kept(BaseModel):
    """It is kept."""

    kept: bool = True


@router.get("/schools/{school}/days/{day}/alerts", summary="気がかりな欠席")
async def read_alerts(school: School, day: date, request: Request) -> Response:
    """The alerts of a school on a day, those that nobody has taken up first, and what has been withdrawn."""
    async with opening(request) as page:
        await _decide(page, "ReadAlerts", school, day)
        row = await store.of_school(page.db, Viewer.of(page.holder, page.today), school, day)
    body, pupils = _listed(row, day)
    body |= {
        "may": {"act": day == page.today},
        "live": [f"school-day:{school}:{on}" for on in _watched(body, day)],
    }
    seen = Seen("ReadAlerts", "school-day", school, "II", pupils, copy_age_ms=page.age_ms)
    return await page.answer(body, seen)


@router.post(
    "/schools/{school}/days/{day}/alerts/{pupil}", summary="気がかりな欠席への対応を残す", response_model=Kept
)
async def keep_act(school: School, day: date, pupil: UUID, body: ActIn, request: Request) -> Response:
    """Say that an alert was seen, or is closed with what was done, or is open again."""
    async with opening(request) as page:
        await _decide(page, "ActOnAlert", school, day)
    return await _keep(page, "ActOnAlert", school, None, day, pupil, body)


@router.get("/classes/{class_id}/days/{day}/alerts", summary="学級の気がかりな欠席")
async def read_class_alerts(class_id: Class, day: date, request: Request) -> Response:
    """The same of one's own class."""
    async with opening(request) as page:
        unit = await _decide_class(page, "ReadClassAlerts", class_id, day)
        viewer = Viewer.of(page.holder, page.today)
        row = await store.of_school(page.db, viewer, unit.school, day, klass=class_id)
    body, pupils = _listed(row, day)
    body |= {
        "class": _class(row.classes[str(class_id)]) if str(class_id) in (row.classes or {}) else None,
        "may": {"act": day == page.today},
        "live": [f"class-day:{class_id}:{on}" for on in _watched(body, day)],
    }
    seen = Seen("ReadClassAlerts", "class-day", class_id, "II", pupils, copy_age_ms=page.age_ms)
    return await page.answer(body, seen)


@router.post(
    "/classes/{class_id}/days/{day}/alerts/{pupil}",
    summary="学級の気がかりな欠席への対応を残す",
    response_model=Kept,
)
async def keep_class_act(class_id: Class, day: date, pupil: UUID, body: ActIn, request: Request) -> Response:
    """The same about a child of one's own class."""
    async with opening(request) as page:
        unit = await _decide_class(page, "ActOnClassAlert", class_id, day)
    return await _keep(page, "ActOnClassAlert", unit.school, class_id, day, pupil, body)


def _listed(row: Any, day: date) -> tuple[dict[str, Any], list[UUID]]:
    """What a page says of alerts and of what is none any more, and of whom."""
    found = alerts_of(row, day)
    said: dict[_Key, list[Any]] = {}
    for act in row.acts or []:
        said.setdefault((act["pupil_id"], act["rule"], act["first_day"]), []).append(act)
    # Of a rule that is the board's no more the words of its last version.
    words = {
        rule.code: rule.word
        for said_ in (None, *(row.ever or ()), row.rules)
        for rule in rules.rules_of(said_)
    }
    alerts = [
        {
            **_child(pupil, row),
            "rule": alert.rule.code,
            "word": alert.rule.word,
            "first": alert.first,
            "days": alert.days,
            "going_on": alert.going_on,
            **_standing(said.pop((pupil, alert.rule.code, alert.first.isoformat()), []), row),
        }
        for pupil, alert in found
    ]
    alerts.sort(key=lambda each: (each["state"] == "closed", each["state"] == "seen", -len(each["days"])))
    withdrawn = [
        {
            **_child(pupil, row),
            "word": words.get(rule, rule),
            "first": first,
            "days": acts[-1]["days"],
            **_standing(acts, row),
        }
        for (pupil, rule, first), acts in said.items()
        if pupil in (row.places or {})
    ]
    body = {
        "school": row.school,
        "date": day,
        "rules": [rule.model_dump() for rule in rules.rules_of(row.rules)],
        "done": [{"code": code, "word": word} for code, word in DONE_WORDS.items()],
        "alerts": alerts,
        "withdrawn": withdrawn,
    }
    return body, sorted({UUID(each["pupil"]["id"]) for each in (*alerts, *withdrawn)})


def _watched(body: Mapping[str, Any], day: date) -> list[date]:
    """The day, and of the days that alerts follow from the latest: a mark of theirs that is corrected withdraws one."""
    named = {on for alert in body["alerts"] for on in alert["days"]} | {day}
    return sorted(named, reverse=True)[:WATCHED]


async def _keep(
    page: Page, action: str, school: UUID, klass: UUID | None, day: date, pupil: UUID, body: ActIn
) -> Response:
    who = page.holder.principal
    viewer = Viewer.of(page.holder, page.today)
    scope = Scope(scope_of(page.holder).board, frozenset({school}))
    person = who.person
    if person is None:
        raise not_found()

    async def act(work: Work) -> BaseModel:
        row = await store.of_school(work.session, viewer, school, day, klass=klass, pupil=pupil)
        if str(pupil) not in (row.places or {}):
            raise not_found()
        alert = next(
            (one for _, one in alerts_of(row, day) if (one.rule.code, one.first) == (body.rule, body.first)),
            None,
        )
        if alert is None or day != viewer.today:
            raise Problem(
                409,
                "moved",
                "もう当てはまりません",
                "見ているあいだに出欠が直されたか、日付が変わりました。画面を読み直してください。",
            )
        await store.add(
            work.session,
            id=time_ordered_id(work.at),
            board=work.scope.board,
            school=school,
            pupil=pupil,
            rule=body.rule,
            first=body.first,
            days=len(alert.days),
            act=body.act,
            done=body.done,
            by=person,
            at=work.at,
        )
        await store.tell(work.session, school, UUID(row.places[str(pupil)]["class"]), day)
        await log_change(work.session, who, Seen(action, "school-day", school, "II", [pupil]), work.at)
        return Kept()

    command = await command_for(page.request, who)
    return await run_command("dashboard", page.room.units, scope, command, act)


async def _decide_class(page: Page, action: str, class_id: UUID, day: date) -> Unit:
    unit = (await units(page.db, [class_id])).get(class_id)
    if unit is None or unit.school == class_id:
        raise not_found()
    resource = class_day(page, class_id, unit, day)
    page.decide(action, resource, visible=sees_school(page, unit), why=_WHY_CLASS)
    return unit


async def _decide(page: Page, action: str, school: UUID, day: date) -> None:
    unit = (await units(page.db, [school])).get(school)
    if unit is None or unit.school != school:
        raise not_found()
    page.decide(action, school_day(unit, day), visible=sees_school(page, unit), why=_WHY)


def alerts_of(row: Any, day: date) -> list[tuple[str, Alert]]:
    """Every child's alerts, by the school days of its class."""
    found: list[tuple[str, Alert]] = []
    board_rules = rules.rules_of(row.rules)
    by_class: dict[str, list[date]] = {}
    for pupil, days in (row.told or {}).items():
        klass = row.places[pupil]["class"]
        if klass not in by_class:
            by_class[klass] = lessons(row.calendar, klass, row.classes[klass]["grade"], day)
        told = {date.fromisoformat(each["day"]): each for each in days}
        found += [(pupil, alert) for alert in rules.derive(board_rules, by_class[klass], told)]
    return found


def lessons(calendar: Mapping[str, Any] | None, klass: str, grade: str | None, until: date) -> list[date]:
    """The days up to ``until`` on which a class had lessons."""
    if calendar is None:
        return []
    days = []
    for on in sorted(date.fromisoformat(each) for each in calendar["school_days"] or []):
        if on > until:
            break
        there = Calendar.of({**calendar, "school_day": True}, on)
        if there.meets() and not there.closes(klass, grade):
            days.append(on)
    return days


def _child(pupil: str, row: Any) -> dict[str, Any]:
    place = row.places[pupil]
    return {
        "pupil": person_or_none(row.people, pupil),
        "class": _class(row.classes[place["class"]]),
        "number": place["number"],
    }


def _class(klass: Mapping[str, Any]) -> dict[str, Any]:
    return {name: klass[name] for name in ("id", "name", "grade", "special_needs")}


def _standing(acts: list[Any], row: Any) -> dict[str, Any]:
    """How an alert stands, and everything that was said about it."""
    last = acts[-1]["act"] if acts else "reopened"
    return {
        "state": {"seen": "seen", "closed": "closed", "reopened": "open"}[last],
        "acts": [
            {
                "act": act["act"],
                "done": act["done"] and DONE_WORDS.get(act["done"], act["done"]),
                "days": act["days"],
                "by": person_or_none(row.people, act["made_by"]),
                "at": act["made_at"],
            }
            for act in acts
        ],
    }
