"""Migrations: alembic, run by the deploying step as the owner role; services only check (engineering.md §1.9).

A revision is SQL written out, in ``services/<service>/migrations/versions``; released ones never change. What a
function does today stands once, in ``services/<service>/migrations/functions``, as ``create or replace``: it is run
after the revisions, every time. ``run_script`` runs a script of several statements inside the migration's transaction.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

PLATFORM = Path(__file__).parent / "platform"


class SchemaMismatch(RuntimeError):
    """The database is older or newer than the code."""


def platform_sql(name: str) -> str:
    """A numbered script of ``shared/database/platform``; released ones never change."""
    return (PLATFORM / f"{name}.sql").read_text(encoding="utf-8")


def run_script(connection: Connection, script: str) -> None:
    """Run several statements in the transaction of ``connection`` (asyncpg prepares only single ones)."""
    connection.execute(text("select 1"))
    raw: Any = connection.connection.dbapi_connection
    raw.run_async(lambda driver: driver.execute(script))


def _config(migrations: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("path_separator", "os")
    return config


async def migrate(engine: AsyncEngine, migrations: Path) -> None:
    """Bring the database to the newest revision, in one transaction under a lock."""
    config = _config(migrations)
    scripts = ScriptDirectory.from_config(config)

    def upgrade(connection: Connection) -> None:
        connection.execute(text("select pg_advisory_xact_lock(7461, 0)"))
        with EnvironmentContext(
            config,
            scripts,
            fn=lambda revision, _: scripts._upgrade_revs("head", revision),
        ) as environment:
            environment.configure(
                connection=connection, version_table_schema="public", transactional_ddl=False
            )
            environment.run_migrations()
        for function in sorted((migrations / "functions").glob("*.sql")):
            run_script(connection, function.read_text(encoding="utf-8"))
        # Services check the version before they start; nobody else can connect at all.
        connection.execute(text("grant select on public.alembic_version to public"))

    async with engine.begin() as connection:
        await connection.run_sync(upgrade)


async def check_schema(engine: AsyncEngine, migrations: Path) -> None:
    """Raise :class:`SchemaMismatch` unless the database is at the code's newest revision."""
    head = ScriptDirectory.from_config(_config(migrations)).get_current_head()

    def current(connection: Connection) -> str | None:
        return MigrationContext.configure(
            connection, opts={"version_table_schema": "public"}
        ).get_current_revision()

    async with engine.connect() as connection:
        found = await connection.run_sync(current)
    if found != head:
        raise SchemaMismatch(
            f"データベース {engine.url.database} の版は {found or 'なし'}、プログラムは {head} です。"
            "`tsumugi migrate` を先に実行してください。"
        )
