"""Departments' clients and the periods of their grants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.issuer.rules import Client
from services.identity.purposes.rules import Standing, Terms
from services.identity.tables import NOWHERE
from shared.database import Scope, Units, Work
from shared.ids import new_id


@dataclass(frozen=True)
class Department:
    """A unit of the board, and its client once it has one."""

    id: UUID
    kind: str
    name: str
    code: str | None
    client_id: str | None


_DEPARTMENTS = text(
    "select o.id, o.kind, o.name, o.code, c.client_id from copy.organisation o"
    " left join department_client c on c.id = o.id"
    " where o.board_id = :board and o.kind <> all (cast(:never as text[]))"
    " and (o.id::text = :wanted or o.name = :wanted or o.code = :wanted) order by o.name, o.id"
)


async def departments(
    session: AsyncSession, board: UUID, wanted: str, never: Collection[str]
) -> list[Department]:
    """Units whose id, name or code is ``wanted``, without those of the kinds ``never``."""
    rows = await session.execute(_DEPARTMENTS, {"board": board, "wanted": wanted, "never": sorted(never)})
    return [Department(row.id, row.kind, row.name, row.code, row.client_id) for row in rows]


_SCHOOLS = text(
    "select id from copy.organisation where board_id = :board and kind = any (cast(:kinds as text[]))"
    " and id = any (cast(:ids as uuid[]))"
)


async def schools(
    session: AsyncSession, board: UUID, ids: Collection[UUID], kinds: Collection[str]
) -> set[UUID]:
    """Which of ``ids`` are organisations of these kinds."""
    values = {"board": board, "ids": list(ids), "kinds": sorted(kinds)}
    return set(await session.scalars(_SCHOOLS, values))


async def department_client(units: Units, client_id: str, today: date) -> Client | None:
    """A department's client while it holds a grant; without one it may do nothing."""
    async with units.read(NOWHERE) as session:
        row = (
            await session.execute(
                text("select id, board_id, secret_hash from department_client where client_id = :client"),
                {"client": client_id},
            )
        ).one_or_none()
    if row is None:
        return None
    async with units.read(Scope(row.board_id)) as session:
        held = await session.scalar(
            text(
                "select exists (select from purpose_period where board_id = :board and subject_id = :department"
                " and voided_at is null and valid @> cast(:today as date))"
            ),
            {"board": row.board_id, "department": row.id, "today": today},
        )
    if not held:
        return None
    return Client(client_id, "department", row.secret_hash, board=row.board_id, department=row.id)


async def make_client(
    work: Work, department: UUID, client_id: str, secret_hash: str, name: str | None = None
) -> None:
    """A department's client, or a learning app's, which has a ``name`` of its own.

    Its row is what all changes of the department's grants line up at."""
    await work.session.execute(
        text(
            "insert into department_client (id, board_id, client_id, secret_hash, made_at, name)"
            " values (:id, :board, :client, :hash, :at, :name)"
        ),
        {
            "id": department,
            "board": work.scope.board,
            "client": client_id,
            "hash": secret_hash,
            "at": work.at,
            "name": name,
        },
    )


async def replace_secret(work: Work, department: UUID, secret_hash: str) -> None:
    """From the commit on only the new secret is good."""
    await work.session.execute(
        text("update department_client set secret_hash = :hash where id = :id"),
        {"id": department, "hash": secret_hash},
    )


async def lock_client(work: Work, department: UUID) -> str | None:
    """The department's client id, its row locked; None when it has none yet."""
    found: str | None = await work.session.scalar(
        text("select client_id from department_client where id = :id for update"), {"id": department}
    )
    return found


async def lock_client_named(work: Work, client_id: str) -> UUID | None:
    """Whose client of this board has this id, its row locked."""
    found: UUID | None = await work.session.scalar(
        text("select id from department_client where board_id = :board and client_id = :client for update"),
        {"board": work.scope.board, "client": client_id},
    )
    return found


