"""Processes that go on after the command that started them, and are found again without ever taking another's.

A process number alone proves nothing: the system gives it away again. A process is ours when the number in its
file belongs to a command whose arguments name our own path, which no other program's do.
"""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import psutil

from deploy.local.state import LocalError

POLL_SECONDS = 0.02
EXEC_POLLS = 100


@dataclass(frozen=True)
class PidFile:
    """`path`: a file whose first line is a process number. `names`: the argument that proves whose it is."""

    path: Path
    names: str

    def write(self, pid: int) -> None:
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        draft.write_text(f"{pid}\n", encoding="ascii")
        draft.replace(self.path)

    def process(self) -> psutil.Process | None:
        """The living process, or None: no file, no such process, or a number that now belongs to another."""
        try:
            first = self.path.read_text(encoding="utf-8").partition("\n")[0]
            process = psutil.Process(int(first))
            ours = self.names in arguments(process)
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        return process if ours and is_alive(process) else None


def arguments(process: psutil.Process) -> list[str]:
    """Its command line. Linux shows none for a moment while it puts a program in place, which is waited for."""
    for _ in range(EXEC_POLLS):
        found = process.cmdline()
        if found or not is_alive(process):
            return found
        time.sleep(POLL_SECONDS / 10)
    return []  # the system's own processes never have any


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs; one that has ended and whose parent has not asked yet does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


_MARK_YOURSELF = 'echo $$ > "$0.$$" && mv "$0.$$" "$0" && exec "$@"'


def launch(
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str],
    user: int | None = None,
    mark: PidFile | None = None,
) -> psutil.Process:
    """Start a server that outlives this process: own session, output to `log`, nothing of our environment.

    `mark` gets its number. The server writes it too before it is anything else: were this process killed between
    starting and writing, nobody would find the server again, and it would hold its ports for ever.
    `user`: number of the user to become (its own group, no others); None keeps the present one.
    """
    if mark is not None:
        command = ["/bin/sh", "-c", _MARK_YOURSELF, str(mark.path), *command]
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environment,
            start_new_session=True,
            umask=0o077,
            **as_user(user),
        )
    child.returncode = 0  # disowned: Popen shall neither wait for it nor complain that nobody did
    if mark is not None:
        mark.write(child.pid)
    return psutil.Process(child.pid)


class AsUser(TypedDict, total=False):
    """Arguments of subprocess for running as a plain user without root's groups."""

    user: int
    group: int
    extra_groups: list[int]


def as_user(user: int | None) -> AsUser:
    return {} if user is None else {"user": user, "group": pwd.getpwuid(user).pw_gid, "extra_groups": []}


def wait_until(
    ready: Callable[[], bool],
    server: psutil.Process,
    *,
    seconds: float,
    what: str,
    log: Path,
    every: float = POLL_SECONDS,
) -> None:
    """Wait for a server, asking ``every`` so many seconds.

    Raises LocalError with the end of its log when it died or was not ready in time.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if not is_alive(server):
            raise LocalError(f"{what} が、始まる途中で止まりました。\n{tail(log)}")
        if time.monotonic() > deadline:
            raise LocalError(f"{what} は {seconds:.0f} 秒のあいだに準備ができませんでした。\n{tail(log)}")
        time.sleep(every)


def end(process: psutil.Process, *steps: tuple[signal.Signals, float]) -> None:
    """Ask a process to end, each signal with the seconds it gets; returns when it is gone.

    Raises LocalError when it outlived every step.
    """
    for number, patience in steps:
        try:
            process.send_signal(number)
            process.wait(timeout=patience)
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired:
            continue
        return
    raise LocalError(
        f"プロセス {process.pid} が {'、'.join(step.name for step, _ in steps)} でも終わりません。"
    )


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log, to be shown with an error."""
    if not log.exists():
        return f"（{log} に記録がありません）"
    last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    return "\n".join([f"{log} の終わり:", *(f"  {line}" for line in last)])


def inherited(*names: str) -> dict[str, str]:
    """The few environment variables a server may see; it gets nothing else of the starter's."""
    return {name: os.environ[name] for name in names if name in os.environ}
