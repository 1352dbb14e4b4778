"""The lists' predicates and the policy say the same of everybody and everyone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.registry import service
from services.registry.people import search, store
from services.registry.people.access import Offices, reach
from services.registry.people.office import NotSaid, office_of, say_office
from services.registry.people.rights import Asker, rights
from services.registry.people.tests.town import GUARDIANS, PUPILS, STAFF, TODAY, Town
from services.registry.room import Registry
from shared.access.log import AccessLog
from shared.access.policies import Policies
from shared.access.principal import Holder, Kind, Principal
from shared.database import Scope, Units
from shared.dates import FixedClock

_AT = datetime(2026, 11, 20, tzinfo=UTC)


def principal(town: Town, who: str, kind: Kind = "staff") -> Principal:
    return Principal("s", kind, town.board, town[who], "dashboard", 2, _AT, None, _AT)


@pytest.mark.parametrize("named", [(), ("gakumu",), ("elsewhere", "lunch"), ("kept_from",)])
async def test_a_list_shows_exactly_the_cards_one_may_open(
    units: Units, clock: FixedClock, town: Town, named: tuple[str, ...]
) -> None:
    room = Registry(units, clock, Policies(service.POLICIES), AccessLog(units))
    wanted: dict[str, set[UUID]] = {}
    listed: dict[str, set[UUID]] = {}
    everybody: dict[str, tuple[str, ...]] = {
        "pupil": tuple(PUPILS),
        "staff": tuple(STAFF),
        "guardian": tuple(GUARDIANS),
    }
    async with units.read(Scope(town.board)) as session:
        words = (*PUPILS, *STAFF, *GUARDIANS)
        records = {word: await store.record(session, town.board, town[word]) for word in words}
        for who in (*STAFF, "mother"):
            asked = principal(town, who, "guardian" if who == "mother" else "staff")
            holder, _, said = await store.asking(session, asked, TODAY)
            offices = Offices(said.departments, frozenset(town[each] for each in named))
            asker = Asker(room, Holder(asked, holder.duties), offices, TODAY)
            for hat, those in everybody.items():
                name = f"{who} {hat}"
                wanted[name] = set()
                for word in those:
                    record = records[word]
                    assert record is not None
                    children = await store.children(
                        session, town.board, {tie.held.subject for tie in record.children}, TODAY
                    )
                    if hat in rights(asker, record, children):
                        wanted[name].add(record.id)
                listed[name] = set()
                for typed in {
                    (PUPILS[w][0] if w in PUPILS else GUARDIANS.get(w, ("職員", w)))[0] for w in those
                }:
                    far = reach(asker.holder, offices)
                    found = await search.find(
                        session, town.board, far, hat, search.wanted(typed), TODAY, rows=100
                    )
                    listed[name] |= {each.id for each in found}
    assert listed == wanted
    assert all(wanted[each] for each in ("gakumu pupil", "homeroom guardian")), "it compares something"
    assert not wanted["mother pupil"]


async def test_the_office_is_said_by_names_people_use(units: Units, town: Town) -> None:
    said: dict[str, Any] = {"today": TODAY, "actor": "tsumugi-cli"}
    assert await office_of(units, town.board, TODAY) == (["学務課"], [])
    await say_office(
        units, town.board, departments=["gakumu", "kenko-kyushoku"], protection=["職員gakumu"], **said
    )
    assert await office_of(units, town.board, TODAY) == (["学務課", "健康給食課"], ["職員 gakumu"])
    await say_office(units, town.board, departments=["gakumu"], protection=None, **said)
    assert await office_of(units, town.board, TODAY) == (["学務課"], ["職員 gakumu"])
    async with units.read(Scope(town.board)) as session:
        _, _, offices = await store.asking(session, principal(town, "gakumu"), TODAY)
    assert offices.departments == frozenset({town["department gakumu"]})
    assert offices.named == frozenset({town["gakumu"]})
    refused: tuple[dict[str, Any], ...] = (
        {"departments": ["nowhere"], "protection": None},
        {"departments": None, "protection": ["だれか"]},
    )
    for wrong in refused:
        with pytest.raises(NotSaid):
            await say_office(units, town.board, **wrong, **said)
