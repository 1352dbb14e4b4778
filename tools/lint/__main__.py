"""`python -m tools.lint`: exit status 1 when a rule is broken anywhere."""

import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tools.lint.rules import RULES
from tools.lint.source import Source

ROOT = Path(__file__).resolve().parents[2]
SUFFIXES = (".py", ".sql", ".lock", ".lock.toml", "package-lock.json")


def sources(root: Path) -> Iterator[Source]:
    """Every file that is ours: no hidden folder, nothing installed or built."""
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or path.name in ("node_modules", "dist", "build"):
            continue
        if path.is_dir():
            for source in sources(path):
                yield Source(path.name / source.path, source.text)
        elif path.name.endswith(SUFFIXES):
            yield Source(PurePosixPath(path.name), path.read_text(encoding="utf-8"))


def main(root: Path = ROOT) -> int:
    broken = 0
    for source in sources(root):
        for name, check in RULES.items():
            for line, message in check(source):
                if not source.allows(name, line):
                    print(f"{source.path}:{line}: {name}: {message}")
                    broken += 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
