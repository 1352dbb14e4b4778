"""Guardians who tell, change and take back while all is killed; and whether what they are told of it is true."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx
import orjson

from deploy.local.instance import Instance
from shared.ids import time_ordered_id
from tests.histories import checker
from tests.histories.agreement import Fact, Log
from tests.histories.product import ANSWER_SECONDS, Seat, superuser, token
from tests.support.waiting import for_a_while

FAMILIES = 6
ENOUGH_WORDS = 16
KINDS = (("absent", "sick"), ("absent", "other"), ("late", None), ("bereavement", None), ("other", None))
MEANT = {
    ("absent", "sick"): "absent_sick",
    ("absent", "other"): "absent_other",
    ("late", None): "late",
    ("bereavement", None): "bereavement",
    ("other", None): None,
}
"""What the roll must say, written down here once more: the product's own table proves nothing."""

_OF_CLASSES = """
select distinct on (m.subject_id) m.subject_id as pupil, g.guardian_id as guardian
from membership_period m
join guardianship_period g on g.subject_id = m.subject_id and g.may_notify and g.may_read and g.voided_at is null
    and g.valid @> $1::date
where m.class_id = any($2) and m.kind = 'home' and m.voided_at is null and m.valid @> $1::date
order by m.subject_id, g.guardian_id
"""


@dataclass(frozen=True)
class Family:
    """A child and who tells of it."""

    board: UUID
    pupil: UUID
    guardian: UUID


async def families(instance: Instance, seats: Iterable[Seat], random: Random) -> list[Family]:
    """Some of those whose children are in the classes of ``seats``, each guardian with one child."""
    seats = list(seats)
    async with superuser(instance, "registry") as database:
        rows = await database.fetch(
            _OF_CLASSES, instance.clock.today(), sorted({seat.class_id for seat in seats})
        )
    by_guardian = {row["guardian"]: row["pupil"] for row in rows}
    chosen = random.sample(sorted(by_guardian), k=FAMILIES)
    return [Family(seats[0].board, by_guardian[guardian], guardian) for guardian in chosen]


@dataclass
class Words:
    """What families know of what they have told."""

    acked: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    odd: list[str] = field(default_factory=list)


class Guardian:
    """Tells of one child, one word at a time; asks again under the same key when no answer comes, or gives up."""

    def __init__(self, instance: Instance, family: Family, random: Random, words: Words) -> None:
        self._today = instance.clock.today()
        self._family, self._random, self._words = family, random, words
        self._url = instance.url("messaging")
        made = token(instance, family.board, family.guardian, audience="messaging", kind="guardian")
        self._headers = {"authorization": f"Bearer {made}"}

    async def work(self, until: asyncio.Event) -> None:
        """Tell, change, take back, until the end."""
        async with httpx.AsyncClient(
            base_url=self._url, headers=self._headers, timeout=ANSWER_SECONDS
        ) as http:
            while not until.is_set():
                await self._speak(http)
                await for_a_while(self._random.uniform(0.2, 1.0))

    async def _speak(self, http: httpx.AsyncClient) -> None:
        answer = await self._ask(http, "GET", "/v1/family", {}, None, patient=True)
        assert answer is not None
        (child,) = (one for one in answer.json()["children"] if one["pupil"]["id"] == str(self._family.pupil))
        standing = [notice for notice in child["notices"] if not notice["withdrawn"]]
        number = str(self._random.getrandbits(64))
        kind, reason = self._random.choice(KINDS)
        said = {
            "kind": kind,
            "reason": reason,
            "since": str(self._today),
            "until": str(self._today + timedelta(days=1)),
            "words": number,
        }
        if not standing:
            path, body = "/v1/family/notices", {**said, "pupils": [str(self._family.pupil)]}
        else:
            notice = self._random.choice(standing)
            path, body = f"/v1/family/notices/{notice['notice']}/change", {**said, "seen": notice["revision"]}
            if self._random.random() < 0.3:
                number = f"{notice['notice']} withdrawn {notice['revision'] + 1}"
                path, body = path.replace("/change", "/withdraw"), {"seen": notice["revision"]}
        self._words.unknown.add(number)
        answer = await self._ask(
            http,
            "POST",
            path,
            {"idempotency-key": str(time_ordered_id(datetime.now(UTC)))},
            body,
            patient=self._random.random() < 0.7,
        )
        if answer is None:
            return
        self._words.unknown.discard(number)
        if answer.status_code == 200:
            self._words.acked.add(number)

    async def _ask(
        self,
        http: httpx.AsyncClient,
        method: str,
        path: str,
        headers: dict[str, str],
        body: Any,
        *,
        patient: bool,
    ) -> httpx.Response | None:
        """An answer that says what has happened; None when there was none, and nobody will ask again."""
        while True:
            try:
                answer = await http.request(method, path, headers=headers, json=body)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code < 500:
                # 409: what was seen is old by now, because a word was given up and had arrived all the same.
                if answer.status_code not in (200, 409):
                    self._words.odd.append(f"{method} {path}: {answer.status_code} {answer.text}")
                return answer
            if answer is not None:
                self._words.odd.append(f"{method} {path}: {answer.status_code} {answer.text}")
            if not patient:
                return None
            await for_a_while(0.03)


@dataclass(frozen=True)
class Told:
    """A revision of a notice as messaging's log has it, with the words that never leave messaging."""

    notice: UUID
    revision: int
    pupil: UUID
    withdrawn: bool
    kind: str
    reason: str | None
    at: datetime
    words: str | None
    stream: UUID
    stream_version: int

    @property
    def command(self) -> str:
        """What the family knows it by."""
        return f"{self.notice} withdrawn {self.revision}" if self.withdrawn else str(self.words)


