"""Duties, enrolments and guardianships become accounts.

The records come in any legal order: each carries the whole set of its subject's periods and replaces what an older one
of the same (topic, key) gave; what an account is follows from all sets together, whichever came first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from services.identity.accounts.rules import Hat, hats_of
from services.identity.accounts.store import SourceKey, Version, replace_hats, settle
from shared.contracts import Topic
from shared.contracts.registry import DUTY, ENROLMENT, GUARDIANSHIP
from shared.database import Work
from shared.dates import business_date
from shared.events.intake import Arrived
from shared.events.reactions import Reaction


class KeepAccounts(Reaction):
    """Opens, changes and disables accounts as people's relations to schools change."""

    name: ClassVar[str] = "accounts"
    topics: ClassVar[tuple[Topic, ...]] = (DUTY, ENROLMENT, GUARDIANSHIP)

    async def react(self, work: Work, arrived: Sequence[Arrived]) -> None:
        newest: dict[SourceKey, tuple[Version, frozenset[Hat]]] = {}
        for item in arrived:
            source = SourceKey(item.record.topic, item.record.stream)
            version = Version(item.record.epoch, item.record.position)
            if source not in newest or newest[source][0] < version:
                newest[source] = (version, hats_of(item.payload))
        await settle(work, await replace_hats(work, newest), business_date(work.at))
