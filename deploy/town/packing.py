"""Writes contents as a OneRoster 1.2_JP package with its companion, as they come: nothing is gathered in memory."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal

from deploy.town.rows import HEADERS, Content, Part, Row
from services.registry.oneroster import companion, layout

Mode = Literal["bulk", "delta"]

_SYSTEM = (("source.systemName", "Tsumugi town"), ("source.systemCode", "tsumugi-town"))
_OWN = (layout.MANIFEST, *HEADERS, companion.FILE)
_SUBJECTS = {
    "schools": "school",
    "departments": "id",
    "duties": "staff",
    "guardianships": "pupil",
    "protections": "pupil",
    "exchanges": "pupil",
    "calendars": "school",
    "birth_dates": "person",
}
"""Members of the companion and whom or what each of their parts is about."""


class NotWritable(Exception):
    """The package cannot be written there; the message says why, in Japanese."""


def difference(before: Content, after: Content, stamp: str) -> Content:
    """What a delta package says: rows that are new, other or gone, and all parts about a subject of whom one changed.

    ``stamp`` is the instant of the change (``dateLastModified``).
    """
    rows: dict[str, list[Row]] = {}
    for name, now in after.rows.items():
        old = {row["sourcedId"]: row for row in before.rows[name]}
        found = [
            {**row, "status": "active", "dateLastModified": stamp}
            for row in now
            if old.pop(row["sourcedId"], None) != row
        ]
        found += [{**row, "status": "tobedeleted", "dateLastModified": stamp} for row in old.values()]
        rows[name] = found
    parts: dict[str, list[Part]] = {}
    removed: dict[str, list[str]] = {}
    for name, now_told in after.parts.items():
        once, now_by = _by_subject(name, before.parts[name]), _by_subject(name, now_told)
        parts[name] = [part for subject, told in now_by.items() if once.get(subject) != told for part in told]
        removed[name] = [subject for subject in once if subject not in now_by]
    return Content(rows, parts, removed)


def _by_subject(name: str, parts: list[Part]) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for part in parts:
        found.setdefault(part[_SUBJECTS[name]], []).append(part)
    return found


class _Files:
    """The files of a package while they grow: quoted everywhere, CRLF, no BOM (what most importers take).

    ``made`` keeps everything that is open.
    """

    def __init__(self, make: Callable[[str], BinaryIO], mode: Mode, made: ExitStack) -> None:
        self._make = make
        self._mode: Mode = mode
        self._made = made
        self._tables: dict[str, Any] = {}
        self._spools = {name: made.enter_context(tempfile.TemporaryFile()) for name in _SUBJECTS}  # noqa: SIM115
        self._begun: set[str] = set()
        self._removed: dict[str, list[str]] = {}
        if mode == "bulk":
            for name in HEADERS:
                self._table(name)

    def add(self, content: Content) -> None:
        for name, rows in content.rows.items():
            if rows:
                header = HEADERS[name]
                self._table(name).writerows([row.get(column, "") for column in header] for row in rows)
        for member, parts in content.parts.items():
            if parts:
                between = b"," if member in self._begun else b""
                self._spools[member].write(between + b",".join(b"\n  " + _json(part) for part in parts))
                self._begun.add(member)
        for member, subjects in content.removed.items():
            if subjects:
                self._removed.setdefault(member, []).extend(subjects)

    def finish(self, head: dict[str, Any]) -> None:
        """The companion, and the manifest last of all: without it there is no package."""
        self._companion(self._make(companion.FILE), head)
        modes = {name: self._mode if name in self._tables else "absent" for name in layout.LAYOUTS}
        rows = [("manifest.version", "1.0"), ("oneroster.version", "1.2_JP")]
        rows += [(shape.manifest_property, modes[shape.name]) for shape in layout.LAYOUTS.values()]
        rows += [(f"file.{name}", "absent") for name in layout.OTHER_FILES]
        self._open(layout.MANIFEST).writerows([("propertyName", "value"), *rows, *_SYSTEM])

    def _companion(self, target: BinaryIO, head: dict[str, Any]) -> None:
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

    def _table(self, name: str) -> Any:
        if name not in self._tables:
            self._tables[name] = self._open(name)
            self._tables[name].writerow(HEADERS[name])
        return self._tables[name]

    def _open(self, name: str) -> Any:
        text = io.TextIOWrapper(self._make(name), "utf-8", newline="")
        self._made.callback(text.detach)
        return csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def in_memory(contents: Iterable[Content], head: dict[str, Any], mode: Mode = "bulk") -> dict[str, bytes]:
    """The package, file name → bytes."""
    made: dict[str, io.BytesIO] = {}

    def make(name: str) -> BinaryIO:
        made[name] = io.BytesIO()
        return made[name]

    _fill(make, contents, head, mode)
    return {name: made[name].getvalue() for name in _OWN if name in made}


def _fill(
    make: Callable[[str], BinaryIO], contents: Iterable[Content], head: dict[str, Any], mode: Mode
) -> None:
    with ExitStack() as made:
        files = _Files(make, mode, made)
        for content in contents:
            files.add(content)
        files.finish(head)


def write(contents: Iterable[Content], head: dict[str, Any], path: Path, mode: Mode = "bulk") -> None:
    """Writes the package as a zip when ``path`` ends in .zip, else into a folder, which is made.

    It appears there whole or not at all. Raises :class:`NotWritable`.
    """
    _refuse_other(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tsumugi-town-", dir=path.parent) as made:
            folder = Path(made)
            with ExitStack() as opened:
                _fill(lambda name: opened.enter_context((folder / name).open("wb")), contents, head, mode)
            if path.suffix == ".zip":
                _pack(folder).replace(path)
            else:
                _move(folder, path)
    except OSError as error:
        raise NotWritable(
            f"{path} に書き出せません。場所と、書く権限と、空きを確かめてください（{error.strerror or error}）。"
        ) from error


def _refuse_other(path: Path) -> None:
    if path.suffix == ".zip":
        if path.is_dir():
            raise NotWritable(f"{path} はフォルダーです。zip ファイルの名前にしてください。")
        return
    if path.exists() and not path.is_dir():
        raise NotWritable(f"{path} はファイルです。フォルダーか、.zip で終わる名前にしてください。")
    if path.is_dir() and any(path.iterdir()) and not any((path / name).exists() for name in _OWN):
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
    for name in _OWN:  # the manifest first: half a package is none
        with suppress(FileNotFoundError):
            (path / name).unlink()
    for name in reversed(_present(folder)):
        (folder / name).replace(path / name)


def _present(folder: Path) -> Sequence[str]:
    return [name for name in _OWN if (folder / name).exists()]
