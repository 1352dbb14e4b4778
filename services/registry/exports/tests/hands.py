"""Changes as somebody makes them by hand, drawn at random: cards, moves, arrivals, mistakes taken back, closings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from services.registry.roster import store
from services.registry.roster.kana import kana_sort_key, search_text
from services.registry.roster.rows import (
    Added,
    DutyIs,
    EnrolmentIs,
    GuardianshipIs,
    Held,
    MembershipIs,
    OrganisationRow,
    PersonRow,
    ProtectionIs,
    Standing,
    Voided,
)
from services.registry.roster.snapshot import Period
from services.registry.roster.store import PeriodTable
from shared.database import Scope, Units, Work

TODAY = date(2026, 11, 20)
TERM = Period(date(2026, 4, 1), date(2027, 4, 1))
_ODD = ("=SUM(A1)", "+舞", "-子", "@太郎", "'=夫", "＝枝", "\U000200d0田", "O'Brien")


class Hands:
    """Somebody at work on one board."""

    def __init__(self, units: Units, board: UUID, chance: Random) -> None:
        self.units = units
        self.board = board
        self.chance = chance
        self.did: list[str] = []

    async def change(self) -> None:
        """One change, drawn."""
        acts: list[Callable[[Work], Awaitable[str | None]]] = [
            self.rename,
            self.move_class,
            self.arrive,
            self.settle,
            self.leave,
            self.rights,
            self.new_head,
            self.teacher,
            self.mistaken,
            self.protect,
            self.close,
            self.rename_school,
            self.substitute,
        ]
        async with self.units.work(Scope(self.board), actor="hand") as work:
            act = self.chance.choice(acts)
            self.did.append(f"{act.__name__}: {await act(work)}")

    async def _standing(self, work: Work, table: PeriodTable[Any]) -> list[Standing[Any]]:
        found = await store.standing(work.session, self.board, table)
        return sorted(
            found, key=lambda each: (str(each.held.subject), str(each.held.valid), str(each.held.what))
        )

    async def _units(self, work: Work, *kinds: str) -> list[OrganisationRow]:
        found = (await store.organisations(work.session, self.board)).values()
        return sorted(
            (row for row in found if row.kind in kinds and row.until is None), key=lambda row: str(row.id)
        )

    async def _card(self, work: Work) -> PersonRow:
        row = PersonRow(
            id=uuid4(),
            legal_family=self.chance.choice(("森", *_ODD)),
            legal_given=self.chance.choice(("澪", *_ODD)),
            common_family=None,
            common_given=None,
            kana_family="モリ",
            kana_given="ミオ",
            legal_kana_family=None,
            legal_kana_given=None,
            sort_key="",
            search="",
            birth_date=None,
            sex="unspecified",
        )
        return await self._write(work, row)

    async def _write(self, work: Work, row: PersonRow) -> PersonRow:
        """A card with what is computed from its names."""
        legal = (row.legal_kana_family or row.kana_family, row.legal_kana_given or row.kana_given)
        texts = [
            search_text(row.common_family, row.common_given),
            search_text(row.legal_family, row.legal_given),
        ]
        texts += [search_text(row.kana_family, row.kana_given)]
        texts += [search_text(*legal)] if row.common_family else []
        row = row._replace(
            sort_key=kana_sort_key(row.kana_family, row.kana_given),
            search="\n".join(part for part in texts if part),
        )
        await store.put_people(work, [row])
        return row

    async def _put(self, work: Work, table: PeriodTable[Any], gone: list[Any], new: list[Any]) -> None:
        await store.void(work, table, [Voided(each.id, each.held.subject, "hand") for each in gone])
        await store.add(work, table, [Added(each, None) for each in new])

    async def _pupil(self, work: Work) -> tuple[Standing[EnrolmentIs], Standing[MembershipIs]] | None:
        homes = {
            each.held.subject: each
            for each in await self._standing(work, store.MEMBERSHIP)
            if each.held.what.kind == "home" and each.held.valid.holds(TODAY)
        }
        stays = [
            each
            for each in await self._standing(work, store.ENROLMENT)
            if each.held.valid.holds(TODAY) and each.held.subject in homes
        ]
        if not stays:
            return None
        stay = self.chance.choice(stays)
        return stay, homes[stay.held.subject]

    def _day(self, since: date) -> date:
        return since + timedelta(days=self.chance.randrange(1, max(2, (TODAY - since).days)))

    async def rename(self, work: Work) -> str | None:
        stay = await self._pupil(work)
        if stay is None:
            return None
        (row,) = (await store.people(work.session, self.board, [stay[0].held.subject])).values()
        row = row._replace(legal_given=self.chance.choice(_ODD), common_family="山", common_given="花")
        await self._write(work, row._replace(legal_kana_family="モリ", legal_kana_given="ミオ"))
        return str(row.id)

    async def move_class(self, work: Work) -> str | None:
        found = await self._pupil(work)
        if found is None:
            return None
        home = found[1]
        here = home.held.what
        mine = {
            each.held.what.class_id
            for each in await self._standing(work, store.MEMBERSHIP)
            if each.held.subject == home.held.subject
        }
        others = [
            row
            for row in await self._units(work, "class")
            if row.school_id == here.school_id
            and row.id not in mine  # 交流 with a class ends with the move into it: people/changes.py
            and row.grade == found[0].held.what.grade
        ]
        if not others:
            return None
        day = self._day(home.held.valid.since)
        to = MembershipIs(
            here.school_id, self.chance.choice(others).id, "home", 900 + self.chance.randrange(90)
        )
        new = [
            home.held._replace(valid=Period(home.held.valid.since, day)),
            Held(home.held.subject, Period(day, home.held.valid.until), to),
        ]
        await self._put(work, store.MEMBERSHIP, [home], new)
        return f"{home.held.subject} {day}"

    async def arrive(self, work: Work) -> str | None:
        rooms = [row for row in await self._units(work, "class") if row.grade and row.school_year == 2026]
        if not rooms:
            return None
        room = self.chance.choice(rooms)
        pupil, parent = await self._card(work), await self._card(work)
        valid = Period(self._day(TERM.since), self.chance.choice((None, TERM.until)))
        assert room.school_id is not None
        assert room.grade is not None
        await self._put(
            work, store.ENROLMENT, [], [Held(pupil.id, valid, EnrolmentIs(room.school_id, room.grade))]
        )
        if self.chance.random() < 0.6:
            await self._place(work, pupil.id, room, valid)
        tie = GuardianshipIs(parent.id, "mother", True, True, self.chance.random() < 0.5)
        await self._put(work, store.GUARDIANSHIP, [], [Held(pupil.id, Period(valid.since, None), tie)])
        return str(pupil.id)

    async def _place(self, work: Work, pupil: UUID, room: OrganisationRow, valid: Period) -> None:
        assert room.school_id is not None
        there = MembershipIs(room.school_id, room.id, "home", self.chance.choice((None, 800 + len(self.did))))
        await self._put(work, store.MEMBERSHIP, [], [Held(pupil, valid, there)])

    async def settle(self, work: Work) -> str | None:
        """Somebody who had arrived without a class gets one."""
        placed = {each.held.subject for each in await self._standing(work, store.MEMBERSHIP)}
        waiting = [
            each.held
            for each in await self._standing(work, store.ENROLMENT)
            if each.held.subject not in placed
        ]
        if not waiting:
            return None
        stay = self.chance.choice(waiting)
        rooms = [
            row
            for row in await self._units(work, "class")
            if (row.school_id, row.grade, row.school_year) == (stay.what.school_id, stay.what.grade, 2026)
        ]
        if not rooms:
            return None
        await self._place(work, stay.subject, self.chance.choice(rooms), stay.valid)
        return str(stay.subject)

    async def leave(self, work: Work) -> str | None:
        found = await self._pupil(work)
        if found is None:
            return None
        stay, home = found
        day = max(stay.held.valid.since, home.held.valid.since) + timedelta(days=1)
        for table, each in ((store.ENROLMENT, stay), (store.MEMBERSHIP, home)):
            await self._put(
                work, table, [each], [each.held._replace(valid=Period(each.held.valid.since, day))]
            )
        exchanges = [
            each
            for each in await self._standing(work, store.MEMBERSHIP)
            if each.held.subject == stay.held.subject and each.held.what.kind == "exchange"
        ]
        ended = [
            each.held._replace(valid=Period(each.held.valid.since, day))
            for each in exchanges
            if each.held.valid.since < day
        ]
        await self._put(work, store.MEMBERSHIP, exchanges, ended)
        return f"{stay.held.subject} {day}"

    async def rights(self, work: Work) -> str | None:
        ties = [
            each for each in await self._standing(work, store.GUARDIANSHIP) if each.held.valid.until is None
        ]
        marks = {each.held.subject for each in await self._standing(work, store.PROTECTION)}
        ties = [each for each in ties if each.held.subject not in marks]
        if not ties:
            return None
        tie = self.chance.choice(ties)
        what = tie.held.what._replace(may_read=not tie.held.what.may_read)
        day = max(tie.held.valid.since + timedelta(days=1), date(2026, 6, 1))
        new = [
            tie.held._replace(valid=Period(tie.held.valid.since, day)),
            Held(tie.held.subject, Period(day, None), what),
        ]
        await self._put(work, store.GUARDIANSHIP, [tie], new)
        return str(tie.held.subject)

    async def new_head(self, work: Work) -> str | None:
        schools = await self._units(work, "elementary", "junior_high")
        if not schools:
            return None
        card, school = await self._card(work), self.chance.choice(schools)
        valid = Period(self._day(TERM.since), self.chance.choice((None, TERM.until)))
        what = DutyIs("principal", school.id, None)
        await self._put(work, store.DUTY, [], [Held(card.id, valid, what)])
        return str(card.id)

    async def teacher(self, work: Work) -> str | None:
        room = self.chance.choice(
            [row for row in await self._units(work, "class") if row.school_year == 2026]
        )
        assert room.school_id is not None
        card = await self._card(work)
        valid = Period(self._day(TERM.since), self.chance.choice((None, TERM.until)))
        kind = self.chance.choice(("homeroom", "assistant", "subject"))
        await self._put(work, store.DUTY, [], [Held(card.id, valid, DutyIs(kind, room.school_id, room.id))])
        return str(card.id)

    async def substitute(self, work: Work) -> str | None:
        room = self.chance.choice(
            [row for row in await self._units(work, "class") if row.school_year == 2026]
        )
        assert room.school_id is not None
        card = await self._card(work)
        one = Period(TODAY, TODAY + timedelta(days=1))
        await self._put(
            work, store.DUTY, [], [Held(card.id, one, DutyIs("substitute", room.school_id, room.id))]
        )
        return str(card.id)

    async def mistaken(self, work: Work) -> str | None:
        """Somebody who never was there: everything that was said is taken back."""
        found = await self._pupil(work)
        marks = {each.held.subject for each in await self._standing(work, store.PROTECTION)}
        if found is None or found[0].held.subject in marks:
            return None
        for table in (store.ENROLMENT, store.MEMBERSHIP, store.GUARDIANSHIP):
            mine = [
                each
                for each in await self._standing(work, table)
                if each.held.subject == found[0].held.subject
            ]
            await self._put(work, table, mine, [])
        return str(found[0].held.subject)

    async def protect(self, work: Work) -> str | None:
        found = await self._pupil(work)
        marks = {each.held.subject for each in await self._standing(work, store.PROTECTION)}
        if found is None or found[0].held.subject in marks:
            return None
        pupil = found[0].held.subject
        somebody = await self._card(work)
        day = self._day(TERM.since)
        marked = [Held(pupil, Period(day, None), ProtectionIs((somebody.id,)))]
        if self.chance.random() < 0.5:
            middle = day + timedelta(days=1)
            marked = [
                Held(pupil, Period(day, middle), ProtectionIs(())),
                Held(pupil, Period(middle, None), ProtectionIs((somebody.id,))),
            ]
        await self._put(work, store.PROTECTION, [], marked)
        return str(pupil)

    async def close(self, work: Work) -> str | None:
        """An empty class that ends before its year does."""
        members = {each.held.what.class_id for each in await self._standing(work, store.MEMBERSHIP)}
        duties = {each.held.what.class_id for each in await self._standing(work, store.DUTY)}
        rooms = [row for row in await self._units(work, "class") if row.id not in members | duties]
        if not rooms:
            some = self.chance.choice(await self._units(work, "class"))
            name = f"臨時{len(self.did)}組"
            fresh = some._replace(id=uuid4(), name=name, short_name=name)
            await store.put_organisations(work, [fresh])
            return f"new {fresh.id}"
        room = self.chance.choice(rooms)
        day = self.chance.choice((date(2026, 10, 1), date(2027, 1, 8)))
        await store.put_organisations(work, [room._replace(until=day)])
        return str(room.id)

    async def rename_school(self, work: Work) -> str | None:
        school = self.chance.choice(await self._units(work, "elementary", "junior_high"))
        await store.put_organisations(work, [school._replace(short_name=f"略{len(self.did)}")])
        return str(school.id)
