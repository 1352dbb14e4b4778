"""Writes contents as a OneRoster package with its companion, as they come: nothing is gathered in memory.

What generated towns and exports are written with. Quoted everywhere, CRLF, no BOM: what most importers take; no cell is
a formula (``shared.sheets``).
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

from services.registry.oneroster import companion, layout
from shared.sheets import CsvTable

Mode = Literal["bulk", "delta"]
Profile = Literal["1.2_JP", "1.2"]

HEADERS: dict[str, tuple[str, ...]] = {
    layout.ACADEMIC_SESSIONS: (
        *("sourcedId", "status", "dateLastModified", "title", "type", "startDate", "endDate"),
        *("parentSourcedId", "schoolYear"),
    ),
    layout.ORGS: ("sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"),
    layout.COURSES: (
        *("sourcedId", "status", "dateLastModified", "schoolYearSourcedId", "title", "courseCode", "grades"),
        *("orgSourcedId", "subjects", "subjectCodes"),
    ),
    layout.CLASSES: (
        *("sourcedId", "status", "dateLastModified", "title", "grades", "courseSourcedId", "classCode"),
        *(
            "classType",
            "location",
            "schoolSourcedId",
            "termSourcedIds",
            "subjects",
            "subjectCodes",
            "periods",
        ),
        "metadata.jp.specialNeeds",
    ),
    layout.USERS: (
        *("sourcedId", "status", "dateLastModified", "enabledUser", "username", "userIds", "givenName"),
        *("familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades"),
        *("password", "userMasterIdentifier", "preferredGivenName", "preferredMiddleName"),
        *("preferredFamilyName", "primaryOrgSourcedId", "pronouns", "metadata.jp.kanaGivenName"),
        *("metadata.jp.kanaFamilyName", "metadata.jp.kanaMiddleName", "metadata.jp.homeClass"),
        *("metadata.jp.kanaPreferredFamilyName", "metadata.jp.kanaPreferredGivenName"),
        "metadata.jp.kanaPreferredMiddleName",
    ),
    layout.ROLES: (
        *("sourcedId", "status", "dateLastModified", "userSourcedId", "roleType", "role", "beginDate"),
        *("endDate", "orgSourcedId", "userProfileSourcedId"),
    ),
    layout.ENROLLMENTS: (
        *("sourcedId", "status", "dateLastModified", "classSourcedId", "schoolSourcedId", "userSourcedId"),
        *("role", "primary", "beginDate", "endDate", "metadata.jp.shussekiNo", "metadata.jp.publicFlg"),
    ),
    layout.DEMOGRAPHICS: (
        *("sourcedId", "status", "dateLastModified", "birthDate", "sex", "americanIndianOrAlaskaNative"),
        *("asian", "blackOrAfricanAmerican", "nativeHawaiianOrOtherPacificIslander", "white"),
        *("demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity", "countryOfBirthCode"),
        *("stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus"),
    ),
}

Row = dict[str, str]
Part = dict[str, Any]


@dataclass(frozen=True)
class Content:
    """What a package holds, or one part of it."""

    rows: Mapping[str, list[Row]]
    """By file; every row has its ``sourcedId``."""
    parts: Mapping[str, list[Part]]
    """By member of the companion."""
    removed: Mapping[str, list[str]] = field(default_factory=dict)
    """In a delta: whom or what the companion told of and tells of no more, by member."""


@dataclass(frozen=True)
class Label:
    """What a package says of itself."""

    head: Mapping[str, Any] | None
    """The companion's first members; None: the package has no companion."""
    system: tuple[str, str]
    """Name and code of what wrote it."""
    mode: Mode = "bulk"
    profile: Profile = "1.2_JP"

    def header(self, name: str) -> Sequence[str]:
        """The columns of a file as the profile spells them."""
        columns = HEADERS[name]
        if self.profile == "1.2_JP":
            return columns
        found = [_EARLIER.get(column, column) for column in columns]
        if name == layout.USERS:
            found.insert(found.index("userMasterIdentifier") + 1, "resourceSourcedIds")
        return found


_EARLIER = {
    "metadata.jp.shussekiNo": "metadata.jp.ShussekiNo",
    "metadata.jp.publicFlg": "metadata.jp.PublicFlg",
}
"""Headings as the Japan profile before that of 2026 spells them; it declares the version 1.2."""
OWN = (layout.MANIFEST, *HEADERS, companion.FILE)
"""Files of a package, the manifest first."""
SUBJECTS = {
    "schools": "school",
    "classes": "class",
    "departments": "id",
    "duties": "staff",
    "guardianships": "pupil",
    "protections": "pupil",
    "exchanges": "pupil",
    "awaiting_class": "pupil",
    "contacts": "person",
    "calendars": "school",
    "birth_dates": "person",
}
"""Members of the companion and whom or what each of their parts is about."""


class NotWritable(Exception):
    """The package cannot be written there; the message says why, in Japanese."""


