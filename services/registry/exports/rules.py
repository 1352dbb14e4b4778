"""What an export is about, and how what is stored becomes what is told. Pure.

Sources: OneRoster CSV Binding 1.2.1 with the Japan K-12/Schools Profile (2026-03); docs/export.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Generic, NamedTuple
from uuid import UUID

from services.registry.oneroster.packing import Mode, Profile
from services.registry.roster.rows import Held, I, OrganisationRow
from services.registry.roster.snapshot import Period
from shared.dates import TOKYO, school_year, school_year_bounds
from shared.ids import natural_id

OVERLAP = timedelta(minutes=10)
"""So far back before its instant a delta looks: what was recorded before it and committed after it was in no package
yet. Whoever gets something twice loses nothing."""

YEARS = (1947, 2200)
"""No roster of a school is older than the law that it is kept by (学校教育法), or of a year that nobody plans."""


class Told(NamedTuple, Generic[I]):
    """A stored period: what it says, when it was said and when it was taken back."""

    held: Held[I]
    recorded_at: datetime
    voided_at: datetime | None

    @property
    def stands(self) -> bool:
        """Whether it is still said."""
        return self.voided_at is None


@dataclass(frozen=True, slots=True)
class Frame:
    """One export: of whom, as of which day, for whom."""

    board: UUID
    school_year: int
    as_of: date
    now: datetime
    since: datetime | None = None
    """Only what changed after this instant."""
    companion: bool = True
    """For another Tsumugi, with all that OneRoster has no place for; otherwise for anybody's system."""
    protected: bool = False
    """Protected children go along."""
    reader: UUID | None = None
    """For whose eyes it is: a child who is kept from them is not in it, and not counted. None: a command line's."""
    counted: bool = True
    """Whether the reader may know how many protected children were left out."""
    school: UUID | None = None
    """One school only."""
    profile: Profile = "1.2_JP"
    schools: frozenset[UUID] | None = None
    """These schools only."""
    grades: frozenset[str] | None = None
    """Pupils of these grades only."""
    stamped: bool = False
    """Every row says when it last became other, also where all rows are told."""

    @classmethod
    def on(cls, board: UUID, as_of: date, now: datetime, **more: object) -> Frame:
        """The frame of a day's school year."""
        return cls(board, school_year(as_of), as_of, now, **more)  # type: ignore[arg-type]

    def about(self, school: UUID | None) -> bool:
        """Whether an organisation of this school is told at all."""
        if self.school is not None and school != self.school:
            return False
        return self.schools is None or school in self.schools

    @property
    def term(self) -> Period:
        """The school year."""
        return Period(*school_year_bounds(self.school_year))

    @property
    def marks_from(self) -> date:
        """A mark that ends later protects: neither next year's roster nor last year's tells who is protected today."""
        return self.day_of(self.now)

    def day_of(self, instant: datetime) -> date:
        """As :attr:`marks_from`, for an export at another instant."""
        return min(self.as_of, instant.astimezone(TOKYO).date())

    @property
    def mode(self) -> Mode:
        """Of the package's files."""
        return "bulk" if self.since is None else "delta"

    @property
    def cutoff(self) -> datetime | None:
        """What was said after it is told by a delta."""
        return None if self.since is None else self.since - OVERLAP

    def exists(self, unit: OrganisationRow) -> bool:
        """Whether an organisation is told: what has ended only to those who can be told its end."""
        if unit.kind == "class" and unit.school_year != self.school_year:
            return False
        if self.companion:
            return unit.until is None or unit.until > self.term.since
        return unit.until is None or unit.until > max(self.as_of, self.term.since)

    def changed(self, told: Iterable[Told[I]]) -> datetime | None:
        """When what is told of these periods last became other, if a delta has to say it; None without any."""
        instants: list[datetime | None] = []
        for one in told:
            instants += [one.recorded_at, one.voided_at]
            # Nothing is recorded on the day on which something begins to hold, or no longer does.
            since, until = one.held.valid
            instants += [morning(day) for day in (since, until) if day is not None and day <= self.as_of]
        return self.news(*instants) if instants else None

    def news(self, *instants: datetime | None) -> datetime | None:
        """The latest of some instants, if a delta has to tell what happened then; in a bulk package always."""
        latest = max((each for each in instants if each is not None), default=None)
        if self.cutoff is None:
            return latest or self.now
        return latest if latest is not None and latest > self.cutoff else None

    def row_id(self, kind: str, *parts: object) -> str:
        """The sourcedId of a row that has no id here: the same row has the same one in every export."""
        return str(natural_id(self.board, "oneroster", self.school_year, kind, *parts))

    def span(self, valid: Period) -> dict[str, str]:
        """beginDate and endDate of a relation; empty where the school year itself is the bound."""
        inside = valid.within(self.term)
        open_ended = inside.until is None or inside.until == self.term.until
        return {
            "beginDate": "" if inside.since == self.term.since else inside.since.isoformat(),
            "endDate": "" if open_ended or inside.until is None else last_day(inside.until),
        }

    def within(self, valid: Period) -> bool:
        """Whether OneRoster's dates can say a relation exactly."""
        return self.term.covers(valid)


def out_of_time(as_of: date | None, since: datetime | None) -> dict[str, str]:
    """Days of which there can be no roster, by name (``as_of``, ``since``), with what to say; empty when all can be."""
    first, last = YEARS
    found = {}
    if as_of is not None and not first < as_of.year < last:
        found["as_of"] = f"{first + 1}年から{last - 1}年までの日にしてください。"
    if since is not None and not first < since.year < last:
        found["since"] = f"{first + 1}年から{last - 1}年までの日時にしてください。"
    return found


def morning(day: date) -> datetime:
    """The instant at which a business date begins."""
    return datetime(day.year, day.month, day.day, tzinfo=TOKYO).astimezone(UTC)


def dated(valid: Period) -> dict[str, str]:
    """A period as companion.json says it."""
    first = {"from": valid.since.isoformat()}
    return first if valid.until is None else {**first, "to": last_day(valid.until)}


def last_day(until: date) -> str:
    """The last day on which something holds, of the first on which it does not."""
    return (until - timedelta(days=1)).isoformat()


def stamp(at: datetime) -> str:
    """An instant as OneRoster writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def marked(frame: Frame, row: Mapping[str, str], at: datetime) -> dict[str, str]:
    """A row with what a delta says of it; in a bulk package status and date are empty, as most readers want them."""
    if frame.since is None and not frame.stamped:
        return dict(row)
    return {**row, "status": "active", "dateLastModified": stamp(at)}


def deleted(row: Mapping[str, str], at: datetime) -> dict[str, str]:
    """A row that is no longer there. Its needed columns are filled: many readers check them of every row."""
    return {**row, "status": "tobedeleted", "dateLastModified": stamp(at)}
