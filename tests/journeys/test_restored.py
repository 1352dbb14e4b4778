"""The platform edition from its backup, beside the one it was taken of: a teacher comes in as before, and works on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from deploy.keycloak.admin import Admin
from deploy.keycloak.realm import REALM
from deploy.local.admin import all_waiting, parts, rebuild_copy
from deploy.local.agreeing import compared
from deploy.local.authority import Authority, trusting
from deploy.local.example import only_board
from deploy.local.instance import Instance
from deploy.local.keycloak import FIRST_ADMIN
from deploy.local.serve import senders
from deploy.local.status import status
from deploy.local.temporary import free_ports, temporary_home
from deploy.topology import topology
from services.identity.keycloak.rules import username
from shared.ids import time_ordered_id
from tests.histories.product import seats, superuser
from tests.support.platform import signed_in
from tests.support.product import Product, started
from tests.support.waiting import eventually

PATIENCE = 120.0
"""For two whole editions on a machine that has much else to do."""
pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.keycloak]


@pytest.fixture
def restored(on_platform: Product) -> Iterator[Product]:
    """A folder and ports of its own, as on another machine; nothing is in it yet."""
    with temporary_home() as home:
        product = replace(on_platform, state=Path(home) / "state", port=free_ports())
        Instance(product.state).choose(port=product.port, durable=False)
        yield product


def believe(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the deployment's own commands do."""
    for name, value in trusting(authority).items():
        monkeypatch.setenv(name, value)


def at_keycloak(product: Product, name: str) -> dict[str, str]:
    """Keycloak's own numbers of a user, and of what it proves itself with."""
    keycloak = product.instance.keycloak
    admin = Admin(keycloak.url, REALM, FIRST_ADMIN, keycloak.admin_secret)
    (user,) = admin.get(admin.of("users"), username=name, exact=True)
    proofs = admin.get(admin.of("users", user["id"], "credentials"))
    return {"user": user["id"], **{each["type"]: each["id"] for each in proofs}}


async def test_a_teacher_comes_in_as_before_and_what_is_saved_arrives(
    on_platform: Product, restored: Product, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    was = on_platform.instance
    board, today = await only_board(was), was.clock.today()
    seat = (await seats(was, board, today, 1))[0]
    async with superuser(was, "identity") as identity:
        account = await identity.fetchval(
            "select account from keycloak_user where person = $1 and kind = 'staff'", seat.person
        )
    name = username(account, "staff")
    believe(was.authority, monkeypatch)
    before = at_keycloak(on_platform, name)
    assert before.keys() == {"user", "password", "otp"}
    path = tmp_path / "town.tsumugi"
    waited = await waiting_in(was)
    on_platform.tsumugi("backup", str(path))

    said = restored.tsumugi("restore", str(path))
    assert "次に: `make stack` で始め" in said
    with started(restored):
        instance = restored.instance
        believe(instance.authority, monkeypatch)
        assert at_keycloak(restored, name) == before, "nobody was made anew"
        assert "レルムは定めた形です" in restored.tsumugi("realm", "drift")

        said = restored.tsumugi("feed", "accept-epoch", "--yes")
        for feed in (await status(instance)).feeds:
            assert f"{feed.service}/{feed.copy}:" in said

        teacher = await signed_in(instance, seat.person, "staff")
        try:
            await save_a_day(teacher, f"/classes/{seat.class_id}/days/{today}/roll")
        finally:
            await teacher.aclose()
        await eventually(lambda: level(instance), within=PATIENCE, every=0.5)
        for service in topology().services:
            for copy in parts(service).copies:
                logs = instance.make_log_feed(service)
                found = await rebuild_copy(instance, service, copy.name, make_feed=logs)
                was_parked = waited[service, copy.name]
                assert (found.compared, found.different, found.parked) == (True, 0, was_parked), copy.name
        await eventually(lambda: everything_sent(instance), within=PATIENCE, every=1.0)
        assert "ログと Kafka は同じです。" in restored.tsumugi("feed", "verify")


async def save_a_day(teacher: httpx.AsyncClient, roll: str) -> None:
    """A child's day, until it is on the page: through registry's log, Kafka and the dashboard's copy."""
    members = (await teacher.get(f"/api/registry/v1{roll}")).json()["members"]
    member = next(each for each in members if not each["exchange"])
    code = "late" if "absent_sick" in {fact["code"] for fact in member["facts"]} else "absent_sick"
    mark = {"pupil": member["pupil"], "seen": member["revision"], "code": code}
    mark["reason"] = {"code": "mistaken_entry"}
    answer = await teacher.post(
        f"/api/registry/v1{roll}",
        json={"marks": [mark], "taken": False, "claimed_at": datetime.now(UTC).isoformat()},
        headers={"idempotency-key": str(time_ordered_id(datetime.now(UTC)))},
    )
    assert answer.status_code == 200, answer.text

    async def on_the_page() -> bool:
        page = (await teacher.get(f"/api{roll}")).json()
        found = {each["pupil"]["id"]: each["cell"]["code"] for each in page["members"]}
        return bool(found[member["pupil"]] == code)

    await eventually(on_the_page, within=PATIENCE, every=0.5)


async def waiting_in(instance: Instance) -> Counter[tuple[str, str]]:
    """How many records of each copy wait for an operator: what is backed up is the tests' before this one."""
    found: Counter[tuple[str, str]] = Counter()
    for service, each in await all_waiting(instance):
        found[service, each.copy] += each.count
    return found


async def everything_sent(instance: Instance) -> bool:
    """Whether every publisher's log is on the broker, all of it: a relay begins anew at the first record."""
    for service in senders():
        if not all(one.agree for one in await compared(instance, service)):
            return False
    return True


async def level(instance: Instance) -> bool:
    """Whether every feed is at its publisher's end, and none stands still."""
    feeds = (await status(instance)).feeds
    return all(feed.lag == 0 and feed.stopped_because is None for feed in feeds)
