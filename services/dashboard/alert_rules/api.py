"""気がかりな欠席の決まり over HTTP: what holds, a draft tried on past months, a draft that begins on a day.

What begins is always what was tried: the command names the trial. Numbers only, in fives (``rules``); no child.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.alert_rules import rules, store
from services.dashboard.alert_rules.store import Trial
from services.dashboard.alerts.rules import Rule, rules_of
from services.dashboard.room import Page, opening, person_or_none
from shared.access.log import Seen, log_change
from shared.access.principal import entity, ref, refs
from shared.database import Scope, Work
from shared.ids import time_ordered_id
from shared.web import FieldError, Problem, not_found, run_command
from shared.web.commands import command_for

router = APIRouter(prefix="/api/board", tags=["気がかりな欠席の決まり"])

MOST_RULES = 10
STEP_SECONDS = 1.0
"""A step counts schools for about so long; then whoever asked sees how far it is, and others have their turn."""


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RuleIn(_In):
    """A rule of a draft; ``code`` names one that holds already."""

    code: str | None = Field(default=None, pattern=r"^[a-z0-9_]{1,30}$")
    word: str = Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f]*\S[^\x00-\x1f]*$")
    kind: str = Field(pattern="^(row|year)$")
    days: int = Field(ge=2, le=200)
    excused: bool


class TryIn(_In):
    """A draft, and the months that it is tried on (their first days)."""

    rules: list[RuleIn] = Field(max_length=MOST_RULES)
    months: list[date] = Field(min_length=1, max_length=12)


class SayIn(_In):
    """What was tried begins on a day; ``seen``: the revision that was read."""

    trial: UUID
    since: date
    reason: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*\S[^\x00-\x1f]*$")
    seen: str = Field(max_length=40)


class WithdrawIn(_In):
    """What would begin on a day does not."""

    since: date
    seen: str = Field(max_length=40)


class Answer(BaseModel):
    """Whatever the page shows next."""

    model_config = ConfigDict(extra="allow")


@router.get("/alert-rules", summary="気がかりな欠席の決まり")
async def read_rules(request: Request) -> Response:
    """The rules that hold today, those that will, and everything that was said before."""
    async with opening(request) as page:
        await decide(page)
        body = await _rules(page.db, page.holder.principal.board, page.today)
    return await page.answer(body, _seen("ReadAlertRules", page))


@router.post("/alert-rules", summary="ためした決まりを、ある日から使う", response_model=Answer)
async def say_rules(body: SayIn, request: Request) -> Response:
    """Draft that was tried on every school holds from ``since`` on, today at the earliest."""

    async def act(page: Page, work: Work) -> dict[str, Any]:
        session, board = work.session, work.scope.board
        if body.since < page.today or body.since > _latest(page.today):
            raise _refused("since", "始まる日は、きょうから1年のうちの日にしてください。")
        tried = await store.trial(session, board, body.trial)
        if tried is None:
            raise not_found()
        if tried.left or not tried.schools:
            raise _refused("trial", "ためし終わってから決めてください。")
        await store.lock(session, board)
        await _unmoved(session, page, body.seen)
        if tried.revision != body.seen or tried.beside != await _holding(session, board, page.today):
            raise _moved("もう一度ためしてください", "ためしたあとに、決まりが変わりました。")
        value = [each.model_dump() for each in tried.rules]
        if value == [each.model_dump() for each in await _holding(session, board, body.since)]:
            raise _refused("trial", "この日に使っている決まりと同じです。")
        await store.say(
            session,
            id=time_ordered_id(work.at),
            board=board,
            name="rules",
            since=body.since,
            value=value,
            reason=body.reason.strip(),
            tried=tried.id,
            by=_person(page),
            at=work.at,
        )
        return await _rules(session, board, page.today)

    return await _command(request, "SayAlertRules", act)


@router.post("/alert-rules/withdraw", summary="まだ始まっていない決まりを取りやめる", response_model=Answer)
async def withdraw_rules(body: WithdrawIn, request: Request) -> Response:
    """What would begin later does not; who withdrew it stays."""

    async def act(page: Page, work: Work) -> dict[str, Any]:
        session, board = work.session, work.scope.board
        await store.lock(session, board)
        await _unmoved(session, page, body.seen)
        there = store.standing((await store.versions(session, board)).versions)
        if body.since <= page.today or body.since not in {each.since for each in there}:
            raise not_found()
        await store.withdraw(
            session, board=board, name="rules", since=body.since, by=_person(page), at=work.at
        )
        return await _rules(session, board, page.today)

    return await _command(request, "SayAlertRules", act)


@router.post("/alert-trials", summary="決まりの下書きをためす", response_model=Answer)
async def begin_trial(body: TryIn, request: Request) -> Response:
    """A draft is to be tried on past months, at every school, beside the rules that hold."""

    async def act(page: Page, work: Work) -> dict[str, Any]:
        session, board = work.session, work.scope.board
        months = sorted(set(body.months))
        if not set(months) <= set(rules.months_until(page.today)):
            raise _refused("months", "この年度の、もう始まった月からえらんでください。")
        await store.lock(session, board)
        if await store.begun_on(session, board, page.today) >= rules.TRIALS_A_DAY:
            raise Problem(
                409,
                "enough",
                "きょうはもうためせません",
                f"人数からひとりひとりが分からないように、ためすのは市で1日{rules.TRIALS_A_DAY}回までです。あすまたためしてください。",
            )
        said = (await store.versions(session, board)).versions
        draft = _draft(body.rules, said)
        begun = time_ordered_id(work.at)
        await store.begin(
            session,
            id=begun,
            board=board,
            rules=draft,
            beside=await _holding(session, board, page.today),
            months=months,
            until=min(rules.end_of(months[-1]), page.today),
            revision=_revision(said),
            by=_person(page),
            at=work.at,
        )
        tried = await store.trial(session, board, begun)
        assert tried is not None
        if not tried.schools:
            raise _refused("rules", "年間行事を決めた学校がまだないので、ためせません。")
        return await _tried(session, tried)

    return await _command(request, "TryAlertRules", act)


@router.get("/alert-trials/{trial}", summary="ためした結果")
async def read_trial(trial: UUID, request: Request) -> Response:
    """How far a trial is, and what it counted once it is over."""
    async with opening(request) as page:
        await decide(page)
        tried = await store.trial(page.db, page.holder.principal.board, trial)
        if tried is None:
            raise not_found()
        body = await _tried(page.db, tried)
    seen = Seen("ReadAlertTrial", "alert-trial", trial, "III", copy_age_ms=page.age_ms)
    return await page.answer(body, seen)


@router.post("/alert-trials/{trial}/step", summary="ためしを先へ進める", response_model=Answer)
async def step_trial(trial: UUID, request: Request) -> Response:
    """Count some more schools: at least one, for about a second; none while somebody else of the board counts."""

    async def act(page: Page, work: Work) -> dict[str, Any]:
        session, board = work.session, work.scope.board
        mine = await store.my_turn(session, board)
        tried = await store.trial(session, board, trial)
        if tried is None:
            raise not_found()
        began = time.monotonic()
        for school in tried.left if mine else ():
            counted = await store.count_school(session, board, school, tried)
            await store.keep(session, board, trial, school, counted)
            if time.monotonic() - began >= STEP_SECONDS:
                break
        now = await store.trial(session, board, trial)
        assert now is not None
        return await _tried(session, now) | {"waits": not mine}

    return await _command(request, "TryAlertRules", act)


async def decide(page: Page, action: str = "SetAlertRules") -> None:
    """Whether these are the asker's to see."""
    board = page.holder.principal.board
    keepers = refs("Unit", await store.offices(page.db, board, page.today))
    resource = entity("AlertRules", board, board=ref("Board", board), offices=keepers)
    page.decide(action, resource, visible=False, why="")


