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
from services.dashboard.school_day.api import school_day, sees_school
from services.dashboard.school_day.rules import Calendar
from services.dashboard.school_day.store import Viewer, units
from shared.access.log import Seen, log_change
from shared.database import Scope, Work
from shared.ids import time_ordered_id
from shared.web import Problem, not_found, run_command
from shared.web.commands import command_for

router = APIRouter(prefix="/api/schools/{school}/days/{day}", tags=["気がかりな欠席"])

School = Annotated[UUID, Path(description="学校")]
_WHY = "気がかりな欠席を見て対応を残すのは、その学校の校長・教頭・事務・養護教諭です。"
_Key = tuple[str, str, str]


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


@router.get("/alerts", summary="気がかりな欠席")
async def read_alerts(school: School, day: date, request: Request) -> Response:
    """The alerts of a school on a day, those that nobody has taken up first, and what has been withdrawn."""
    async with opening(request) as page:
        await _decide(page, "ReadAlerts", school, day)
        viewer = Viewer.of(page.holder, page.today)
        row = await store.of_school(page.db, viewer, school, day)
    found = alerts_of(row, day)
    said: dict[_Key, list[Any]] = {}
    for act in row.acts or []:
        said.setdefault((act["pupil_id"], act["rule"], act["first_day"]), []).append(act)
    words = {rule.code: rule.word for rule in rules.rules_of(row.rules)}
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
        "may": {"act": day == page.today},
        "live": [f"school-day:{school}:{day}"],
    }
    pupils = sorted({UUID(each["pupil"]["id"]) for each in (*alerts, *withdrawn)})
    return await page.answer(
        body, Seen("ReadAlerts", "school-day", school, "II", pupils, copy_age_ms=page.age_ms)
    )


@router.post("/alerts/{pupil}", summary="気がかりな欠席への対応を残す", response_model=Kept)
async def keep_act(school: School, day: date, pupil: UUID, body: ActIn, request: Request) -> Response:
    """Say that an alert was seen, or is closed with what was done, or is open again."""
    async with opening(request) as page:
        await _decide(page, "ActOnAlert", school, day)
        who = page.holder.principal
        viewer = Viewer.of(page.holder, page.today)
        scope = Scope(scope_of(page.holder).board, frozenset({school}))
    person = who.person
    if person is None:
        raise not_found()

    async def act(work: Work) -> BaseModel:
        row = await store.of_school(work.session, viewer, school, day, pupil=pupil)
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
        await store.tell(work.session, school, day)
        await log_change(work.session, who, Seen("ActOnAlert", "school-day", school, "II", [pupil]), work.at)
        return Kept()

    command = await command_for(request, who)
    return await run_command("dashboard", page.room.units, scope, command, act)


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
            by_class[klass] = _school_days(row.calendar, klass, row.classes[klass]["grade"], day)
        told = {date.fromisoformat(each["day"]): each for each in days}
        found += [(pupil, alert) for alert in rules.derive(board_rules, by_class[klass], told)]
    return found


def _school_days(
    calendar: Mapping[str, Any] | None, klass: str, grade: str | None, until: date
) -> list[date]:
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
    klass = row.classes[place["class"]]
    return {
        "pupil": person_or_none(row.people, pupil),
        "class": {name: klass[name] for name in ("id", "name", "grade", "special_needs")},
        "number": place["number"],
    }


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
