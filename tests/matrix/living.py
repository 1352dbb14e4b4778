"""The product at work in this process: databases as a deployment makes them, every service on a port, two boards.

Nothing stands in for anything: tokens are the issuer's, sessions were signed in, copies came over the feeds.
"""

from __future__ import annotations

import asyncio
import importlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import uvicorn
from fastapi import FastAPI
from sqlalchemy import text

from deploy.local.instance import Instance
from deploy.local.postgres import Postgres
from deploy.local.prepare import prepare_databases
from deploy.local.state import make_folder, write_secret
from deploy.topology import topology
from services.dashboard.shell import FrontEnd
from services.identity.purposes.grants import grant, grant_app
from services.identity.purposes.rules import Terms
from services.messaging.channels.settings import Channels, Mail, Settings
from services.registry.class_lists import store as class_lists
from services.registry.class_lists.rules import members_on, revision
from services.registry.erasure import store as erasure
from services.registry.erasure.rules import Holdings
from services.registry.imports.importing import import_snapshot
from services.registry.matching import store as matching
from services.registry.matching.rules import in_order
from services.registry.rollover.plans import Plan
from services.registry.rollover.store import put_next_schools, put_plan
from services.registry.roster.snapshot import RosterSnapshot
from services.registry.roster.substitutes import add_substitute
from shared.access.principal import Principal
from shared.contracts.identity import ONEROSTER, ROSTER_FIELDS
from shared.database import Scope, Units, make_engine
from shared.database.roles import make_database, role_names
from shared.dates import FixedClock
from tests.matrix.alerting import try_some
from tests.matrix.browser import Call, make_http
from tests.matrix.bundling import bundle_some
from tests.matrix.exporting import export_some
from tests.matrix.importing import bring_some
from tests.matrix.probes_of_notices import SAID, TOLD
from tests.matrix.rolling import roll_some
from tests.matrix.world import APP, LUNCH, PLANTED, Board, World
from tests.support.boards import HIDDEN, LEAVING, TODAY, feeding_board, second_board
from tests.support.databases import PASSWORD
from tests.support.waiting import eventually

_HOST = "127.0.0.1"


@contextmanager
def held_ports(count: int) -> Iterator[list[socket.socket]]:
    """So many ports in a row, held from the moment they are found."""
    for base in range(61_000, 65_000, 10):  # the system hands out none of these by itself
        with ExitStack() as stack:
            found = []
            try:
                for port in range(base, base + count):
                    # With the protocol named asyncio sends small answers at once (TCP_NODELAY).
                    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
                    found.append(stack.enter_context(opened))
                    found[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    found[-1].bind((_HOST, port))
                    found[-1].listen()  # bound twice is possible, listened to twice is not
            except OSError:
                continue
            yield found
            return
    raise RuntimeError("no free ports")


async def prepare(postgres: Postgres, home: Path, port: int) -> Instance:
    """Databases as the deploying step makes them, and beside each one a copy in its first state."""
    instance = Instance(make_folder(home)).choose(port=port, training_date=TODAY)
    instance.postgres = postgres
    secrets = make_folder(instance.state / "secrets")
    for service in topology().services:
        for role in role_names(service):
            # Roles belong to the whole server: the password that every other test uses, too.
            write_secret(secrets / f"{role}.secret", PASSWORD)
    await prepare_databases(instance)
    for service in topology().services:
        readers = topology().readers_of(service)
        await make_database(instance.server, service, readers, database=service + PLANTED, template=service)
    return instance


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _serving(app: FastAPI, at: socket.socket) -> AsyncIterator[None]:
    # As the product's: at uvicorn's own five seconds it hangs up just as httpx, which keeps a line as long, asks again.
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=2, timeout_keep_alive=75
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[at]))
    try:
        await eventually(lambda: server.started or task.done(), within=20)
        if task.done():
            task.result()
        yield
    finally:
        server.should_exit = True
        await task


async def _import(units: Units, snapshot: RosterSnapshot, source: str) -> Board:
    done = await import_snapshot(units, snapshot, source=source, actor="importer")
    async with units.read(Scope(done.board)) as session:
        rows = await session.execute(
            text("select sourced_id, id from external_id where board_id = :board and source = :source"),
            {"board": done.board, "source": source},
        )
        return Board(done.board, {row.sourced_id: UUID(str(row.id)) for row in rows})