async def _command(
    request: Request, action: str, act: Callable[[Page, Work], Awaitable[dict[str, Any]]]
) -> Response:
    async with opening(request) as page:
        await decide(page)
    who = page.holder.principal
    if who.person is None:
        raise not_found()

    async def do(work: Work) -> BaseModel:
        body = await act(page, work)
        of, about = ("alert-trial", body["id"]) if action == "TryAlertRules" else ("board", work.scope.board)
        await log_change(work.session, who, Seen(action, of, about, "III"), work.at)
        return Answer(**orjson.loads(orjson.dumps(body, default=str)))

    command = await command_for(request, who)
    return await run_command("dashboard", page.room.units, Scope(who.board), command, do)


def _person(page: Page) -> UUID:
    person = page.holder.principal.person
    assert person is not None
    return person


def _seen(action: str, page: Page) -> Seen:
    return Seen(action, "board", page.holder.principal.board, "III", copy_age_ms=page.age_ms)


def _latest(today: date) -> date:
    """A year from today; of 29 February the day before."""
    return today.replace(year=today.year + 1, day=min(today.day, 28) if today.month == 2 else today.day)


def _refused(field: str, message: str) -> Problem:
    return Problem(
        422, "invalid", "入力を確かめてください", message, errors=[FieldError(field=field, message=message)]
    )


