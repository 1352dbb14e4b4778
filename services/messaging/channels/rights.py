"""What somebody may still be told, as conditions in SQL: ``n`` is a notice, ``c`` a channel, ``d`` a delivery.

They take ``:today`` and ``:today_text``, the same day.
"""

from __future__ import annotations

from services.messaging.notices.store import CARDS, MARKS

_CHILD = """select from (select coalesce((select a.merged_into from copy.alias a where a.person_id = n.pupil_id),
                                     n.pupil_id) as person) here"""
MAY = f"""
exists ({_CHILD}
        where exists (select from copy.guardian g where g.pupil_id in ({CARDS}) and g.guardian_id = n.guardian_id
                      and (g.notify or g.read) and g.since <= :today and (g.until is null or g.until > :today))
        and not exists ({MARKS} and mark -> 'confidential_from' ? cast(n.guardian_id as text)))
"""
"""That whoever told it may still know of the child: as ``ReadFamilyNotices``, today."""

MARKED = f"exists ({_CHILD} where exists ({MARKS}))"
"""That a protection mark runs on the child: nothing that is sent says where it goes to school."""
BEFORE_MARK = f"""
exists ({_CHILD}
        where exists ({MARKS}
                      and cast(c.confirmed_at at time zone 'Asia/Tokyo' as date) < cast(mark ->> 'since' as date)))
"""
"""That the channel was confirmed before a mark that runs on the child: it may be an address or a device that the
household shared then. Given and confirmed anew, it is another channel."""

GONE = "exists (select from delivery d where d.channel_id = c.id and d.state = 'gone')"
"""Nothing arrives there any more."""
LIVE = f"c.confirmed_at is not null and not {GONE}"

STANDS = """
(d.what <> 'confirmed' or (not n.withdrawn and exists (
    select from copy.seen s where s.notice_id = n.id and s.revision = n.revision
    and n.id || '/' || s.revision || '/' || s.day = d.about)))
"""
"""That what it tells is still so: a receipt is of the revision that stands and of a day that is still seen."""

DAY = "cast(split_part(d.about, '/', 3) as date)"
"""The day a receipt is of."""
SEEN = (
    "exists (select from copy.seen x where x.notice_id = o.id and x.revision = o.revision and x.day = {day})"
)
"""That a teacher has seen the notice ``o`` on the day."""
UNSEEN = (
    "select from notice o where o.guardian_id = {told}.guardian_id and o.told_at = {told}.told_at"
    " and o.board_id = {told}.board_id and o.pupil_id <> {told}.pupil_id"
    " and not o.withdrawn and o.since <= {day} and o.until > {day} and not " + SEEN
)
"""Notices of the same act (one instant of one guardian, a notice a child) about other children, which stand on the day
and nobody has seen."""
