"""What of a source is heard that has a child under two names, when its cards here are one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.registry.imports.merged import of_one_child
from services.registry.imports.tests.test_protected import again
from services.registry.matching.tests.conftest import doubled
from services.registry.oneroster import layout
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.test_delta import delta
from services.registry.roster import store
from services.registry.roster.rows import Voided
from services.registry.roster.snapshot import Contact, ExternalKey, Period
from services.registry.roster.store import PeriodTable
from services.registry.roster.tests.reading import id_of, periods
from shared.database import Scope, Units
from tests.support.rosters import key

ONE, OTHER = key("person", "hanako"), key("person", "twice")
IDS = {ONE: UUID(int=1), OTHER: UUID(int=2)}


def reached(person: str, address: str, since: date, until: date | None = None) -> Contact:
    return Contact(key("person", person), None, address, (), None, Period(since, until))


@pytest.mark.parametrize("named_first", [True, False])
def test_a_contact_of_the_name_that_goes_is_that_of_the_child_when_it_has_no_other(named_first: bool) -> None:
    moved = date(2026, 9, 1)
    theirs = [reached("twice", "西町2", date(2026, 4, 1), moved), reached("twice", "東町3", moved)]
    own = [reached("hanako", "本町1", date(2026, 4, 1))] if named_first else []
    heard, _ = of_one_child(
        replace(doubled(), contacts=(*theirs, *own)), {**ids_of(), **IDS}, {IDS[OTHER]: IDS[ONE]}
    )
    assert {(each.person, each.address) for each in heard.contacts} == (
        {(ONE, "本町1")} if named_first else {(ONE, "西町2"), (ONE, "東町3")}
    )
    assert OTHER not in {each.key for each in heard.people}


def ids_of() -> Mapping[ExternalKey, UUID]:
    """Everybody else of the roster."""
    return {each.key: UUID(int=100 + place) for place, each in enumerate(doubled().people)}


async def test_a_delta_that_protects_the_second_name_protects_the_child(units: Units) -> None:
    board = (await import_package(units, again("2018-07-07", given="別"))).board
    kept, gone = await id_of(units, board, "p2"), await id_of(units, board, "p9")
    async with units.work(Scope(board), actor="office") as work:
        sides: list[PeriodTable[Any]] = [store.ENROLMENT, store.MEMBERSHIP, store.GUARDIANSHIP]
        for table in sides:
            stood = await store.standing(work.session, board, table, [gone])
            await store.void(work, table, [Voided(each.id, gone, "merged") for each in stood])
        values = {"kept": kept, "gone": gone}
        await work.session.execute(text("update person set merged_into = :kept where id = :gone"), values)
    mark = {"pupil": "p9", "from": "2026-11-01", "confidential_from": ["t2"]}
    await import_package(units, delta({layout.USERS: []}, {"protections": [mark]}))
    (told,) = await periods(units, board, "protection_period", "p2", "confidential_from")
    assert told[2] == [await id_of(units, board, "t2")]
