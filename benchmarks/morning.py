"""`make bench-morning`: twenty to eight in a city, everything on one machine; then ten times as much at once.

What comes goes the way it goes from a browser: through the origin, with sessions whose tokens have run out over night.
Commands that are told to come back do, as the outbox of a device does, under the same key. Readings are given up.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from uuid import UUID

from benchmarks.deployment import Class, Deployment, deployment
from benchmarks.load import Answer, Connection, Figure, Timings
from benchmarks.processes import LAYOUTS, Layout, apart
from benchmarks.sessions import signed_in
from deploy.local import lifecycle
from shared.ids import time_ordered_id

PUPILS, SECONDS = 100_000, 300.0
RATES = {"notice": 20.0, "page": 150.0, "save": 5.0}
"""A second."""
BURST, BURST_SECONDS = 10, 20.0
AFTERWARDS_SECONDS = 40.0
WARM_SECONDS = 5.0
BACK_AT_MOST = 100
"""Times that a command comes back."""
WELL_MS = 1000.0
"""A second in which every answer came within this, and nobody was sent away, is one of a service that is itself."""

_GUARDIANS = (
    "select distinct on (pupil_id) pupil_id, guardian_id from copy.guardian"
    " where notify and since <= $1 and (until is null or until > $1) order by pupil_id, guardian_id"
)
_HEADS = (
    "select organisation_id as school, subject_id as person from duty_period"
    " where kind = 'principal' and voided_at is null and valid @> $1::date"
)


Shown = tuple[int, int]
"""Of a school's page: absent children, classes whose roll was taken."""


@dataclass(frozen=True)
class Visit:
    """One thing that somebody did, from when it was due."""

    kind: str
    due: float
    """Seconds since the load began."""
    milliseconds: float
    """Until it was done; of a reading that was given up, until that was told."""
    outcome: str
    """``done``, ``sent away`` (a reading, politely), or what went wrong."""
    returns: int = 0
    """How often a command was told to come back."""


@dataclass
class City:
    """Who comes in the morning."""

    deployed: Deployment
    seconds: float
    """How long a morning lasts."""
    families: Iterator[tuple[UUID, UUID]]
    """(child, guardian) who have not told anything yet."""
    heads: dict[UUID, UUID]
    """School → principal."""
    sessions: dict[UUID, dict[str, str]]
    class_of: dict[UUID, Class]
    """Child → class."""
    before: dict[UUID, Shown] = field(default_factory=dict)
    """School → what its page said before anybody came."""
    told: dict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    """Class → children of whom a notice was accepted."""
    taken: dict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    """School → classes whose roll was taken."""


def measure(pupils: int = PUPILS, seconds: float = SECONDS) -> list[Figure]:
    """One city, in one process and in a process a service: to make it takes longer than its morning."""
    with deployment(pupils=pupils) as deployed:
        city = asyncio.run(_city(deployed, seconds))
        figures = asyncio.run(_morning(city, "one process"))
        lifecycle.stop_services(deployed.instance)
        with apart(deployed.instance):
            return [*figures, *asyncio.run(_morning(city, "a process a service"))]


async def _morning(city: City, layout: Layout) -> list[Figure]:
    load = Load(city)
    await load.run(RATES, WARM_SECONDS)  # first pages, plans and connections
    load.visits.clear()
    await load.run(RATES, city.seconds)
    words = f"{len(city.class_of):,} pupils, {layout}"
    figures = [*_figures(load.visits, f"morning, {words}"), await _right(city, words)]
    load.visits.clear()
    began = time.perf_counter()
    burst = {kind: rate * BURST for kind, rate in RATES.items()}
    await load.run(burst, BURST_SECONDS, then=(RATES, AFTERWARDS_SECONDS))
    at_peak = [visit for visit in load.visits if visit.due < BURST_SECONDS]
    figures += _figures(at_peak, f"ten times as much for {BURST_SECONDS:.0f} s, {words}")
    figures += [
        Figure(f"… itself again, {words}", f"{_recovered(load.visits):.0f} s after its end", "< 10 s"),
        Figure(
            f"… all commands in, {words}", f"{load.last_command - began - BURST_SECONDS:.0f} s after it", "–"
        ),
        await _right(city, f"after it, {words}"),
    ]
    load.close()
    return figures


