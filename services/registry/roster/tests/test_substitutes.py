"""補欠 on a real database."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest

from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.packages import small_package
from services.registry.roster.substitutes import NoSubstitute, add_substitute
from services.registry.roster.tests.reading import acts_of, id_of, log_of, periods
from shared.database import Units
from tests.support.databases import Database

DAY = date(2026, 11, 24)


async def test_a_substitute_has_the_class_that_day_only(units: Units, registry_database: Database) -> None:
    done = await import_package(units, small_package())
    staff, k22 = await id_of(units, done.board, "t1"), await id_of(units, done.board, "k22")
    position = await add_substitute(units, done.board, class_id=k22, staff=staff, on=DAY, actor="importer")
    (event,) = await log_of(registry_database, after=done.position or 0)
    assert event.position == position
    assert ("importer", "AddSubstitute", "III") in await acts_of(registry_database)
    assert event.topic == "registry.duty"
    kinds = {each["kind"]: (each["since"], each["until"]) for each in event.payload["duties"]}
    assert set(kinds) == {"homeroom", "nurse", "substitute"}
    assert kinds["substitute"] == ("2026-11-24", "2026-11-25")


async def test_the_same_substitute_again_is_nothing_new(units: Units, registry_database: Database) -> None:
    done = await import_package(units, small_package())
    staff, k22 = await id_of(units, done.board, "t1"), await id_of(units, done.board, "k22")
    for expected in (True, False):
        position = await add_substitute(
            units, done.board, class_id=k22, staff=staff, on=DAY, actor="importer"
        )
        assert (position is not None) is expected
    await add_substitute(
        units, done.board, class_id=k22, staff=staff, on=DAY + timedelta(days=1), actor="importer"
    )
    found = await periods(units, done.board, "duty_period", "t1", "kind")
    assert [kind for _, _, kind in found].count("substitute") == 2


async def test_an_import_leaves_substitutes_alone(units: Units) -> None:
    done = await import_package(units, small_package())
    staff, k22 = await id_of(units, done.board, "t1"), await id_of(units, done.board, "k22")
    await add_substitute(units, done.board, class_id=k22, staff=staff, on=DAY, actor="importer")
    assert (await import_package(units, small_package())).nothing
    found = await periods(units, done.board, "duty_period", "t1", "kind")
    assert (DAY, DAY + timedelta(days=1), "substitute") in found


async def test_only_staff_of_the_school_may_stand_in(units: Units) -> None:
    done = await import_package(units, small_package())
    kn, k22 = await id_of(units, done.board, "kn"), await id_of(units, done.board, "k22")
    pupil, staff = await id_of(units, done.board, "p1"), await id_of(units, done.board, "t1")
    for class_id, person in ((k22, pupil), (kn, staff), (uuid4(), staff)):
        with pytest.raises(NoSubstitute):
            await add_substitute(units, done.board, class_id=class_id, staff=person, on=DAY, actor="importer")
