"""Migrations: once, whole, checked by services before they start."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import make_engine
from shared.database.migrate import SchemaMismatch, check_schema, migrate
from tests.support.databases import Database, Databases

FIRST = """
from alembic import op
from shared.database.migrate import platform_sql, run_script
from shared.database.roles import platform_grants
revision = "0001"
down_revision = None

def upgrade():
    run_script(op.get_bind(), platform_sql("0001_log") + platform_grants("bare"))
"""
SECOND = """
from alembic import op
from shared.database.migrate import run_script
revision = "0002"
down_revision = "0001"

def upgrade():
    run_script(op.get_bind(), "create table one (id int); create table two (id int);")
"""
THIRD = """
from alembic import op
from shared.database.migrate import run_script
revision = "0003"
down_revision = "0002"
contract = False

def upgrade():
    run_script(op.get_bind(), "create table three (id int);")
"""
BROKEN = SECOND.replace("0002", "0003").replace("0001", "0002").replace("one", "three").replace("two", "one")


@pytest.fixture
async def bare(databases: Databases) -> AsyncIterator[Database]:
    """An empty database with its roles."""

    async def nothing(engine: AsyncEngine) -> None:
        pass

    template = await databases.make_template("bare", [], nothing)
    try:
        async with databases.copy(template) as database:
            yield database
    finally:
        await databases.drop(template.name)


@pytest.fixture
async def owner(bare: Database) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(bare.login("bare_owner"))
    yield engine
    await engine.dispose()


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """Revisions 0001 and 0002."""
    versions = tmp_path / "versions"
    versions.mkdir()
    (versions / "0001_first.py").write_text(FIRST, encoding="utf-8")
    (versions / "0002_second.py").write_text(SECOND, encoding="utf-8")
    return tmp_path


async def tables(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        return list(
            await connection.scalars(
                text("select tablename from pg_tables where schemaname = 'public' order by 1")
            )
        )


async def test_a_fresh_database_is_brought_to_the_newest_revision(
    owner: AsyncEngine, migrations: Path
) -> None:
    with pytest.raises(SchemaMismatch, match="なし"):
        await check_schema(owner, migrations)
    await migrate(owner, migrations)
    await check_schema(owner, migrations)
    assert await tables(owner) == ["alembic_version", "one", "two"]


async def test_migrating_again_changes_nothing(owner: AsyncEngine, migrations: Path) -> None:
    await migrate(owner, migrations)
    await migrate(owner, migrations)
    await check_schema(owner, migrations)


async def test_two_who_migrate_at_once_do_it_once(owner: AsyncEngine, migrations: Path) -> None:
    await asyncio.gather(*(migrate(owner, migrations) for _ in range(3)))
    await check_schema(owner, migrations)


async def test_a_revision_that_fails_leaves_nothing(owner: AsyncEngine, migrations: Path) -> None:
    await migrate(owner, migrations)
    (migrations / "versions" / "0003_broken.py").write_text(BROKEN, encoding="utf-8")
    with pytest.raises(asyncpg.DuplicateTableError):
        await migrate(owner, migrations)
    assert await tables(owner) == ["alembic_version", "one", "two"]
    with pytest.raises(SchemaMismatch, match="0003"):
        await check_schema(owner, migrations)


async def test_the_app_may_check_but_not_migrate(
    bare: Database, owner: AsyncEngine, migrations: Path
) -> None:
    app = make_engine(bare.app)
    try:
        await migrate(owner, migrations)
        await check_schema(app, migrations)
    finally:
        await app.dispose()


@pytest.fixture
def newer(migrations: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The next program's revisions, 0003 among them, and a function."""
    path = tmp_path_factory.mktemp("newer")
    shutil.copytree(migrations / "versions", path / "versions")
    (path / "versions" / "0003_third.py").write_text(THIRD, encoding="utf-8")
    (path / "functions").mkdir()
    said = "create or replace function said() returns text language sql return 'newer';"
    (path / "functions" / "said.sql").write_text(said, encoding="utf-8")
    return path


async def test_the_program_before_starts_again_beside_its_follower_and_can_be_gone_back_to(
    owner: AsyncEngine, migrations: Path, newer: Path
) -> None:
    (migrations / "functions").mkdir()
    older = "create or replace function said() returns text language sql return 'older';"
    (migrations / "functions" / "said.sql").write_text(older, encoding="utf-8")
    await migrate(owner, migrations)
    await migrate(owner, newer)
    await check_schema(owner, migrations)
    await migrate(owner, migrations)  # what its release does when one goes back to it
    await check_schema(owner, migrations)
    await check_schema(owner, newer)
    async with owner.connect() as connection:
        assert await connection.scalar(text("select said()")) == "newer"
    assert "three" in await tables(owner)


async def test_a_program_whose_tables_were_taken_away_neither_serves_nor_migrates(
    owner: AsyncEngine, migrations: Path, newer: Path
) -> None:
    await migrate(owner, migrations)
    third = newer / "versions" / "0003_third.py"
    third.write_text(THIRD.replace("contract = False", "contract = True"), encoding="utf-8")
    await migrate(owner, newer)
    with pytest.raises(SchemaMismatch, match="新しいプログラム"):
        await check_schema(owner, migrations)
    with pytest.raises(CommandError, match="0003"):
        await migrate(owner, migrations)
    await check_schema(owner, newer)


async def test_a_program_that_never_migrated_here_does_not_serve(
    owner: AsyncEngine, migrations: Path, newer: Path
) -> None:
    """Its functions were never run, and nobody tried it on these tables."""
    await migrate(owner, newer)
    with pytest.raises(SchemaMismatch, match="0002"):
        await check_schema(owner, migrations)