async def taken(session: AsyncSession, client_id: str) -> bool:
    """Whether any department of any board has this client id."""
    return bool(
        await session.scalar(
            text("select exists (select from department_client where client_id = :client)"),
            {"client": client_id},
        )
    )


_STANDING = text(
    "select id, subject_id, purpose, feed, fields, statement, basis, importance, small_groups, valid, schools,"
    " grades, protected"
    " from purpose_period where board_id = :board and voided_at is null"
    " and (subject_id = :department or cast(:department as uuid) is null) order by lower(valid), feed, id"
)


async def standing(session: AsyncSession, board: UUID, department: UUID) -> list[Standing]:
    """Every grant of a department that was not voided, past and coming ones too."""
    rows = await session.execute(_STANDING, {"board": board, "department": department})
    return [_standing(row) for row in rows]


async def department_of(session: AsyncSession, board: UUID, purpose: UUID) -> UUID | None:
    """Whose grant ``purpose`` is."""
    found: UUID | None = await session.scalar(
        text("select subject_id from purpose_period where board_id = :board and purpose = :purpose limit 1"),
        {"board": board, "purpose": purpose},
    )
    return found


async def everything(session: AsyncSession, board: UUID) -> Sequence[tuple[str, str, Standing]]:
    """Department's name, client id and grant, for all of a board."""
    rows = await session.execute(_STANDING, {"board": board, "department": None})
    names = {
        row.id: (row.name or str(row.id), row.client_id)
        for row in await session.execute(
            text(
                "select c.id, coalesce(o.name, c.name) as name, c.client_id from department_client c"
                " left join copy.organisation o on o.id = c.id where c.board_id = :board"
            ),
            {"board": board},
        )
    }
    return [(*names[row.subject_id], _standing(row)) for row in rows]


async def insert_period(
    work: Work, department: UUID, purpose: UUID, terms: Terms, *, replaces: UUID | None = None
) -> None:
    """A new period. SQLSTATE 23P01 when the department already has this feed then."""
    await work.session.execute(
        text(
            "insert into purpose_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, replaces,"
            " purpose, feed, fields, statement, basis, importance, small_groups, schools, grades, protected)"
            " values (:id, :board, :department, :feed, daterange(:since, cast(:until as date)), :at, :by, :replaces,"
            " :purpose, :feed, :fields, :statement, :basis, :importance, :small_groups, :schools, :grades, :protected)"
        ),
        {
            "id": new_id(),
            "board": work.scope.board,
            "department": department,
            "since": terms.since,
            "until": terms.until,
            "at": work.at,
            "by": work.actor,
            "replaces": replaces,
            "purpose": purpose,
            "feed": terms.feed,
            "fields": list(terms.fields),
            "statement": terms.statement,
            "basis": terms.basis,
            "importance": terms.importance,
            "small_groups": terms.small_groups,
            "schools": None if terms.schools is None else list(terms.schools),
            "grades": None if terms.grades is None else list(terms.grades),
            "protected": terms.protected,
        },
    )


async def void_period(work: Work, id: UUID, reason: str) -> None:
    """Void a period; it stays readable as what was once decided."""
    await work.session.execute(
        text(
            "update purpose_period set voided_at = :at, voided_by = :by, void_reason = :reason where id = :id"
        ),
        {"id": id, "at": work.at, "by": work.actor, "reason": reason},
    )


def _standing(row: Row[Any]) -> Standing:
    return Standing(
        row.id,
        row.purpose,
        Terms(
            feed=row.feed,
            fields=tuple(row.fields),
            statement=row.statement,
            basis=row.basis,
            importance=row.importance,
            since=row.valid.lower,
            until=row.valid.upper,
            small_groups=row.small_groups,
            schools=None if row.schools is None else tuple(row.schools),
            grades=None if row.grades is None else tuple(row.grades),
            protected=row.protected,
        ),
    )
