"""What a protected child is called where it is no longer: by the name of its last day there (docs/decisions/0011)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.store import Named
from shared.database import Statement

# Of two cards of one child the one that was at the school: the other's name may be of after. As it read when the last
# day there ended; what was written down later, of whatever day, the school did not know.
_LEFT = Statement(
    """
select k.pupil, coalesce(n.common_family, n.legal_family) as family, coalesce(n.common_given, n.legal_given) as given,
       n.kana_family, n.kana_given
from unnest(cast(:pupils as uuid[])) as k(pupil)
cross join lateral (
    select array_agg(a.id) as ids from person a
    where a.board_id = :board and (a.id = k.pupil or a.merged_into = k.pupil)
) c
cross join lateral (
    select t.subject_id as card, upper(t.valid) as until
    from (
        select true as enrolled, e.subject_id, e.valid from enrolment_period e
        where e.board_id = :board and e.school_id = :school and e.subject_id = any (c.ids) and e.voided_at is null
        union all
        select false, m.subject_id, m.valid from membership_period m
        where m.board_id = :board and m.school_id = :school and m.subject_id = any (c.ids) and m.voided_at is null
        and m.kind = 'home'
    ) t
    order by t.enrolled desc, coalesce(upper(t.valid), 'infinity') desc, t.subject_id limit 1
) l
cross join lateral (
    select * from (
        select b.legal_family, b.legal_given, b.common_family, b.common_given, b.kana_family, b.kana_given,
               b.replaced_at
        from person_past b where b.board_id = :board and b.person_id = l.card
        and b.replaced_at >= cast(l.until as timestamp) at time zone 'Asia/Tokyo'
        union all
        select p.legal_family, p.legal_given, p.common_family, p.common_given, p.kana_family, p.kana_given, 'infinity'
        from person p where p.board_id = :board and p.id = l.card
    ) v order by v.replaced_at limit 1
) n
where l.until <= cast(:today as date) and exists (
    select from protection_period g where g.board_id = :board and g.subject_id = any (c.ids)
    and g.voided_at is null and g.valid @> cast(:today as date)
)
"""
)


async def names_as_left(
    session: AsyncSession, board: UUID, school: UUID, pupils: Collection[UUID], today: date
) -> dict[UUID, Named]:
    """Those of ``pupils`` who are protected and have left ``school``, each by the name of its last day there."""
    if not pupils:
        return {}
    values = {"board": board, "school": school, "pupils": sorted(pupils), "today": today}
    return {
        row["pupil"]: Named(row["family"], row["given"], row["kana_family"], row["kana_given"])
        for row in await _LEFT.all(session, values)
    }
