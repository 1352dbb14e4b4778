"""A Chromium for the tests: the system's, else Debian's package, else Playwright's own.

The headless shell comes first: the same engine without a browser's own window, and much the quicker of the two.

`python -m deploy.local.browser` installs one where there is none (`make test` does); tests only look.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "Chromium がないので、画面のテストができません。システムのパッケージ chromium を入れるか、"
    "ダウンロードできる機械で `python -m deploy.local.browser` を動かしてください。"
)


def find() -> Path | None:
    """A Chromium that starts, or None."""
    return next((path for path in candidates() if starts(path)), None)


def candidates() -> Iterator[Path]:
    yield from (Path(found) for name in NAMES if (found := shutil.which(name)))
    # Here, because the doctor and every test's conftest import this module.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield Path(playwright.chromium.executable_path)


def ensure() -> Path | None:
    """A Chromium that starts, installed now if there was none; None when this machine cannot have one."""
    if found := find():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        run("apt-get", "update", "-qq")
        for name in ("chromium-headless-shell", "chromium"):  # not every release has the first
            run("apt-get", "install", "-y", "-qq", "--no-install-recommends", name, "fonts-noto-cjk")
            if found := find():
                return found
    run(sys.executable, "-m", "playwright", "install", "chromium")
    return find()


def required() -> bool:
    """Whether its absence is a failure rather than a loud skip: in CI nothing is left out."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def starts(path: Path) -> bool:
    """Whether it is there and can run (Ubuntu's package of this name is only a pointer to a snap)."""
    try:
        return (
            subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def run(*command: str) -> None:
    """Try to install; whether it helped is seen by looking again."""
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=quiet, stdout=sys.stderr, check=False)


def main() -> int:
    found = ensure()
    if found is None:
        sys.stderr.write(f"\n*** {MISSING}\n")
        return 1 if required() else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
