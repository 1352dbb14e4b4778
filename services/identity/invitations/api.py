"""The office's side: who has signed in, sheets with new codes, a code withdrawn."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable, Sequence
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.invitations import printing, rules, store
from services.identity.invitations.shapes import (
    ClassFamiliesOut,
    ClassOut,
    CodeOut,
    Counts,
    FamilyOut,
    PersonOut,
    RefusedOut,
    SchoolOut,
    SheetsDone,
    SheetsIn,
    SheetsOut,
    WantedIn,
    WithdrawIn,
    WithdrawnOut,
)
from services.identity.invitations.store import Among, Family, Fresh
from services.identity.room import Identity, identity
from shared.access.log import Seen, log_change
from shared.access.principal import Principal, entity, ref
from shared.access.step_up import ActionClass
from shared.contracts.registry import RELATION_WORDS
from shared.database import Command, Scope, Work
from shared.dates import business_date
from shared.ids import new_id
from shared.printing import NoGlyph
from shared.web import Problem, command_of, current, denied, not_found, run_command

router = APIRouter(prefix="/v1", tags=["保護者の招待"])

Room = Annotated[Identity, Depends(identity)]
Who = Annotated[Principal, Depends(current)]
Sent = Annotated[Command, Depends(command_of)]


@router.get("/schools/{school}/invitations", summary="保護者の招待: 学級ごとの数")
async def read_school(school: UUID, room: Room, who: Who) -> SchoolOut:
    """How many guardians of each class have signed in, have a code, have none."""
    today = room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        viewer = await _may(room, session, who, school, "ReadInvitations", "ordinary")
        found = await store.families(session, who.board, Among(school), viewer, today)
        classes = {each.class_id for each in found}
        known = await store.units(session, who.board, {school} | {id for id in classes if id is not None})
        days = await store.days(session, who.board, today)
    await room.log.read(who, Seen("ReadInvitations", "school", school, "III"))
    by_class: dict[UUID | None, list[Family]] = {}
    for each in found:  # they come by grade and name of the class
        by_class.setdefault(each.class_id, []).append(each)
    rows = [
        ClassOut(
            id=id,
            name=known[id].name if id in known else "",
            grade=known[id].grade if id in known else None,
            counts=_counts(room, group),
        )
        for id, group in by_class.items()
    ]
    return SchoolOut(
        school=school,
        name=known[school].name if school in known else "",
        days=days,
        counts=_counts(room, found),
        classes=sorted(rows, key=lambda row: row.id is None),
    )


@router.get("/schools/{school}/invitations/guardians", summary="保護者の招待: 学級の保護者")
async def read_class(school: UUID, room: Room, who: Who, class_id: UUID | None = None) -> ClassFamiliesOut:
    """The guardians of a class's children; without a class, of those who are in none."""
    today = room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        viewer = await _may(room, session, who, school, "ReadInvitations", "ordinary")
        among = Among(school, everywhere=False, class_id=class_id)
        found = await store.families(session, who.board, among, viewer, today)
        known = await store.units(session, who.board, {class_id} if class_id else set())
    people = sorted({each.guardian for each in found} | {each.pupil for each in found})
    await room.log.read(who, Seen("ReadInvitations", "school", school, "II", people))
    return ClassFamiliesOut(
        id=class_id,
        name=known[class_id].name if class_id in known else "",
        families=[_out(room, each) for each in found],
    )


@router.post("/schools/{school}/invitations/sheets", summary="招待の紙を印刷する", response_model=SheetsOut)
async def print_sheets(school: UUID, body: SheetsIn, room: Room, who: Who, command: Sent) -> Response:
    """New codes and the sheets with them, whose earlier ones end; the codes leave once, on these sheets.

    What two have pressed at once is refused to the later one by name, so that no sheet is printed that opens nothing.
    """
    printed: list[printing.Printed] = []

    async def save(work: Work) -> SheetsDone:
        printed.clear()
        viewer = await _may(room, work.session, who, school, "IssueInvitation", "rights")
        today = room.clock.today()
        await store.line_up(work, {each.guardian for each in body.sheets})
        among = Among(school, guardians={each.guardian for each in body.sheets})
        there = await store.families(work.session, who.board, among, viewer, today)
        chosen, refused = _choose(body.sheets, there)
        last_day = rules.last_day(today, await store.days(work.session, who.board, today))
        if chosen:
            codes = [rules.make() for _ in chosen]
            fresh = [
                Fresh(new_id(), each.guardian, each.pupil, room.codes.hash(code))
                for each, code in zip(chosen, codes, strict=True)
            ]
            await store.replace_open(work, {each.guardian for each in chosen}, viewer)
            await store.insert(work, school, fresh, viewer, last_day)
            await log_change(
                work.session,
                who,
                Seen("IssueInvitation", "school", school, "II", [each.guardian for each in chosen]),
                work.at,
            )
            ids = {school} | {each.class_id for each in chosen if each.class_id is not None}
            known = await store.units(work.session, who.board, ids)
            sheets = [
                printing.Sheet(
                    school=known[school].name if school in known else "",
                    class_name=known[each.class_id].name if each.class_id in known else "",
                    pupil=" ".join(each.pupil_name),
                    guardian=" ".join(each.guardian_name),
                    code=code,
                    last_day=last_day,
                    issued=today,
                )
                for each, code in zip(chosen, codes, strict=True)
            ]
            # Before the commit: codes without a sheet would have ended those that families hold.
            try:
                printed.append(await asyncio.to_thread(printing.pdf, sheets, room.origin))
            except NoGlyph as error:
                raise Problem(
                    422,
                    "no-glyph",
                    "印刷できない字があります",
                    f"印刷用の書体にない字が多すぎます（{'、'.join(error.missing[:10])}）。名簿の氏名を確かめてください。",
                ) from error
        return SheetsDone(printed=len(chosen), last_day=last_day, refused=refused)

    answer = await run_command("identity", room.units, Scope(who.board), command, save)
    pdf = base64.b64encode(printed[0].pdf).decode() if printed else None
    missing = list(printed[0].missing) if printed else []
    content = orjson.dumps({**orjson.loads(answer.body), "pdf": pdf, "missing": missing})
    return Response(content, media_type="application/json", headers={"cache-control": "no-store"})


