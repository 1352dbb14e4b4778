"""Reads a OneRoster 1.2_JP package with its companion: everything right becomes a snapshot, everything wrong a list.

Pure: bytes in, values out. Sources: OneRoster CSV Binding 1.2.1, 1EdTech OneRoster Japan K-12/Schools Profile
(2026-03), 学習eポータル標準モデル (no half-width kana). Bulk mode only: delta needs the history of earlier packages.
All problems are told in one run, and any problem refuses the whole package.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass

from services.registry.oneroster import companion, layout
from services.registry.oneroster.completion import Completion, read_companion, read_completion
from services.registry.oneroster.origins import Origin
from services.registry.oneroster.persons import People, read_people
from services.registry.oneroster.problems import Problem, Problems
from services.registry.oneroster.relations import PlacedMembership, read_memberships
from services.registry.oneroster.resolver import Resolver
from services.registry.oneroster.structure import Structure, read_structure, the_school_year
from services.registry.oneroster.tables import Table, read_manifest, read_table
from services.registry.roster.snapshot import Period, RosterSnapshot


@dataclass(frozen=True, slots=True)
class Reading:
    """What a package says: a snapshot when nothing is wrong, else the problems."""

    snapshot: RosterSnapshot | None
    problems: tuple[Problem, ...]


def read_roster(files: Mapping[str, bytes]) -> Reading:
    """Reads a package given as file name → bytes."""
    problems = Problems()
    tables = _read_tables(files, problems)
    told = read_companion(files.get(companion.FILE), problems)
    year = the_school_year(tables[layout.ACADEMIC_SESSIONS], problems)
    if year is None:
        return Reading(None, problems.listed())
    structure = read_structure(tables, told, year, problems)
    people = read_people(tables, told, structure, problems)
    memberships = read_memberships(tables, structure, people, problems)
    completion = Completion([], [], [], [])
    if told is not None:
        completion = read_completion(Resolver(told, structure, people, memberships, problems))
    _check_conflicts(structure, people, memberships, problems)
    _check_home_classes(tables, structure, people, memberships, problems)
    if len(problems) or structure.board is None:
        return Reading(None, problems.listed())
    return Reading(_snapshot(structure, people, memberships, completion), ())


def _read_tables(files: Mapping[str, bytes], problems: Problems) -> dict[str, Table]:
    """The files the manifest announces; what is announced and what is there must agree."""
    manifest = read_manifest(files.get(layout.MANIFEST, b""), problems)
    _check_versions(manifest, problems)
    for shape in layout.LAYOUTS.values():
        line, mode = manifest.pop(shape.manifest_property, (1, ""))
        there = shape.name in files
        if mode == "bulk":
            if not there:
                rule = f"manifest.csv は bulk ですが、{shape.name} がありません"
                _refuse_mode(shape.manifest_property, line, mode, rule, "ファイルを加えてください", problems)
        elif mode == "delta":
            rule = "delta（差分）の取り込みは扱いません"
            _refuse_mode(
                shape.manifest_property, line, mode, rule, "bulk（全件）で書き出してください", problems
            )
        elif mode not in ("absent", ""):
            rule = f"「{mode}」という値はありません"
            _refuse_mode(shape.manifest_property, line, mode, rule, "bulk か absent です", problems)
        elif shape.obligatory:
            rule = f"{shape.name} は名簿に必要です"
            _refuse_mode(
                shape.manifest_property, line, mode, rule, "bulk（全件）で書き出してください", problems
            )
        elif there:
            rule = f"manifest.csv は absent ですが、{shape.name} があります"
            _refuse_mode(
                shape.manifest_property, line, mode, rule, "bulk にするか、ファイルを除いてください", problems
            )
    _check_rest(manifest, files, problems)
    tables: dict[str, Table] = {}
    for shape in layout.LAYOUTS.values():
        if shape.name in files:
            tables[shape.name] = read_table(shape, files[shape.name], problems)
        else:
            tables[shape.name] = Table(shape.name, whole=not shape.obligatory)
    return tables


def _check_versions(manifest: dict[str, tuple[int, str]], problems: Problems) -> None:
    for name, allowed in (("manifest.version", ("1.0",)), ("oneroster.version", layout.VERSIONS)):
        line, value = manifest.pop(name, (1, ""))
        if value not in allowed:
            rule = f"{name} は {'・'.join(allowed)} です"
            problems.add(layout.MANIFEST, line, name, value, rule, "OneRoster 1.2_JP で書き出してください")


def _check_rest(manifest: dict[str, tuple[int, str]], files: Mapping[str, bytes], problems: Problems) -> None:
    for name, (line, value) in manifest.items():
        if name.removeprefix("file.") in layout.OTHER_FILES and name.startswith("file."):
            if value not in ("absent", ""):
                rule = "名簿の取り込みでは成績・教材のファイルを扱いません"
                _refuse_mode(name, line, value, rule, "absent にしてください", problems)
        elif not name.startswith("source."):
            remedy = "書き間違いを直すか、取り除いてください"
            problems.add(layout.MANIFEST, line, name, value, "知らない項目です", remedy)
    for name in sorted(files):
        if name not in layout.LAYOUTS and name not in (layout.MANIFEST, companion.FILE):
            problems.add(name, None, "", "", "名簿にないファイルです", "パッケージから取り除いてください")


def _refuse_mode(name: str, line: int, value: str, rule: str, remedy: str, problems: Problems) -> None:
    problems.add(layout.MANIFEST, line, name, value, rule, remedy)


def _check_conflicts(
    structure: Structure, people: People, memberships: list[PlacedMembership], problems: Problems
) -> None:
    """What may be only once at a time: a home class, a 出席番号, a duty."""
    homes = [each for each in memberships if each.value.kind == "home"]
    exchanges = [each for each in memberships if each.value.kind == "exchange"]
    _refuse_overlaps(
        [(each.value.pupil, each.value.valid, each.origin) for each in homes],
        "userSourcedId",
        "同時に二つの学級に在籍しています",
        "日付か、どちらかの行を直してください。交流の学級は companion.json の exchanges に書きます",
        problems,
    )
    _refuse_overlaps(
        [((each.value.pupil, each.value.class_key), each.value.valid, each.origin) for each in exchanges],
        "class",
        "同じ学級への交流が重なっています",
        "どちらかを直してください",
        problems,
    )
    numbered = [each for each in memberships if each.value.number is not None]
    _refuse_overlaps(
        [((each.value.class_key, each.value.number), each.value.valid, each.origin) for each in numbered],
        lambda origin: "metadata.jp.shussekiNo" if hasattr(origin, "line") else "number",
        "同じ学級に同じ出席番号があります",
        "出席番号を直してください",
        problems,
    )
    duties = [
        ((duty.staff, duty.kind, duty.organisation, duty.class_key), duty.valid, origin)
        for duty, origin in people.duties
    ]
    _refuse_overlaps(
        duties,
        lambda origin: "userSourcedId" if hasattr(origin, "line") else "staff",
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
    groups: dict[Hashable, list[tuple[Period, Origin]]] = {}
    for key, valid, origin in periods:
        before = groups.setdefault(key, [])
        for period, other in before:
            if period.overlaps(valid):
                for one, twin in ((origin, other), (other, origin)):
                    named = column if isinstance(column, str) else column(one)
                    one.refuse(problems, named, f"{rule}（{twin.place()}）", remedy)
        before.append((valid, origin))


def _check_home_classes(
    tables: Mapping[str, Table],
    structure: Structure,
    people: People,
    memberships: list[PlacedMembership],
    problems: Problems,
) -> None:
    """Nobody is enrolled without standing on some roll, and ``homeClass`` agrees with the enrolments."""
    enrollments = tables[layout.ENROLLMENTS]
    if not enrollments.whole or not tables[layout.CLASSES].whole:
        return
    of_pupil: dict[str, list[PlacedMembership]] = {}
    for each in memberships:
        if each.value.kind == "home":
            of_pupil.setdefault(each.value.pupil.sourced_id, []).append(each)
    for enrolment, origin in people.enrolments:
        pupil = enrolment.pupil.sourced_id
        mine = [structure.organisations[each.value.class_key] for each in of_pupil.get(pupil, [])]
        if pupil not in people.unplaced and not any(home.school == enrolment.school for home in mine):
            rule = "在籍の学級がありません（どの出席簿にも載りません）"
            origin.refuse(
                problems, "userSourcedId", rule, "enrollments.csv に学級への student の行を加えてください"
            )
    for pupil, mine_placed in of_pupil.items():
        row = people.rows[pupil]
        said = row["metadata.jp.homeClass"]
        classes = [each.value.class_key.sourced_id for each in mine_placed]
        if said and said in structure.class_rows and said not in classes and pupil not in people.unplaced:
            rule = f"homeClass が在籍の学級（{', '.join(sorted(classes))}）と合いません"
            row.refuse(
                problems, "metadata.jp.homeClass", rule, "homeClass か enrollments.csv を直してください"
            )


def _snapshot(
    structure: Structure, people: People, memberships: list[PlacedMembership], completion: Completion
) -> RosterSnapshot:
    assert structure.board is not None
    organisations = [*structure.organisations.values(), *completion.departments]
    return RosterSnapshot(
        school_year=structure.year,
        board=structure.board,
        organisations=tuple(sorted(organisations, key=lambda each: each.key)),
        people=tuple(sorted(people.cards.values(), key=lambda each: each.key)),
        enrolments=tuple(
            sorted(
                (each.value for each in people.enrolments), key=lambda each: (each.pupil, each.valid.since)
            )
        ),
        memberships=tuple(
            sorted(
                (each.value for each in memberships),
                key=lambda each: (each.pupil, each.valid.since, each.class_key),
            )
        ),
        duties=tuple(
            sorted(
                (each.value for each in people.duties),
                key=lambda each: (
                    each.staff,
                    each.kind,
                    each.organisation,
                    each.class_key or each.organisation,
                    each.valid.since,
                ),
            )
        ),
        guardianships=tuple(
            sorted(completion.guardianships, key=lambda each: (each.pupil, each.guardian, each.valid.since))
        ),
        protections=tuple(sorted(completion.protections, key=lambda each: each.pupil)),
        calendars=tuple(sorted(completion.calendars, key=lambda each: each.school)),
    )
