"""Accounts become users of Keycloak, and all of them sign in within five minutes."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import httpx

from benchmarks.cost import cost_of
from benchmarks.load import Connection, Figure, offered
from benchmarks.stack import keycloak_pages
from benchmarks.stack.edition import Stack
from benchmarks.stack.keycloak_pages import NotIn
from benchmarks.stack.loads import REACHED
from benchmarks.stack.outcome import Outcome
from services.identity.keycloak.rules import username
from shared.dates import SystemClock
from tests.support.waiting import eventually

PEOPLE = 400
"""Who is made, and then signs in. A code of an authenticator app counts once in half a minute: nobody comes sooner."""
CITY = 100_000
SIGN_INS, STORM_SECONDS = 2_000, 300.0
RATE = SIGN_INS / STORM_SECONDS
BROWSERS = 300
"""At once. Who comes when as many are at it waits, and that counts."""
PATIENCE_SECONDS = 60.0
WARM_SECONDS = 15.0
MAKE_SECONDS = 600.0
_ACCOUNT = "insert into account (id, board_id, person, kinds, opened_at) values ($1, $2, $3, '{staff}', $4)"
_SOURCE = (
    "insert into hat_source (board_id, topic, key, epoch, position) values ($1, 'registry.duty', $2, 1, 0)"
)
_HAT = (
    "insert into hat (board_id, topic, key, person, kind, valid)"
    " values ($1, 'registry.duty', $2, $2, 'staff', daterange($3, null, '[)'))"
)
_MADE = "select count(*) from keycloak_user where account = any($1::uuid[]) and done = wanted"


async def accounts(deployed: Stack) -> tuple[Outcome, list[str]]:
    """Open so many accounts of staff, and wait for their users; how fast they were made, and the users' names."""
    identity = await deployed.instance.server.connect("identity")
    people = [(uuid4(), uuid4()) for _ in range(PEOPLE)]
    ids = [id for id, _ in people]
    try:
        now, since = SystemClock().now(), deployed.day - timedelta(days=1)
        await identity.executemany(_SOURCE, [(deployed.board, person) for _, person in people])
        await identity.executemany(_HAT, [(deployed.board, person, since) for _, person in people])
        await identity.executemany(_ACCOUNT, [(id, deployed.board, person, now) for id, person in people])

        async def made(least: int) -> int:
            many = int(await identity.fetchval(_MADE, ids))
            return many if many >= least else 0

        # The reconciler looks every ten seconds, and says what it has done after each two hundred.
        first = await eventually(lambda: made(1), within=MAKE_SECONDS, every=0.05)
        began = time.perf_counter()
        _, cost = await cost_of(deployed, eventually(lambda: made(PEOPLE), within=MAKE_SECONDS, every=0.05))
        seconds = time.perf_counter() - began
    finally:
        await identity.close()
    rate = (PEOPLE - first) / seconds
    figure = Figure(
        "accounts → users of Keycloak",
        f"{rate:.0f}/s; {CITY:,} in {CITY / rate / 60:.0f} min; {cost.each(PEOPLE - first)}",
    )
    return Outcome([figure]), [username(id, "staff") for id in ids]


async def storm(deployed: Stack, names: list[str], seconds: float) -> Outcome:
    """Everybody signs in: code and PKCE, password and one-time code, back to a session at the product."""
    origin, way = deployed.instance.origin, deployed.way
    wrong: Counter[str] = Counter()
    turn = 0

    async def act(_: Connection, number: int) -> bool:
        nonlocal turn
        turn += 1
        try:
            await keycloak_pages.session(origin, names[turn % len(names)], way)
        except (NotIn, httpx.HTTPError) as error:
            wrong[f"{type(error).__name__} {error}".strip()] += 1
            return False
        return True

    # A Keycloak that has just begun takes several times as long: nobody's first morning is with such a one.
    await offered(origin, act, rate=RATE, seconds=WARM_SECONDS, connections=BROWSERS)
    wrong.clear()
    load = offered(origin, act, rate=RATE, seconds=seconds, connections=BROWSERS, patience=PATIENCE_SECONDS)
    done, cost = await cost_of(deployed, load)
    many = int(RATE * seconds)
    lost = (
        f"{done.given_up} given up after another {PATIENCE_SECONDS:.0f} s" if done.given_up else "none lost"
    )
    said = "; ".join(f"{count} × {what}" for what, count in wrong.most_common(3))
    return Outcome(
        [
            Figure(
                f"sign-in storm, {RATE:.1f}/s offered for {seconds:.0f} s (2,000 in five minutes)",
                f"{done.well:,} of {many:,} in within {done.seconds:.0f} s; p50 {done.percentile(0.5) / 1000:.1f},"
                f" p99 {done.percentile(0.99) / 1000:.1f} s; {lost}{f'; {said}' if said else ''}",
                "all of them, as they come",
                done.well == many and done.done >= REACHED * RATE,
            ),
            Figure("… what a sign-in costs", cost.each(done.well)),
        ]
    )
