"""What an image has to hold, pinned with its hashes: read by the Dockerfile, before anything is installed.

python3 needs.py            the entries of requirements.in's sections "services" and "command line"
python3 needs.py NAME…      these entries instead

What those need in turn is pinned by requirements.lock, given to the installer beside them. Standard library only.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = ("services", "command line")
"""Of requirements.in: the rest is for machines that build, test and try."""

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def named(text: str) -> list[str]:
    """The requirements of :data:`SECTIONS` as they stand: name, extras, marker; bounds and comments left out."""
    found: list[str] = []
    section = ""
    for line in text.splitlines():
        if line.startswith("# "):
            section = line[2:].strip()
        wanted = re.sub(r"\s*#.*$", "", line).strip()
        if wanted and section in SECTIONS:
            requirement, _, marker = wanted.partition(";")
            name = re.split(r"[<>=!~ ]", requirement, maxsplit=1)[0]
            found.append(f"{name};{marker}" if marker else name)
    return found


def pinned(requirement: str, lock: str) -> str:
    """The lock's entry of one requirement on one line, with the extras that are asked for."""
    asked = requirement.partition(";")[0].strip()
    name = _NAME.match(asked)
    assert name is not None, requirement
    entry = re.search(rf"^{re.escape(name[0])}(?==)(?:.*\\\n)*.*", lock, re.MULTILINE)
    if entry is None:
        raise SystemExit(f"requirements.lock names no {name[0]}: run make lock")
    whole = re.sub(r"\\\n\s*", "", entry[0]).strip()
    return asked + whole[len(name[0]) :]


def main(names: list[str]) -> int:
    lock = (ROOT / "requirements.lock").read_text(encoding="ascii")
    wanted = names or named((ROOT / "requirements.in").read_text(encoding="utf-8"))
    sys.stdout.write("".join(f"{pinned(each, lock)}\n" for each in wanted))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
