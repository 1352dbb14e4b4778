"""What may be asked of every service's database about its walls (decisions.md §4)."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_OPEN = text(
    """
select format('%I.%I', n.nspname, c.relname)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attname = 'board_id'
where c.relkind in ('r', 'p', 'v', 'm')
  and not (c.relrowsecurity and c.relforcerowsecurity)
  and not c.relispartition
  and has_any_column_privilege(:role, c.oid, 'select')
  and has_schema_privilege(:role, n.oid, 'usage')
order by 1
"""
)
_FOR_EVERYBODY = text(
    """
select p.oid::regprocedure::text
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
where n.nspname not in ('pg_catalog', 'information_schema') and has_function_privilege('public', p.oid, 'execute')
order by 1
"""
)
_EXTENSIONS = text("select extname from pg_extension order by 1")


async def tables_without_wall(engine: AsyncEngine, role: str) -> list[str]:
    """Tables and views of a tenant that ``role`` may read although no row policy binds it there."""
    async with engine.connect() as connection:
        return list(await connection.scalars(_OPEN, {"role": role}))


async def extensions(engine: AsyncEngine) -> list[str]:
    """The PostgreSQL extensions in a database; only the language plpgsql may be one."""
    async with engine.connect() as connection:
        return list(await connection.scalars(_EXTENSIONS))


async def functions_for_everybody(engine: AsyncEngine) -> list[str]:
    """Our functions that any role may call that reaches the database."""
    async with engine.connect() as connection:
        return list(await connection.scalars(_FOR_EVERYBODY))
