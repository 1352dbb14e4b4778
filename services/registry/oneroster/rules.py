"""Reads a OneRoster 1.2_JP package with its companion: everything right becomes a snapshot, everything wrong a list.

Pure: bytes in, values out. Sources: OneRoster CSV Binding 1.2.1, 1EdTech OneRoster Japan K-12/Schools Profile
(2026-03), 学習eポータル標準モデル (no half-width kana). All problems are told in one run, and any problem refuses the
whole package.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from services.registry.oneroster import layout
from services.registry.oneroster.completion import Completion, read_completion
from services.registry.oneroster.origins import Origin
from services.registry.oneroster.persons import People, read_people
from services.registry.oneroster.problems import Note, Problem, Problems
from services.registry.oneroster.relations import PlacedMembership, read_memberships
from services.registry.oneroster.resolver import Resolver
from services.registry.oneroster.sources import Sources, read_sources
from services.registry.oneroster.structure import Structure, read_structure, the_school_year
from services.registry.oneroster.tables import Row
from services.registry.roster.snapshot import Period, RosterSnapshot


@dataclass(frozen=True, slots=True)
class Reading:
    """What a package says: a snapshot when nothing is wrong, else the problems."""

    snapshot: RosterSnapshot | None
    problems: tuple[Problem, ...]
    notes: tuple[Note, ...] = ()
    """What was read otherwise than it is written."""
    total: int = 0
    """How many problems there are, of which ``problems`` are those that are told one by one."""
    merged: Mapping[str, bytes] = field(default_factory=dict, compare=False)
    """Files as they are with their delta; of the other files the package's own are what the next delta changes."""
    absent: frozenset[str] = frozenset()
    """Files that earlier packages had and this one does not speak about."""


def read_roster(files: Mapping[str, bytes], known: Mapping[str, bytes] | None = None) -> Reading:
    """Reads a package given as file name → bytes; ``known`` are the files that earlier packages of the year left."""
    problems = Problems()
    sources = read_sources(files, known or {}, problems)
    year = the_school_year(sources.tables[layout.ACADEMIC_SESSIONS], problems)
    snapshot = None if year is None else _read(sources, year, problems)
    return Reading(
        snapshot if not len(problems) else None,
        problems.listed(),
        problems.notes(),
        problems.total,
        sources.merged,
        sources.absent,
    )


def _read(sources: Sources, year: int, problems: Problems) -> RosterSnapshot | None:
    tables, told = sources.tables, sources.companion
    structure = read_structure(tables, told, year, problems)
    people = read_people(tables, told, structure, problems)
    memberships = read_memberships(tables, structure, people, problems)
    completion = Completion([], [], [], [], [])
    if told is not None:
        completion = read_completion(Resolver(told, structure, people, memberships, problems))
    _check_conflicts(people, memberships, problems)
    _check_home_classes(sources, structure, people, memberships, problems)
    if len(problems) or structure.board is None:
        return None
    return _snapshot(sources, structure, people, memberships, completion)


def _check_conflicts(people: People, memberships: list[PlacedMembership], problems: Problems) -> None:
    """What may be only once at a time: a home class, a 出席番号, a duty."""
    homes = (each for each in memberships if each.value.kind == "home")
    exchanges = (each for each in memberships if each.value.kind == "exchange")
    _refuse_overlaps(
        ((each.value.pupil, each.value.valid, each.origin) for each in homes),
        "userSourcedId",
        "同時に二つの学級に在籍しています",
        "日付か、どちらかの行を直してください。交流の学級は companion.json の exchanges に書きます",
        problems,
    )
    _refuse_overlaps(
        (((each.value.pupil, each.value.class_key), each.value.valid, each.origin) for each in exchanges),
        "class",
        "同じ学級への交流が重なっています",
        "どちらかを直してください",
        problems,
    )
    numbered = (each for each in memberships if each.value.number is not None)
    _refuse_overlaps(
        (((each.value.class_key, each.value.number), each.value.valid, each.origin) for each in numbered),
        lambda origin: "metadata.jp.shussekiNo" if isinstance(origin, Row) else "number",
        "同じ学級に同じ出席番号があります",
        "出席番号を直してください",
        problems,
    )
    duties = (
        ((duty.staff, duty.kind, duty.organisation, duty.class_key), duty.valid, origin)
        for duty, origin in people.duties
    )
    _refuse_overlaps(
        duties,
        lambda origin: "userSourcedId" if isinstance(origin, Row) else "staff",
        "同じ職務が同時に二つあります",
        "一つだけ書いてください（OneRoster の行と companion.json の両方に書かないでください）",
        problems,
    )


