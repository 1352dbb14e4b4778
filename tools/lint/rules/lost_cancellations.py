"""Waiting with a bound is `async with asyncio.timeout(…)`, never `asyncio.wait_for`.

Before Python 3.12 `wait_for` forgets a cancellation when what it waits for comes in the same moment: a service that is
told to stop goes on, and whoever waits for its end waits for ever. Tests may: nobody cancels them.
"""

from collections.abc import Iterator

from tools.lint.source import Finding, Source

_INSTEAD = "forgets a cancellation (Python 3.11): use `async with asyncio.timeout(…)`"


def check(source: Source) -> Iterator[Finding]:
    if source.is_test or source.inside("tests"):
        return
    for line, name in source.imports():
        if name == "asyncio.wait_for":
            yield Finding(line, f"{name} {_INSTEAD}")
    for node, call in source.calls():
        if call.endswith("asyncio.wait_for"):
            yield Finding(node.lineno, f"{call}() {_INSTEAD}")