async def _by_hand(units: Units, board: Board) -> tuple[UUID, str, UUID]:
    """What people of 2-1 act on: the substitute's duty, the list as it is, an act that was taken back."""
    undone, of = uuid4(), board.ids["2-1"]
    async with units.work(Scope(board.id), actor="test") as work:
        row = await class_lists.class_row(work.session, board.id, of)
        assert row is not None
        await class_lists.note(work, undone, row, TODAY, 1, board.ids["office"], "")
        await class_lists.note_undone(work, undone)
    async with units.read(Scope(board.id)) as session:
        duty = await session.scalar(text("select id from duty_period where kind = 'substitute'"))
        standing = await class_lists.standing(session, board.id, of)
    return UUID(str(duty)), revision(members_on(standing, TODAY)), undone


async def _ask_who_is_who(units: Units, board: Board) -> None:
    """Two children of 2-1 may be one, and the protected child another; two cards were merged and are two again."""
    ids = board.ids
    pairs = {"question": (ids["pupil"], ids["p2"]), "hidden_question": (ids[HIDDEN], ids["p3"])}
    async with units.work(Scope(board.id), actor="test") as work:
        await matching.ask(work, [(*in_order(*pair), ("name",)) for pair in pairs.values()])
        found = {
            word: await work.session.scalar(
                text("select id from same_person where one_id = :one and other_id = :other"),
                dict(zip(("one", "other"), in_order(*pair), strict=True)),
            )
            for word, pair in pairs.items()
        }
        question = await matching.question(work.session, board.id, found["question"], TODAY)
        assert question is not None
        merging, by = uuid4(), ids["board_staff"]
        await matching.note_merging(work, merging, question, ids["p2"], ids["pupil"], by, "")
        standing = await matching.merging(work.session, board.id, merging)
        assert standing is not None
        await matching.note_undone(work, standing, by, "別の子")
    board.ids = {**ids, **{word: UUID(str(id_)) for word, id_ in found.items()}, "merging": merging}


async def _change_the_year(world: World) -> tuple[str, UUID]:
    """The office puts an event into the year of the first school: the year's revision after it, and the act."""
    office, school = world.bearer("registry", "office"), world.first.ids["first"]
    path = f"/v1/schools/{school}/calendars/2026"
    year = (await office.get(path)).json()
    rows = [["11/26", "行事", "避難訓練", ""]]
    answer = await office.send(Call("POST", path, {"rows": rows, "seen": year["revision"]}))
    assert answer.status == 200, answer
    (done,) = answer.json()["schools"]
    return (await office.get(path)).json()["revision"], UUID(done["change"])


async def _grant_lunch_count(world: World, board: Board, client: str) -> None:
    now = datetime.now(UTC)
    importer = Principal("test", "service", board.id, None, "test", 2, now, None, now)
    unit = "健康給食課" if board is world.first else "隣市学務課"
    terms = Terms(
        LUNCH, ("members", "absent"), "給食の数を決める", "学校給食法", "III", TODAY, small_groups=True
    )
    made = await grant(world.units("identity_app"), importer, unit, terms, now=now, client=client)
    assert made.secret is not None
    board.department, board.secret = made.client_id, made.secret


async def _grant_roster(world: World) -> None:
    now = datetime.now(UTC)
    importer = Principal("test", "service", world.first.id, None, "test", 2, now, None, now)
    terms = Terms(ONEROSTER, tuple(ROSTER_FIELDS), "ドリルを配る", "教育の目的", "II", TODAY)
    await grant_app(world.units("identity_app"), importer, APP, "ドリル", terms, now=now)


