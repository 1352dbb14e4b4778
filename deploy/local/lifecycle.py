"""`tsumugi up`, `down`, `reset`: from a fresh clone to a town with a morning, and back."""

import asyncio
import shlex
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date

from deploy.local import schema, web
from deploy.local.example import allow_lunch_count, example_is_due, import_example, training_day
from deploy.local.instance import CHOICES, Instance, Transport
from deploy.local.prepare import prepare_databases
from deploy.local.process import POLL_SECONDS, end, inherited, is_alive, launch, tail
from deploy.local.state import DRAFT, MARK, ROOT, LocalError, exclusive
from deploy.local.status import Status, services_pid, status
from deploy.topology import topology
from deploy.town.generate import PUPILS
from shared.dates import SystemClock, school_year

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
                "`make reset` で消してから始めるか、TSUMUGI_STATE に別のフォルダーを指定してください。"
            )
        running = services_pid(instance).process()
        transport = transport or instance.choices.transport
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
            refuse_taken_ports(instance)
        instance = instance.choose(transport=transport, training_date=day)
        if not web.is_built():
            say("画面をつくっています。")
        web.build()
        say("PostgreSQL を始めています。")
        start_postgres(instance)
        if transport == "kafka":
            say("Kafka を始めています。")
            instance.kafka.start()
        if running is None:
            asyncio.run(prepare_databases(instance, say))
            if asyncio.run(example_is_due(instance)):
                children = "" if pupils is None else f"（子ども {pupils:,} 人）"
                say(f"例の自治体{children}をつくり、名簿を取り込んでいます。")
                instance = instance.choose(example=True)
                asyncio.run(
                    import_example(instance, day, pupils=pupils or PUPILS, of_a_city=pupils is not None)
                )
            say("サービスを始めています。")
            start_services(instance)
        if instance.choices.example:
            asyncio.run(wait_until_ready(instance))
            asyncio.run(allow_lunch_count(instance, instance.clock))
        return asyncio.run(wait_until_ready(instance))


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
                        "それを止めるか、ほかのポートにしてください: TSUMUGI_PORT=9600 make up"
                    )


def start_services(instance: Instance) -> None:
    """Start the services' process; it goes on after this command."""
    command = [sys.executable, "-m", "deploy.local", "serve", "--all", "--state", str(instance.state)]
    launch(
        command,
        log=instance.state / "services.log",
        environment={**inherited("PATH", "HOME", "LANG"), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        mark=services_pid(instance),
    )


def stop_services(instance: Instance) -> None:
    """End the services' process, if it runs."""
    process = services_pid(instance).process()
    if process is not None:
        end(process, (signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS))


async def wait_until_ready(instance: Instance) -> Status:
    """Until every service answers and every feed has arrived."""
    deadline = time.monotonic() + READY_SECONDS
    log = instance.state / "services.log"
    least: tuple[int, int] | None = None
    while True:
        now = await status(instance)
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
            behind += [s.name for s in now.services if not s.ready]
            raise LocalError(
                f"{READY_SECONDS:.0f} 秒のあいだに準備ができません: {', '.join(behind)}\n{tail(log)}"
            )
        await asyncio.sleep(POLL_SECONDS * 5)


def down(instance: Instance, say: Say = print) -> None:
    """End services, Kafka and PostgreSQL; the data stay."""
    with alone(instance, say):
        _stop(instance)


def _stop(instance: Instance) -> None:
    stop_services(instance)
    instance.kafka.stop()
    instance.postgres.stop()


OURS = frozenset(
    {
        MARK,
        CHOICES,
        CHOICES + DRAFT,
        ERASING,
        "kafka",
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
