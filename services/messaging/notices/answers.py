"""Notices as they leave: with names, relations in words, and who has seen them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from services.messaging.notices.beside import Beside
from services.messaging.notices.replies import Reply
from services.messaging.notices.shapes import (
    ConfirmedOut,
    GuardianOut,
    NoticeOut,
    PersonOut,
    ReplyOut,
    ToldOut,
)
from services.messaging.notices.store import Child, Shown
from shared.contracts.registry import RELATION_WORDS

Names = Mapping[UUID, tuple[str, str]]


def people_of(notices: Iterable[Shown], replies: Iterable[Reply] = ()) -> set[UUID]:
    """Everybody who is named on a list of notices with the answers to them."""
    found = {each.by for each in replies}
    for each in notices:
        found |= {each.person, each.standing.by, *(seen.by for seen in each.confirmed)}
    return found


def person(id: UUID, names: Names) -> PersonOut:
    """Somebody by name; 「―」 is the screen's to write where there is none."""
    family, given = names.get(id, ("", ""))
    return PersonOut(id=id, family=family, given=given)


def guardians(child: Child, names: Names) -> list[GuardianOut]:
    """Who may tell about the child, in a settled order."""
    found = [
        GuardianOut(
            **person(tie.guardian, names).model_dump(),
            relation=tie.relation,
            relation_word=word(tie.relation) or tie.relation,
        )
        for tie in child.ties.values()
        if tie.notify
    ]
    order = list(RELATION_WORDS)
    return sorted(
        found,
        key=lambda one: (order.index(one.relation) if one.relation in order else len(order), str(one.id)),
    )


def word(relation: str | None) -> str | None:
    """A relation as people say it; one that a source has brought is shown as it came."""
    return relation and RELATION_WORDS.get(relation, relation)


def reply(said: Reply, names: Names) -> ReplyOut:
    """What the school has answered, and who there."""
    return ReplyOut(revision=said.revision, words=said.words, at=said.at, by=person(said.by, names))


def notice(shown: Shown, names: Names, by: Beside) -> NoticeOut:
    """A notice on a list, with what of ``by`` belongs to it."""
    standing, said = shown.standing, shown.standing.said
    return NoticeOut(
        notice=standing.id,
        pupil=person(shown.person, names),
        class_name=shown.class_name,
        number=shown.number,
        revision=standing.revision,
        withdrawn=standing.withdrawn,
        kind=said.kind,
        reason=said.reason,
        since=said.since,
        until=said.until,
        channel=said.channel,
        guardian=said.teller.guardian,
        relation=standing.relation,
        relation_word=word(standing.relation),
        teller=said.teller.words,
        words=said.words,
        told_at=standing.told_at,
        entered_at=standing.at,
        entered_by=person(standing.by, names),
        confirmed=[
            ConfirmedOut(on=seen.on, revision=seen.revision, at=seen.at, by=person(seen.by, names))
            for seen in shown.confirmed
        ],
        replies=[reply(each, names) for each in by.replies if each.notice == standing.id],
        told=[
            ToldOut.model_validate(each, from_attributes=True)
            for each in by.told
            if each.notice == standing.id
        ],
        reach=list(by.reach.get(standing.id, ())),
    )
