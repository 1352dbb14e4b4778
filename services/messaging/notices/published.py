"""What a notice tells others: kind and days. Who said it in words, and the words, stay here."""

from __future__ import annotations

from services.messaging.notices.store import Standing
from shared.contracts.messaging import NoticeChanged
from shared.database import Work


def publish(work: Work, notice: Standing) -> None:
    """Tell a revision, whole."""
    said = notice.said
    work.publish(
        NoticeChanged(
            notice=notice.id,
            pupil=notice.pupil,
            revision=notice.revision,
            corrects=notice.revision - 1 or None,
            withdrawn=notice.withdrawn,
            kind=said.kind,
            reason=said.reason,
            since=said.since,
            until=said.until,
            channel=said.channel,
            relation=notice.relation,
            by=notice.by,
            told_at=notice.told_at,
            at=notice.at,
        ),
        key=notice.pupil,
        stream=notice.id,
        expected=notice.revision - 1,
        subject=notice.pupil,
    )
