"""The rules by name. For a new one: a module with `check(source)`, a line here, both kinds of example in tests."""

from collections.abc import Callable, Iterable

from tools.lint.rules import (
    broker_imports,
    clock_in_rules,
    clock_in_sql,
    contract_imports,
    environment,
    live_cells,
    lock_addresses,
    lost_cancellations,
    sleeping_tests,
    tenancy_door,
)
from tools.lint.source import Finding, Source

RULES: dict[str, Callable[[Source], Iterable[Finding]]] = {
    "clock-in-rules": clock_in_rules.check,
    "clock-in-sql": clock_in_sql.check,
    "broker-imports": broker_imports.check,
    "tenancy-door": tenancy_door.check,
    "sleeping-tests": sleeping_tests.check,
    "environment": environment.check,
    "contract-imports": contract_imports.check,
    "live-cells": live_cells.check,
    "lock-addresses": lock_addresses.check,
    "lost-cancellations": lost_cancellations.check,
}
