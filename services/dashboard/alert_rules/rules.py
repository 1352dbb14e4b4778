"""A board's rules with their days, and what of a trial may be told. Pure."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from services.dashboard.alerts.rules import DEFAULT, Day, Rule, runs
from services.dashboard.overview.small import SMALL
from shared.dates import business_date, school_year, school_year_bounds

TRIED_DAYS = 30
"""So long a trial's counts are kept, and may what was tried begin; then it is tried anew."""

State = Literal["coming", "holds", "past"]

TRIALS_A_DAY = 6
"""Trials of a board on one day: whoever could try all day would find single children by halving."""

LADDER: Mapping[str, tuple[int, ...]] = {
    "row": (2, 3, 5, 7, 10, 15, 20, 30),
    "year": (5, 10, 15, 20, 30, 45, 60, 90),
}
"""The days that a draft may ask for. Not any number: two drafts a day apart differ by the children of just that day."""


Counts = tuple[str, int, bool]
"""Kind, days and whether 病欠 counts: what a rule counts."""


@dataclass(frozen=True)
class Version:
    """What was said from a day on."""

    id: UUID
    since: date
    value: Any


def states(versions: Sequence[Version], today: date) -> dict[UUID, State]:
    """Which of them holds today, which begin later, which are over."""
    begun = [each for each in versions if each.since <= today]
    holds = max(begun, key=lambda each: each.since, default=None)
    return {
        each.id: "coming" if each.since > today else "holds" if each is holds else "past" for each in versions
    }


def replaced(since: date, withdrawn_at: datetime) -> bool:
    """Whether a version that was withdrawn had begun: another was said for its own first day."""
    return business_date(withdrawn_at) >= since


def named(rules: Iterable[Mapping[str, Any]], ever: Iterable[Rule]) -> tuple[Rule, ...]:
    """Rules as they were written, each with a code. ``ever``: those of every version there has been.

    What people said about an alert is kept by its rule's code. So a rule keeps its code while it counts what a rule of
    that code has counted, in whatever words; otherwise it gets one that no version ever had, or "closed" would be
    said of alerts that nobody has seen.
    """
    written = list(rules)
    meant: dict[str, set[Counts]] = defaultdict(set)
    for rule in (*DEFAULT, *ever):
        meant[rule.code].add((rule.kind, rule.days, rule.excused))
    taken = set(meant)
    found = []
    for each in written:
        code = each.get("code")
        if not code or (each["kind"], each["days"], each["excused"]) not in meant.get(code, ()):
            plain = f"{each['kind']}_{each['days']}"
            code = next(
                one for n in itertools.count(1) if (one := f"{plain}_{n}" if n > 1 else plain) not in taken
            )
            taken.add(code)
        found.append(Rule(**{**each, "code": code}))
    return tuple(found)


def alike(rules: Sequence[Rule]) -> int | None:
    """Place of the first rule that says what one before it says, in words, by code or in what it counts."""
    for n, one in enumerate(rules):
        for other in rules[:n]:
            same = (one.kind, one.days, one.excused) == (other.kind, other.days, other.excused)
            if same or one.word == other.word or one.code == other.code:
                return n
    return None


def months_until(today: date) -> list[date]:
    """The months of this school year that have begun."""
    first = school_year_bounds(school_year(today))[0]
    found = [first]
    while (after := _next(found[-1])) <= today:
        found.append(after)
    return found


def end_of(month: date) -> date:
    """The last day of a month."""
    return _next(month) - timedelta(days=1)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def raised(
    rules: Sequence[Rule], months: Iterable[date], school_days: Sequence[date], told: Mapping[date, Day]
) -> dict[date, set[str]]:
    """In which of the months a child would have come onto the list, by the codes of the rules.

    On the day on which a rule was first met; as the marks are known now.
    """
    wanted = set(months)
    found: dict[date, set[str]] = defaultdict(set)
    for run in runs(rules, school_days, told):
        month = run.days[run.rule.days - 1].replace(day=1)
        if month in wanted:
            found[month].add(run.rule.code)
    return dict(found)


Counted = dict[str, int]
"""``all``: the children of a school whom rules would have raised in any of the months. Each counts once."""


def count(children: Iterable[Mapping[date, set[str]]]) -> Counted:
    """The children of a school, by what each of them met."""
    return {"all": sum(bool(met) for met in children)}


def least(number: int) -> int:
    """A school's number as it is told: the lower end of its five. 0 stands for nobody to four children."""
    return number - number % SMALL


def told(counted: Mapping[UUID, Counted]) -> dict[str, Any]:
    """What may be told of the schools' counts under one set of rules.

    The city's "so many or more" is the sum of what is told of its schools: it says nothing that they do not. Months and
    rules have no numbers of their own. Each would bound the others, and what holds within one trial would not hold
    beside the next one, or beside the rules that hold.
    """
    schools = {str(school): least(each["all"]) for school, each in counted.items()}
    return {"all": sum(schools.values()), "schools": schools}