@router.post(
    "/invitations/{invitation}/withdraw", summary="招待のコードを取り消す", response_model=WithdrawnOut
)
async def withdraw(invitation: UUID, _: WithdrawIn, room: Room, who: Who, command: Sent) -> Response:
    """A sheet went to the wrong home: its code opens nothing from now on."""

    async def save(work: Work) -> WithdrawnOut:
        found = await store.lock(work.session, who.board, invitation)
        if found is None:
            raise not_found()
        viewer = await _may(room, work.session, who, found.school, "IssueInvitation", "ordinary")
        among = Among(found.school, guardians={found.guardian})
        if not any(
            each.pupil == found.pupil
            for each in await store.families(work.session, who.board, among, viewer, room.clock.today())
        ):
            raise not_found()  # the child has left, or is kept from whoever asks
        if found.standing.used:
            raise Problem(
                422,
                "used",
                "もう使われています",
                "このコードで保護者がサインインしました。心当たりがないと言われたときは、管理者にサインインを終わらせてもらってください。",
            )
        if not found.standing.ended:
            await store.withdraw(work, invitation, viewer)
            seen = Seen("WithdrawInvitation", "invitation", invitation, "II", [found.guardian])
            await log_change(work.session, who, seen, work.at)
        return WithdrawnOut(invitation=invitation)

    return await run_command("identity", room.units, Scope(who.board), command, save)


async def _may(
    room: Identity, session: AsyncSession, who: Principal, school: UUID, action: str, act: ActionClass
) -> UUID:
    """The person who asks, when they may do ``action`` for the school. Raises 404, 403, 401, in this order."""
    if who.person is None or who.kind != "staff":
        raise not_found()
    asker = await room.asker(session, who)
    if school not in asker.holder.schools():
        raise not_found()
    resource = entity("SchoolFamilies", school, board=ref("Board", who.board), school=ref("School", school))
    if not room.policies.allows(asker.holder, action, resource):
        raise denied("保護者の招待は、その学校の校長・教頭・事務の仕事です。")
    room.strong_enough(asker, act)
    return who.person


def _choose(wanted: Sequence[WantedIn], there: Sequence[Family]) -> tuple[list[Family], list[RefusedOut]]:
    """Whose sheets are printed, in the order asked for, and whose are not; nobody gets two."""
    by_pair = {(each.guardian, each.pupil): each for each in there}
    chosen: dict[UUID, Family] = {}
    refused: list[RefusedOut] = []
    for each in wanted:
        found = by_pair.get((each.guardian, each.pupil))
        if found is None:
            refused.append(RefusedOut(guardian=each.guardian, why="gone"))
        elif found.code != each.seen:
            refused.append(RefusedOut(guardian=each.guardian, why="moved"))
        else:
            chosen.setdefault(each.guardian, found)
    return list(chosen.values()), refused


def _counts(room: Identity, families: Iterable[Family]) -> Counts:
    states = {each.guardian: each.state(room.clock.today()) for each in families}
    of = list(states.values())
    return Counts(guardians=len(of), **{name: of.count(name) for name in rules.STATES})


def _out(room: Identity, each: Family) -> FamilyOut:
    code = None
    if each.code is not None and each.issued_at is not None and each.last_day is not None:
        by = " ".join(each.issued_by or ("", "")).strip()
        code = CodeOut(id=each.code, issued_at=each.issued_at, issued_by=by, last_day=each.last_day)
    return FamilyOut(
        guardian=_person(each.guardian, each.guardian_name),
        relation_word=RELATION_WORDS.get(each.relation, each.relation),
        pupil=_person(each.pupil, each.pupil_name),
        number=each.number,
        state=each.state(room.clock.today()),
        code=code,
        signed_in_on=None if each.signed_in_at is None else business_date(each.signed_in_at),
    )


def _person(id: UUID, name: tuple[str, str]) -> PersonOut:
    return PersonOut(id=id, family=name[0], given=name[1])
