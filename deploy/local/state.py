"""Where the local edition keeps its state, its secrets and the marks of its processes."""

import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class LocalError(Exception):
    """This machine or its state does not allow what was asked; the text says what is wrong and how to mend it."""


MARK = ".tsumugi-state"
"""A file that says: this folder was empty when it became ours."""


DRAFT = ".new"
"""What a file's name ends with while it is written."""


def state_dir() -> Path:
    """The folder of all local state: `TSUMUGI_STATE`, or `.tsumugi` in the clone. Made when missing."""
    return take_folder(state_place())


def state_place() -> Path:
    """Where the state folder is or will be; makes nothing."""
    return Path(os.environ.get("TSUMUGI_STATE") or ROOT / ".tsumugi").expanduser().resolve()


def take_folder(path: Path) -> Path:
    """The folder `path` as a state folder. Raises LocalError when it has contents that are not ours: `make reset`
    deletes what is in a state folder, and `TSUMUGI_STATE` may name any folder by mistake.
    """
    make_folder(path)
    if not (path / MARK).exists():
        if any(path.iterdir()):
            raise LocalError(
                f"{path} には紬のものではない中身があります。TSUMUGI_STATE で新しいか空のフォルダーにしてください。"
            )
        (path / MARK).touch()
    return path


def cache_dir() -> Path:
    """The folder for downloads that every clone on this machine may share (checksums are verified on each use)."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return make_folder(Path(base).resolve() / "tsumugi")


def make_folder(path: Path) -> Path:
    """A folder of our own. Others may pass through it (PostgreSQL runs as another user for root), not list it."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        path.chmod(0o711)  # said again, whatever the umask
    return path


@contextmanager
def exclusive(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """One process at a time, by the lock file `path`; the others call `waiting` and wait.

    A process that dies leaves no lock. One that has the lock may delete the file and its folder: whoever waited for it
    makes them anew, for a lock on a file that nobody finds any more keeps nobody out.
    """
    while True:
        with (make_folder(path.parent) / path.name).open("w") as guard:
            try:
                fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(guard, fcntl.LOCK_EX)
            if path.exists() and os.path.samestat(os.fstat(guard.fileno()), path.stat()):
                yield
                return


def secret(path: Path) -> str:
    """The secret kept in `path`; made at first use, 0600 from its first byte, never overwritten.

    Raises LocalError when others can read the file: a secret that was open once is to be made anew.
    """
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            os.link(draft, path)  # whole or not at all, and the first of two makers wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise LocalError(
            f"{path} をほかの人が読めます。`make reset`（プラットフォーム版は `make stack-reset`）で"
            "つくり直してください。"
        )
    return path.read_text(encoding="ascii").strip()


def write_whole(path: Path, text: str) -> None:
    """Keep ``text`` in ``path``, whole or not at all: whoever is cut off while writing leaves what was there."""
    draft = path.with_name(path.name + DRAFT)
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())  # else a machine that loses its power may keep the name without the contents
    draft.replace(path)


def write_secret(path: Path, value: str) -> None:
    """Keep a secret that somebody else made, 0600 from its first byte; replaces what was there."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(value)
    draft.replace(path)
