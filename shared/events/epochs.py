"""Logs that were restored: the epochs they came through, how far two are one, and a consumer let go on."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events.feed import first_of
from shared.events.intake import enter

Epochs = Mapping[int, int]
"""Of a log: from which epoch to which it came, and the position where each began (``log.epoch``)."""

WHOLE = 2**63 - 1
"""Beyond every position (a bigint's last): two logs that nowhere part."""

_STOOD = text(
    "select epoch, epochs from feed.checkpoint where copy = :copy and publisher = :publisher for update"
)
_FORGET = text(
    "delete from feed.parked where copy = :copy and publisher = :publisher and position > cast(:handled as bigint)"
)
_RESTAMP = [
    text(
        "update feed.parked set record = jsonb_set(record, '{epoch}', to_jsonb(cast(:epoch as integer)))"
        " where copy = :copy and publisher = :publisher"
    ),
    text(
        "update feed.discarded set epoch = :epoch where copy = :copy and publisher = :publisher"
        " and position <= cast(:same as bigint)"
    ),
]
_ACCEPT = text(
    "update feed.checkpoint set epoch = :epoch, epochs = cast(:epochs as jsonb), cursor = cast(:cursor as jsonb),"
    " highest = 0, reached = least(reached, cast(:handled as bigint)) where copy = :copy and publisher = :publisher"
)


async def accept_epoch(
    session: AsyncSession, copy: str, publisher: str, epochs: Epochs, *, again: bool
) -> bool:
    """Let a consumer go on with the last of ``epochs`` of a restored log. False: it has never read it.

    Nothing changes for one that reads that epoch already: two people may have answered the same question.

    Positions of the lost end are given again, so nothing it stood at is known to be so and it begins at the first
    record. With ``again`` it takes everything once more, and forgets what waits, because that comes again, too.
    Without, what both logs have in common is handled and does not come again: what of that waits goes on waiting.
    """
    await enter(session, copy, "copy")
    place = {"copy": copy, "publisher": publisher}
    stood = (await session.execute(_STOOD, place)).one_or_none()
    if stood is None:
        return False
    epoch = max(epochs)
    if stood.epoch == epoch:
        return True
    same = how_far_the_same(stood.epoch, stood.epochs, epochs)
    handled = 0 if again else same
    await session.execute(_FORGET, {**place, "handled": handled})
    for statement in _RESTAMP:
        given = {"same": same} if "same" in statement.compile().params else {}
        await session.execute(statement, {**place, "epoch": epoch, **given})
    kept = orjson.dumps({str(epoch): began for epoch, began in epochs.items()}).decode()
    cursor = orjson.dumps(first_of(epoch)).decode()
    await session.execute(
        _ACCEPT, {**place, "epoch": epoch, "epochs": kept, "cursor": cursor, "handled": handled}
    )
    return True


def how_far_the_same(epoch: int, kept: Mapping[str, int], log: Epochs) -> int:
    """Up to where ``log`` is the one that a consumer read in ``epoch``; ``kept``: what its checkpoint knows of that."""
    mine = {int(number): began for number, began in kept.items()}
    if not mine and epoch > max(log):
        return 0  # it began in an epoch that this log never had: nobody knows where they part
    return in_common(mine or {number: began for number, began in log.items() if number <= epoch}, log)


def in_common(mine: Epochs, theirs: Epochs) -> int:
    """Up to which position two logs are one and the same, by the epochs they came through.

    Each is the other up to where the first epoch began that the other does not know; a log that was restored twice
    from older and older backups may know few of those that a consumer has lived through. :data:`WHOLE` when both came
    through the same epochs.
    """
    parted = [
        began for epoch, began in (*mine.items(), *theirs.items()) if not (epoch in mine and epoch in theirs)
    ]
    return min(parted, default=WHOLE)
