"""Migrations: alembic, run by the deploying step as the owner role; services only check (engineering.md §1.9).

A revision is SQL written out, in ``services/<service>/migrations/versions``; released ones never change. What a
function does today stands once, in ``services/<service>/migrations/functions``, as ``create or replace``: it is run
after the revisions, every time. ``run_script`` runs a script of several statements inside the migration's transaction.

A database remembers which programs it may serve, so that the program before goes on, starts again and can be gone back
to while and after a new one comes in: a revision adds (expand). One that takes something away that the program before
uses says ``contract = True``; from then on only its own program may serve.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database.roles import protect, role_names

PLATFORM = Path(__file__).parent / "platform"


_SCRIPTS = "log.platform_script"
_SERVES = "log.may_serve"


class SchemaMismatch(RuntimeError):
    """The database is older than the code, or newer and no longer fit for it."""


def platform_sql(name: str) -> str:
    """A numbered script of ``shared/database/platform``; released ones never change."""
    return (PLATFORM / f"{name}.sql").read_text(encoding="utf-8")


def later_scripts(service: str) -> dict[str, str]:
    """Name and SQL of what came to every service's database after ``0001_log``, in order."""
    owner, app, feed, _ = role_names(service)
    walls = "".join(protect(service, f"access.{table}") for table in ("pending", "batch", "seal"))
    words = {"{owner}": owner, "{app}": app, "{feed}": feed, "{protect}": walls}
    found = {}
    for path in sorted(PLATFORM.glob("a*.sql")):
        script = path.read_text(encoding="utf-8")
        for word, stands_for in words.items():
            script = script.replace(word, stands_for)
        found[path.stem] = script
    return found


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
    """Bring the database to the newest revision, in one transaction under a lock.

    A program that a newer one has followed, and that the database still serves, leaves everything as it is: its
    functions would take the newer ones away.
    """
    config = _config(migrations)
    scripts = ScriptDirectory.from_config(config)
    code = _code(migrations)

    def upgrade(connection: Connection) -> None:
        connection.execute(text("select pg_advisory_xact_lock(7461, 0)"))
        if code in _served(connection)[:-1]:
            return
        steps: list[RevisionStep] = []

        def wanted(revision: Any, _: Any) -> list[RevisionStep]:
            steps.extend(scripts._upgrade_revs("head", revision))
            return steps

        with EnvironmentContext(config, scripts, fn=wanted) as environment:
            environment.configure(
                connection=connection, version_table_schema="public", transactional_ddl=False
            )
            environment.run_migrations()
        _run_later_scripts(connection)
        for function in sorted((migrations / "functions").glob("*.sql")):
            run_script(connection, function.read_text(encoding="utf-8"))
        _serve(
            connection, code, alone=any(getattr(step.revision.module, "contract", False) for step in steps)
        )

    async with engine.begin() as connection:
        await connection.run_sync(upgrade)


def _run_later_scripts(connection: Connection) -> None:
    """Those of the platform's scripts that this database has not seen yet."""
    connection.execute(text(f"create table if not exists {_SCRIPTS} (name text primary key)"))
    service = _service(connection)
    known = set(connection.execute(text(f"select name from {_SCRIPTS}")).scalars())  # noqa: S608
    for name, script in later_scripts(service).items():
        if name not in known:
            run_script(connection, script)
            connection.execute(text(f"insert into {_SCRIPTS} (name) values (:name)"), {"name": name})  # noqa: S608


def _service(connection: Connection) -> str:
    """Whose database it is: its owner's name tells."""
    return str(connection.execute(text("select current_user")).scalar_one()).removesuffix("_owner")


def _code(migrations: Path) -> str:
    """What a program's data look like: its newest revision, and the newest script of the platform that it knows."""
    head = ScriptDirectory.from_config(_config(migrations)).get_current_head()
    return f"{head}+{max(later_scripts('any'), default='')}"


def _served(connection: Connection) -> list[str]:
    """The programs that this database may serve, the newest last."""
    if not connection.scalar(text("select to_regclass(:name) is not null"), {"name": _SERVES}):
        return []
    return list(connection.scalars(text(f"select code from {_SERVES} order by place")))  # noqa: S608


def _serve(connection: Connection, code: str, *, alone: bool) -> None:
    connection.execute(
        text(
            f"create table if not exists {_SERVES}"
            " (place int generated always as identity, code text primary key)"
        )
    )
    connection.execute(text(f"grant select on {_SERVES} to {role_names(_service(connection))[1]}"))
    if alone:
        connection.execute(text(f"delete from {_SERVES}"))  # noqa: S608
    if code not in _served(connection):
        connection.execute(text(f"insert into {_SERVES} (code) values (:code)"), {"code": code})  # noqa: S608


async def check_schema(engine: AsyncEngine, migrations: Path) -> None:
    """Raise :class:`SchemaMismatch` unless the database was migrated for the code, or for a later one that it can
    still serve beside.
    """
    code = _code(migrations)
    async with engine.connect() as connection:
        served = await connection.run_sync(_served)
    if code not in served:
        raise SchemaMismatch(
            f"データベース {engine.url.database} の版は {served[-1] if served else 'なし'}、プログラムは {code} です。"
            "`tsumugi migrate` を先に実行してください。"
            "データベースのほうが新しいときは、新しいプログラムを使ってください。"
        )
