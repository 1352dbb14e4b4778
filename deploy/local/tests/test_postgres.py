import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import psutil
import pytest

from deploy.local import temporary
from deploy.local.postgres import Postgres, own_folder
from deploy.local.state import LocalError
from deploy.local.temporary import ROOM, remove, temporary_home


async def connect(server: Postgres, password: str | None = None) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=str(server.host),
        port=server.port,
        user=server.superuser,
        password=server.password if password is None else password,
        database="postgres",
    )


async def setting(server: Postgres, name: str) -> str:
    connection = await connect(server)
    try:
        return str(await connection.fetchval("select current_setting($1)", name))
    finally:
        await connection.close()


async def test_the_door_is_shut_without_the_password(postgres: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(postgres, password="guessed")


async def test_every_way_in_asks_for_scram_and_none_is_tcp(postgres: Postgres) -> None:
    connection = await connect(postgres)
    try:
        methods = await connection.fetch("select distinct auth_method from pg_hba_file_rules")
    finally:
        await connection.close()
    assert [row["auth_method"] for row in methods] == ["scram-sha-256"]
    assert await setting(postgres, "listen_addresses") == ""


def test_nobody_else_may_enter_the_socket_folder_or_read_the_password(postgres: Postgres) -> None:
    assert postgres.host.stat().st_mode & 0o777 == 0o700
    assert (postgres.home / "superuser.secret").stat().st_mode & 0o777 == 0o600
    assert len(str(postgres.host / ".s.PGSQL.5432")) < 103


async def test_it_is_the_server_the_design_names(postgres: Postgres) -> None:
    assert (await setting(postgres, "server_version")).startswith("18.")
    assert await setting(postgres, "max_connections") == "300"
    assert await setting(postgres, "timezone") == "UTC"
    assert await setting(postgres, "server_encoding") == "UTF8"
    assert await setting(postgres, "fsync") == "off", "tests trade crash safety for speed"


async def test_starting_again_finds_the_same_server(postgres: Postgres) -> None:
    before = postgres.pid_file.process()
    again = Postgres(postgres.home)
    again.start()
    assert again.pid_file.process() == before


async def test_data_outlive_stop_and_kill_and_the_starter() -> None:
    with temporary_home() as home:
        server = Postgres(home / "postgres")
        script = (
            "import sys; from pathlib import Path; from deploy.local.postgres import Postgres; "
            "Postgres(Path(sys.argv[1])).start()"
        )
        starter = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(server.home))
        assert await starter.wait() == 0
        assert server.ready(), "the server outlives the process that started it"
        connection = await connect(server)
        await connection.execute("create table kept (fact text); insert into kept values ('here')")
        await connection.close()

        running = server.pid_file.process()
        assert running is not None
        running.send_signal(signal.SIGKILL)
        running.wait(timeout=10)
        assert not server.ready()
        server.start()
        connection = await connect(server)
        assert await connection.fetchval("select fact from kept") == "here"
        await connection.close()

        server.stop()
        assert not server.ready()
        server.stop()


def test_the_servers_of_a_killed_run_are_removed_by_the_next() -> None:
    script = (
        "import os\n"
        "from deploy.local.postgres import Postgres; from deploy.local.temporary import temporary_home\n"
        "with temporary_home() as home:\n"
        "    Postgres(home / 'postgres', durable=False).start()\n"
        "    print(home, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    left = Path(run.stdout.strip())
    server = Postgres(left / "postgres")
    assert server.ready()
    with temporary_home():
        assert not left.exists()
        assert not server.host.exists()
    assert server.pid_file.process() is None


def test_what_is_left_of_a_killed_run_and_cannot_be_removed_is_told_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    homes = [tmp_path / "stuck", tmp_path / "left"]
    for home in homes:
        home.mkdir()

    def busy(place: Path) -> None:
        if place == homes[0]:
            raise subprocess.CalledProcessError(32, "umount")

    monkeypatch.setattr(temporary, "abandoned", lambda: homes)
    monkeypatch.setattr(temporary, "unmount", busy)
    temporary.sweep()
    assert [home.exists() for home in homes] == [True, False]
    (told,) = caplog.records
    assert str(homes[0]) in told.getMessage()


def test_a_server_that_stands_still_is_ended() -> None:
    with temporary_home() as home:
        server = Postgres(home / "postgres", durable=False)
        server.start()
        process = server.pid_file.process()
        assert process is not None
        process.suspend()
        server.stop()
        assert not process.is_running()


@pytest.mark.parametrize(
    ("free", "available", "durable", "in_memory"),
    [
        (64 * 1024**2, ROOM, False, False),
        (ROOM, ROOM - 1, False, False),
        (ROOM, ROOM, True, False),
        (ROOM, ROOM, False, True),
    ],
)
def test_servers_lie_in_memory_only_where_it_has_room_and_nothing_must_last(
    free: int,
    available: int,
    durable: bool,
    in_memory: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(temporary, "MEMORY", tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=available))
    with temporary_home(durable=durable) as home:
        assert home.is_relative_to(tmp_path) == in_memory


def test_data_of_another_major_version_are_refused_with_the_way_out() -> None:
    with temporary_home() as home:
        server = Postgres(home / "postgres", durable=False)
        server.start()
        server.stop()
        (server.data / "PG_VERSION").write_text("16\n")
        with pytest.raises(LocalError, match=r"PostgreSQL 16 のもので、18 では読めません。`make reset`"):
            server.start()


def test_a_server_that_cannot_start_shows_its_log() -> None:
    with temporary_home() as home:
        server = Postgres(home / "postgres", durable=False)
        server.start()
        server.stop()
        (server.data / "postgresql.conf").write_text("no_such_setting = on\n")
        with pytest.raises(LocalError, match="no_such_setting"):
            server.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's closed folders are closed to the server's user")
async def test_root_in_a_closed_home_keeps_its_data_where_the_plain_user_can_work() -> None:
    with temporary_home() as home:
        closed = home / "closed"
        closed.mkdir(mode=0o700)
        server = Postgres(closed / "postgres", durable=False)
        try:
            server.start()
            assert not server.data.is_relative_to(home)
            assert await setting(server, "data_directory") == str(server.data)
        finally:
            server.remove()
        assert not server.room.exists()


def test_a_folder_that_somebody_else_made_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(LocalError, match="ほかの人のもの"):
        own_folder(tmp_path / "taken", None)


def test_removing_leaves_nothing() -> None:
    with temporary_home() as home:
        server = Postgres(home / "postgres", durable=False)
        server.start()
        server.remove()
        assert list(home.iterdir()) == []
        assert not server.host.exists()
    with temporary_home() as home:
        remove(home)
        home.mkdir()
