"""Keeps department feeds up: reads the copies of touched classes and gives what differs. Idempotent, without input.

Woken by the copies' notices, by a timer, and exactly at a cut-off, when what counts is the copy as it then is; one
process at a time does it, and a second that tried would be stopped by the items' versions. Items are events of this
service's log; a department reads them over HTTP or from its topic (topics.py), which give the fields its grant allows.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import ClassVar
from uuid import UUID

import asyncpg

from services.dashboard.feeds import store
from services.dashboard.feeds.rules import LUNCH, CutOffError, cut_off, next_revision
from services.dashboard.feeds.store import Receiver
from services.dashboard.live.hub import Hub, notices
from services.dashboard.live.rules import view
from shared.contracts.dashboard import FeedItemChanged, LunchCount, feed_topic
from shared.database import Login, Scope, Units
from shared.events.workers import WorkerState, lead

logger = logging.getLogger(__name__)

TIMER_SECONDS = 30.0
"""Safety net, and how late a change that no copy tells of (a new day, a cut-off moved) may be seen."""
QUIET_SECONDS = 0.25
"""From one look at the touched classes to the next, at least: a morning's saves come together, the kitchen waits for
none of them longer than this."""

LATELY = timedelta(days=7)
"""How far back a scan looks for what nobody told of; a correction that is told is given whatever its day."""
_COUNTED = ("class-day:", "board:", "purposes:")
"""What a count may follow from; schools' pages and duties change without it."""
_EVERYTHING = "board:"
"""Stands for whatever may have been said."""


Touched = Mapping[date, Collection[UUID]]
"""Classes to look at, by day."""


class DepartmentFeed(ABC):
    """The reconciler of one feed. ``units`` works as the feed role."""

    name: ClassVar[str]

    def __init__(self, units: Units, hub: Hub) -> None:
        self._units = units
        self._hub = hub
        self._touched: dict[date, set[UUID]] = {}
        self._all = True
        self._wake = asyncio.Event()
        self.state = WorkerState("dashboard", f"feed:{self.name}", "dashboard")

    async def run(self, login: Login) -> None:
        """Reconcile until cancelled; a second process stands by."""
        self._hub.add(self.hear)
        try:
            await lead(login, self.state, self._work)
        finally:
            self._hub.remove(self.hear)

    def hear(self, channel: str, said: str | None) -> None:
        """Remember which classes to look at (a listener of the hub)."""
        if channel != "live":
            return
        for key in [_EVERYTHING] if said is None else notices(said):
            self._touch(key)
        if self._all or self._touched:
            self._wake.set()

    def _touch(self, key: str) -> None:
        if key.startswith(_COUNTED):
            named = view(key)
            if named is None or named.of is None or named.on is None:
                self._all = True  # every day of a class, any page of a board, whose purposes
            else:
                self._touched.setdefault(named.on, set()).add(named.of)

    async def _work(self, lock: asyncpg.Connection) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not lock.is_closed():
            began = loop.time()
            everything, touched = self._all or began >= due, self._touched
            self._wake.clear()
            self._all, self._touched = False, {}
            try:
                until_cut_off = await self.reconcile(touched, everything=everything)
            except BaseException:
                self._all = True
                for day, classes in touched.items():  # an older day than a look at everything goes back to
                    self._touched.setdefault(day, set()).update(classes)
                raise
            if everything:  # only a look at everything puts the next one off
                due = began + until_cut_off
            await self._rest(began + QUIET_SECONDS, due)

    async def _rest(self, quiet_until: float, due: float) -> None:
        """Until a class was touched and ``quiet_until`` has passed; never beyond ``due``."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due):
                await self._wake.wait()
                await asyncio.sleep(quiet_until - asyncio.get_running_loop().time())

    async def reconcile(self, touched: Touched = MappingProxyType({}), *, everything: bool = False) -> float:
        """Give what differs, of the ``touched`` classes by day; returns the seconds to the next cut-off.

        Of ``everything`` besides: today and the days given lately, so that a correction of yesterday is a new revision
        of yesterday's item also when it was folded while nobody reconciled.
        """
        began, today = self._units.clock.now(), self._units.clock.today()
        async with self._units.maintain() as session:
            receivers = await store.receivers(session, self.name, today)
        waits = [TIMER_SECONDS]
        trouble = None
        for receiver in receivers:
            try:
                for day, classes in (
                    await self._days(receiver, today, touched, everything=everything)
                ).items():
                    freezes_at = await self._give(receiver, day, classes)
                    left = (freezes_at - began).total_seconds()
                    if left > 0:
                        waits.append(left)
            except CutOffError as error:  # one board's setting stops that board's feed alone
                trouble = f"{receiver.board}: {error}"
                logger.warning("feed %s: %s", self.name, trouble)
        self.state.stopped_because = trouble
        if everything:
            self.state.looked_at = self._units.clock.now()
            self.state.level()
        return min(waits)

    async def _days(
        self, receiver: Receiver, today: date, touched: Touched, *, everything: bool
    ) -> Mapping[date, Collection[UUID] | None]:
        """The days to look at, each with its classes or None for all of them."""
        lately = today - LATELY if everything else today
        since = min([lately, *touched])
        if since == today:
            return touched
        async with self._units.maintain() as session:
            given = await store.given_days(session, receiver, self.name, since) | {today}
        days: dict[date, Collection[UUID] | None] = {}
        if everything:
            days = dict.fromkeys(day for day in sorted(given) if day >= lately)
        return days | {day: touched[day] for day in touched if day in given and day not in days}

    @abstractmethod
    async def _give(self, receiver: Receiver, day: date, classes: Collection[UUID] | None) -> datetime:
        """Give what differs of a day; returns when its numbers are frozen (the past: never, or they are)."""


class LunchFeed(DepartmentFeed):
    """``lunch-count``: frozen at the board's cut-off."""

    name = LUNCH

    async def _give(self, receiver: Receiver, day: date, classes: Collection[UUID] | None) -> datetime:
        board, grant = receiver.board, receiver.grant
        async with self._units.work(Scope(board), actor=f"feed:{LUNCH}") as work:
            freezes_at = cut_off(await store.cut_off_setting(work.session, board, day), day)
            groups = {
                store.item_id(board, LUNCH, group.id, day): group
                for group in await store.groups(work.session, board, day, classes)
            }
            kept = await store.kept_items(work.session, receiver, groups, LunchCount)
            given = []
            for item, group in groups.items():
                step = next_revision(
                    group,
                    kept.get(item),
                    small_groups=grant.small_groups,
                    now=work.at,
                    freezes_at=freezes_at,
                )
                if step is not None:
                    given.append((item, group, step))
            if given:
                await store.add_items(work.session, receiver, LUNCH, day, given, work.at)
            for item, group, step in given:
                work.publish(
                    FeedItemChanged(
                        feed=LUNCH,
                        item=item,
                        group=group.id,
                        school=group.school,
                        on=day,
                        revision=step.revision,
                        value=step.value,
                        frozen_at=step.frozen_at,
                    ),
                    key=item,
                    expected=step.revision - 1,
                    topic=feed_topic(board, receiver.department, LUNCH),
                )
        return freezes_at