@asynccontextmanager
async def living(instance: Instance, ports: list[socket.socket], clock: FixedClock) -> AsyncIterator[World]:
    """Everything at work until the end of the block."""
    async with AsyncExitStack() as stack:
        engines = {}
        for service in topology().services:
            _, app, feed, _ = role_names(service)
            for role in (app, feed):
                engines[role] = make_engine(instance.login(service, role), pool_size=4)
                stack.push_async_callback(engines[role].dispose)
        registry = Units(engines["registry_app"], clock)
        first = await _import(registry, feeding_board(), "first")
        second = await _import(registry, second_board(), "second")
        await _import(registry, feeding_board(), "first")
        await add_substitute(
            registry,
            first.id,
            class_id=first.ids["2-1"],
            staff=first.ids["substitute"],
            on=TODAY,
            actor="importer",
        )
        http = await stack.enter_async_context(make_http())
        world = World(instance, clock, http, {}, first, second, engines)
        await _plan_next_year(world, registry)
        dist = make_folder(instance.state / "dist")
        (dist / "index.html").write_text("<!doctype html><title>紬</title>", encoding="utf-8")
        for service, at in zip(("dashboard", "registry", "identity", "messaging"), ports, strict=True):
            assert instance.port(service) == at.getsockname()[1]
            module = importlib.import_module(topology().services[service].application)
            more = {"front_end": FrontEnd(dist)} if service == "dashboard" else {}
            # No processes: they would look for this deployment's own database.
            world.apps[service] = module.build(
                replace(instance.settings(service), worker=None), clock, instance.make_feed(service), **more
            )
            await stack.enter_async_context(_serving(world.apps[service], at))
        stack.callback(world.apps["dashboard"].state.end_streams)
        await world.in_step()
        await _grant_lunch_count(world, first, "dept-kitchen")
        await _grant_lunch_count(world, second, "dept-elsewhere")
        await _grant_roster(world)
        await world.in_step()
        await _take_the_roll(world)
        await _move_some(world)
        world.standing_in, world.list_seen, world.undone = await _by_hand(registry, first)
        await _ask_who_is_who(registry, first)
        await _tell_some(world)
        ids = world.first.ids
        brought, world.spare_uploads = await bring_some(registry, first.id, ids["board_staff"], ids[HIDDEN])
        left = await export_some(registry, first.id, ids["board_staff"])
        printed = await bundle_some(registry, first.id, ids["first"], ids["principal"])
        first.ids = {**ids, **brought, **left, **printed, **await try_some(world)}
        await roll_some(registry, first.id, ids["board_staff"])
        world.calendar_seen, world.calendar_change = await _change_the_year(world)
        board_staff = world.bearer("registry", "board_staff")
        plan = await board_staff.get(f"/v1/boards/{first.id}/calendars/{TODAY.year}")
        world.template_seen = plan.json()["revision"]
        async with registry.work(Scope(first.id), actor="test") as work:
            gone = uuid4()
            await erasure.note(
                work, gone, [gone], "by_mistake", None, Holdings(), ids["board_staff"], work.at
            )
        yield world


async def _tell_some(world: World) -> None:
    """A family has telephoned about one child and told of it by the app, and another about the protected one."""
    ids, office = dict(world.first.ids), world.bearer("messaging", "office")
    for word, pupil in (("notice", "pupil"), ("hidden_notice", HIDDEN)):
        answer = await office.send(Call("POST", "/v1/notices", {**SAID, "pupils": [str(ids[pupil])]}))
        assert answer.status == 200, answer
        ids[word] = UUID(answer.json()["notices"][0]["notice"])
    own = {**TOLD, "pupils": [str(ids["pupil"])]}
    answer = await world.bearer("messaging", "guardian").send(Call("POST", "/v1/family/notices", own))
    assert answer.status == 200, answer
    ids["own_notice"] = UUID(answer.json()["notices"][0]["notice"])
    ids["channel"] = await _choose_mail(world)
    ids["invitation"] = await _invite_somebody(world)
    world.first.ids = ids
    await world.in_step()


async def _choose_mail(world: World) -> UUID:
    """A guardian gives an address while mail is on; then it is off, and nothing goes out."""
    settings = Settings(world.instance.settings("messaging").state)
    mail = Mail(host="localhost", port=1, tls="none", sender="tsumugi@example.jp")
    settings.write(Channels(mail=mail))
    body = {"address": "okaasan@example.jp"}
    answer = await world.bearer("messaging", "guardian").send(Call("POST", "/v1/family/channels/email", body))
    settings.write(Channels(mail=mail.model_copy(update={"on": False})))
    assert answer.status == 200, answer
    return UUID(answer.json()["channel"])