def _draft(written: list[RuleIn], said: list[dict[str, Any]] | None) -> tuple[Rule, ...]:
    for each in written:
        if each.days not in (ladder := rules.LADDER[each.kind]):
            days = "・".join(map(str, ladder))
            raise _refused("rules", f"「{each.word}」の日数は、{days}日からえらんでください。")
    ever = [rule for each in said or [] for rule in rules_of(each["value"])]
    draft = rules.named((each.model_dump() | {"word": each.word.strip()} for each in written), ever)
    if (twice := rules.alike(draft)) is not None:
        raise _refused("rules", f"「{draft[twice].word}」と同じ決まりがほかにあります。")
    return draft


async def _holding(session: AsyncSession, board: UUID, on: date) -> tuple[Rule, ...]:
    there = store.standing((await store.versions(session, board)).versions)
    begun = [each for each in there if each.since <= on]
    return rules_of(max(begun, key=lambda each: each.since).value if begun else None)


async def _unmoved(session: AsyncSession, page: Page, seen: str) -> None:
    said = (await store.versions(session, page.holder.principal.board)).versions
    if _revision(said) != seen:
        raise _moved(
            "ほかの人が先に変えました", "いまの決まりを読み直しました。確かめてから、もう一度決めてください。"
        )


def _moved(title: str, detail: str) -> Problem:
    return Problem(409, "moved", title, detail)


def _revision(said: list[dict[str, Any]] | None) -> str:
    """What was read: nothing is ever changed but added, or withdrawn."""
    withdrawn = sum(each["withdrawn_at"] is not None for each in said or [])
    return f"{len(said or [])}-{withdrawn}"


async def _rules(session: AsyncSession, board: UUID, today: date) -> dict[str, Any]:
    row = await store.versions(session, board)
    said = row.versions or []
    states = rules.states(store.standing(said), today)
    return {
        "today": today,
        "revision": _revision(said),
        "rules": [each.model_dump() for each in await _holding(session, board, today)],
        "months": rules.months_until(today),
        "most": MOST_RULES,
        "days": rules.LADDER,
        "trials_left": max(0, rules.TRIALS_A_DAY - await store.begun_on(session, board, today)),
        "versions": [
            {
                "id": each["id"],
                "since": each["since"],
                "rules": each["value"],
                "reason": each["reason"],
                "state": states.get(UUID(each["id"])) or _gone(each),
                "said_by": person_or_none(row.people, each["made_by"]),
                "said_at": each["made_at"],
                "withdrawn_by": person_or_none(row.people, each["withdrawn_by"]),
                "withdrawn_at": each["withdrawn_at"],
            }
            for each in said
        ],
    }


def _gone(said: dict[str, Any]) -> str:
    held = rules.replaced(date.fromisoformat(said["since"]), datetime.fromisoformat(said["withdrawn_at"]))
    return "replaced" if held else "withdrawn"


async def _tried(session: AsyncSession, tried: Trial) -> dict[str, Any]:
    """How far a trial is; its numbers when it is over, for half of a city says nothing of the other half."""
    whole = not tried.left
    body = {
        "id": tried.id,
        "revision": tried.revision,
        "rules": [each.model_dump() for each in tried.rules],
        "beside": [each.model_dump() for each in tried.beside],
        "months": tried.months,
        "until": tried.until,
        "done": len(tried.counted),
        "schools": len(tried.schools),
        "told": None,
    }
    if not whole:
        return body
    found = {}
    for name in ("draft", "now"):
        counted = {school: both[name] for school, both in tried.counted.items()}
        found[name] = rules.told(counted)
    names = await store.names(session, tried.schools)
    schools = [
        {
            "school": {"id": school, "name": names.get(school, "")},
            **{name: of["schools"][str(school)] for name, of in found.items()},
        }
        for school in tried.schools
    ]
    numbers = {name: {"all": of["all"]} for name, of in found.items()}
    return body | {"told": {**numbers, "schools": schools}}
