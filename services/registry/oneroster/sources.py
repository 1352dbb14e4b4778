"""The files of a package as its manifest announces them, laid onto what earlier packages of the school year brought.

``bulk`` is all there is, ``delta`` what changed, ``absent`` says nothing: what is known stands. Without anything known
the files a roster needs must be bulk.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.registry.oneroster import companion, layout
from services.registry.oneroster.companion import Companion
from services.registry.oneroster.completion import read_companion
from services.registry.oneroster.layout import FileLayout
from services.registry.oneroster.merging import (
    PARTS,
    Merged,
    divide,
    merge,
    merge_companion,
    still_there,
    without_people,
)
from services.registry.oneroster.problems import Problems
from services.registry.oneroster.structure import the_school_year
from services.registry.oneroster.tables import KNOWN_BEFORE, Pool, Table, read_manifest, read_table
from services.registry.roster.snapshot import Aspect, Spoken

About = frozenset[str] | None
"""Ids of those something speaks about; None: of everybody there is."""

NOBODY: About = frozenset()
_OF_PEOPLE = {
    layout.ROLES: "userSourcedId",
    layout.ENROLLMENTS: "userSourcedId",
    layout.DEMOGRAPHICS: "sourcedId",
    layout.USER_PROFILES: "userSourcedId",
}
"""Files whose rows are about somebody of users.csv, and the column that says about whom."""

_SAID_BY: Mapping[Aspect, tuple[str, ...]] = {
    "card": (layout.USERS, layout.DEMOGRAPHICS, "birth_dates"),
    "enrolment": (layout.USERS, layout.ROLES),
    "membership": (layout.ENROLLMENTS, "exchanges"),
    "duty": (layout.ROLES, layout.ENROLLMENTS, "duties"),
    "guardianship": ("guardianships",),
    "protection": ("protections",),
    "contact": ("contacts",),
    "calendar": ("calendars",),
    "organisation": (layout.ORGS, "schools"),
    "class": (layout.CLASSES, "classes"),
    "department": ("departments",),
}
"""Which files and which parts of companion.json an aspect of the roster comes from."""


@dataclass(slots=True)
class Sources:
    """What there is to read."""

    tables: dict[str, Table]
    companion: Companion | None = None
    about: dict[str, About] = field(default_factory=dict)
    """Of whom each file and each kind of part speaks."""
    gone: frozenset[str] = frozenset()
    """People who were known and are no longer in users.csv: everything that was known of them is spoken about."""
    merged: dict[str, bytes] = field(default_factory=dict)
    """Files as they are with their delta, for the next one."""
    absent: frozenset[str] = frozenset()
    """Files that the package does not have and earlier ones had."""

    def spoken(self) -> Spoken:
        """Of whom and what the package speaks."""
        found: dict[Aspect, About] = {}
        for aspect, sources in _SAID_BY.items():
            said = [self.about.get(source) for source in sources]
            if all(each is not None for each in said):
                people = self.gone if aspect in Spoken.OF_PEOPLE else frozenset()
                found[aspect] = people.union(*(each for each in said if each is not None))
        return Spoken(found)


def read_sources(files: Mapping[str, bytes], known: Mapping[str, bytes], problems: Problems) -> Sources:
    """The tables and the companion, every cell checked by itself. ``known``: the files earlier packages left."""
    manifest = read_manifest(files.get(layout.MANIFEST, b""), problems)
    _check_versions(manifest, problems)
    modes = {
        name: _mode(shape, manifest, name in files, name in known, problems)
        for name, shape in layout.LAYOUTS.items()
    }
    _check_rest(manifest, files, problems)
    pool = Pool()
    merged = {
        name: _table(shape, modes[name], files, known, pool, problems)
        for name, shape in layout.LAYOUTS.items()
    }
    sources = Sources({})
    for name, each in merged.items():
        sources.about[name] = None if modes[name] == "bulk" else frozenset(each.touched)
    if any(mode != "bulk" for mode in modes.values()) or companion.FILE not in files:
        sources.gone = _let_go(merged, known, pool)
    sources.tables = {name: each.table for name, each in merged.items()}
    sources.merged = {name: each.as_csv() for name, each in merged.items() if modes[name] == "delta"}
    _read_companion(sources, files, known, problems)
    sources.absent = frozenset(name for name in known if name not in files)
    return sources


def speaks_for_all(files: Mapping[str, bytes]) -> bool:
    """Whether a package says everything there is, so that nothing of earlier ones is needed to read it."""
    manifest = read_manifest(files.get(layout.MANIFEST, b""), Problems())
    modes = [
        manifest.get(shape.manifest_property, (1, ""))[1]
        for shape in layout.LAYOUTS.values()
        if shape.kept_on
    ]
    return set(modes) == {"bulk"} and b'"delta"' not in files.get(companion.FILE, b'"delta"')


def peek(files: Mapping[str, bytes]) -> tuple[str | None, int | None]:
    """The district and the school year a package names, as far as it does without anything from before."""
    pool, quiet = Pool(), Problems()
    district: str | None = None
    year: int | None = None
    for name in (layout.ORGS, layout.ACADEMIC_SESSIONS):
        if name not in files:
            continue
        table = read_table(layout.LAYOUTS[name], files[name], pool, quiet)
        if name == layout.ORGS:
            district = next((row.id for row in table.rows() if row["type"] == "district"), None)
        else:
            year = the_school_year(table, quiet)
    if (district is None or year is None) and companion.FILE in files:
        told = read_companion(files[companion.FILE], quiet)
        if told is not None:
            district, year = district or told.board.district, year or told.school_year
    return district, year


def _mode(
    shape: FileLayout, manifest: dict[str, tuple[int, str]], there: bool, known: bool, problems: Problems
) -> str:
    """How a file is to be read: bulk, delta or absent; what is announced and what is there must agree."""
    line, mode = manifest.pop(shape.manifest_property, (1, ""))
    fault: tuple[str, str] | None = None
    if mode in ("bulk", "delta"):
        if not there:
            fault = (f"manifest.csv は {mode} ですが、{shape.name} がありません", "ファイルを加えてください")
        elif mode == "delta" and not known:
            rule = "これまでに取り込んだ名簿がないので、delta（差分）は取り込めません"
            fault = (rule, "はじめは bulk（全件）で書き出してください")
    elif mode not in ("absent", ""):
        fault = (f"「{mode}」という値はありません", "bulk・delta・absent のどれかです")
    elif there:
        rule = f"manifest.csv は absent ですが、{shape.name} があります"
        fault = (rule, "bulk か delta にするか、ファイルを除いてください")
    elif shape.obligatory and not known:
        fault = (f"{shape.name} は名簿に必要です", "bulk（全件）で書き出してください")
    if fault is None:
        return mode or "absent"
    problems.add(layout.MANIFEST, line, shape.manifest_property, mode, *fault)
    return "bulk" if there else "absent"


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
                problems.add(layout.MANIFEST, line, name, value, rule, "absent にしてください")
        elif not name.startswith("source."):
            remedy = "書き間違いを直すか、取り除いてください"
            problems.add(layout.MANIFEST, line, name, value, "知らない項目です", remedy)
    for name in sorted(files):
        if name not in layout.LAYOUTS and name not in (layout.MANIFEST, companion.FILE):
            problems.add(name, None, "", "", "名簿にないファイルです", "パッケージから取り除いてください")


def _table(
    shape: FileLayout,
    mode: str,
    files: Mapping[str, bytes],
    known: Mapping[str, bytes],
    pool: Pool,
    problems: Problems,
) -> Merged:
    if mode == "absent":
        before = _known(shape, known, pool, problems)
        return before or Merged(Table(shape.name, whole=not shape.obligatory), Table(shape.name))
    news = read_table(shape, files[shape.name], pool, problems)
    if mode == "bulk":
        _refuse_marks(news, problems)
        return Merged(news, Table(shape.name))
    before = _known(shape, known, pool, problems)
    if before is None:
        return Merged(news, Table(shape.name))
    return merge(shape, before, news, problems)


def _known(shape: FileLayout, known: Mapping[str, bytes], pool: Pool, problems: Problems) -> Merged | None:
    """What earlier packages brought of a file: right when they came, so nothing is told of it again."""
    if shape.name not in known:
        return None
    quiet = Problems()
    table = read_table(shape, known[shape.name], pool, quiet, needed=("sourcedId",))
    if quiet.total:
        rule = "これまでに取り込んだ名簿が、いまの決まりに合いません"
        remedy = "すべてのファイルを bulk（全件）で書き出してください"
        problems.add(shape.name, None, "", quiet.listed()[0].value, rule, remedy)
    table.lines = array("l", [KNOWN_BEFORE]) * len(table)
    table.mended.clear()
    return divide(table)


def _refuse_marks(table: Table, problems: Problems) -> None:
    """In a bulk file every row is there to stay."""
    values = table.columns.get("status", [])
    for at in [at for at, value in enumerate(values) if value not in ("", "active")]:
        row = table.row(at)
        if row["status"] == "tobedeleted":
            rule = "bulk（全件）のファイルに tobedeleted の行は置けません"
            remedy = "行を取り除いてください。名簿にないものは終わりになります"
        else:
            rule, remedy = f"「{row['status']}」という値はありません", "空か active です"
        row.refuse(problems, "status", rule, remedy)


def _let_go(merged: dict[str, Merged], known: Mapping[str, bytes], pool: Pool) -> frozenset[str]:
    """Let what is known of people go with them; returns who they are."""
    users = merged[layout.USERS].table
    if layout.USERS not in known or not users.whole:
        return frozenset()
    before = _known(layout.LAYOUTS[layout.USERS], known, pool, Problems())
    there = set(users.ids())
    for name, column in _OF_PEOPLE.items():
        merged[name] = without_people(merged[name], there, column)
    return frozenset(before.table.ids()) - there if before is not None else frozenset()


def _read_companion(
    sources: Sources, files: Mapping[str, bytes], known: Mapping[str, bytes], problems: Problems
) -> None:
    """The companion of the package, of the packages before it, or both."""
    news = read_companion(files.get(companion.FILE), problems) if companion.FILE in files else None
    before = read_companion(known[companion.FILE], Problems()) if companion.FILE in known else None
    if news is not None and news.protected_left_out:
        # Their absence would end their 在籍 and the accounts of their families.
        problems.add(
            companion.FILE,
            None,
            "/protected_left_out",
            str(news.protected_left_out),
            "支援措置の対象の児童生徒を除いて書き出した名簿です。取り込むと、その子たちが在籍でなくなります",
            "tsumugi export oneroster に --protected を付けて書き出したものを取り込んでください",
        )
    if companion.FILE not in files:
        if before is None:
            read_companion(None, problems)
            return
        before.only_in_file({})
        sources.companion = _still_there(before, sources)
        sources.about.update(dict.fromkeys(PARTS, NOBODY))
    elif news is None or news.mode == "bulk":
        sources.companion = news
        if news is not None and news.contacts is None:
            sources.about["contacts"] = NOBODY
    elif before is None:
        rule = "これまでに取り込んだ名簿がないので、delta（差分）は取り込めません"
        problems.add(companion.FILE, None, "/mode", news.mode, rule, "はじめは bulk（全件）で書いてください")
    else:
        merged, touched = merge_companion(before, news)
        sources.about.update(touched)
        sources.companion = _still_there(merged, sources)
        sources.merged[companion.FILE] = sources.companion.model_dump_json(
            by_alias=True, exclude_none=True, exclude_defaults=False
        ).encode()


def _still_there(told: Companion, sources: Sources) -> Companion:
    there = {
        "person": set(sources.tables[layout.USERS].ids()),
        "class": set(sources.tables[layout.CLASSES].ids()),
        "school": set(sources.tables[layout.ORGS].ids()),
    }
    return still_there(told, there)
