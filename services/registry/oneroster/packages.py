"""Opens a package, a folder or a zip file, as a mapping of file name to bytes. The only I/O of this capability.

Files are read when they are asked for, one at a time: a city's package is never in memory as a whole. What a zip says
of itself is not believed: sizes are counted while unpacking.
"""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from services.registry.oneroster import companion, layout

MAX_BYTES = 1_000_000_000
"""Unpacked. A city of 100,000 pupils has about 190 MB; more is a mistake or an attack."""
MAX_FILES = 1_000
MAX_RATIO = 200
"""Unpacked to packed. A roster in which every name is the same reaches about 60."""
_BLOCK = 1 << 20


class NotAPackageError(Exception):
    """The path holds nothing that could be a package; the message is for the operator, in Japanese."""


class Package(Mapping[str, bytes]):
    """The package's CSV files and companion, by name."""

    def __init__(self, readers: Mapping[str, Callable[[], bytes]]) -> None:
        self._readers = dict(sorted(readers.items()))

    def __getitem__(self, name: str) -> bytes:
        return self._readers[name]()

    def __contains__(self, name: object) -> bool:
        return name in self._readers

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over names and contents: the same files are the same package, packed or not."""
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\0".encode() + hashlib.sha256(files[name]).digest())
    return whole.hexdigest()


def open_package(path: Path) -> Package:
    """The package at a path. Other files (a README, a system's own) are passed over.

    In a zip the files may lie in one folder. Raises ``NotAPackageError``.
    """
    if path.is_dir():
        found = _in_folder(path)
    elif path.is_file():
        found = _in_zip(path, str(path))
    else:
        raise NotAPackageError(f"{path} がありません。フォルダか zip ファイルを指定してください")
    return _with_manifest(found, str(path))


def open_files(files: Mapping[str, IO[bytes]]) -> Package:
    """The package of files that were sent: one zip, or the CSV files themselves. Raises ``NotAPackageError``."""
    zipped = [name for name in files if name.lower().endswith(".zip")]
    if zipped:
        return _with_manifest(_in_zip(files[zipped[0]], zipped[0]), zipped[0])
    return _with_manifest(Package({name: _rewound(each) for name, each in files.items()}), "選んだファイル")


def _with_manifest(found: Package, name: str) -> Package:
    if layout.MANIFEST not in found:
        raise NotAPackageError(
            f"{name} に {layout.MANIFEST} がありません。OneRoster の CSV を指定してください"
        )
    return found


def _rewound(file: IO[bytes]) -> Callable[[], bytes]:
    def read() -> bytes:
        file.seek(0)
        return file.read()

    return read


def belongs(name: str) -> bool:
    """Whether a file of this name can belong to a package."""
    return name == companion.FILE or (name.endswith(".csv") and not name.startswith("."))


def _in_folder(folder: Path) -> Package:
    files = {each.name: each for each in folder.iterdir() if belongs(each.name)}
    for name, each in files.items():
        # A link could name any file of this machine.
        if each.is_symlink() or not each.is_file():
            raise NotAPackageError(f"{folder} の {name} はふつうのファイルではありません")
    if sum(each.stat().st_size for each in files.values()) > MAX_BYTES:
        raise NotAPackageError(f"{folder} は大きすぎます（{MAX_BYTES // 1_000_000} MB まで）")
    return Package({name: each.read_bytes for name, each in files.items()})


def _in_zip(source: Path | IO[bytes], path: str) -> Package:
    try:
        with zipfile.ZipFile(source) as archive:
            found = _members(path, archive)
            _weigh(path, archive, found.values())
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        # RuntimeError is what zipfile raises for an encrypted member.
        raise NotAPackageError(
            f"{path} を zip ファイルとして開けません（壊れているか、暗号化されています）"
        ) from error
    return Package({name: _reader(source, each) for name, each in found.items()})


def _members(path: str, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Which members are the package's files; any that could be meant to leave its folder refuses the whole."""
    inside = archive.infolist()
    if len(inside) > MAX_FILES:
        raise NotAPackageError(f"{path} のファイルが多すぎます（{MAX_FILES} まで）")
    found: dict[str, zipfile.ZipInfo] = {}
    for each in inside:
        place = each.filename.replace("\\", "/")
        parts = place.split("/")
        if place.startswith("/") or ".." in parts or ":" in place or "\0" in place:
            raise NotAPackageError(f"{path} に、外の場所を指す名前（{each.filename!a}）があります")
        if stat.S_ISLNK(each.external_attr >> 16):
            raise NotAPackageError(f"{path} に、ほかのファイルを指すリンク（{each.filename!a}）があります")
        if each.is_dir() or parts[0] == "__MACOSX" or not belongs(parts[-1]):
            continue
        if parts[-1] in found:
            raise NotAPackageError(f"{path} に {parts[-1]} が 2 つあります。1 つの名簿だけを入れてください")
        found[parts[-1]] = each
    if len({"/".join(each.filename.replace("\\", "/").split("/")[:-1]) for each in found.values()}) > 1:
        raise NotAPackageError(
            f"{path} の CSV が別々のフォルダに入っています。1 つの名簿だけを入れてください"
        )
    return found


def _weigh(path: str, archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo]) -> None:
    """Unpack everything once, a block at a time, and keep nothing: the only size that is true."""
    total = 0
    for each in members:
        size = 0
        with archive.open(each) as packed:
            while block := packed.read(_BLOCK):
                size += len(block)
                if total + size > MAX_BYTES or size > _BLOCK + MAX_RATIO * each.compress_size:
                    raise NotAPackageError(
                        f"{path} は大きすぎます（展開して {MAX_BYTES // 1_000_000} MB、{MAX_RATIO} 倍まで）"
                    )
        total += size


def _reader(source: Path | IO[bytes], member: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        with zipfile.ZipFile(source) as archive:
            return archive.read(member)

    return read
