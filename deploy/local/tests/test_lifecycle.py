"""A deployment takes no folder and no port that is somebody else's."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deploy.local import lifecycle, schema
from deploy.local.instance import Instance
from deploy.local.postgres import Postgres
from deploy.local.process import end, inherited, is_alive, launch, wait_until
from deploy.local.state import ROOT, LocalError
from deploy.local.status import status
from deploy.local.supervisor import ServiceProcess
from deploy.topology import topology
from shared.service import Edition


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a developer has set must not decide a test."""
    monkeypatch.delenv("TSUMUGI_PORT", raising=False)
    monkeypatch.delenv("TSUMUGI_STATE", raising=False)


def test_a_folder_with_contents_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(LocalError, match="新しいか空のフォルダー"):
        Instance(tmp_path)


def test_reset_leaves_what_is_not_ours(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "state").choose(port=20_500)
    instance.secret("registry_app")
    (instance.state / "thesis.txt").write_text("years of work")
    lifecycle.reset(instance)
    assert [path.name for path in instance.state.iterdir()] == ["thesis.txt"]


def test_reset_leaves_nothing_of_ours(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "state").choose(port=20_500)
    instance.secret("registry_app")
    lifecycle.reset(instance)
    assert not instance.state.exists()


def reset(state: Path, *words: str, typed: str | None = None) -> tuple[int, str]:
    """`tsumugi reset` as a program calls it, or at a terminal where somebody types."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "reset", *words],
            cwd=ROOT,
            env={**os.environ, "TSUMUGI_STATE": str(state)},
            stdin=theirs if typed is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            if typed is not None:
                os.write(ours, typed.encode())
            said, _ = process.communicate(timeout=120)
            return process.returncode, said
    finally:
        os.close(ours)
        os.close(theirs)


def test_reset_asks_and_a_program_must_say_that_it_means_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    Instance(state).choose(port=20_500).secret("registry_app")
    status, said = reset(state)
    assert (status, "消していません" in said, "--yes" in said) == (1, True, True)
    for typed in ("\n", "n\n", "\x04"):
        status, said = reset(state, typed=typed)
        assert (status, "この町のデータをすべて消します" in said, "消していません" in said) == (1, True, True)
        assert str(state) in said
    assert Instance(state).kept_port == 20_500
    assert reset(state, typed="y\n")[0] == 0
    assert not state.exists()
    Instance(state).choose(port=20_500)
    assert reset(state, "--yes")[0] == 0
    assert not state.exists()


def test_the_environments_port_wins_over_the_kept_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Instance(tmp_path / "state").choose(port=20_500)
    assert Instance(tmp_path / "state").origin == "http://localhost:20500"
    monkeypatch.setenv("TSUMUGI_PORT", "20600")
    assert Instance(tmp_path / "state").origin == "http://localhost:20600"
    assert Instance(tmp_path / "state").kept_port == 20_500


@pytest.mark.parametrize("wrong", ["80", "seventy", "70000"])
def test_a_wrong_port_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("TSUMUGI_PORT", wrong)
    with pytest.raises(LocalError, match=f"TSUMUGI_PORT={wrong}"):
        Instance(tmp_path / "state")


def test_a_port_that_is_taken_stops_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1] - (topology().services["registry"].port - topology().origin.port)
        instance = Instance(tmp_path / "state").choose(port=port)
        with pytest.raises(LocalError, match="ほかのプログラムが使っています"):
            lifecycle.refuse_taken_ports(instance)


def test_services_of_a_supervisor_that_was_killed_do_not_stand_in_the_way(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1] - (topology().services["registry"].port - topology().origin.port)
    instance = Instance(tmp_path / "state").choose(edition="platform", port=port)
    left = ServiceProcess("registry", instance.state, {})
    listening = (
        "import socket, sys, time\n"
        "held = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
        "time.sleep(600)"
    )
    left.home.parent.mkdir(parents=True)
    process = launch(
        [sys.executable, "-c", listening, str(instance.port("registry")), str(left.home)],
        log=left.log,
        environment=inherited("PATH"),
        mark=left.pid_file,
    )
    try:
        wait_until(lambda: _taken(instance), process, seconds=20, what="a service", log=left.log)
        lifecycle.end_leftovers(instance)
        assert not is_alive(process)
        lifecycle.refuse_taken_ports(instance)
    finally:
        end(process, (signal.SIGKILL, 5.0))


def _taken(instance: Instance) -> bool:
    try:
        lifecycle.refuse_taken_ports(instance)
    except LocalError:
        return True
    return False


async def test_strangers_on_the_ports_are_not_our_services(tmp_path: Path) -> None:
    now = await status(Instance(tmp_path / "state").choose(port=20_500))
    assert not now.ready


def tsumugi(state: Path, *words: str) -> tuple[int, str]:
    """A command as an operator sees it: its status and all that it says."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.local", *words],
        cwd=ROOT,
        env={**os.environ, "TSUMUGI_STATE": str(state)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("cut_off", "edition"),
    [
        ("", "embedded"),
        ("", "platform"),
        ('{"port": 205', "embedded"),
        ("[]", "embedded"),
        ('{"transport": "log"}', "embedded"),
        ('{"port": "x"}', "embedded"),
    ],
)
def test_choices_that_cannot_be_read_are_named_and_hinder_no_end(
    tmp_path: Path, cut_off: str, edition: Edition
) -> None:
    made = Instance(tmp_path / "state").choose(port=20_500, edition=edition)
    file, commands = made.state / "instance.json", made.commands
    if edition == "platform":
        made.authority.make()
        assert made.keycloak.admin_secret, "its data say which edition they are of"
    file.write_text(cut_off)
    said = rf"(?s){file}.*`{commands.stop}` で止め、このファイルを消してから `{commands.begin}` で"
    with pytest.raises(LocalError, match=said):
        Instance(tmp_path / "state")
    file.unlink()
    assert Instance(tmp_path / "state").choices.edition == edition
    file.write_text(cut_off)
    lifecycle.down(Instance.to_end(tmp_path / "state"))
    assert file.read_text() == cut_off
    lifecycle.reset(Instance.to_end(tmp_path / "state"))
    assert not file.parent.exists()


