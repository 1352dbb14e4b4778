"""No clock in SQL, and no calendar day taken from an instant there.

The database's clock is a second one that no test and no training date can set, and its idea of a day depends on the
session's time zone. The clock is an argument of the statement; the day of an instant is computed by shared.dates.
"""

import re
from collections.abc import Iterator

from tools.lint.source import Finding, Source

CLOCK = re.compile(
    r"\b(?:(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)"
    r"|current_date\b|current_timestamp\b|current_time\b|localtime\b|localtimestamp\b)",
    re.IGNORECASE,
)
FUNCTION = re.compile(
    r"(\w+\.)?func\.(now|clock_timestamp|current_date|current_timestamp|current_time|localtime|localtimestamp)"
)
# By our naming an instant's column ends in _at; `valid::daterange` and `$1::date` take nothing from an instant.
DAY = re.compile(r"_at\W{0,2}::\s*date\b|cast\s*\(\s*[\w.]*_at\s+as\s+date\b", re.IGNORECASE)


def check(source: Source) -> Iterator[Finding]:
    if source.inside("tools/lint"):
        return
    for line, text in source.sql():
        if found := CLOCK.search(text):
            yield Finding(line, f"{found[0]} is the database's clock: pass the instant as a parameter")
        if DAY.search(text):
            yield Finding(
                line, "a day taken from an instant: store the business date, or compute it in shared.dates"
            )
    for node, call in source.calls():
        if FUNCTION.fullmatch(call):
            yield Finding(node.lineno, f"{call}() is the database's clock: pass the instant as a parameter")
