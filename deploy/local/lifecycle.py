"""`tsumugi up`, `down`, `reset`: from a fresh clone to a town with a morning, and back."""

import asyncio
import os
import shlex
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any
from uuid import UUID

import httpx

from deploy.kafka.commands import reconciler
from deploy.kafka.marks import KEPT, TURNED
from deploy.keycloak.commands import changed, told
from deploy.local import schema, web
from deploy.local.authority import trust
from deploy.local.example import allow_lunch_count, example_is_due, import_example, training_day
from deploy.local.instance import CHOICES, Instance, Transport
from deploy.local.keycloak import make_own_database, mark_of, stop_server
from deploy.local.prepare import prepare_databases
from deploy.local.process import POLL_SECONDS, end, inherited, is_alive, launch, tail
from deploy.local.state import DRAFT, MARK, ROOT, LocalError, exclusive
from deploy.local.status import Status, services_pid, status
from deploy.local.supervisor import ServiceProcess, processes
from deploy.topology import topology
from deploy.town.generate import PUPILS
from shared.dates import SystemClock, school_year
from shared.service import Edition
from shared.telemetry import outlets

READY_SECONDS = 60.0
"""How long nothing may come nearer to ready. A year of rolls takes longer than that, and moves all the while."""
STOP_SECONDS = 15.0
LOCK = "lifecycle.lock"
ERASING = "erasing"
"""A file of the state folder while people who were erased since its backup are in it: the path of their list."""
Say = Callable[[str], None]


@contextmanager
def alone(instance: Instance, say: Say) -> Iterator[None]:
    """No other command starts, ends, restores or deletes the deployment meanwhile; says so when it must wait."""

    def waiting() -> None:
        say("ほかの tsumugi が、始めるか止めるか消すかしているところです。終わるのを待っています。")

    with exclusive(instance.state / LOCK, waiting):
        (instance.state / MARK).touch()  # whoever was waited for may have deleted the whole folder
        yield


def up(
    instance: Instance,
    *,
    transport: Transport | None,
    edition: Edition | None = None,
    training_date: date | None,
    pupils: int | None = None,
    say: Say,
) -> Status:
    """Start everything that does not run yet and return when all of it is ready and in step.

    ``pupils``: a first start makes a city of so many, and not the small town. Raises LocalError when a part does not
    come up, with what it said last.
    """
    with alone(instance, say):
        instance = Instance(instance.state)  # as whoever was waited for has left it
        schema.refuse_other(instance)
        if (instance.state / "restoring").exists():
            raise LocalError("復元が途中で切れています。同じ `tsumugi restore` をもう一度実行してください。")
        if (instance.state / ERASING).exists():
            listed = (instance.state / ERASING).read_text(encoding="utf-8") or "FILE"
            raise LocalError(
                "復元したデータに、控えより後に消した人がまだ入っています。"
                f"`tsumugi erasure again {shlex.quote(listed)}` を先に実行してください。"
            )
        if pupils is not None and instance.postgres.data.exists():
            raise LocalError(
                "子どもの数（--pupils）を決められるのは、はじめて始めるときだけです。"
                f"`{instance.commands.delete}` で消してから始めるか、TSUMUGI_STATE に別のフォルダーを指定してください。"
            )
        running = services_pid(instance).process()
        instance = _of_edition(instance, edition, transport)
        transport = "kafka" if instance.platform else transport or instance.choices.transport
        kept = instance.choices.training_date
        day = training_date or training_day(
            SystemClock().today(), school_year(date.fromisoformat(kept)) if kept else None
        )
        before = (instance.choices.transport, kept, instance.kept_port)
        if running is not None and before != (transport, day.isoformat(), instance.choices.port):
            say("配送か日付か住所が変わるので、サービスを入れ直します。")
            stop_services(instance)
            running = None
        if running is None:
            end_leftovers(instance)
            refuse_taken_ports(instance)
        instance = instance.choose(transport=transport, edition=instance.choices.edition, training_date=day)
        if not web.is_built():
            say("画面をつくっています。")
        web.build()
        say("PostgreSQL を始めています。")
        start_postgres(instance)
        with ThreadPoolExecutor() as beside:
            # Its first start takes a minute; the town is made meanwhile.
            authority = beside.submit(start_keycloak, instance, say) if instance.platform else None
            if running is None:
                instance = _fill(instance, day, pupils, say)
            if authority is not None:
                authority.result()
        if transport == "kafka":
            say("Kafka を始めています。")
            instance.kafka.start()
            if instance.platform:
                apply_topics(instance)
        if running is None:
            say("サービスを始めています。")
            start_services(instance)
        if instance.choices.example:
            asyncio.run(wait_until_ready(instance))
            asyncio.run(allow_lunch_count(instance, instance.clock))
        if instance.platform:
            asyncio.run(wait_for_staff(instance, say))
        return asyncio.run(wait_until_ready(instance))


