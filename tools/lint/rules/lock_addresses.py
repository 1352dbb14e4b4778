"""Lock files name versions and hashes, never an address.

Every registry or mirror may then serve them, and whoever serves something else is found out by the hash. `make lock`
writes them so.
"""

from collections.abc import Iterator

from tools.lint.source import Finding, Source


def check(source: Source) -> Iterator[Finding]:
    if source.path.suffix in (".py", ".sql"):
        return
    addresses = [number for number, line in enumerate(source.text.splitlines(), 1) if "://" in line]
    if addresses:
        yield Finding(addresses[0], f"{len(addresses)} addresses in a lock file: write it with `make lock`")
