"""Tests wait for a condition with a bound, never for a time.

A sleep is too short on a busy machine (the test fails for no reason) and too long on every other. `eventually` in
tests/support is the one place that sleeps; docs/flake-patterns.md shows the other ways. `asyncio.sleep(0)` waits for
nothing: it lets the other tasks run.
"""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from tools.lint.source import Finding, Source

HELPER = PurePosixPath("tests/support/waiting.py")


def check(source: Source) -> Iterator[Finding]:
    if not source.is_test or source.path == HELPER or source.inside("tools/lint"):
        return
    bare = {name.rpartition(".")[2] for _, name in source.imports() if name.endswith(".sleep")}
    for node, call in source.calls():
        function = call.rpartition(".")[2]
        sleeps = call in bare or function == "wait_for_timeout" or ("." in call and function == "sleep")
        if sleeps and [ast.unparse(each) for each in node.args] != ["0"]:
            yield Finding(
                node.lineno, f"{call}() in a test: wait for what you expect, `await eventually(lambda: …)`"
            )
