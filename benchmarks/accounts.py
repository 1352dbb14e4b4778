"""How fast accounts become users of Keycloak, and cease to be, as identity does it in the product's realm."""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

from benchmarks.deployment import PORT, own_folder
from benchmarks.load import Figure
from deploy.keycloak.admin import Admin as RealmAdmin
from deploy.keycloak.realm import REALM, Place, realm
from deploy.keycloak.reconcile import Reconciler as RealmReconciler
from deploy.local import lifecycle
from deploy.local.example import training_day
from deploy.local.instance import Instance
from deploy.local.keycloak import FIRST_ADMIN, Keycloak, Ports, make_own_database
from deploy.local.prepare import prepare_databases
from services.identity.keycloak.admin import CLIENT, Admin
from services.identity.keycloak.reconciler import Reconciler
from shared.database import Login, Units, make_engine
from shared.dates import SystemClock

ACCOUNTS = 2_000
"""Enough for a rate: what a user costs does not grow with their number."""
CITY = 100_000
KINDS = ("staff", "guardian", "guardian", "pupil", "pupil")
ORIGIN = f"https://localhost:{PORT}"


def measure(accounts: int = ACCOUNTS) -> list[Figure]:
    """Makes the users of so many accounts, then shuts them all, as when a school year ends."""
    with own_folder() as state:
        instance = Instance(state).choose(port=PORT, training_date=training_day(SystemClock().today()))
        lifecycle.start_postgres(instance)
        asyncio.run(prepare_databases(instance))
        keycloak = _keycloak(instance)
        try:
            return asyncio.run(_measure(instance, keycloak, accounts))
        finally:
            keycloak.stop()


def _keycloak(instance: Instance) -> Keycloak:
    role = "keycloak"
    socket = instance.postgres
    login = Login(str(socket.host), socket.port, role, role, instance.secret(role))
    asyncio.run(make_own_database(instance.server, login))
    made = Keycloak(instance.state / "keycloak", ports=Ports(PORT + 90, PORT + 91), database=login)
    made.start()
    place = Place(ORIGIN, ORIGIN, f"{ORIGIN}/paper", f"{ORIGIN}/paper", _secret)
    admin = RealmAdmin(made.url, REALM, FIRST_ADMIN, made.admin_secret)
    for _ in RealmReconciler(admin, realm(place), mend=True).run():
        pass
    return made


def _secret(client: str) -> str:
    return f"the secret of {client}"


async def _measure(instance: Instance, keycloak: Keycloak, accounts: int) -> list[Figure]:
    connection = await instance.server.connect("identity")
    engine = make_engine(instance.settings("identity").feed)
    admin = Admin(keycloak.issuer(REALM), _secret(CLIENT))
    reconciler = Reconciler(Units(engine, instance.clock), admin)
    try:
        board, now = uuid4(), SystemClock().now()
        rows = [(uuid4(), board, uuid4(), [KINDS[n % len(KINDS)]], now) for n in range(accounts)]
        await connection.executemany(
            "insert into account (id, board_id, person, kinds, opened_at) values ($1, $2, $3, $4, $5)", rows
        )
        made = await _seconds(reconciler)
        await connection.execute("update account set kinds = '{}'")
        shut = await _seconds(reconciler)
        left = await connection.fetchval(
            "select count(*) from keycloak_user where done is distinct from wanted"
        )
        assert left == 0, (left, reconciler.state.stopped_because)
    finally:
        await connection.close()
        await admin.close()
        await engine.dispose()
    return [
        _figure("accounts → users of Keycloak", accounts, made),
        _figure("the same accounts shut and signed out", accounts, shut),
    ]


async def _seconds(reconciler: Reconciler) -> float:
    began = time.perf_counter()
    while await reconciler.reconcile():
        pass
    return time.perf_counter() - began


def _figure(what: str, accounts: int, seconds: float) -> Figure:
    rate = accounts / seconds
    return Figure(what, f"{rate:.0f}/s; {CITY:,} in {CITY / rate / 60:.0f} min", "–")