def _refuse_overlaps(
    periods: Iterable[tuple[Hashable, Period, Origin]],
    column: str | Callable[[Origin], str],
    rule: str,
    remedy: str,
    problems: Problems,
) -> None:
    """Names both sides of every overlap within one key."""
    groups: dict[Hashable, tuple[Period, Origin] | list[tuple[Period, Origin]]] = {}
    for key, valid, origin in periods:
        before = groups.setdefault(key, (valid, origin))  # nearly always it stays at one
        if isinstance(before, tuple):
            if before[1] is origin:
                continue
            before = groups[key] = [before]
        for period, other in before:
            if period.overlaps(valid):
                for one, twin in ((origin, other), (other, origin)):
                    named = column if isinstance(column, str) else column(one)
                    one.refuse(problems, named, f"{rule}（{twin.place()}）", remedy)
        before.append((valid, origin))


def _check_home_classes(
    sources: Sources,
    structure: Structure,
    people: People,
    memberships: list[PlacedMembership],
    problems: Problems,
) -> None:
    """Nobody is enrolled without standing on some roll, and ``homeClass`` agrees with the enrolments."""
    if not sources.tables[layout.ENROLLMENTS].whole or not sources.tables[layout.CLASSES].whole:
        return
    of_pupil: dict[str, list[PlacedMembership]] = {}
    for each in memberships:
        if each.value.kind == "home":
            of_pupil.setdefault(each.value.pupil.sourced_id, []).append(each)
    for enrolment, origin in people.enrolments:
        pupil = enrolment.pupil.sourced_id
        mine = [structure.organisations[each.value.class_key] for each in of_pupil.get(pupil, [])]
        awaiting = (pupil, enrolment.school) in people.awaiting_class or pupil in people.unplaced
        if not awaiting and not any(home.school == enrolment.school for home in mine):
            rule = "在籍の学級がありません（どの出席簿にも載りません）"
            origin.refuse(
                problems,
                "userSourcedId",
                rule,
                "enrollments.csv に学級への student の行を加えるか、まだ決まっていなければ companion.json の"
                " awaiting_class に書いてください",
            )
    column = "metadata.jp.homeClass"
    users = people.rows.table
    for at, said in enumerate(users.column(column)) if column in users.columns else ():
        if not said or said not in structure.class_rows:
            continue
        pupil = users.row(at).id
        classes = [each.value.class_key.sourced_id for each in of_pupil.get(pupil, ())]
        if classes and said not in classes and pupil not in people.unplaced:
            rule = f"homeClass が在籍の学級（{', '.join(sorted(classes))}）と合いません"
            users.row(at).refuse(problems, column, rule, "homeClass か enrollments.csv を直してください")


def _snapshot(
    sources: Sources,
    structure: Structure,
    people: People,
    memberships: list[PlacedMembership],
    completion: Completion,
) -> RosterSnapshot:
    assert structure.board is not None
    return RosterSnapshot(
        school_year=structure.year,
        board=structure.board,
        organisations=(*structure.organisations.values(), *completion.departments),
        people=tuple(people.cards.values()),
        enrolments=tuple(each.value for each in people.enrolments),
        memberships=tuple(each.value for each in memberships),
        duties=tuple(each.value for each in people.duties),
        guardianships=tuple(completion.guardianships),
        protections=tuple(completion.protections),
        calendars=tuple(completion.calendars),
        contacts=tuple(completion.contacts),
        spoken=sources.spoken(),
    )
