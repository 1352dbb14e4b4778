"""The example municipality is whole whenever `make up` says that it is ready."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import text

from deploy.local import lifecycle
from deploy.local.example import example_is_due, import_example
from deploy.local.instance import Instance
from deploy.local.prepare import prepare_databases
from deploy.local.temporary import free_ports, temporary_home
from deploy.topology import topology
from services.registry.imports.applying import Progress, apply_run
from services.registry.imports.store import Run
from shared.database import Units, make_engine
from shared.database.roles import role_names

DAY = date(2026, 11, 20)


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """A folder of its own, with its database server."""
    monkeypatch.delenv("TSUMUGI_PORT", raising=False)
    monkeypatch.delenv("TSUMUGI_STATE", raising=False)
    with temporary_home() as home:
        instance = Instance(home).choose(port=free_ports(), durable=False, training_date=DAY, example=True)
        lifecycle.start_postgres(instance)
        yield instance


class Killed(BaseException):
    """As `kill -9` at this moment."""


async def _members(instance: Instance) -> int:
    engine = make_engine(instance.login("registry", role_names("registry")[0]), pool_size=1)
    try:
        async with engine.connect() as connection:
            found = await connection.scalar(
                text("select count(*) from membership_period where kind = 'home'")
            )
    finally:
        await engine.dispose()
    return int(found or 0)


async def test_a_start_that_was_killed_over_its_import_is_finished_by_the_next(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare_databases(instance)
    assert await example_is_due(instance)

    async def killed(units: Units, run: Run, *, actor: str) -> None:
        def after(progress: Progress) -> None:
            if progress.done == 2:
                raise Killed

        await apply_run(units, run, actor=actor, tell=after)

    with monkeypatch.context() as patch:
        patch.setattr("services.registry.oneroster.importing.apply_run", killed)
        with pytest.raises(Killed):
            await import_example(instance, DAY, pupils=300)
    assert 0 < await _members(instance) < 300
    assert await example_is_due(instance)
    await import_example(instance, DAY.replace(day=19), pupils=300)  # also when the day is another by now
    assert await _members(instance) >= 300
    assert not await example_is_due(instance)


async def test_the_log_has_room_for_happenings_of_later_years(instance: Instance) -> None:
    later = instance.choose(training_date=DAY.replace(year=2034))
    await prepare_databases(later)
    for service in topology().services:
        engine = make_engine(later.login(service, role_names(service)[0]), pool_size=1)
        async with engine.connect() as connection:
            years = await connection.scalars(
                text(
                    "select inhrelid::regclass::text from pg_inherits where inhparent = 'log.log_fact'::regclass"
                )
            )
            assert {f"log.log_fact_{year}" for year in (2033, 2034, 2035, 2036)} <= set(years)
        await engine.dispose()
