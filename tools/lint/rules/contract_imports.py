"""Contracts import the standard library, pydantic and the project's ids and dates: nothing else.

They are the published language: whoever reads an event (a service, a department's own program, the generator of the
catalogue) must be able to load them without a database, a web framework or another service.
"""

import sys
from collections.abc import Iterator

from tools.lint.source import Finding, Source

ALLOWED = ("pydantic", "shared.contracts", "shared.ids", "shared.dates")


def check(source: Source) -> Iterator[Finding]:
    if not source.inside("shared/contracts") or source.is_test:
        return
    for line, name in source.imports():
        known = name.split(".")[0] in sys.stdlib_module_names
        if not known and not any(f"{name}.".startswith(f"{allowed}.") for allowed in ALLOWED):
            yield Finding(
                line, f"{name} in a contract: it may import {', '.join(ALLOWED)} and the standard library"
            )
