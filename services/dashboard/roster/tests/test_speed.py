"""Names on a page are found one by one, however many people the city has, behind row-level security too."""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import text

from services.dashboard.roster.store import CARDS
from shared.database import Scope, Units, make_engine
from shared.dates import SystemClock
from tests.support.databases import Database

_CITY = """
insert into copy.person_card (person_id, board_id, epoch, position, legal_family, legal_given)
select gen_random_uuid(), $1, 1, 1, '氏', '名' from generate_series(1, 50000);
"""


async def test_name_cards_are_read_by_their_index(database: Database, board: UUID) -> None:
    owner = await database.server.connect(database.name)
    try:
        await owner.execute(_CITY, board)
        await owner.execute("analyze copy.person_card")
    finally:
        await owner.close()
    engine = make_engine(database.app, pool_size=1)
    try:
        async with Units(engine, SystemClock()).read(Scope(board)) as session:
            asked = text("explain select " + CARDS.format(people="cast(:people as uuid[])"))
            rows = await session.execute(asked, {"people": [uuid4() for _ in range(30)]})
            plan = "\n".join(rows.scalars())
    finally:
        await engine.dispose()
    assert "Seq Scan on person_card" not in plan, plan
    assert "person_card_pkey" in plan, plan
