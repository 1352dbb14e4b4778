"""Who is asking is told to the database in one place, and every engine is made there.

Row-level security is as good as the statement that sets its context. A second place that sets it, or an engine with
other settings, is a way around the wall that no test of the wall looks at.
"""

import re
from collections.abc import Iterator

from tools.lint.source import Finding, Source

CONTEXT = re.compile(r"set_config\s*\(\s*'app\.|\bset\s+(?:local\s+|session\s+)?app\.", re.IGNORECASE)
ENGINES = ("create_async_engine", "create_engine", "async_sessionmaker", "create_pool")


def check(source: Source) -> Iterator[Finding]:
    if source.inside("shared/database", "tools/lint") or source.is_test:
        return
    for line, text in source.sql():
        if CONTEXT.search(text):
            yield Finding(line, "only shared.database sets who is asking: open a unit of work there")
    for node, call in source.calls():
        if call.rpartition(".")[2] in ENGINES:
            yield Finding(
                node.lineno, f"{call}() opens a second door: use shared.database's engines and units of work"
            )