_USERS_TO_MAKE = """
select count(*) filter (where k.kind = 'staff') as staff, count(*) as everybody
from account a cross join lateral unnest(a.kinds) as k(kind)
where not exists (select from keycloak_realm where client = $1)
or not exists (select from keycloak_user u where u.account = a.id and u.kind = k.kind and u.done = u.wanted)
"""


async def users_to_make(database: Any, realm: UUID) -> tuple[int, int]:
    """How many that work here Keycloak does not know yet, or knows of another day; and how many of all.

    ``database``: a connection to identity's, past every wall. ``realm``: the one that is there (:func:`told`).
    """
    (left,) = await database.fetch(_USERS_TO_MAKE, realm)
    return left["staff"], left["everybody"]


async def wait_for_staff(instance: Instance, say: Say) -> None:
    """Until Keycloak knows everybody who works here; of families and children it is said how many follow.

    Raises LocalError when for a minute nobody more is known.
    """
    realm = await asyncio.to_thread(told, instance)
    database = await instance.server.connect("identity")
    try:
        least, deadline, said = None, 0.0, False
        while True:
            staff, everybody = await users_to_make(database, realm)
            if not staff:
                break
            if not said:
                say(f"職員 {staff} 人を Keycloak の利用者にしています。")
                said = True
            if least is None or staff < least:
                least, deadline = staff, time.monotonic() + READY_SECONDS
            if time.monotonic() > deadline:
                raise LocalError(
                    f"Keycloak の利用者が増えません（残り {least} 人）。\n{tail(instance.keycloak.log)}"
                )
            await asyncio.sleep(POLL_SECONDS * 10)
        if everybody:
            say(f"保護者と児童生徒 {everybody:,} 人は、動きながら利用者になっていきます。")
    finally:
        await database.close()


def _fill(instance: Instance, day: date, pupils: int | None, say: Say) -> Instance:
    """Databases at their newest, with the town in them if it is not there yet."""
    asyncio.run(prepare_databases(instance, say))
    if asyncio.run(example_is_due(instance)):
        children = "" if pupils is None else f"（子ども {pupils:,} 人）"
        say(f"例の自治体{children}をつくり、名簿を取り込んでいます。")
        instance = instance.choose(example=True)
        asyncio.run(import_example(instance, day, pupils=pupils or PUPILS, of_a_city=pupils is not None))
    return instance


def start_keycloak(instance: Instance, say: Say) -> None:
    """Start the identity authority and bring its realm to what the code says."""
    say("Keycloak を始めています。")
    asyncio.run(make_own_database(instance.server, instance.keycloak.database))
    instance.keycloak.start(say)
    for _ in changed(instance, mend=True):
        pass  # the first time everything differs; `tsumugi realm apply` tells each


def apply_topics(instance: Instance) -> None:
    """Bring the broker's topics and rights to what the topology says."""
    asyncio.run(reconciler(instance).apply())


def _of_edition(instance: Instance, edition: Edition | None, transport: Transport | None) -> Instance:
    """The deployment in the edition that was asked for. Raises LocalError when it has data of the other one."""
    if edition not in (None, instance.choices.edition):
        if instance.postgres.data.exists():
            raise LocalError(
                f"{instance.state} のデータは、もう一つの版（{instance.choices.edition}）のものです。"
                "TSUMUGI_STATE に別のフォルダーを指定してください。"
            )
        instance = instance.choose(edition=edition)
    if instance.platform:
        if transport == "log":
            raise LocalError("プラットフォーム版の配送は kafka だけです。")
        instance.authority.make()
        trust(instance.authority)
    return instance


def start_postgres(instance: Instance) -> None:
    """Start the database server; of a new one it is kept which schema it is made for, before it is there."""
    if not instance.postgres.data.exists():
        schema.keep(instance)
    instance.postgres.start()


def refuse_taken_ports(instance: Instance) -> None:
    """Raise LocalError when another program listens where a service will: its answers would be taken for ours."""
    for service in services():
        port = instance.port(service)
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with socket.socket(family) as probe:
                if probe.connect_ex((host, port)) == 0:
                    raise LocalError(
                        f"{service} のポート {port} はほかのプログラムが使っています。"
                        f"それを止めるか、ほかのポートにしてください: TSUMUGI_PORT=9600 {instance.commands.begin}"
                    )