async def _invite_somebody(world: World) -> UUID:
    """A sheet for a guardian of the first school, as its office prints it."""
    office, ids = world.bearer("identity", "office"), world.first.ids
    base = f"/v1/schools/{ids['first']}/invitations"
    found = (await office.get(f"{base}/guardians?class_id={ids['2-1']}")).json()["families"]
    sheets = [
        {"guardian": each["guardian"]["id"], "pupil": each["pupil"]["id"], "seen": None}
        for each in found
        if each["pupil"]["id"] == str(ids["pupil"])
    ]
    answer = await office.send(Call("POST", f"{base}/sheets", {"sheets": sheets[:1]}))
    assert answer.json()["printed"] == 1, answer
    found = (await office.get(f"{base}/guardians?class_id={ids['2-1']}")).json()["families"]
    return next(UUID(each["code"]["id"]) for each in found if each["code"])


async def _plan_next_year(world: World, units: Units) -> None:
    """Where graduates go, and a wish of who knows every child: it names one whom the next school may not know of."""
    ids = world.first.ids
    async with units.work(Scope(world.first.id), actor="test") as work:
        await put_next_schools(work, {ids["first"]: ids["junior"]}, TODAY)
        wish = Plan(apart=[[ids["p6"], ids[LEAVING]]])
        assert await put_plan(work, ids["junior"], TODAY.year + 1, 1, wish)


async def _move_some(world: World) -> None:
    """In a fortnight: one child goes to the second school, the protected one away; a third stays after all."""
    office, ids = world.bearer("registry", "office"), dict(world.first.ids)
    away: dict[str, Any] = {"kind": "leaving", "accepted_on": None, "elsewhere": {"name": "隣市立小学校"}}
    away["movers"] = [{"pupil": str(ids[HIDDEN])}]
    placed = world.move_of("p4")
    placed["movers"][0]["place"] = {"class_id": str(ids["other"]), "number": 9}
    for word, body in (
        ("move", placed),
        ("undone_move", world.move_of("p3")),
        ("hidden_move", world.move_of(HIDDEN, **away)),
    ):
        answer = await office.send(Call("POST", "/v1/moves", body))
        assert answer.status == 200, answer
        ids[word] = UUID(answer.json()["moves"][0]["id"])
    for word in ("move", "hidden_move"):
        asked = {"kind": "enrolment", "issued_on": str(TODAY)}
        answer = await office.send(Call("POST", f"/v1/moves/{ids[word]}/certificates", asked))
        assert answer.status == 200, answer
        ids["certificate" if word == "move" else "hidden_certificate"] = UUID(
            answer.json()["certificates"][0]["id"]
        )
    card = {"legal_family": "転入", "legal_given": "子", "kana_family": "テンニュウ", "kana_given": "コ"}
    arrival = {**world.arrival(), "card": {**card, "birth_date": "2018-06-06", "sex": "female"}}
    answer = await office.send(Call("POST", "/v1/arrivals", arrival))
    assert answer.status == 200, answer
    ids["arrived"] = UUID(answer.json()["moves"][0]["pupil"]["id"])
    undone = await office.send(Call("POST", f"/v1/moves/{ids['undone_move']}/undo", {"seen": 1}))
    assert undone.status == 200, undone
    world.first.ids = ids
    await world.in_step()


async def _take_the_roll(world: World) -> None:
    """This morning: the protected child is absent, everybody else of 2年1組 is here."""
    here = [person for word, person in world.first.ids.items() if word in ("pupil", "p2")]
    marks = [{"pupil": str(person), "seen": 0, "code": "present"} for person in here]
    marks.append({"pupil": str(world.person(HIDDEN)), "seen": 0, "code": "absent_sick"})
    homeroom = world.bearer("registry", "homeroom")
    answer = await homeroom.send(world.roll(marks=marks, taken=True))
    assert answer.status == 200, answer
    await world.in_step()
