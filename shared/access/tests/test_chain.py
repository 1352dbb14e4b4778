"""What is changed, removed or slipped in afterwards is found and named, in the database itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from shared.access import sealer
from shared.access.chain import COLUMNS, Batch, Fault
from shared.access.log import AccessLog, Seen, log_change
from shared.access.principal import Principal
from shared.access.sealer import Report, Sealer, verify
from shared.database import Scope
from tests.support.fixtures import Toy


@pytest.fixture
async def superuser(toy: Toy) -> AsyncIterator[Any]:
    """Somebody with the database in their hands."""
    connection = await toy.database.server.connect(toy.database.name)
    yield connection
    await connection.close()


def asker(board: UUID) -> Principal:
    return Principal("s", "staff", board, uuid4(), "dashboard", 2, None, None, datetime.now(UTC))


async def look(toy: Toy, *, times: int = 1, board: UUID | None = None) -> None:
    """Reads, and a change in between."""
    log, who = AccessLog(toy.app), asker(board or toy.board)
    for _ in range(times):
        await log.read(who, Seen("ReadRoll", "class-day", uuid4(), "II", [uuid4(), uuid4()]))
        toy.clock.instant += timedelta(seconds=1)
    await log.flush()
    async with toy.app.work(Scope(who.board), actor="s") as work:
        await log_change(work.session, who, Seen("SaveRoll", "class-day", None, "II"), work.at)


async def chained(toy: Toy, *, batches: int = 3) -> Sealer:
    """Some batches of four entries each."""
    work = Sealer("toy", toy.feed)
    for _ in range(batches):
        await look(toy, times=3)
        await work.chain()
    return work


async def checked(toy: Toy, seals: list[tuple[UUID, int, bytes]] | None = None) -> Report:
    (report,) = await verify("toy", toy.feed, seals or [])
    return report


async def entry_of(toy: Toy, number: int) -> UUID:
    rows = await toy.rows("select ids from access.batch where number = :number", number=number)
    found: UUID = rows[0].ids[1]
    return found


async def test_an_untouched_log_is_found_so(toy: Toy) -> None:
    work = await chained(toy)
    await look(toy)
    report = await checked(toy)
    assert (report.entries, report.batches, report.waiting, report.faults) == (12, 3, 2, [])
    await work.chain()
    report = await checked(toy)
    assert (report.entries, report.batches, report.waiting, report.faults) == (14, 4, 0, [])


async def test_boards_have_chains_of_their_own(toy: Toy) -> None:
    other = uuid4()
    await look(toy)
    await look(toy, board=other)
    await Sealer("toy", toy.feed).chain()
    reports = await verify("toy", toy.feed)
    assert {(each.board, each.batches, each.entries) for each in reports} == {
        (toy.board, 1, 2),
        (other, 1, 2),
    }


async def test_more_than_a_batch_takes_goes_into_several(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "MOST", 3)
    await look(toy, times=7)
    work = Sealer("toy", toy.feed)
    while await work.chain():
        pass
    report = await checked(toy)
    assert (report.entries, report.waiting, report.faults) == (8, 0, [])
    assert report.batches == 3


CHANGES = {
    "who": "update access.entry set person = gen_random_uuid() where id = $1",
    "whom": "update access.entry set subjects = subjects[1:1] where id = $1",
    "what": "update access.entry set action = 'ReadCalendar' where id = $1",
    "when": "update access.entry set at = at + interval '1 microsecond' where id = $1",
    "class": "update access.entry set importance = 'IV' where id = $1",
    "outcome": "update access.entry set outcome = 'denied' where id = $1",
    "board": "update access.entry set board_id = gen_random_uuid() where id = $1",
    "age": "update access.entry set copy_age_ms = 1 where id = $1",
}


@pytest.mark.parametrize("how", CHANGES)
async def test_a_changed_entry_is_named(toy: Toy, superuser: Any, how: str) -> None:
    await chained(toy)
    touched = await entry_of(toy, 2)
    await superuser.execute(CHANGES[how], touched)
    reports = {each.board: each for each in await verify("toy", toy.feed)}
    assert reports[toy.board].faults == [Fault("changed", toy.board, 2, touched)]


async def test_a_removed_entry_is_named(toy: Toy, superuser: Any) -> None:
    await chained(toy)
    touched = await entry_of(toy, 1)
    await superuser.execute("delete from access.entry where id = $1", touched)
    assert (await checked(toy)).faults == [Fault("removed", toy.board, 1, touched)]


async def test_an_entry_removed_before_it_was_chained_is_named(toy: Toy, superuser: Any) -> None:
    await look(toy)
    (touched, *_) = await superuser.fetchrow(
        "delete from access.entry where action = 'ReadRoll' returning id"
    )
    await Sealer("toy", toy.feed).chain()
    assert (await checked(toy)).faults == [Fault("removed", toy.board, 1, touched)]


async def test_an_inserted_entry_is_named(toy: Toy, superuser: Any) -> None:
    await chained(toy)
    slipped = uuid4()
    columns = ", ".join(f"e.{each}" for each in COLUMNS[1:])
    await superuser.execute(
        f"insert into access.entry ({', '.join(COLUMNS)}) select $1, {columns} from access.entry e limit 1",
        slipped,
    )
    assert (await checked(toy)).faults == [Fault("inserted", toy.board, None, slipped)]


async def test_a_batch_that_is_gone_breaks_the_chain_and_leaves_its_entries_outside(
    toy: Toy, superuser: Any
) -> None:
    await chained(toy)
    ids = await superuser.fetchval("delete from access.batch where number = 2 returning ids")
    faults = (await checked(toy)).faults
    assert Fault("chain", toy.board, 3) in faults
    assert {fault.entry for fault in faults if fault.what == "inserted"} == set(ids)


async def test_a_batch_that_names_another_digest_breaks_the_chain(toy: Toy, superuser: Any) -> None:
    await chained(toy)
    await superuser.execute(
        "update access.batch set digests = overlay(digests placing '\\x00'::bytea from 1) where number = 2"
    )
    assert Fault("chain", toy.board, 2) in (await checked(toy)).faults


async def rewritten(toy: Toy, superuser: Any) -> UUID:
    """An entry is taken away, and the whole chain written anew from there on, hash by hash."""
    touched = await entry_of(toy, 2)
    await superuser.execute("delete from access.entry where id = $1", touched)
    last: Batch | None = None
    for row in await superuser.fetch("select * from access.batch order by number"):
        old = sealer._batch(row)
        entries = {id: digest for id, digest in old.entries() if id != touched}
        last = Batch.after(last, old.board, old.at, entries, "toy")
        await superuser.execute(
            "update access.batch set previous = $2, ids = $3, digests = $4, hash = $5 where number = $1",
            old.number, last.previous, list(last.ids), last.digests, last.hash,
        )  # fmt: skip
    return touched


async def test_a_chain_that_was_written_anew_is_not_the_one_that_was_sealed(toy: Toy, superuser: Any) -> None:
    await chained(toy)
    rows = await toy.rows("select board_id, number, hash from access.batch where number in (1, 3)")
    seals = [(row.board_id, row.number, row.hash) for row in rows]
    assert (await checked(toy, seals)).faults == []
    await rewritten(toy, superuser)
    assert (await checked(toy)).faults == [], "within itself nothing is wrong with it"
    assert (await checked(toy, seals)).faults == [Fault("seal", toy.board, 3)]


async def test_a_chain_that_was_cut_short_is_missed_by_its_seal(toy: Toy, superuser: Any) -> None:
    await chained(toy)
    (sealed,) = await toy.rows("select board_id, number, hash from access.batch where number = 3")
    ids = await superuser.fetchval("delete from access.batch where number = 3 returning ids")
    await superuser.execute("delete from access.entry where id = any ($1)", ids)
    assert (await checked(toy)).faults == []
    assert (await checked(toy, [tuple(sealed)])).faults == [Fault("seal", toy.board, 3)]


@pytest.mark.parametrize(
    "statement",
    [
        "update access.batch set number = 9",
        "delete from access.batch",
        "update access.entry set action = ''",
        "delete from access.entry",
        "delete from access.seal",
    ],
)
async def test_neither_role_may_touch_what_is_written(toy: Toy, statement: str) -> None:
    await chained(toy, batches=1)
    for units in (toy.feed, toy.app):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with units.maintain() as session:
                await session.execute(text(statement))


async def test_the_app_role_neither_reads_entries_nor_takes_them_off_the_list(toy: Toy) -> None:
    await chained(toy, batches=1)
    for statement in (
        "select action from access.entry",
        "delete from access.pending",
        "select * from access.batch",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with toy.app.maintain() as session:
                await session.execute(text(statement))
