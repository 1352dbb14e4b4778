"""School calendars, from companion.json."""

from __future__ import annotations

from datetime import date

from services.registry.oneroster import cells, companion
from services.registry.oneroster.companion import CalendarPart, ClosurePart
from services.registry.oneroster.origins import Pointer
from services.registry.oneroster.resolver import MEND_REFERENCE, Resolver
from services.registry.roster.snapshot import Calendar, Closure, ExternalKey, Organisation

NO_CALENDAR = (
    "学校暦のない学校があります。いまの学校暦はそのままです。なければ、年間予定に入れるまで出欠をとれません"
)


def read_calendars(resolver: Resolver) -> list[Calendar]:
    """One calendar a school; a school without one is told, and keeps what it has."""
    found: list[Calendar] = []
    seen: dict[str, Pointer] = {}
    for place, part in enumerate(resolver.told.calendars):
        origin = Pointer(resolver.told.at("calendars", place), part)
        school = resolver.school(origin, part.school)
        if (other := seen.setdefault(part.school, origin)) is not origin:
            resolver.twice(origin, other, "school", "同じ学校の学校暦が二つあります")
        elif school is not None:
            found.append(_calendar(resolver, origin, part, school))
    for each in resolver.structure.schools():
        if each.key.sourced_id not in seen:
            # Next year's roster is there in February, its calendar is not: what the city itself exports must come back.
            resolver.problems.note(companion.FILE, None, "/calendars", NO_CALENDAR, before=each.name)
    return found


def _calendar(resolver: Resolver, origin: Pointer, part: CalendarPart, school: Organisation) -> Calendar:
    days = set(part.school_days)
    for place, day in enumerate(part.school_days):
        fault = None
        if not resolver.structure.term.holds(day):
            fault = "年度の外の日です"
        elif place and part.school_days[place - 1] >= day:
            fault = "日付の順に、一度ずつ並べます"
        if fault:
            path = f"{origin.path}/school_days/{place}"
            resolver.problems.add(
                companion.FILE, None, path, day.isoformat(), fault, "日付を確かめてください"
            )
    closures: list[Closure] = []
    for place, closure in enumerate(part.closures):
        where = Pointer(f"{origin.path}/closures/{place}", closure)
        read = _closure(resolver, where, closure, school, days)
        if read is not None:
            closures.append(read)
    closures.sort(key=lambda each: (each.on, each.scope, each.grade or "", str(each.class_key)))
    return Calendar(school.key, resolver.structure.year, tuple(sorted(days)), tuple(closures), part.replaces)


def _closure(
    resolver: Resolver, origin: Pointer, part: ClosurePart, school: Organisation, days: set[date]
) -> Closure | None:
    problems = resolver.problems
    if not resolver.structure.term.holds(part.on):
        origin.refuse(problems, "on", "年度の外の日です", "日付を確かめてください")
    for column, value in (("grade", part.grade), ("class", part.class_id)):
        if (part.scope == column) != (value is not None):
            rule = f"{column} は scope が {column} のとき、そのときだけ書きます"
            origin.refuse(problems, column, rule, "scope に合わせてください")
            return None
    if part.grade is not None and (fault := cells.grades(part.grade)):
        origin.refuse(problems, "grade", fault.rule, fault.remedy)
    class_key: ExternalKey | None = None
    if part.class_id is not None:
        home = resolver.home_class(origin, part.class_id)
        if home is None:
            return None
        if home.school != school.key:
            origin.refuse(problems, "class", "この学校の学級ではありません", MEND_REFERENCE)
        class_key = home.key
    whole_school = part.scope == "school"
    if whole_school == (part.on in days):
        rule = "学校の臨時休業の日が school_days にもあります" if whole_school else "school_days にない日です"
        origin.refuse(problems, "on", rule, "school_days と closures をそろえてください")
    return Closure(part.on, part.scope, part.grade, class_key, part.reason)
