"""What every page needs first: who is asking, what they hold today, how old the copies are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.sessions.rules import Ticket
from services.dashboard.sessions.store import COLUMNS, Session, of_row, secret_hash
from shared.access.principal import HeldDuty, Principal
from shared.access.step_up import StepUp

_DUTIES = TypeAdapter(tuple[HeldDuty, ...])

_FACTS = """
       coalesce((select json_agg(json_build_object('kind', d.kind, 'organisation', d.organisation_id,
                                                   'class_id', d.class_id)
                                 order by d.kind, d.organisation_id, d.class_id)
                 from copy.duty d where d.staff_id = asking.person_id
                 and d.since <= :today and (d.until is null or d.until > :today)), '[]') as duties,
       (select a.enabled from copy.account a where a.person_id = asking.person_id) as enabled,
       (select s.value from copy.setting s where s.board_id = asking.board_id and s.name = 'step_up'
        and s.since <= :today order by s.since desc limit 1) as step_up,
       (select json_object_agg(c.copy || '/' || c.publisher, c.reached) from feed.checkpoint c) as reached,
       (select json_agg(c.xmin::text order by c.copy, c.publisher) from feed.checkpoint c) as written,
       (select json_object_agg(w.copy || '/' || w.publisher, w.current_at) from worker_seen w) as current_at
"""
_OF_SESSION = text(
    f"select {COLUMNS}, {_FACTS} from web_session w"  # noqa: S608 (constants)
    " cross join lateral (select w.person_id, w.board_id) as asking"
    " where w.id = :id and w.secret_hash = :secret"
)
_OF_CLIENT = text(
    "select '[]'::json as duties, null::boolean as enabled, null::jsonb as step_up,"
    " (select json_object_agg(c.copy || '/' || c.publisher, c.reached) from feed.checkpoint c) as reached,"
    " '[]'::json as written,"
    " (select json_object_agg(w.copy || '/' || w.publisher, w.current_at) from worker_seen w) as current_at"
)


CARDS = """
(select json_object_agg(asking.asked, json_build_object(
        'id', coalesce(a.merged_into, asking.asked),
        'family', coalesce(c.common_family, c.legal_family, ''), 'given', coalesce(c.common_given, c.legal_given, ''),
        'family_kana', coalesce(c.kana_family, ''), 'given_kana', coalesce(c.kana_given, '')))
 from (select distinct unnest({people}) as asked) as asking
 left join copy.alias a on a.person_id = asking.asked
 left join copy.person_card c
    on c.person_id = case when a.merged_into is null then asking.asked else a.merged_into end
 where asking.asked is not null) as people
"""
"""SQL of the name cards of ``{{people}}`` (an array of ids) as JSON by id; a person whose card has not come has empty
names. 通称 stands where there is one. ``case``, not ``coalesce``, as in the functions of r0001: else every page reads
the cards of the whole city."""

_ME = text(
    f"""
select (select json_object_agg(o.organisation_id, json_build_object(
            'id', o.organisation_id, 'name', o.name, 'kind', o.kind, 'grade', o.grade, 'code', o.code,
            'special_needs', coalesce(o.special_needs, false)))
        from copy.organisation o where o.organisation_id = any (cast(:units as uuid[]))) as units,
       (select s.value from copy.setting s where s.board_id = :board and s.name = 'roster_office'
        and s.since <= :today order by s.since desc limit 1) as roster_office,
       (select s.value from alert_setting s where s.board_id = :board and s.name = 'office' and s.withdrawn_at is null
        and s.since <= :today order by s.since desc limit 1) as alert_office,
       {CARDS.format(people="array[cast(:person as uuid)]")}
"""  # noqa: S608 (constants)
)


async def of_oneself(session: AsyncSession, units: Sequence[UUID], principal: Principal, today: date) -> Any:
    """One row of what ``/api/me`` shows: ``units`` by id, the departments of the roster office, the person's card."""
    asked = {"units": units, "person": principal.person, "board": principal.board, "today": today}
    return (await session.execute(_ME, asked)).one()


@dataclass(frozen=True)
class Standing:
    """Where the copies stand, and what they say today about the one who asks."""

    duties: tuple[HeldDuty, ...]
    account_shut: bool
    """Identity has said that the account is shut. Not having heard of it shuts nothing: it signed in there."""
    step_up: StepUp
    reached: Mapping[str, int]
    """Position by ``copy/publisher``."""
    written: Sequence[str]
    """The transactions that last wrote to the copies: rows may change while no position does (a key that waited is
    tried again, a rebuilt copy is swapped in, on Kafka a batch between two marks)."""
    current_at: Mapping[str, datetime]
    """When each ``copy/publisher`` was last known to lack nothing."""


def _standing(row: Any) -> Standing:
    current = {
        name: datetime.fromisoformat(at) for name, at in (row.current_at or {}).items() if at is not None
    }
    return Standing(
        duties=_DUTIES.validate_python(row.duties),
        account_shut=row.enabled is False,
        step_up=StepUp.model_validate(row.step_up) if row.step_up is not None else StepUp(),
        reached=row.reached or {},
        written=row.written or [],
        current_at=current,
    )


async def session_standing(
    session: AsyncSession, ticket: Ticket, today: date
) -> tuple[Session, Standing] | None:
    """The session of a cookie and what the copies say of its person; None when there is no such session."""
    row = (
        await session.execute(
            _OF_SESSION, {"id": ticket.session, "secret": secret_hash(ticket.secret), "today": today}
        )
    ).one_or_none()
    return None if row is None else (of_row(row), _standing(row))


async def copies_standing(session: AsyncSession) -> Standing:
    """Where the copies stand, for one who holds no duties (a department)."""
    return _standing((await session.execute(_OF_CLIENT)).one())
