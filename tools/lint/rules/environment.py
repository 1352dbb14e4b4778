"""The process's environment is read in `deploy/` only.

Every setting has one entrance, where it is checked and refused with a sentence; what a service depends on is what its
constructor asks for. A variable read in passing is a setting that nobody can find.
"""

from collections.abc import Iterator

from tools.lint.source import Finding, Source

READERS = ("os.environ", "os.getenv", "os.environb", "pydantic_settings")


def check(source: Source) -> Iterator[Finding]:
    if source.inside("deploy", "tools") or source.is_test:
        return
    used = [*source.imports(), *source.names()]
    for line, name in used:
        if any(name == reader or name.startswith(f"{reader}.") for reader in READERS):
            yield Finding(
                line, f"{name} outside deploy/: take the setting as an argument from the composition root"
            )