async def _city(deployed: Deployment, seconds: float) -> City:
    instance, today = deployed.instance, deployed.day
    messaging = await instance.server.connect("messaging")
    registry = await instance.server.connect("registry")
    try:
        families = [(row["pupil_id"], row["guardian_id"]) for row in await messaging.fetch(_GUARDIANS, today)]
        heads = {row["school"]: row["person"] for row in await registry.fetch(_HEADS, today)}
    finally:
        await messaging.close()
        await registry.close()
    class_of = {pupil: each for each in deployed.classes for pupil in each.pupils}
    seen: set[UUID] = set()
    chosen = []
    each = WARM_SECONDS + seconds + BURST * BURST_SECONDS + AFTERWARDS_SECONDS
    wanted = int(RATES["notice"] * each) * len(LAYOUTS) + 100
    step = max(1, len(families) // wanted)
    for pupil, guardian in families[::step] + families:
        if guardian not in seen and pupil in class_of:
            seen.add(guardian)
            chosen.append((pupil, guardian))
    chosen = chosen[:wanted]
    sessions = await signed_in(deployed, [guardian for _, guardian in chosen], "guardian")
    staff = [*heads.values(), *(each.teacher for each in deployed.classes)]
    sessions |= await signed_in(deployed, list(dict.fromkeys(staff)), "staff")
    families_in = [(pupil, guardian) for pupil, guardian in chosen if guardian in sessions]
    if len(families_in) < wanted - 100 or not heads or any(head not in sessions for head in heads.values()):
        raise RuntimeError(
            f"{len(families_in):,} families, {wanted:,} are to come: take more pupils or fewer seconds"
            f" (and every one of {len(heads)} heads needs an account)"
        )
    city = City(deployed, seconds, iter(families_in), heads, sessions, class_of)
    connection = Connection(deployed.instance.origin)
    for school in heads:
        city.before[school] = await _shown(city, connection, school)
    connection.close()
    return city


class Load:
    """Everybody at once, each at their own pace whatever the answers do."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.visits: list[Visit] = []
        self.last_command = 0.0
        self._free: list[Connection] = []
        self._classes = cycle(city.deployed.classes)
        self._pages = self._all_pages()
        self._acts: dict[str, Callable[[Connection], Awaitable[tuple[str, int]]]] = {
            "notice": self._notice,
            "page": self._page,
            "save": self._save,
        }

    async def run(
        self, rates: dict[str, float], seconds: float, then: tuple[dict[str, float], float] | None = None
    ) -> None:
        """Offer ``rates`` for ``seconds``, then others without a pause; returns when everything is answered."""
        began = time.perf_counter()
        due = sorted(
            (start + number / rate, kind)
            for start, each, length in [(0.0, rates, seconds), *([(seconds, *then)] if then else [])]
            for kind, rate in each.items()
            for number in range(int(rate * length))
        )
        tasks = []
        for at, kind in due:
            await asyncio.sleep(max(0.0, began + at - time.perf_counter()))
            tasks.append(asyncio.create_task(self._one(kind, began, at)))
        await asyncio.gather(*tasks)

    async def _one(self, kind: str, began: float, due: float) -> None:
        connection = self._free.pop() if self._free else Connection(self.city.deployed.instance.origin)
        try:
            outcome, returns = await self._acts[kind](connection)
            self._free.append(connection)
        except (OSError, asyncio.IncompleteReadError) as error:
            outcome, returns = type(error).__name__, 0
        now = time.perf_counter()
        self.visits.append(Visit(kind, due, (now - began - due) * 1000, outcome, returns))
        if kind != "page":
            self.last_command = now

    async def _notice(self, connection: Connection) -> tuple[str, int]:
        pupil, guardian = next(self.city.families)
        today = self.city.deployed.day
        body = {
            "pupils": [str(pupil)],
            "kind": "absent",
            "reason": "sick",
            "since": str(today),
            "until": str(today + timedelta(days=1)),
        }
        outcome, returns, _ = await self._command(
            connection, "/api/messaging/v1/family/notices", self.city.sessions[guardian], body
        )
        if outcome == "done":
            self.city.told[self.city.class_of[pupil].id].add(pupil)
        return outcome, returns

    async def _save(self, connection: Connection) -> tuple[str, int]:
        of = next(self._classes)
        headers, day = self.city.sessions[of.teacher], self.city.deployed.day
        seen, read_again = await self._patiently(
            connection, "GET", f"/api/classes/{of.id}/days/{day}/roll", headers
        )
        if seen.status != 200:
            return _wrong(seen), read_again
        open_cells = [
            {"pupil": member["pupil"]["id"], "seen": member["cell"]["revision"], "code": "present"}
            for member in seen.json()["members"]
            if member["cell"]["status"] == "unrecorded" and not member["exchange"]
        ]
        path = f"/api/registry/v1/classes/{of.id}/days/{day}/roll"
        body = {"marks": open_cells, "taken": True}
        outcome, returns, _ = await self._command(connection, path, headers, body)
        if outcome == "done":
            self.city.taken[of.school].add(of.id)
        return outcome, read_again + returns

    async def _command(
        self, connection: Connection, path: str, headers: dict[str, str], body: object
    ) -> tuple[str, int, Answer]:
        sent = {
            **headers,
            "content-type": "application/json",
            "idempotency-key": str(time_ordered_id(datetime.now(UTC))),
        }
        answer, returns = await self._patiently(connection, "POST", path, sent, json.dumps(body).encode())
        return ("done" if answer.status == 200 else _wrong(answer)), returns, answer

    async def _patiently(
        self, connection: Connection, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[Answer, int]:
        """The answer of who comes back when told to, and how often that was."""
        returns = 0
        while True:
            answer = await connection.ask(method, path, headers, body)
            if answer.status != 503 or returns == BACK_AT_MOST:
                return answer, returns
            returns += 1
            await asyncio.sleep(float(answer.header("retry-after", "5")))

    async def _page(self, connection: Connection) -> tuple[str, int]:
        path, headers = next(self._pages)
        answer = await connection.ask("GET", path, headers)
        if answer.status == 200:
            return "done", 0
        polite = answer.status == 503 and answer.header("retry-after") != ""
        return ("sent away" if polite else _wrong(answer)), 0

    def _all_pages(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Of eight readings three are a teacher's first page, three a roll, two a school's page."""
        city = self.city
        day, classes = city.deployed.day, city.deployed.classes
        heads = cycle(city.heads.items())
        for number, of in enumerate(cycle(classes)):
            mine = city.sessions[of.teacher]
            if number % 8 < 3:
                yield "/api/today", mine
            elif number % 8 < 6:
                yield f"/api/classes/{of.id}/days/{day}/roll", mine
            else:
                school, head = next(heads)
                yield f"/api/schools/{school}/days/{day}", city.sessions[head]

    def close(self) -> None:
        """Hang up."""
        for connection in self._free:
            connection.close()


def _wrong(answer: Answer) -> str:
    try:
        return f"{answer.status} {answer.json()['type'].rsplit('/', 1)[-1]}"
    except (ValueError, KeyError):
        return str(answer.status)


def _figures(visits: list[Visit], when: str) -> list[Figure]:
    figures = []
    for kind, target in (("notice", "–"), ("page", "–"), ("save", "–")):
        of_kind = [visit for visit in visits if visit.kind == kind]
        done = Timings([visit.milliseconds for visit in of_kind if visit.outcome == "done"])
        other = Counter(visit.outcome for visit in of_kind if visit.outcome != "done")
        back = sum(visit.returns for visit in of_kind)
        words = [
            f"{len(done.milliseconds):,} done",
            f"p50 {done.percentile(0.5):.0f}, p99 {done.percentile(0.99):.0f} ms",
            *([f"{back:,} times told to come back"] if back else []),
            *(f"{count:,} {outcome}" for outcome, count in other.most_common()),
        ]
        figures.append(Figure(f"{kind}s, {when}", "; ".join(words), target))
    return figures


def _recovered(visits: list[Visit]) -> float:
    """Seconds after the burst's end until the first second from which on all was well."""
    bad = [
        int(visit.due)
        for visit in visits
        if visit.due >= BURST_SECONDS
        and (visit.outcome != "done" or visit.returns or visit.milliseconds > WELL_MS)
    ]
    return max(bad) + 1 - BURST_SECONDS if bad else 0.0


async def _shown(city: City, connection: Connection, school: UUID) -> Shown:
    path = f"/api/schools/{school}/days/{city.deployed.day}"
    totals = (await connection.ask("GET", path, city.sessions[city.heads[school]])).json()["totals"]
    return totals["absent"], totals["classes_taken"]


async def _absent(city: City, connection: Connection, of: Class) -> int | None:
    """Of the children of ``of`` who were told of, those whom its roll has as absent.

    Of others a teacher had said that they are there before the word came: that stands as a contradiction, until
    somebody settles it. None: of some the roll says neither, or it cannot be read just now.
    """
    path = f"/api/classes/{of.id}/days/{city.deployed.day}/roll"
    answer = await connection.ask("GET", path, city.sessions[of.teacher])
    if answer.status == 503:
        return None
    if answer.status != 200:
        raise RuntimeError(f"a roll cannot be read: {_wrong(answer)}")
    roll = answer.json()
    cells = [each["cell"] for each in roll["members"] if UUID(each["pupil"]["id"]) in city.told[of.id]]
    known = all(cell["status"] == "absent" or cell["contradiction"] for cell in cells)
    return sum(cell["status"] == "absent" for cell in cells) if known else None


async def _right(city: City, words: str) -> Figure:
    """Until every roll has every word that was taken of its children, and every school's page says just that."""
    began = time.perf_counter()
    connection = Connection(city.deployed.instance.origin)
    told_of = [of for of in city.deployed.classes if city.told[of.id]]
    for school in city.heads:
        while True:
            rolls = [await _absent(city, connection, of) for of in told_of if of.school == school]
            shown = await _shown(city, connection, school)
            absent, classes = city.before[school]
            if None not in rolls and shown == (
                absent + sum(filter(None, rolls)),
                classes + len(city.taken[school]),
            ):
                break
            if time.perf_counter() - began > 300:
                raise RuntimeError(f"a page is not right: {shown} where rolls say {rolls}, at {school}")
            await asyncio.sleep(0.05)
    connection.close()
    return Figure(
        f"… every school's page right, {words}",
        f"{time.perf_counter() - began:.1f} s after the last answer ({len(told_of) + len(city.heads)} pages read"
        " one by one)",
        "≤ 1 s and the reading",
    )