def test_the_command_line_lives_with_choices_that_were_cut_off(tmp_path: Path) -> None:
    file = Instance(tmp_path / "state").choose(port=20_500).state / "instance.json"
    file.write_text("")
    status, said = tsumugi(file.parent, "status")
    assert (status, str(file) in said, "Traceback" in said) == (1, True, False)
    assert tsumugi(file.parent, "down") == (0, "動いているものはありませんでした。\n")
    assert tsumugi(file.parent, "reset", "--yes") == (0, "")
    assert not file.parent.exists()


@pytest.mark.parametrize(
    ("edition", "begin", "delete"),
    [("embedded", "make up", "make reset"), ("platform", "make stack", "make stack-reset")],
)
def test_down_says_what_was_stopped_and_that_the_data_stay(
    tmp_path: Path, edition: Edition, begin: str, delete: str
) -> None:
    instance = Instance(tmp_path / "state").choose(port=20_500, edition=edition)
    lifecycle.start_postgres(instance)
    try:
        said: list[str] = []
        lifecycle.down(instance, said.append)
        assert said[0] == "止めました: PostgreSQL。"
        assert str(instance.state) in said[1]
        assert f"残っています。`{begin}` で、続きから始まります（消すのは `{delete}`）" in said[1]
        for command in (begin, delete):
            assert f"\n{command.removeprefix('make ')}: " in (ROOT / "Makefile").read_text(encoding="utf-8")
        assert instance.postgres.pid_file.process() is None
        lifecycle.down(instance, said.append)
        assert said[2:] == ["動いているものはありませんでした。", said[1]]
    finally:
        lifecycle.reset(instance)


def test_what_is_not_ours_is_not_ended_either(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(LocalError, match="新しいか空のフォルダー"):
        Instance.to_end(tmp_path)


def test_choices_are_kept_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = Instance(tmp_path / "state").choose(port=20_500)

    def cut_off(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", cut_off)
    with pytest.raises(OSError, match="no space left"):
        instance.choose(port=20_600)
    assert Instance(tmp_path / "state").kept_port == 20_500
    lifecycle.reset(instance)
    assert not instance.state.exists()


def test_a_start_that_waits_for_a_reset_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = Instance(tmp_path / "state").choose(port=20_500)
    instance.secret("registry_app")
    deleting, waited_for = threading.Event(), threading.Event()

    def remove(_: Postgres) -> None:
        deleting.set()
        waited_for.wait(20)

    monkeypatch.setattr(Postgres, "remove", remove)
    said: list[str] = []

    def say(words: str) -> None:
        said.append(words)
        waited_for.set()

    reset = threading.Thread(target=lifecycle.reset, args=(Instance(instance.state),))
    reset.start()
    assert deleting.wait(20)
    with lifecycle.alone(instance, say):
        found = {path.name for path in instance.state.iterdir()}
        instance.secret("registry_app")
        reset.join(20)
    assert ["待っています" in words for words in said] == [True]
    assert found == {".tsumugi-state", "lifecycle.lock"}
    assert {path.name for path in Instance(instance.state).state.iterdir()} == {*found, "secrets"}


def test_a_start_that_waited_begins_with_what_it_then_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Instance(tmp_path / "state").choose(port=20_500)
    before.choose(port=20_600, example=True)
    found: list[Instance] = []

    def refuse(instance: Instance) -> None:
        found.append(instance)
        raise LocalError("far enough")

    monkeypatch.setattr(schema, "refuse_other", refuse)
    with pytest.raises(LocalError, match="far enough"):
        lifecycle.up(before, transport=None, training_date=None, say=lambda _: None)
    assert [(one.choices.port, one.choices.example) for one in found] == [(20_600, True)]


def test_how_many_pupils_is_chosen_once(tmp_path: Path) -> None:
    """Over data that are there nothing is made, and nothing begins."""
    instance = Instance(tmp_path / "state").choose(port=20_500)
    instance.postgres.data.mkdir(parents=True)
    schema.keep(instance)
    with pytest.raises(LocalError, match="はじめて始めるときだけ"):
        lifecycle.up(instance, transport=None, training_date=None, pupils=300, say=lambda _: None)
    assert instance.choices.training_date is None