_LOG = """
select l.stream, l.stream_version, l.payload, r.fact ->> 'words' as words
from log.log_fact l left join notice_revision r on r.notice_id = (l.payload ->> 'notice')::uuid
    and r.revision = (l.payload ->> 'revision')::integer
where l.topic = 'messaging.notice' order by l.position
"""


async def told(instance: Instance) -> list[Told]:
    """All that families have said, in the log's order."""
    async with superuser(instance, "messaging") as database:
        rows = await database.fetch(_LOG)
    found = []
    for row in rows:
        said = orjson.loads(row["payload"])
        found.append(
            Told(
                UUID(said["notice"]),
                said["revision"],
                UUID(said["pupil"]),
                said["withdrawn"],
                said["kind"],
                said["reason"],
                datetime.fromisoformat(said["at"]),
                row["words"],
                row["stream"],
                row["stream_version"],
            )
        )
    return found


async def broken_words(instance: Instance, log: Log, words: Words, families: Iterable[Family]) -> list[str]:
    """Everything that does not hold between families, roll and receipts; empty is good."""
    said = await told(instance)
    return [
        *checker.commands(words.acked, words.unknown, [each.command for each in said]),
        *checker.versions(said),
        *in_the_roll(said, log, instance.clock.today()),
        *seen_by_the_teacher(said, log),
        *await shown_to_families(instance, log, families),
    ]


def in_the_roll(said: Iterable[Told], log: Log, today: date) -> Iterable[str]:
    """What was told last, and is not taken back, is what the roll says that families have told."""
    newest = {each.notice: each for each in said}
    standing: dict[UUID, list[Told]] = defaultdict(list)
    for each in newest.values():
        standing[each.pupil] += [] if each.withdrawn or each.kind == "other" else [each]
    last = {UUID(fact.key): fact.day for fact in log.days if fact.day["on"] == today.isoformat()}
    for pupil, told_of in standing.items():
        facts = last[pupil]["facts"] if pupil in last else []
        code = next((fact["code"] for fact in facts if fact["source"] == "notice"), None)
        held = max(told_of, key=lambda each: (each.at, each.notice), default=None)
        if code != (MEANT[held.kind, held.reason] if held else None):
            yield f"the roll says {code} of {pupil}, the family {held}"


def seen_by_the_teacher(said: Iterable[Told], log: Log) -> Iterable[str]:
    """A teacher confirmed exactly what was in the revision of the day over which they saved."""
    revisions = {(each.notice, each.revision): each for each in said}
    days: dict[UUID, list[Fact]] = defaultdict(list)
    for fact in log.days:
        days[fact.stream].append(fact)
    for events in days.values():
        in_sight, to_read = datetime.min.replace(tzinfo=UTC), False
        known: set[tuple[str, int]] = set()
        for event in events:
            considered = {(one["notice"], one["revision"]): one for one in event.day["considered"]}
            fresh = considered.keys() - known
            if event.new["source"] != "teacher" and fresh:
                yield f"confirmed without a teacher's save: {fresh}"
            for key in fresh:
                notice = revisions[UUID(key[0]), key[1]]
                # そのほか stands beside a mark and not in its place: the day then says that there is something to read.
                there = notice.at <= in_sight or (notice.kind == "other" and to_read)
                if not notice.withdrawn and not there:
                    yield f"confirmed though no teacher can have seen it: {notice}"
                if considered[key]["at"] != event.new["at"] or considered[key]["by"] != event.new["by"]:
                    yield f"confirmed by another save than it says: {notice}"
            if event.new["source"] == "teacher":
                missing = _standing_in(revisions.values(), event, in_sight) - considered.keys()
                if missing:
                    yield f"saved with it in sight and not confirmed: {missing}"
            known = set(considered)
            for fact in event.day["facts"]:
                if fact["source"] == "notice":
                    in_sight = max(in_sight, datetime.fromisoformat(fact["at"]))
                    to_read = fact["to_read"]


def _standing_in(said: Iterable[Told], event: Fact, in_sight: datetime) -> set[tuple[str, int]]:
    """The notices of a pupil as they stood at an instant, without those that were taken back."""
    newest: dict[UUID, Told] = {}
    for each in said:
        if each.pupil == UUID(event.key) and each.at <= in_sight:
            newest[each.notice] = each
    return {(str(each.notice), each.revision) for each in newest.values() if not each.withdrawn}


async def shown_to_families(instance: Instance, log: Log, families: Iterable[Family]) -> list[str]:
    """A family is shown 「担任が確認しました」 for what the roll says was seen, and for nothing else."""
    last = {fact.key: fact.day for fact in log.days}
    found = []
    for family in families:
        made = token(instance, family.board, family.guardian, audience="messaging", kind="guardian")
        async with httpx.AsyncClient(
            base_url=instance.url("messaging"), headers={"authorization": f"Bearer {made}"}, timeout=30
        ) as http:
            page = (await http.get("/v1/family")).raise_for_status().json()
        (child,) = (one for one in page["children"] if one["pupil"]["id"] == str(family.pupil))
        shown = {(notice["notice"], notice["revision"]) for notice in child["notices"] if notice["confirmed"]}
        standing = {
            (notice["notice"], notice["revision"]) for notice in child["notices"] if not notice["withdrawn"]
        }
        day = last.get(str(family.pupil), {"considered": []})
        seen = {(one["notice"], one["revision"]) for one in day["considered"]} & standing
        if shown != seen:
            found.append(f"{family.pupil}: shown {shown}, seen {seen}")
    return found
