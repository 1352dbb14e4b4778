"""Make `.venv` hold exactly what requirements.lock says, and nothing else.

Runs with the system's Python before anything is installed: standard library only, and nothing that stops an
older Python from saying that it is too old. Does nothing when the environment already fits; `make` therefore
calls it before every target.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "tsumugi-installed"
LOCK = ROOT / "requirements.lock"
OLDEST = (3, 11)


def main() -> int:
    """Install if needed. Exit status 1 with a sentence when this machine cannot."""
    if sys.version_info < OLDEST:
        found, oldest = (".".join(map(str, version[:2])) for version in (sys.version_info, OLDEST))
        return refuse(
            f"Python {oldest} より新しいものが要ります。{sys.executable} は {found} です。",
            "make PYTHON=python3.12 … のように指してください",
        )
    if is_installed():
        return 0
    with LOCK.open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if is_installed():  # another make has done it while this one waited
            return 0
        return install()


def place() -> str:
    """This Python and where the clone lies: an environment cannot be moved from one to another."""
    return hashlib.sha256(f"{sys.base_prefix} {sys.version} {VENV}".encode()).hexdigest()


def content() -> str:
    """What is to be installed: the lock, and what pyproject.toml says of us (not how it sets up the checks)."""
    import tomllib  # here, because an older Python must come as far as being told so

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    ours = f"{project['build-system']} {project['project']} {project['tool']['hatch']}"
    return hashlib.sha256(LOCK.read_bytes() + ours.encode()).hexdigest()


def stamped() -> tuple[str, str]:
    """Place and content of what was installed; two empty words where the stamp does not say both."""
    words = STAMP.read_text(encoding="ascii", errors="replace").split() if STAMP.is_file() else []
    return (words[0], words[1]) if len(words) == 2 else ("", "")


def stamp(what: str) -> None:
    """Say what is installed here, whole or not at all: whoever is cut off while writing leaves what was there."""
    draft = STAMP.with_name(f"{STAMP.name}.new")
    draft.write_text(f"{place()} {what}", encoding="ascii")
    draft.replace(STAMP)


def is_installed() -> bool:
    return stamped() == (place(), content())


def install() -> int:
    """Environment, then uv with its hash, then the whole lock, then this project in place."""
    print(".venv に入れています（はじめは1分ほど）…", flush=True)
    python = VENV / "bin" / "python"
    if stamped()[0] != place() and run([sys.executable, "-m", "venv", "--clear", str(VENV)]) != 0:
        return refuse(
            ".venv（Python の仮想環境）をつくれません。", "Debian や Ubuntu では apt install python3-venv"
        )
    pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "--require-hashes"]
    stamp("unfinished")
    uv_only = VENV / "uv.txt"
    uv_only.write_text(pinned("uv"), encoding="ascii")
    if run([str(python), *pip, "-r", str(uv_only)]) != 0:
        return refuse("uv を受け取れません。", "pip の設定（取り寄せ先、プロキシ、証明書）を確かめてください")
    uv = [str(VENV / "bin" / "uv"), "pip"]
    # pip is slower (three times, measured) but has settings that uv does not read.
    if run([*uv, "sync", "--quiet", "--python", str(python), "--require-hashes", str(LOCK)]) != 0:
        print("uv では入りません。pip とその設定で試します …", flush=True)
        if run([str(python), *pip, "-r", str(LOCK)]) != 0:
            return refuse("requirements.lock のすべては入りません。", "上の表示を見てください")
    in_place = ["--no-deps", "--no-build-isolation", "--offline", "--editable", str(ROOT)]
    if run([*uv, "install", "--quiet", "--python", str(python), *in_place]) != 0:
        return refuse("紬そのものが入りません。", "上の表示を見てください")
    stamp(content())
    return 0


def pinned(name: str) -> str:
    """The lock's entry of one package, with its hashes."""
    found = re.search(rf"^{name}==(?:.*\\\n)*.*", LOCK.read_text(encoding="ascii"), re.MULTILINE)
    if found is None:
        raise SystemExit(f"requirements.lock に {name} がありません")
    return re.sub(r"\\\n\s*", "", found.group(0)).rstrip() + "\n"


def run(command: list[str]) -> int:
    # VIRTUAL_ENV of an outer shell would make uv install elsewhere.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONHOME")
    }
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def refuse(what: str, how: str) -> int:
    print(f"\n{what}\n  → {how}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
