"""No clock and no chance in a service's `rules.py` and `copies.py`.

A rule is asked again about last year's day and about next April; a copy that is rebuilt must equal the one that grew,
byte for byte. Both hold only if the same input always gives the same output: the instant, the day and new ids are
arguments (or come with the event).
"""

from collections.abc import Iterator

from tools.lint.source import Finding, Source

CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}
CHANCE = {
    "uuid1",
    "uuid4",
    "uuid6",
    "uuid7",
    "token_hex",
    "token_bytes",
    "token_urlsafe",
    "random",
    "randint",
}
MODULES = {"datetime", "date", "time", "uuid", "uuid_utils", "secrets", "random", "clock"}


def check(source: Source) -> Iterator[Finding]:
    if source.path.name not in ("rules.py", "copies.py") or not source.inside("services"):
        return
    imported = {name.rpartition(".")[2]: name for _, name in source.imports()}
    for node, call in source.calls():
        owner, _, function = call.rpartition(".")
        known = (
            owner.rpartition(".")[2] in MODULES
            if owner
            else imported.get(function, "").split(".")[0] in MODULES
        )
        if known and function in CLOCKS:
            yield Finding(
                node.lineno,
                f"{call}() asks a clock: take the instant or the day as an argument (`now`, `as_of`)",
            )
        if known and function in CHANCE:
            yield Finding(
                node.lineno,
                f"{call}() is new each time: take the id as an argument, or derive it (shared.ids)",
            )
