"""The same proof on the product itself: real processes, the real command line, kills with -9 while rolls are saved.

The seed is printed; TSUMUGI_SEED plays the same choices again (the machine's timing is not ours to repeat).
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from deploy.local.example import allow_lunch_count, only_board
from deploy.local.instance import Instance
from deploy.town.generate import SEED, write_town
from shared.dates import school_year
from tests.histories.agreement import disagreements, lunch, read_log, recount
from tests.histories.families import ENOUGH_WORDS, Guardian, Words, broken_words, families
from tests.histories.product import (
    CLASSES,
    ENOUGH_COMMANDS,
    PATIENCE,
    PUPILS,
    Client,
    Told,
    in_step,
    on_stage,
    seats,
    superuser,
    tsumugi,
)
from tests.support.waiting import eventually, for_a_while

pytestmark = pytest.mark.slow

SECONDS = 12.0
ENOUGH_KILLS = 2

_STAFF = """
select c.name as class_name, s.short_name as school, p.legal_family || p.legal_given as staff, p.id
from organisation c
join organisation s on s.id = c.school_id
join duty_period d on d.organisation_id = c.school_id and d.kind = 'vice_principal' and d.voided_at is null
    and d.valid @> $2::date
join person p on p.id = d.subject_id and p.common_family is null
where c.id = $1
"""


async def test_the_product_under_kills(instance: Instance, seed: int, tmp_path: Path) -> None:
    random, told, words, over = Random(seed), Told(), Words(), asyncio.Event()
    today, board = instance.clock.today(), await only_board(instance)
    write_town(tmp_path, seed=SEED, school_year=school_year(today), training_date=today, pupils=PUPILS)
    with on_stage(instance) as cast:
        await eventually(lambda: in_step(instance), within=PATIENCE, every=0.1)
        await allow_lunch_count(instance, instance.clock)
        places = await seats(instance, board, today, CLASSES)
        async with superuser(instance, "registry") as database:
            stand_in = (await database.fetch(_STAFF, places[0].class_id, today))[0]
        acting = [Client(instance, seat, Random(random.random()), told).work(over) for seat in places]
        homes = await families(instance, places, random)
        acting += [Guardian(instance, home, Random(random.random()), words).work(over) for home in homes]
        acting += [cast.torment(role, Random(random.random()), over) for role in cast.victims]

        def enough() -> bool:
            enough = len(told.saved) >= ENOUGH_COMMANDS and len(words.acked) >= ENOUGH_WORDS
            return enough and min(cast.kills.values()) >= ENOUGH_KILLS

        async def act() -> None:
            await for_a_while(SECONDS / 4)
            stands_in = ("substitute", stand_in["school"], stand_in["class_name"], stand_in["staff"])
            said = await asyncio.gather(
                tsumugi(instance, *stands_in), tsumugi(instance, "import", "oneroster", str(tmp_path))
            )
            assert "補欠に入りました" in said[0]
            assert "何も変えていません" in said[1]
            await for_a_while(SECONDS * 3 / 4)
            try:
                await eventually(enough, within=PATIENCE, every=0.1)
            finally:
                print(f"{len(told.saved)} saves, {len(words.acked)} words acknowledged,")  # noqa: T201
                print(f"{len(told.unknown)} and {len(words.unknown)} unknown, kills {cast.kills}")  # noqa: T201
            over.set()

        async with asyncio.timeout(3 * PATIENCE), asyncio.TaskGroup() as together:
            for one in [*acting, act()]:
                together.create_task(one)
        await eventually(lambda: in_step(instance), within=PATIENCE, every=0.1)
        log = await read_log(instance)
        assert told.odd + words.odd == []
        assert await disagreements(instance, log, told) == []
        assert await broken_words(instance, log, words, homes) == []
        duties = {said["staff"]: said["duties"] for said in log.payloads["registry.duty"]}
        assert "substitute" in [duty["kind"] for duty in duties[str(stand_in["id"])]]
        await lunch(instance, recount(log, today))