class Files:
    """The files of a package while they grow. ``made`` keeps everything that is open."""

    def __init__(self, make: Callable[[str], BinaryIO], label: Label, made: ExitStack) -> None:
        self._make = make
        self._label = label
        self._made = made
        self._tables: dict[str, CsvTable] = {}
        self._spools = {name: made.enter_context(tempfile.TemporaryFile()) for name in SUBJECTS}  # noqa: SIM115
        self._begun: set[str] = set()
        self._removed: dict[str, list[str]] = {}
        self.counts: dict[str, int] = dict.fromkeys(HEADERS, 0)
        """Rows by file."""
        if label.mode == "bulk":
            for name in HEADERS:
                self._table(name)

    def add(self, content: Content) -> None:
        """Write a part of the content."""
        for name, rows in content.rows.items():
            if rows:
                header = HEADERS[name]
                self._table(name).add(self._cells(name, header, row) for row in rows)
                self.counts[name] += len(rows)
        for member, parts in content.parts.items():
            if parts:
                between = b"," if member in self._begun else b""
                self._spools[member].write(between + b",".join(b"\n  " + _json(part) for part in parts))
                self._begun.add(member)
        for member, subjects in content.removed.items():
            if subjects:
                self._removed.setdefault(member, []).extend(subjects)

    def _cells(self, name: str, header: Sequence[str], row: Row) -> list[str]:
        cells = [row.get(column, "") for column in header]
        if name == layout.USERS and self._label.profile == "1.2":
            cells.insert(header.index("userMasterIdentifier") + 1, "")
        return cells

    def finish(self) -> None:
        """The companion, and the manifest last of all: without it there is no package."""
        label = self._label
        if label.head is not None:
            self._companion(self._make(companion.FILE), label.head)
        modes = {name: label.mode if name in self._tables else "absent" for name in layout.LAYOUTS}
        rows = [("manifest.version", "1.0"), ("oneroster.version", label.profile)]
        rows += [(shape.manifest_property, modes[shape.name]) for shape in layout.LAYOUTS.values()]
        rows += [(f"file.{name}", "absent") for name in layout.OTHER_FILES]
        rows += zip(("source.systemName", "source.systemCode"), label.system, strict=True)
        self._open(layout.MANIFEST, ("propertyName", "value")).add(rows)

    def _companion(self, target: BinaryIO, head: Mapping[str, Any]) -> None:
        """One part a line."""
        target.write(b"{" + b",".join(b"\n " + _json(name) + b": " + _json(head[name]) for name in head))
        for name, spool in self._spools.items():
            target.write(b",\n " + _json(name) + b": [")
            spool.seek(0)
            shutil.copyfileobj(spool, target)
            target.write(b"\n ]" if name in self._begun else b"]")
        if self._removed:
            target.write(b",\n " + _json("removed") + b": " + _json(self._removed))
        target.write(b"\n}\n")

    def _table(self, name: str) -> CsvTable:
        if name not in self._tables:
            self._tables[name] = self._open(name, self._label.header(name))
        return self._tables[name]

    def _open(self, name: str, header: Sequence[str]) -> CsvTable:
        table = CsvTable(self._make(name), header)
        self._made.callback(table.finish)
        return table


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def in_memory(contents: Iterable[Content], label: Label) -> dict[str, bytes]:
    """The package, file name → bytes."""
    made: dict[str, io.BytesIO] = {}

    def make(name: str) -> BinaryIO:
        made[name] = io.BytesIO()
        return made[name]

    with ExitStack() as opened:
        files = Files(make, label, opened)
        for content in contents:
            files.add(content)
        files.finish()
    return {name: made[name].getvalue() for name in OWN if name in made}


def write(contents: Iterable[Content], label: Label, path: Path) -> None:
    """Writes the package as a zip when ``path`` ends in .zip, else into a folder, which is made.

    It appears there whole or not at all. Raises :class:`NotWritable`.
    """
    with growing(path, label) as files:
        for content in contents:
            files.add(content)


@contextmanager
def growing(path: Path, label: Label) -> Iterator[Files]:
    """A package at ``path`` while it grows; it appears there at the end, whole, or not at all.

    A zip when ``path`` ends in .zip, else a folder, which is made. Raises :class:`NotWritable`.
    """
    _refuse_other(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tsumugi-package-", dir=path.parent) as made:
            folder = Path(made)
            with ExitStack() as opened:
                files = Files(lambda name: opened.enter_context((folder / name).open("wb")), label, opened)
                yield files
                files.finish()
            if path.suffix == ".zip":
                _pack(folder).replace(path)
            else:
                _move(folder, path)
    except OSError as error:
        raise NotWritable(
            f"{path} に書き出せません。場所と、書く権限と、空きを確かめてください（{error.strerror or error}）。"
        ) from error


def refuse_existing(path: Path) -> None:
    """Raises :class:`NotWritable` when a package is there already: nobody's is replaced without having been asked."""
    if path.is_file() if path.suffix == ".zip" else any((path / name).exists() for name in OWN):
        raise NotWritable(
            f"{path} には、もう書き出したものがあります。べつの名前にするか、"
            "置きかえてよければ --overwrite を付けてください。"
        )


def _refuse_other(path: Path) -> None:
    if path.suffix == ".zip":
        if path.is_dir():
            raise NotWritable(f"{path} はフォルダーです。zip ファイルの名前にしてください。")
        return
    if path.exists() and not path.is_dir():
        raise NotWritable(f"{path} はファイルです。フォルダーか、.zip で終わる名前にしてください。")
    if path.is_dir() and any(path.iterdir()) and not any((path / name).exists() for name in OWN):
        raise NotWritable(f"{path} にはほかのファイルがあります。空のフォルダーにしてください。")


def _pack(folder: Path) -> Path:
    packed = folder / "package.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _present(folder):
            # A fixed time stamp: the same town is the same bytes.
            info = zipfile.ZipInfo(name, (2026, 4, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            with (folder / name).open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 2**20)
    return packed


def _move(folder: Path, path: Path) -> None:
    path.mkdir(exist_ok=True)
    for name in OWN:  # the manifest first: half a package is none
        with suppress(FileNotFoundError):
            (path / name).unlink()
    for name in reversed(_present(folder)):
        (folder / name).replace(path / name)


def _present(folder: Path) -> Sequence[str]:
    return [name for name in OWN if (folder / name).exists()]
