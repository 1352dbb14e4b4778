"""Opens a package, a folder or a zip file, as a mapping of file name to bytes. The only I/O of this capability."""

from __future__ import annotations

import zipfile
from pathlib import Path

from services.registry.oneroster import companion, layout

MAX_BYTES = 1_000_000_000
"""Unpacked. A city of 100,000 pupils has about 120 MB; more is a mistake or an attack."""


class NotAPackageError(Exception):
    """The path holds nothing that could be a package; the message is for the operator, in Japanese."""


def open_package(path: Path) -> dict[str, bytes]:
    """The package's CSV files and companion, by name. Other files (a README, a system's own) are passed over.

    In a zip the files may lie in one folder. Raises ``NotAPackageError``.
    """
    if path.is_dir():
        files = {each.name: each for each in path.iterdir() if each.is_file() and _taken(each.name)}
        if sum(each.stat().st_size for each in files.values()) > MAX_BYTES:
            raise NotAPackageError(f"{path} は大きすぎます（{MAX_BYTES // 1_000_000} MB まで）")
        found = {name: each.read_bytes() for name, each in sorted(files.items())}
    elif path.is_file():
        found = _unzipped(path)
    else:
        raise NotAPackageError(f"{path} がありません。フォルダか zip ファイルを指定してください")
    if layout.MANIFEST not in found:
        raise NotAPackageError(
            f"{path} に {layout.MANIFEST} がありません。OneRoster の CSV を指定してください"
        )
    return found


def _taken(name: str) -> bool:
    return name == companion.FILE or (name.endswith(".csv") and not name.startswith("."))


def _unzipped(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [
                each for each in archive.infolist() if not each.is_dir() and not _of_a_system(each.filename)
            ]
            if sum(each.file_size for each in inside) > MAX_BYTES:
                raise NotAPackageError(f"{path} は大きすぎます（展開して {MAX_BYTES // 1_000_000} MB まで）")
            found: dict[str, bytes] = {}
            for each in sorted(inside, key=lambda info: info.filename):
                name = each.filename.replace("\\", "/").rsplit("/", 1)[-1]
                if not _taken(name):
                    continue
                if name in found:
                    raise NotAPackageError(
                        f"{path} に {name} が 2 つあります。1 つの名簿だけを入れてください"
                    )
                found[name] = archive.read(each)
            return found
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        # RuntimeError is what zipfile raises for an encrypted member.
        raise NotAPackageError(
            f"{path} を zip ファイルとして開けません（壊れているか、暗号化されています）"
        ) from error


def _of_a_system(name: str) -> bool:
    return name.startswith("__MACOSX/")
