import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from deploy.local.process import PidFile, end, launch, wait_until
from deploy.local.state import LocalError, secret
from tests.support.waiting import eventually

FOREVER = "import signal; signal.pause()"
DEAF = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def is_stopped(process: psutil.Process) -> bool:
    return bool(process.status() == psutil.STATUS_STOPPED)


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is not ours to end."""
    with subprocess.Popen([sys.executable, "-c", FOREVER]) as process:
        yield process
        process.kill()


def test_a_number_that_now_belongs_to_another_is_not_taken(
    tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    mark = PidFile(tmp_path / "pid", names=str(tmp_path / "properties"))
    mark.write(bystander.pid)
    assert mark.process() is None


def test_our_own_is_found_until_it_has_ended(tmp_path: Path) -> None:
    mark = PidFile(tmp_path / "pid", names=str(tmp_path / "properties"))
    command = [sys.executable, "-c", FOREVER, mark.names]
    mark.write(launch(command, log=tmp_path / "log", environment={}).pid)
    found = mark.process()
    assert found is not None
    end(found, (signal.SIGTERM, 10.0))
    assert mark.process() is None


async def test_a_server_is_found_though_its_starter_was_killed_before_it_wrote_the_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = PidFile(tmp_path / "it's pid", names=str(tmp_path / "properties"))

    def killed(self: PidFile, pid: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PidFile, "write", killed)
    command = [sys.executable, "-c", FOREVER, mark.names]
    with pytest.raises(KeyboardInterrupt):
        launch(command, log=tmp_path / "log", environment={}, mark=mark)
    found = await eventually(mark.process)
    assert await eventually(lambda: found.cmdline()[:1] == command[:1]), (
        "it is the server itself, under the same number"
    )
    end(found, (signal.SIGTERM, 10.0))
    assert names(tmp_path) == ["it's pid", "log"]


def test_two_that_write_a_mark_at_once_leave_a_whole_one(tmp_path: Path) -> None:
    """A server and its starter both do. Each has a draft of its own."""
    mark = PidFile(tmp_path / "pid", names="x")
    code = (
        "import sys; from pathlib import Path; from deploy.local.process import PidFile\n"
        "for _ in range(300): PidFile(Path(sys.argv[1]), names='x').write(12345)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(mark.path)]) for _ in range(2)]
    assert [writer.wait(30) for writer in writers] == [0, 0]
    assert mark.path.read_text() == "12345\n"
    assert names(tmp_path) == ["pid"]


async def test_whoever_was_launched_is_found_at_once(tmp_path: Path) -> None:
    """Linux shows no arguments for a moment while it puts a program in place: 7 of 400 launches were not found."""
    mark = PidFile(tmp_path / "pid", names=str(tmp_path / "properties"))
    command = ["/bin/sh", "-c", "kill -STOP $$", mark.names]
    for _ in range(100):
        process = launch(command, log=tmp_path / "log", environment={}, mark=mark)
        found = mark.process()
        await eventually(partial(is_stopped, process), every=0.001)
        assert found == process
        end(process, (signal.SIGKILL, 10.0))


@pytest.mark.parametrize("content", ["", "no number", "999999999"])
def test_a_mark_that_tells_nothing_finds_nothing(tmp_path: Path, content: str) -> None:
    mark = PidFile(tmp_path / "pid", names="x")
    assert mark.process() is None
    mark.path.write_text(content)
    assert mark.process() is None


def test_what_does_not_listen_is_ended_harder(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = launch([sys.executable, "-c", DEAF], log=log, environment={})
    wait_until(lambda: "deaf" in log.read_text(), process, seconds=10, what="it", log=log)
    end(process, (signal.SIGTERM, 0.1), (signal.SIGKILL, 10.0))
    assert not psutil.pid_exists(process.pid)


def test_what_outlives_every_step_is_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = launch([sys.executable, "-c", DEAF], log=log, environment={})
    wait_until(lambda: "deaf" in log.read_text(), process, seconds=10, what="it", log=log)
    with pytest.raises(LocalError, match="SIGTERM でも終わりません"):
        end(process, (signal.SIGTERM, 0.1))
    end(process, (signal.SIGKILL, 10.0))


def test_a_server_that_dies_or_dawdles_is_reported_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = launch([sys.executable, "-c", "print('port taken')"], log=log, environment={})
    with pytest.raises(LocalError, match=r"始まる途中で止まりました[\s\S]*port taken"):
        wait_until(lambda: False, process, seconds=10, what="it", log=log)
    process = launch([sys.executable, "-c", FOREVER], log=log, environment={})
    with pytest.raises(LocalError, match="0 秒のあいだに準備"):
        wait_until(lambda: False, process, seconds=0.1, what="it", log=log)
    end(process, (signal.SIGKILL, 10.0))


def test_a_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    made = secret(tmp_path / "key")
    assert len(made) >= 43, "256 bits in base64"
    assert secret(tmp_path / "key") == made
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(LocalError, match="ほかの人が読めます"):
        secret(tmp_path / "key")