def start_services(instance: Instance) -> None:
    """Start the services' process, or the one that keeps theirs alive; it goes on after this command."""
    what = ["deploy.local.supervisor"] if instance.platform else ["deploy.local", "serve", "--all", "--state"]
    command = [sys.executable, "-m", *what, str(instance.state)]
    launch(
        command,
        log=instance.state / "services.log",
        environment={
            **inherited("PATH", "HOME", "LANG", *outlets.wished(os.environ)),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        },
        mark=services_pid(instance),
    )


def stop_services(instance: Instance) -> None:
    """End the services' process, if it runs."""
    process = services_pid(instance).process()
    if process is not None:
        # A supervisor gives each of its services as long.
        end(process, (signal.SIGTERM, 3 * STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS))
    end_leftovers(instance)


def end_leftovers(instance: Instance) -> None:
    """End the services of a supervisor that was killed: they live on, and have not heard of what was changed since."""
    for service in topology().services if instance.platform else ():
        ServiceProcess(service, instance.state, {}).stop()


async def wait_until_ready(instance: Instance) -> Status:
    """Until every service answers and every feed has arrived."""
    deadline = time.monotonic() + READY_SECONDS
    log = instance.state / "services.log"
    least: tuple[int, int] | None = None
    trusted = httpx.create_ssl_context()
    while True:
        now = await status(instance, trusted)
        if now.ready:
            return now
        left = (sum(not one.ready for one in now.services), sum(feed.lag for feed in now.feeds))
        if least is None or left < least:
            least, deadline = left, time.monotonic() + READY_SECONDS
        process = services_pid(instance).process()
        if process is None or not is_alive(process):
            raise LocalError(f"サービスが、始まる途中で止まりました。\n{tail(log)}")
        if time.monotonic() > deadline:
            behind = [f"{f.service}/{f.copy} {f.lag}" for f in now.feeds if f.lag]
            late = [s.name for s in now.services if not s.ready]
            own = {process.name: process.log for process in processes(instance)} if instance.platform else {}
            logs = "\n".join(tail(own.get(name, log)) for name in late) or tail(log)
            raise LocalError(
                f"{READY_SECONDS:.0f} 秒のあいだに準備ができません: {', '.join(behind + late)}\n{logs}"
            )
        await asyncio.sleep(POLL_SECONDS * 5)


def down(instance: Instance, say: Say = print) -> None:
    """End services, Kafka and PostgreSQL; the data stay. Says what was ended, and how it begins again."""
    with alone(instance, say):
        stopped = _stop(instance)
        data = instance.postgres.data.exists()
    say(f"止めました: {'、'.join(stopped)}。" if stopped else "動いているものはありませんでした。")
    if data:
        say(
            f"データは {instance.state} に残っています。`{instance.commands.begin}` で、続きから始まります"
            f"（消すのは `{instance.commands.delete}`）。"
        )


def _stop(instance: Instance) -> list[str]:
    """End all there is, and what of it ran."""
    keycloak = instance.state / "keycloak"
    marks = {
        "サービス": services_pid(instance),
        "Keycloak": mark_of(keycloak),
        "Kafka": instance.kafka.pid_file,
        "PostgreSQL": instance.postgres.pid_file,
    }
    stopped = [name for name, mark in marks.items() if mark.process() is not None]
    stop_services(instance)
    instance.kafka.stop()
    stop_server(keycloak)
    instance.postgres.stop()
    return stopped


OURS = frozenset(
    {
        "authority",
        MARK,
        CHOICES,
        CHOICES + DRAFT,
        ERASING,
        "kafka",
        KEPT,
        TURNED,
        "keycloak",
        LOCK,
        "node",
        "postgres",
        "restoring",
        schema.FILE,
        schema.FILE + DRAFT,
        "secrets",
        "services",
        "services.log",
        "services.pid",
        "web.lock",
        "web.log",
    }
)
"""All that a deployment puts into its folder."""


def reset(instance: Instance, say: Say = print) -> None:
    """End everything and delete its data, its keys and its choices; nothing else that lies in the folder."""
    with alone(instance, say):  # to the end: a start that waits would have its new data deleted under it
        _stop(instance)
        instance.kafka.remove()
        instance.postgres.remove()
        for name in (*sorted(OURS - {MARK, LOCK}), MARK, LOCK):  # the lock last: without it anybody may begin
            place = instance.state / name
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        with suppress(OSError):  # somebody keeps something there
            instance.state.rmdir()


def services() -> list[str]:
    """All services of the topology."""
    return list(topology().services)
